//! Chatrooms: which there are, and when they end.

use async_trait::async_trait;
use sqlx::{Row, postgres::PgRow, query};

use super::{
    PostgresStore, attributes,
    error::{Work, or_taken},
    messages::seq,
    rights,
    rows::{all, conversation_id, get, key_of, maybe, maybe_millis, maybe_small, millis, parsed, whole},
    session::{Session, glancing, reading, writing},
};
use crate::{
    model::{
        AppKey, ConversationId, Handle, Kind, Millis, ObjectName, Position, UserId,
        chatroom::{AttributeKey, Attributes, Chatroom, Entitled, Lifetime, Priority, Rule},
    },
    store::{
        Result, StoreError,
        chatrooms::{AttributesChanged, ChatroomRules, Chatrooms, DueChatroom, NewAttributes, NewChatroom, RightOf},
    },
};

/// Most messages forgotten in one transaction.
const MOST_TRIMMED: i64 = 2000;

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "c.key, c.handle, c.name, c.created_at, c.changed_at, c.seq, r.idle_secs, r.ends_at"
    };
}

#[async_trait]
impl Chatrooms for PostgresStore {
    async fn open_chatroom(&self, app: &AppKey, new: NewChatroom) -> Result<(Chatroom, bool)> {
        if let Some(found) = self.chatroom(app, &new.handle).await? {
            return Ok((found, false));
        }
        writing!(self, s => open(s, app, &new))
    }

    async fn chatroom(&self, app: &AppKey, handle: &Handle) -> Result<Option<Chatroom>> {
        glancing!(self, s => find(s, app, handle))
    }

    async fn chatrooms(&self, app: &AppKey, after: Option<&Handle>, limit: u16) -> Result<Vec<Chatroom>> {
        glancing!(self, s => list(s, app, after, limit))
    }

    async fn count_chatrooms(&self, app: &AppKey) -> Result<u64> {
        glancing!(self, s => count(s, app))
    }

    async fn due_chatrooms(&self, now: Millis, limit: u16) -> Result<Vec<DueChatroom>> {
        glancing!(self, s => due(s, now, limit))
    }

    async fn postpone_chatroom(&self, app: &AppKey, id: ConversationId, due_at: Millis) -> Result<()> {
        writing!(self, s => postpone(s, app, id, due_at))
    }

    async fn change_chatroom(
        &self,
        app: &AppKey,
        id: ConversationId,
        name: Option<String>,
        lifetime: Option<(Lifetime, Millis)>,
    ) -> Result<Chatroom> {
        writing!(self, s => change(s, app, id, name.as_deref(), lifetime))
    }

    async fn end_chatroom(&self, app: &AppKey, id: ConversationId, at: Millis) -> Result<bool> {
        writing!(self, s => end(s, app, id, at))
    }

    async fn trim_chatroom(&self, app: &AppKey, id: ConversationId, keep: u16) -> Result<u64> {
        writing!(self, s => trim(s, app, id, keep))
    }

    async fn attributes(&self, app: &AppKey, id: ConversationId, keys: &[AttributeKey]) -> Result<Attributes> {
        reading!(self, s => attributes::list(s, app, id, keys))
    }

    async fn set_attributes(&self, app: &AppKey, id: ConversationId, new: NewAttributes) -> Result<AttributesChanged> {
        writing!(self, s => attributes::set(s, app, id, &new))
    }

    async fn remove_attributes(
        &self,
        app: &AppKey,
        id: ConversationId,
        keys: &[AttributeKey],
        by: &UserId,
        force: bool,
    ) -> Result<AttributesChanged> {
        writing!(self, s => attributes::remove(s, app, id, keys, (!force).then_some(by)))
    }

    async fn remove_attributes_of(
        &self,
        app: &AppKey,
        id: ConversationId,
        user: &UserId,
    ) -> Result<(u64, Vec<AttributeKey>)> {
        writing!(self, s => attributes::remove_of(s, app, id, user))
    }

    async fn chatroom_rules(&self, app: &AppKey, handle: &Handle, now: Millis) -> Result<ChatroomRules> {
        reading!(self, s => rights::rules(s, app, handle, now))
    }

    async fn entitle(&self, app: &AppKey, of: &RightOf, users: &[Entitled], most: usize, now: Millis) -> Result<bool> {
        writing!(self, s => rights::entitle(s, app, of, users, (most, now)))
    }

    async fn disentitle(&self, app: &AppKey, of: &RightOf, users: &[UserId]) -> Result<()> {
        writing!(self, s => rights::disentitle(s, app, of, users))
    }

    async fn entitled(&self, app: &AppKey, of: &RightOf, now: Millis) -> Result<Vec<Entitled>> {
        glancing!(self, s => rights::entitled(s, app, of, now))
    }

    async fn set_chatroom_rule(
        &self,
        app: &AppKey,
        rule: Rule,
        handles: &[Handle],
        on: bool,
        most: usize,
    ) -> Result<bool> {
        writing!(self, s => rights::set_rule(s, app, rule, handles, (on, most)))
    }

    async fn chatrooms_under(&self, app: &AppKey, rule: Rule) -> Result<Vec<Handle>> {
        glancing!(self, s => rights::under(s, app, rule))
    }

    async fn set_priority(
        &self,
        app: &AppKey,
        priority: Priority,
        names: &[ObjectName],
        on: bool,
        most: usize,
    ) -> Result<bool> {
        writing!(self, s => rights::set_priority(s, app, priority, names, (on, most)))
    }

    async fn priorities(&self, app: &AppKey) -> Result<Vec<(Priority, ObjectName)>> {
        glancing!(self, s => rights::priorities(s, app))
    }
}

/// The open chatroom with this handle.
async fn find(s: &mut Session<'_>, app: &AppKey, handle: &Handle) -> Work<Option<Chatroom>> {
    let row = query(concat!(
        "select ",
        columns!(),
        "
        from conversations c
        join apps p on p.id = c.app_id
        join chatrooms r on r.conversation_id = c.id
        where p.key = $1
          and c.kind = 4
          and c.handle = $2"
    ))
    .bind(app.as_str())
    .bind(handle.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let epoch = s.epoch;
    Ok(maybe(row.as_ref(), |row| read(row, epoch))?)
}

/// The open chatroom with this handle; made, or made anew, when there is none. Of several who make it at once one does,
/// and the others wait for that one's commit.
async fn open(s: &mut Session<'_>, app: &AppKey, new: &NewChatroom) -> Work<(Chatroom, bool)> {
    let app_row = s.app(app).await?;
    let made = query(
        "insert into conversations (app_id, key, kind, created_at, changed_at, name, handle)
        values ($1, $2, $3, $4, $4, $5, $6)
        on conflict (app_id, kind, handle) where handle is not null do update
        set handle = excluded.handle
        returning id",
    )
    .bind(app_row)
    .bind(&key_of(new.id)[..])
    .bind(i64::from(Kind::Chatroom.number()))
    .bind(new.at.get())
    .bind(&new.name)
    .bind(new.handle.as_str())
    .fetch_one(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    let row: i64 = made.try_get(0)?;
    if let Some(found) = find(s, app, &new.handle).await? {
        return Ok((found, false));
    }
    // The same conversation takes messages again, after the last of its former life.
    query("update conversations set dismissed_at = null, name = $2, created_at = $3, changed_at = $3 where id = $1")
        .bind(row)
        .bind(&new.name)
        .bind(new.at.get())
        .execute(&mut *s.conn)
        .await?;
    let (idle_secs, ends_at) = lifetime_columns(new.lifetime);
    query("insert into chatrooms (conversation_id, app_id, due_at, idle_secs, ends_at) values ($1, $2, $3, $4, $5)")
        .bind(row)
        .bind(app_row)
        .bind(new.due_at.get())
        .bind(idle_secs)
        .bind(ends_at)
        .execute(&mut *s.conn)
        .await?;
    let room = find(s, app, &new.handle).await?.ok_or(StoreError::NoConversation)?;
    Ok((room, true))
}

async fn list(s: &mut Session<'_>, app: &AppKey, after: Option<&Handle>, limit: u16) -> Work<Vec<Chatroom>> {
    let rows = query(concat!(
        "select ",
        columns!(),
        "
        from apps p
        join conversations c on c.app_id = p.id
        join chatrooms r on r.conversation_id = c.id
        where p.key = $1
          and c.kind = 4
          and c.handle > $2
        order by c.handle
        limit $3"
    ))
    .bind(app.as_str())
    .bind(after.map_or("", Handle::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let epoch = s.epoch;
    Ok(all(&rows, |row| read(row, epoch))?)
}

async fn count(s: &mut Session<'_>, app: &AppKey) -> Work<u64> {
    let row = query(
        "select count(*)
        from chatrooms r
        join apps p on p.id = r.app_id
        where p.key = $1",
    )
    .bind(app.as_str())
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(whole(&row, 0)?)
}

async fn due(s: &mut Session<'_>, now: Millis, limit: u16) -> Work<Vec<DueChatroom>> {
    let rows = query(concat!(
        "select ",
        columns!(),
        ", p.key
        from chatrooms r
        join conversations c on c.id = r.conversation_id
        join apps p on p.id = r.app_id
        where r.due_at <= $1
        order by r.due_at
        limit $2"
    ))
    .bind(now.get())
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let epoch = s.epoch;
    Ok(all(&rows, |row| Ok(DueChatroom { app: parsed(row, 8)?, room: read(row, epoch)? }))?)
}

async fn postpone(s: &mut Session<'_>, app: &AppKey, id: ConversationId, due_at: Millis) -> Work<()> {
    let Some(row) = open_row(s, app, id).await? else { return Ok(()) };
    query("update chatrooms set due_at = greatest(due_at, $2) where conversation_id = $1")
        .bind(row)
        .bind(due_at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

async fn change(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    name: Option<&str>,
    lifetime: Option<(Lifetime, Millis)>,
) -> Work<Chatroom> {
    let row = lock_open(s, app, id).await?.ok_or(StoreError::NoConversation)?;
    if let Some(name) = name {
        query("update conversations set name = $2 where id = $1").bind(row).bind(name).execute(&mut *s.conn).await?;
    }
    if let Some((lifetime, due_at)) = lifetime {
        let (idle_secs, ends_at) = lifetime_columns(lifetime);
        query("update chatrooms set due_at = $2, idle_secs = $3, ends_at = $4 where conversation_id = $1")
            .bind(row)
            .bind(due_at.get())
            .bind(idle_secs)
            .bind(ends_at)
            .execute(&mut *s.conn)
            .await?;
    }
    let changed = query(concat!(
        "select ",
        columns!(),
        "
        from conversations c
        join chatrooms r on r.conversation_id = c.id
        where c.id = $1"
    ))
    .bind(row)
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(read(&changed, s.epoch)?)
}

async fn end(s: &mut Session<'_>, app: &AppKey, id: ConversationId, at: Millis) -> Work<bool> {
    let Some(row) = lock_open(s, app, id).await? else { return Ok(false) };
    for sql in [
        "delete from chatrooms where conversation_id = $1",
        "delete from chatroom_attributes where conversation_id = $1",
        "delete from messages where conversation_id = $1",
    ] {
        query(sql).bind(row).execute(&mut *s.conn).await?;
    }
    query("update conversations set dismissed_at = $2 where id = $1")
        .bind(row)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(true)
}

async fn trim(s: &mut Session<'_>, app: &AppKey, id: ConversationId, keep: u16) -> Work<u64> {
    let Some(row) = open_row(s, app, id).await? else { return Ok(0) };
    let done = query(
        "delete from messages
        where id in (
          select id
          from messages
          where conversation_id = $1
            and seq <= (select seq from conversations where id = $1) - $2
          order by seq
          limit $3
        )",
    )
    .bind(row)
    .bind(i64::from(keep))
    .bind(MOST_TRIMMED)
    .execute(&mut *s.conn)
    .await?;
    Ok(done.rows_affected())
}

/// The row of the app's chatroom, unless it has ended.
pub(super) async fn open_row(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<i64>> {
    let row = query(
        "select c.id
        from conversations c
        join apps p on p.id = c.app_id
        join chatrooms r on r.conversation_id = c.id
        where c.key = $1
          and p.key = $2",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0))?)
}

/// As [`open_row`], with the conversation's row locked until the end of the transaction.
pub(super) async fn lock_open(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<i64>> {
    let locked = query(
        "select c.id
        from conversations c
        join apps p on p.id = c.app_id
        where c.key = $1
          and p.key = $2
        for no key update of c",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    if locked.is_none() { Ok(None) } else { open_row(s, app, id).await }
}

fn lifetime_columns(lifetime: Lifetime) -> (Option<i64>, Option<i64>) {
    match lifetime {
        Lifetime::Idle(secs) => (secs.map(i64::from), None),
        Lifetime::Until(at) => (None, Some(at.get())),
    }
}

fn read(row: &PgRow, epoch: u64) -> sqlx::Result<Chatroom> {
    let ends_at = maybe_millis(row, 7)?;
    Ok(Chatroom {
        id: conversation_id(row, 0)?,
        handle: parsed(row, 1)?,
        name: get(row, 2)?,
        created_at: millis(row, 3)?,
        changed_at: millis(row, 4)?,
        head: Position { epoch, seq: seq(get(row, 5)?) },
        lifetime: match ends_at {
            Some(at) => Lifetime::Until(at),
            None => Lifetime::Idle(maybe_small(row, 6)?),
        },
    })
}
