//! Attributes of chatrooms.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    chatrooms::open_row,
    error::Work,
    ledger::Ledger,
    rows::{View, millis, parsed, to_json},
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
pub(super) fn list(view: &View<'_>, app: &AppKey, id: ConversationId, keys: &[AttributeKey]) -> Work<Attributes> {
    let room = open_row(view, app, id)?.ok_or(StoreError::NoConversation)?;
    let list = view
        .conn
        .prepare_cached(
            "select a.name, a.value, u.key, a.auto_delete, a.at
            from chatroom_attributes a
            join users u on u.id = a.user_id
            where a.conversation_id = ?1
              and (?2 = '[]' or a.name in (select value from json_each(?2)))
            order by a.name",
        )?
        .query_map(params![room, to_json(&keys)], read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Attributes { version: version(view, room)?, list })
}

/// Sets attributes. Checks all before it writes any.
pub(super) fn set(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    new: &NewAttributes,
) -> Work<AttributesChanged> {
    let room = open_row(&ledger.view(), app, id)?.ok_or(StoreError::NoConversation)?;
    let app = ledger.app(app)?;
    let user = ledger.user(app, &new.by)?;
    let count: u32 = ledger
        .conn
        .prepare_cached("select count(*) from chatroom_attributes where conversation_id = ?1")?
        .query_row([room], |row| row.get(0))?;
    let mut count = count as usize;
    for (key, _) in &new.attributes {
        match setter(ledger, room, key)? {
            Some(other) if other != user && !new.force => return Ok(AttributesChanged::Taken(key.clone())),
            Some(_) => {}
            None => count += 1,
        }
    }
    if count > MOST_ATTRIBUTES {
        return Ok(AttributesChanged::TooMany);
    }
    for (key, value) in &new.attributes {
        ledger
            .conn
            .prepare_cached(
                "insert into chatroom_attributes (conversation_id, name, value, user_id, auto_delete, at)
                values (?1, ?2, ?3, ?4, ?5, ?6)
                on conflict (conversation_id, name) do update
                set value = excluded.value, user_id = excluded.user_id, auto_delete = excluded.auto_delete,
                  at = excluded.at",
            )?
            .execute(params![room, key.as_str(), value, user, new.auto_delete, new.at.get()])?;
    }
    count_change(ledger, room).map(AttributesChanged::Done)
}

/// Removes attributes, all or nothing; only those of `by` when given.
pub(super) fn remove(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    keys: &[AttributeKey],
    by: Option<&UserId>,
) -> Work<AttributesChanged> {
    let room = open_row(&ledger.view(), app, id)?.ok_or(StoreError::NoConversation)?;
    let app = ledger.app(app)?;
    let by = by.map(|user| ledger.user(app, user)).transpose()?;
    for key in keys {
        match setter(ledger, room, key)? {
            None => return Ok(AttributesChanged::Missing(key.clone())),
            Some(other) if by.is_some_and(|user| user != other) => return Ok(AttributesChanged::Taken(key.clone())),
            Some(_) => {}
        }
    }
    for key in keys {
        ledger
            .conn
            .prepare_cached("delete from chatroom_attributes where conversation_id = ?1 and name = ?2")?
            .execute(params![room, key.as_str()])?;
    }
    count_change(ledger, room).map(AttributesChanged::Done)
}

/// Removes what goes with a user.
pub(super) fn remove_of(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
) -> Work<(u64, Vec<AttributeKey>)> {
    let Some(room) = open_row(&ledger.view(), app, id)? else { return Ok((0, Vec::new())) };
    let app = ledger.app(app)?;
    let user = ledger.user(app, user)?;
    let keys: Vec<AttributeKey> = ledger
        .conn
        .prepare_cached(
            "delete from chatroom_attributes
            where conversation_id = ?1
              and user_id = ?2
              and auto_delete = 1
            returning name",
        )?
        .query_map([room, user], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    let version = if keys.is_empty() { version(&ledger.view(), room)? } else { count_change(ledger, room)? };
    Ok((version, keys))
}

/// Who set an attribute.
fn setter(ledger: &Ledger, room: i64, key: &AttributeKey) -> rusqlite::Result<Option<i64>> {
    ledger
        .conn
        .prepare_cached(
            "select user_id
            from chatroom_attributes
            where conversation_id = ?1
              and name = ?2",
        )?
        .query_row(params![room, key.as_str()], |row| row.get(0))
        .optional()
}

fn count_change(ledger: &Ledger, room: i64) -> Work<u64> {
    let sql = "update chatrooms set changes = changes + 1 where conversation_id = ?1";
    ledger.conn.prepare_cached(sql)?.execute([room])?;
    Ok(version(&ledger.view(), room)?)
}

fn version(view: &View<'_>, room: i64) -> rusqlite::Result<u64> {
    let changes: i64 = view
        .conn
        .prepare_cached("select changes from chatrooms where conversation_id = ?1")?
        .query_row([room], |row| row.get(0))?;
    Ok(u64::try_from(changes).unwrap_or(0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Attribute> {
    Ok(Attribute {
        key: parsed(row, 0)?,
        value: row.get(1)?,
        by: parsed(row, 2)?,
        auto_delete: row.get(3)?,
        at: millis(row, 4)?,
    })
}
