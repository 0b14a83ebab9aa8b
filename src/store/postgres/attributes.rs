//! Attributes of chatrooms. Whoever changes them holds the lock of the room's row.

use std::collections::{BTreeMap, HashMap};

use sqlx::{Row, postgres::PgRow, query};

use super::{
    chatrooms::{lock_open, open_row},
    error::Work,
    rows::{all, get, millis, parsed, text, whole},
    session::Session,
};
use crate::{
    model::{
        AppKey, ConversationId, UserId,
        chatroom::{Attribute, AttributeKey, Attributes, MOST_ATTRIBUTES},
    },
    store::{
        StoreError,
        chatrooms::{AttributesChanged, NewAttributes},
    },
};

/// The attributes with these keys; all of them when empty.
pub(super) async fn list(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    keys: &[AttributeKey],
) -> Work<Attributes> {
    let room = open_row(s, app, id).await?.ok_or(StoreError::NoConversation)?;
    let keys: Vec<&str> = keys.iter().map(AttributeKey::as_str).collect();
    let rows = query(
        "select a.name, a.value, u.key, a.auto_delete, a.at
        from chatroom_attributes a
        join users u on u.id = a.user_id
        where a.conversation_id = $1
          and (cardinality($2::text[]) = 0 or a.name = any($2))
        order by a.name",
    )
    .bind(room)
    .bind(&keys)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(Attributes { version: version(s, room).await?, list: all(&rows, read)? })
}

fn read(row: &PgRow) -> sqlx::Result<Attribute> {
    Ok(Attribute {
        key: parsed(row, 0)?,
        value: get(row, 1)?,
        by: parsed(row, 2)?,
        auto_delete: get(row, 3)?,
        at: millis(row, 4)?,
    })
}

/// Sets attributes. Checks all before it writes any.
pub(super) async fn set(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    new: &NewAttributes,
) -> Work<AttributesChanged> {
    let room = lock_open(s, app, id).await?.ok_or(StoreError::NoConversation)?;
    let app = s.app(app).await?;
    let user = s.user(app, &new.by).await?;
    let setters = setters(s, room).await?;
    let mut count = setters.len();
    // Of a key that comes twice the last value counts.
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, value) in &new.attributes {
        match setters.get(key.as_str()) {
            Some(other) if *other != user && !new.force => return Ok(AttributesChanged::Taken(key.clone())),
            Some(_) => {}
            None => count += 1,
        }
        values.insert(key.as_str(), value);
    }
    if count > MOST_ATTRIBUTES {
        return Ok(AttributesChanged::TooMany);
    }
    query(
        "insert into chatroom_attributes (conversation_id, name, value, user_id, auto_delete, at)
        select $1, w.name, w.value, $4, $5, $6
        from unnest($2::text[], $3::text[]) as w (name, value)
        on conflict (conversation_id, name) do update
        set value = excluded.value, user_id = excluded.user_id, auto_delete = excluded.auto_delete, at = excluded.at",
    )
    .bind(room)
    .bind(values.keys().copied().collect::<Vec<_>>())
    .bind(values.values().copied().collect::<Vec<_>>())
    .bind(user)
    .bind(new.auto_delete)
    .bind(new.at.get())
    .execute(&mut *s.conn)
    .await?;
    count_change(s, room).await.map(AttributesChanged::Done)
}

/// Removes attributes, all or nothing; only those of `by` when given.
pub(super) async fn remove(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    keys: &[AttributeKey],
    by: Option<&UserId>,
) -> Work<AttributesChanged> {
    let room = lock_open(s, app, id).await?.ok_or(StoreError::NoConversation)?;
    let app = s.app(app).await?;
    let by = match by {
        Some(user) => Some(s.user(app, user).await?),
        None => None,
    };
    let setters = setters(s, room).await?;
    for key in keys {
        match setters.get(key.as_str()) {
            None => return Ok(AttributesChanged::Missing(key.clone())),
            Some(other) if by.is_some_and(|user| user != *other) => return Ok(AttributesChanged::Taken(key.clone())),
            Some(_) => {}
        }
    }
    query("delete from chatroom_attributes where conversation_id = $1 and name = any($2)")
        .bind(room)
        .bind(keys.iter().map(AttributeKey::as_str).collect::<Vec<_>>())
        .execute(&mut *s.conn)
        .await?;
    count_change(s, room).await.map(AttributesChanged::Done)
}

/// Removes what goes with a user.
pub(super) async fn remove_of(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
) -> Work<(u64, Vec<AttributeKey>)> {
    let Some(room) = lock_open(s, app, id).await? else { return Ok((0, Vec::new())) };
    let app = s.app(app).await?;
    let user = s.user(app, user).await?;
    let rows = query(
        "delete from chatroom_attributes
        where conversation_id = $1
          and user_id = $2
          and auto_delete
        returning name",
    )
    .bind(room)
    .bind(user)
    .fetch_all(&mut *s.conn)
    .await?;
    let keys: Vec<AttributeKey> = all(&rows, |row| parsed(row, 0))?;
    let version = if keys.is_empty() { version(s, room).await? } else { count_change(s, room).await? };
    Ok((version, keys))
}

/// Who set which attribute. There are at most [`MOST_ATTRIBUTES`].
async fn setters(s: &mut Session<'_>, room: i64) -> Work<HashMap<String, i64>> {
    let rows = query("select name, user_id from chatroom_attributes where conversation_id = $1")
        .bind(room)
        .fetch_all(&mut *s.conn)
        .await?;
    Ok(all(&rows, |row| Ok((text(row, 0)?.to_owned(), row.try_get(1)?)))?.into_iter().collect())
}

async fn count_change(s: &mut Session<'_>, room: i64) -> Work<u64> {
    let row = query("update chatrooms set changes = changes + 1 where conversation_id = $1 returning changes")
        .bind(room)
        .fetch_one(&mut *s.conn)
        .await?;
    Ok(whole(&row, 0)?)
}

async fn version(s: &mut Session<'_>, room: i64) -> Work<u64> {
    let row =
        query("select changes from chatrooms where conversation_id = $1").bind(room).fetch_one(&mut *s.conn).await?;
    Ok(whole(&row, 0)?)
}
