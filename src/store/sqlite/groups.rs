//! Groups and discussions: who is inside, and who may write.

use rusqlite::{OptionalExtension, params};

use super::{
    conversations::load,
    error::{Work, or_taken},
    ledger::Ledger,
    outbox,
    rows::{View, key_of, parsed, to_json},
};
use crate::{
    model::{AppKey, Conversation, ConversationId, Handle, Millis, UserId, conversation::Group},
    store::{GroupStep, NewGroup, StoreError},
};

/// Founds a group or discussion.
pub(super) fn create(ledger: &mut Ledger, app: &AppKey, new: &NewGroup) -> Work<Conversation> {
    let app = ledger.app(app)?;
    let owner = ledger.user(app, &new.owner)?;
    ledger
        .conn
        .prepare_cached(
            "insert into conversations (app_id, key, kind, created_at, changed_at, name, handle)
            values (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
        )?
        .execute(params![
            app,
            key_of(new.id),
            new.kind.number(),
            new.at.get(),
            new.name,
            new.handle.as_ref().map(Handle::as_str)
        ])
        .map_err(or_taken)?;
    let row = ledger.conn.last_insert_rowid();
    admit(ledger, row, owner, new.at)?;
    ledger
        .conn
        .prepare_cached(
            "update participants
            set owner = 1
            where conversation_id = ?1
              and user_id = ?2",
        )?
        .execute(params![row, owner])?;
    for user in &new.users {
        let user = ledger.user(app, user)?;
        admit(ledger, row, user, new.at)?;
    }
    let founded = load(&ledger.view(), row)?;
    outbox::group_changed(ledger, app, &founded, None)?;
    Ok(founded)
}

/// Makes a user a member who has seen nothing and missed nothing; nothing changes for those who are one.
fn admit(ledger: &Ledger, row: i64, user: i64, at: Millis) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into participants
              (conversation_id, user_id, delivered, read, read_counted, cleared, dropped, joined_at)
            select id, ?2, seq, seq, counted, seq, counted, ?3
            from conversations
            where id = ?1
            on conflict (conversation_id, user_id) do nothing",
        )?
        .execute(params![row, user, at.get()])
        .map(drop)
}

/// Changes a group or discussion.
pub(super) fn change(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    step: &GroupStep,
    at: Millis,
) -> Work<Conversation> {
    let app = ledger.app(app)?;
    let row = open_group(ledger, app, id)?;
    match step {
        GroupStep::Add(users) => {
            for user in users {
                let user = ledger.user(app, user)?;
                admit(ledger, row, user, at)?;
                forgive(ledger, row, user)?;
            }
            within_limit(ledger, row)?;
        }
        GroupStep::Remove { user, ban } => {
            let user = ledger.user(app, user)?;
            remove(ledger, row, user, at)?;
            if *ban {
                let sql = "insert into bans (conversation_id, user_id, at) values (?1, ?2, ?3) on conflict do nothing";
                run(ledger, sql, (row, user, at.get()))?;
            }
        }
        GroupStep::Rename(name) => {
            run(ledger, "update conversations set name = ?2 where id = ?1", (row, name))?;
        }
        GroupStep::SilenceAll(on) => {
            run(ledger, "update conversations set silenced = ?2 where id = ?1", (row, on))?;
        }
        GroupStep::Silence { user, on, until } => {
            let sql = "update participants
                set silenced = ?3, silenced_until = ?4
                where conversation_id = ?1
                  and user_id = ?2";
            let (user, until) = (ledger.user(app, user)?, until.filter(|_| *on).map(Millis::get));
            of_member(run(ledger, sql, (row, user, on, until))?)?;
        }
        GroupStep::Allow(user, on) => {
            let sql = "update participants set allowed = ?3 where conversation_id = ?1 and user_id = ?2";
            let user = ledger.user(app, user)?;
            of_member(run(ledger, sql, (row, user, on))?)?;
        }
        GroupStep::Forgive(user) => {
            let user = ledger.user(app, user)?;
            forgive(ledger, row, user)?;
        }
        GroupStep::Dismiss => dismiss(ledger, row, at)?,
    }
    run(ledger, "update conversations set changed_at = max(changed_at + 1, ?2) where id = ?1", (row, at.get()))?;
    ledger.forget(id);
    let changed = load(&ledger.view(), row)?;
    outbox::group_changed(ledger, app, &changed, Some(step))?;
    Ok(changed)
}

fn forgive(ledger: &Ledger, row: i64, user: i64) -> rusqlite::Result<()> {
    run(ledger, "delete from bans where conversation_id = ?1 and user_id = ?2", (row, user)).map(drop)
}

/// Counted here, so that those who come at once cannot be too many together.
fn within_limit(ledger: &Ledger, row: i64) -> Work<()> {
    let members: u32 = ledger
        .conn
        .prepare_cached("select count(*) from participants where conversation_id = ?1")?
        .query_row([row], |row| row.get(0))?;
    if members as usize <= Group::MOST_MEMBERS { Ok(()) } else { Err(StoreError::TooMany("members").into()) }
}

fn run(ledger: &Ledger, sql: &'static str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
    ledger.conn.prepare_cached(sql)?.execute(values)
}

fn of_member(rows: usize) -> Work<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Missing("member").into()) }
}

/// The row of a group that was not dismissed.
fn open_group(ledger: &Ledger, app: i64, id: ConversationId) -> Work<i64> {
    let found: Option<(i64, bool)> = ledger
        .conn
        .prepare_cached(
            "select id, dismissed_at is not null
            from conversations
            where key = ?1
              and app_id = ?2
              and kind in (2, 3)",
        )?
        .query_row(params![key_of(id), app], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((row, false)) => Ok(row),
        Some((_, true)) => Err(StoreError::WrongStage.into()),
        None => Err(StoreError::NoConversation.into()),
    }
}

fn remove(ledger: &Ledger, row: i64, user: i64, at: Millis) -> Work<()> {
    let sql = "delete from participants where conversation_id = ?1 and user_id = ?2";
    of_member(run(ledger, sql, (row, user))?)?;
    let heir = "update participants
        set owner = 1
        where conversation_id = ?1
          and user_id = (
            select user_id
            from participants
            where conversation_id = ?1
            order by owner desc, joined_at, user_id
            limit 1
          )";
    if run(ledger, heir, [row])? == 0 {
        dismiss(ledger, row, at)?;
    }
    Ok(())
}

fn dismiss(ledger: &Ledger, row: i64, at: Millis) -> rusqlite::Result<()> {
    run(ledger, "update conversations set dismissed_at = ?2 where id = ?1", (row, at.get())).map(drop)
}

/// Which of these users were banned.
pub(super) fn banned(view: &View<'_>, app: &AppKey, id: ConversationId, users: &[UserId]) -> Work<Vec<UserId>> {
    let keys: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let found = view
        .conn
        .prepare_cached(
            "select u.key
            from conversations c
            join apps p on p.id = c.app_id
            join bans b on b.conversation_id = c.id
            join users u on u.id = b.user_id
            where c.key = ?1
              and p.key = ?2
              and u.key in (select value from json_each(?3))",
        )?
        .query_map(params![key_of(id), app.as_str(), to_json(&keys)], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
