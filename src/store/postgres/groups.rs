//! Groups and discussions: who is inside, and who may write. Every change holds the lock of the group's row, which
//! messages wait for too: a right is that of the moment in which the message is kept (Z3).

use sqlx::{Row, query};

use super::{
    conversations::{load, unstir},
    error::{Work, or_taken},
    outbox,
    rows::{all, key_of, parsed, whole},
    session::Session,
};
use crate::{
    model::{AppKey, Conversation, ConversationId, Handle, Millis, UserId, conversation::Group},
    store::{GroupStep, NewGroup, StoreError},
};

/// Founds a group or discussion.
pub(super) async fn create(s: &mut Session<'_>, app: &AppKey, new: &NewGroup) -> Work<Conversation> {
    let app = s.app(app).await?;
    let owner = s.user(app, &new.owner).await?;
    let users = s.users(app, &new.users).await?;
    let made = query(
        "insert into conversations (app_id, key, kind, created_at, changed_at, name, handle)
        values ($1, $2, $3, $4, $4, $5, $6)
        returning id",
    )
    .bind(app)
    .bind(&key_of(new.id)[..])
    .bind(i64::from(new.kind.number()))
    .bind(new.at.get())
    .bind(&new.name)
    .bind(new.handle.as_ref().map(Handle::as_str))
    .fetch_one(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    let row = made.try_get(0)?;
    admit(s, row, &[owner], new.at).await?;
    query("update participants set owner = true where conversation_id = $1 and user_id = $2")
        .bind(row)
        .bind(owner)
        .execute(&mut *s.conn)
        .await?;
    admit(s, row, &users, new.at).await?;
    let founded = load(s, row).await?;
    outbox::group_changed(s, app, &founded, None).await?;
    Ok(founded)
}

/// Makes users members who have seen nothing and missed nothing; nothing changes for those who are.
async fn admit(s: &mut Session<'_>, row: i64, users: &[i64], at: Millis) -> Work<()> {
    query(
        "insert into participants
          (conversation_id, user_id, delivered, read, read_counted, cleared, dropped, joined_at)
        select distinct c.id, w.id, c.seq, c.seq, c.counted, c.seq, c.counted, $3::bigint
        from conversations c
        cross join unnest($2::bigint[]) as w (id)
        where c.id = $1
        on conflict (conversation_id, user_id) do nothing",
    )
    .bind(row)
    .bind(users)
    .bind(at.get())
    .execute(&mut *s.conn)
    .await?;
    unstir(s, row).await
}

/// Changes a group or discussion.
pub(super) async fn change(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    step: &GroupStep,
    at: Millis,
) -> Work<Conversation> {
    let app = s.app(app).await?;
    let row = lock_open(s, app, id).await?;
    match step {
        GroupStep::Add(users) => {
            let users = s.users(app, users).await?;
            admit(s, row, &users, at).await?;
            forgive(s, row, &users).await?;
            within_limit(s, row).await?;
        }
        GroupStep::Remove { user, ban } => {
            let user = s.user(app, user).await?;
            remove(s, row, user, at).await?;
            if *ban {
                remember_ban(s, row, user, at).await?;
            }
        }
        GroupStep::Rename(name) => {
            query("update conversations set name = $2 where id = $1")
                .bind(row)
                .bind(name)
                .execute(&mut *s.conn)
                .await?;
        }
        GroupStep::SilenceAll(on) => {
            query("update conversations set silenced = $2 where id = $1")
                .bind(row)
                .bind(on)
                .execute(&mut *s.conn)
                .await?;
        }
        GroupStep::Silence { user, on, until } => {
            let user = s.user(app, user).await?;
            silence(s, row, user, *on, until.filter(|_| *on)).await?;
        }
        GroupStep::Allow(user, on) => {
            let user = s.user(app, user).await?;
            allow(s, row, user, *on).await?;
        }
        GroupStep::Forgive(user) => {
            let user = s.user(app, user).await?;
            forgive(s, row, &[user]).await?;
        }
        GroupStep::Dismiss => dismiss(s, row, at).await?,
    }
    query("update conversations set changed_at = greatest(changed_at + 1, $2) where id = $1")
        .bind(row)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    let changed = load(s, row).await?;
    outbox::group_changed(s, app, &changed, Some(step)).await?;
    Ok(changed)
}

async fn remember_ban(s: &mut Session<'_>, row: i64, user: i64, at: Millis) -> Work<()> {
    query("insert into bans (conversation_id, user_id, at) values ($1, $2, $3) on conflict do nothing")
        .bind(row)
        .bind(user)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

async fn silence(s: &mut Session<'_>, row: i64, user: i64, on: bool, until: Option<Millis>) -> Work<()> {
    let done = query(
        "update participants
        set silenced = $3, silenced_until = $4
        where conversation_id = $1
          and user_id = $2",
    )
    .bind(row)
    .bind(user)
    .bind(on)
    .bind(until.map(Millis::get))
    .execute(&mut *s.conn)
    .await?;
    of_member(done.rows_affected())
}

async fn allow(s: &mut Session<'_>, row: i64, user: i64, on: bool) -> Work<()> {
    let done = query("update participants set allowed = $3 where conversation_id = $1 and user_id = $2")
        .bind(row)
        .bind(user)
        .bind(on)
        .execute(&mut *s.conn)
        .await?;
    of_member(done.rows_affected())
}

async fn forgive(s: &mut Session<'_>, row: i64, users: &[i64]) -> Work<()> {
    query("delete from bans where conversation_id = $1 and user_id = any($2)")
        .bind(row)
        .bind(users)
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Counted here, under the lock, so that those who come at once cannot be too many together.
async fn within_limit(s: &mut Session<'_>, row: i64) -> Work<()> {
    let count =
        query("select count(*) from participants where conversation_id = $1").bind(row).fetch_one(&mut *s.conn).await?;
    if whole(&count, 0)? <= Group::MOST_MEMBERS as u64 { Ok(()) } else { Err(StoreError::TooMany("members").into()) }
}

fn of_member(rows: u64) -> Work<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Missing("member").into()) }
}

/// The row of a group that was not dismissed, locked until the end of the transaction.
async fn lock_open(s: &mut Session<'_>, app: i64, id: ConversationId) -> Work<i64> {
    let row = query(
        "select id, dismissed_at is not null
        from conversations
        where key = $1
          and app_id = $2
          and kind in (2, 3)
        for no key update",
    )
    .bind(&key_of(id)[..])
    .bind(app)
    .fetch_optional(&mut *s.conn)
    .await?;
    let row = row.ok_or(StoreError::NoConversation)?;
    if row.try_get(1)? { Err(StoreError::WrongStage.into()) } else { Ok(row.try_get(0)?) }
}

async fn remove(s: &mut Session<'_>, row: i64, user: i64, at: Millis) -> Work<()> {
    let done = query("delete from participants where conversation_id = $1 and user_id = $2")
        .bind(row)
        .bind(user)
        .execute(&mut *s.conn)
        .await?;
    of_member(done.rows_affected())?;
    let heir = query(
        "update participants
        set owner = true
        where conversation_id = $1
          and user_id = (
            select user_id
            from participants
            where conversation_id = $1
            order by owner desc, joined_at, user_id
            limit 1
          )",
    )
    .bind(row)
    .execute(&mut *s.conn)
    .await?;
    if heir.rows_affected() == 0 {
        dismiss(s, row, at).await?;
    }
    Ok(())
}

async fn dismiss(s: &mut Session<'_>, row: i64, at: Millis) -> Work<()> {
    query("update conversations set dismissed_at = $2 where id = $1")
        .bind(row)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Which of these users were banned.
pub(super) async fn banned(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    users: &[UserId],
) -> Work<Vec<UserId>> {
    let keys: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let rows = query(
        "select u.key
        from conversations c
        join apps p on p.id = c.app_id
        join bans b on b.conversation_id = c.id
        join users u on u.id = b.user_id
        where c.key = $1
          and p.key = $2
          and u.key = any($3)",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .bind(&keys)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| parsed(row, 0))?)
}
