//! What the back end decided about chatrooms and those inside.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{postgres::PgRow, query};

use super::{
    error::Work,
    rows::{all, maybe_millis, parsed, text, whole},
    session::Session,
};
use crate::{
    model::{
        AppKey, Handle, Millis, ObjectName, UserId,
        chatroom::{Entitled, Priority, Right, Rule},
    },
    store::chatrooms::{ChatroomRules, RightOf},
};

/// Everything that matters for one chatroom.
pub(super) async fn rules(s: &mut Session<'_>, app: &AppKey, handle: &Handle, now: Millis) -> Work<ChatroomRules> {
    let rules = query(
        "select r.name
        from chatroom_rules r
        join apps p on p.id = r.app_id
        where p.key = $1
          and r.handle = $2",
    )
    .bind(app.as_str())
    .bind(handle.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let people = query(
        "select u.key, r.until, r.name
        from chatroom_rights r
        join apps p on p.id = r.app_id
        join users u on u.id = r.user_id
        where p.key = $1
          and r.handle in ('', $2)
          and (r.until is null or r.until > $3)",
    )
    .bind(app.as_str())
    .bind(handle.as_str())
    .bind(now.get())
    .fetch_all(&mut *s.conn)
    .await?;
    let rules: Vec<Option<Rule>> = all(&rules, |row| text(row, 0).map(Rule::from_name))?;
    let people = all(&people, |row| Ok((Right::from_name(text(row, 2)?), entitled_of(row)?)))?;
    Ok(ChatroomRules {
        rules: rules.into_iter().flatten().collect(),
        people: people.into_iter().filter_map(|(right, who)| Some((right?, who))).collect(),
    })
}

/// Gives users a right, unless too many would have it.
pub(super) async fn entitle(
    s: &mut Session<'_>,
    app: &AppKey,
    of: &RightOf,
    users: &[Entitled],
    (most, now): (usize, Millis),
) -> Work<bool> {
    let app = s.lock_app(app).await?;
    let (handle, right) = (handle_of(of), of.right.name());
    let ids: Vec<UserId> = users.iter().map(|who| who.user.clone()).collect();
    let rows: BTreeMap<i64, Option<i64>> =
        s.users(app, &ids).await?.into_iter().zip(users.iter().map(|who| who.until.map(Millis::get))).collect();
    let keys: Vec<i64> = rows.keys().copied().collect();
    query("delete from chatroom_rights where app_id = $1 and handle = $2 and name = $3 and until <= $4")
        .bind(app)
        .bind(handle)
        .bind(right)
        .bind(now.get())
        .execute(&mut *s.conn)
        .await?;
    let others = query(
        "select count(*)
        from chatroom_rights
        where app_id = $1
          and handle = $2
          and name = $3
          and not user_id = any($4)",
    )
    .bind(app)
    .bind(handle)
    .bind(right)
    .bind(&keys)
    .fetch_one(&mut *s.conn)
    .await?;
    if whole(&others, 0)? + rows.len() as u64 > most as u64 {
        return Ok(false);
    }
    query(
        "insert into chatroom_rights (app_id, handle, name, user_id, until)
        select $1, $2, $3, w.id, w.until
        from unnest($4::bigint[], $5::bigint[]) as w (id, until)
        on conflict (app_id, handle, name, user_id) do update
        set until = excluded.until",
    )
    .bind(app)
    .bind(handle)
    .bind(right)
    .bind(&keys)
    .bind(rows.values().copied().collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(true)
}

/// Takes a right from users.
pub(super) async fn disentitle(s: &mut Session<'_>, app: &AppKey, of: &RightOf, users: &[UserId]) -> Work<()> {
    let app = s.app(app).await?;
    let rows = s.users(app, users).await?;
    query("delete from chatroom_rights where app_id = $1 and handle = $2 and name = $3 and user_id = any($4)")
        .bind(app)
        .bind(handle_of(of))
        .bind(of.right.name())
        .bind(&rows)
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Who has a right.
pub(super) async fn entitled(s: &mut Session<'_>, app: &AppKey, of: &RightOf, now: Millis) -> Work<Vec<Entitled>> {
    let rows = query(
        "select u.key, r.until
        from chatroom_rights r
        join apps p on p.id = r.app_id
        join users u on u.id = r.user_id
        where p.key = $1
          and r.handle = $2
          and r.name = $3
          and (r.until is null or r.until > $4)
        order by u.key",
    )
    .bind(app.as_str())
    .bind(handle_of(of))
    .bind(of.right.name())
    .bind(now.get())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, entitled_of)?)
}

/// Lets a rule hold for chatrooms, or no more.
pub(super) async fn set_rule(
    s: &mut Session<'_>,
    app: &AppKey,
    rule: Rule,
    handles: &[Handle],
    (on, most): (bool, usize),
) -> Work<bool> {
    let app = s.lock_app(app).await?;
    let handles: Vec<&str> = handles.iter().map(Handle::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    let others = query("select count(*) from chatroom_rules where app_id = $1 and name = $2 and not handle = any($3)")
        .bind(app)
        .bind(rule.name())
        .bind(&handles)
        .fetch_one(&mut *s.conn)
        .await?;
    if on && whole(&others, 0)? + handles.len() as u64 > most as u64 {
        return Ok(false);
    }
    let sql = if on {
        "insert into chatroom_rules (app_id, name, handle)
        select $1, $2, w.handle from unnest($3::text[]) as w (handle)
        on conflict do nothing"
    } else {
        "delete from chatroom_rules where app_id = $1 and name = $2 and handle = any($3)"
    };
    query(sql).bind(app).bind(rule.name()).bind(&handles).execute(&mut *s.conn).await?;
    Ok(true)
}

/// The chatrooms for which a rule holds.
pub(super) async fn under(s: &mut Session<'_>, app: &AppKey, rule: Rule) -> Work<Vec<Handle>> {
    let rows = query(
        "select r.handle
        from chatroom_rules r
        join apps p on p.id = r.app_id
        where p.key = $1
          and r.name = $2
        order by r.handle",
    )
    .bind(app.as_str())
    .bind(rule.name())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| parsed(row, 0))?)
}

/// Puts message types on a list, or takes them off. A type is on one list at most.
pub(super) async fn set_priority(
    s: &mut Session<'_>,
    app: &AppKey,
    priority: Priority,
    names: &[ObjectName],
    (on, most): (bool, usize),
) -> Work<bool> {
    let app = s.lock_app(app).await?;
    let names: Vec<&str> = names.iter().map(ObjectName::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    let others =
        query("select count(*) from chatroom_types where app_id = $1 and priority = $2 and not name = any($3)")
            .bind(app)
            .bind(priority.name())
            .bind(&names)
            .fetch_one(&mut *s.conn)
            .await?;
    if on && whole(&others, 0)? + names.len() as u64 > most as u64 {
        return Ok(false);
    }
    query("delete from chatroom_types where app_id = $1 and (priority = $2 or $4) and name = any($3)")
        .bind(app)
        .bind(priority.name())
        .bind(&names)
        .bind(on)
        .execute(&mut *s.conn)
        .await?;
    if on {
        query(
            "insert into chatroom_types (app_id, priority, name)
            select $1, $2, w.name from unnest($3::text[]) as w (name)",
        )
        .bind(app)
        .bind(priority.name())
        .bind(&names)
        .execute(&mut *s.conn)
        .await?;
    }
    Ok(true)
}

/// The message types on both lists.
pub(super) async fn priorities(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<(Priority, ObjectName)>> {
    let rows = query(
        "select t.priority, t.name
        from chatroom_types t
        join apps p on p.id = t.app_id
        where p.key = $1
        order by t.priority, t.name",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let found = all(&rows, |row| Ok((Priority::from_name(text(row, 0)?), parsed::<ObjectName>(row, 1)?)))?;
    Ok(found.into_iter().filter_map(|(priority, name)| Some((priority?, name))).collect())
}

/// An empty handle stands for every chatroom of the app.
fn handle_of(of: &RightOf) -> &str {
    of.handle.as_ref().map_or("", Handle::as_str)
}

fn entitled_of(row: &PgRow) -> sqlx::Result<Entitled> {
    Ok(Entitled { user: parsed(row, 0)?, until: maybe_millis(row, 1)? })
}
