//! What the back end decided about chatrooms and those inside.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, params};

use super::{
    error::Work,
    ledger::Ledger,
    rows::{View, maybe_millis, parsed, to_json},
};
use crate::{
    model::{
        AppKey, Handle, Millis, ObjectName, UserId,
        chatroom::{Entitled, Priority, Right, Rule},
    },
    store::chatrooms::{ChatroomRules, RightOf},
};

/// Everything that matters for one chatroom.
pub(super) fn rules(view: &View<'_>, app: &AppKey, handle: &Handle, now: Millis) -> Work<ChatroomRules> {
    let rules: Vec<String> = view
        .conn
        .prepare_cached(
            "select r.name
            from chatroom_rules r
            join apps p on p.id = r.app_id
            where p.key = ?1
              and r.handle = ?2",
        )?
        .query_map(params![app.as_str(), handle.as_str()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let people = view
        .conn
        .prepare_cached(
            "select u.key, r.until, r.name
            from chatroom_rights r
            join apps p on p.id = r.app_id
            join users u on u.id = r.user_id
            where p.key = ?1
              and r.handle in ('', ?2)
              and (r.until is null or r.until > ?3)",
        )?
        .query_map(params![app.as_str(), handle.as_str(), now.get()], |row| {
            let right: String = row.get(2)?;
            Ok((Right::from_name(&right), entitled_of(row)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(ChatroomRules {
        rules: rules.iter().filter_map(|name| Rule::from_name(name)).collect(),
        people: people.into_iter().filter_map(|(right, who)| Some((right?, who))).collect(),
    })
}

/// Gives users a right, unless too many would have it.
pub(super) fn entitle(
    ledger: &mut Ledger,
    app: &AppKey,
    of: &RightOf,
    users: &[Entitled],
    (most, now): (usize, Millis),
) -> Work<bool> {
    let app = ledger.app(app)?;
    let (handle, right) = (handle_of(of), of.right.name());
    let rows = users
        .iter()
        .map(|who| Ok((ledger.user(app, &who.user)?, who.until.map(Millis::get))))
        .collect::<Work<BTreeMap<_, _>>>()?;
    ledger
        .conn
        .prepare_cached(
            "delete from chatroom_rights
            where app_id = ?1
              and handle = ?2
              and name = ?3
              and until <= ?4",
        )?
        .execute(params![app, handle, right, now.get()])?;
    let others: u32 = ledger
        .conn
        .prepare_cached(
            "select count(*)
            from chatroom_rights
            where app_id = ?1
              and handle = ?2
              and name = ?3
              and user_id not in (select value from json_each(?4))",
        )?
        .query_row(params![app, handle, right, to_json(&rows.keys().collect::<Vec<_>>())], |row| row.get(0))?;
    if others as usize + rows.len() > most {
        return Ok(false);
    }
    for (user, until) in rows {
        ledger
            .conn
            .prepare_cached(
                "insert into chatroom_rights (app_id, handle, name, user_id, until)
                values (?1, ?2, ?3, ?4, ?5)
                on conflict (app_id, handle, name, user_id) do update
                set until = excluded.until",
            )?
            .execute(params![app, handle, right, user, until])?;
    }
    Ok(true)
}

/// Takes a right from users.
pub(super) fn disentitle(ledger: &mut Ledger, app: &AppKey, of: &RightOf, users: &[UserId]) -> Work<()> {
    let app = ledger.app(app)?;
    for user in users {
        let user = ledger.user(app, user)?;
        ledger
            .conn
            .prepare_cached(
                "delete from chatroom_rights
                where app_id = ?1
                  and handle = ?2
                  and name = ?3
                  and user_id = ?4",
            )?
            .execute(params![app, handle_of(of), of.right.name(), user])?;
    }
    Ok(())
}

/// Who has a right.
pub(super) fn entitled(view: &View<'_>, app: &AppKey, of: &RightOf, now: Millis) -> Work<Vec<Entitled>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.key, r.until
            from chatroom_rights r
            join apps p on p.id = r.app_id
            join users u on u.id = r.user_id
            where p.key = ?1
              and r.handle = ?2
              and r.name = ?3
              and (r.until is null or r.until > ?4)
            order by u.key",
        )?
        .query_map(params![app.as_str(), handle_of(of), of.right.name(), now.get()], entitled_of)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// A list of names that an app keeps about chatrooms, one for each of some words.
struct NameList {
    table: &'static str,
    /// The column of the word, and that of the names on its list.
    columns: (&'static str, &'static str),
}

/// The chatrooms for which a rule holds.
const RULES: NameList = NameList { table: "chatroom_rules", columns: ("name", "handle") };
/// The message types of a priority.
const TYPES: NameList = NameList { table: "chatroom_types", columns: ("priority", "name") };

impl NameList {
    /// Puts names on the list of a word, unless too many would be there, or takes them off.
    fn set(
        &self,
        ledger: &Ledger,
        (app, word): (i64, &str),
        names: &BTreeSet<&str>,
        (on, most): (bool, usize),
    ) -> Work<bool> {
        let Self { table, columns: (key, column) } = self;
        let others: u32 = ledger
            .conn
            .prepare_cached(&format!(
                "select count(*)
                from {table}
                where app_id = ?1
                  and {key} = ?2
                  and {column} not in (select value from json_each(?3))"
            ))?
            .query_row(params![app, word, to_json(names)], |row| row.get(0))?;
        if on && others as usize + names.len() > most {
            return Ok(false);
        }
        let sql = if on {
            format!("insert into {table} (app_id, {key}, {column}) values (?1, ?2, ?3) on conflict do nothing")
        } else {
            format!("delete from {table} where app_id = ?1 and {key} = ?2 and {column} = ?3")
        };
        for name in names {
            ledger.conn.prepare_cached(&sql)?.execute(params![app, word, name])?;
        }
        Ok(true)
    }
}

/// Lets a rule hold for chatrooms, or no more.
pub(super) fn set_rule(
    ledger: &mut Ledger,
    app: &AppKey,
    rule: Rule,
    handles: &[Handle],
    how: (bool, usize),
) -> Work<bool> {
    let app = ledger.app(app)?;
    RULES.set(ledger, (app, rule.name()), &handles.iter().map(Handle::as_str).collect(), how)
}

/// The chatrooms for which a rule holds.
pub(super) fn under(view: &View<'_>, app: &AppKey, rule: Rule) -> Work<Vec<Handle>> {
    let found = view
        .conn
        .prepare_cached(
            "select r.handle
            from chatroom_rules r
            join apps p on p.id = r.app_id
            where p.key = ?1
              and r.name = ?2
            order by r.handle",
        )?
        .query_map(params![app.as_str(), rule.name()], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// Puts message types on a list, or takes them off. A type is on one list at most.
pub(super) fn set_priority(
    ledger: &mut Ledger,
    app: &AppKey,
    priority: Priority,
    names: &[ObjectName],
    how: (bool, usize),
) -> Work<bool> {
    let app = ledger.app(app)?;
    let names: BTreeSet<&str> = names.iter().map(ObjectName::as_str).collect();
    let is_done = TYPES.set(ledger, (app, priority.name()), &names, how)?;
    if is_done && how.0 {
        let other = if priority == Priority::Low { Priority::High } else { Priority::Low };
        TYPES.set(ledger, (app, other.name()), &names, (false, 0))?;
    }
    Ok(is_done)
}

/// The message types on both lists.
pub(super) fn priorities(view: &View<'_>, app: &AppKey) -> Work<Vec<(Priority, ObjectName)>> {
    let found = view
        .conn
        .prepare_cached(
            "select t.priority, t.name
            from chatroom_types t
            join apps p on p.id = t.app_id
            where p.key = ?1
            order by t.priority, t.name",
        )?
        .query_map([app.as_str()], |row| Ok((row.get::<_, String>(0)?, parsed::<ObjectName>(row, 1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().filter_map(|(priority, name)| Some((Priority::from_name(&priority)?, name))).collect())
}

/// An empty handle stands for every chatroom of the app.
fn handle_of(of: &RightOf) -> &str {
    of.handle.as_ref().map_or("", Handle::as_str)
}

fn entitled_of(row: &Row<'_>) -> rusqlite::Result<Entitled> {
    Ok(Entitled { user: parsed(row, 0)?, until: maybe_millis(row, 1)? })
}
