//! Chatrooms: which there are, and when they end.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore, attributes,
    conversations::by_handle,
    error::{Work, or_taken},
    ledger::Ledger,
    messages::seq,
    rights,
    rows::{View, conversation_id, key_of, maybe_millis, millis, parsed},
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

const COLUMNS: &str = "c.key, c.handle, c.name, c.created_at, c.changed_at, c.seq, r.idle_secs, r.ends_at";

#[async_trait]
impl Chatrooms for SqliteStore {
    async fn open_chatroom(&self, app: &AppKey, new: NewChatroom) -> Result<(Chatroom, bool)> {
        if let Some(found) = self.chatroom(app, &new.handle).await? {
            return Ok((found, false));
        }
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| open(ledger, &app, &new)).await
    }

    async fn chatroom(&self, app: &AppKey, handle: &Handle) -> Result<Option<Chatroom>> {
        let (app, handle) = (app.clone(), handle.clone());
        self.read(move |view| find(view, &app, &handle)).await
    }

    async fn chatrooms(&self, app: &AppKey, after: Option<&Handle>, limit: u16) -> Result<Vec<Chatroom>> {
        let (app, after) = (app.clone(), after.cloned());
        self.read(move |view| list(view, &app, after.as_ref(), limit)).await
    }

    async fn count_chatrooms(&self, app: &AppKey) -> Result<u64> {
        let app = app.clone();
        self.read(move |view| count(view, &app)).await
    }

    async fn due_chatrooms(&self, now: Millis, limit: u16) -> Result<Vec<DueChatroom>> {
        self.read(move |view| due(view, now, limit)).await
    }

    async fn postpone_chatroom(&self, app: &AppKey, id: ConversationId, due_at: Millis) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| postpone(ledger, &app, id, due_at)).await
    }

    async fn change_chatroom(
        &self,
        app: &AppKey,
        id: ConversationId,
        name: Option<String>,
        lifetime: Option<(Lifetime, Millis)>,
    ) -> Result<Chatroom> {
        let app = app.clone();
        self.write(move |ledger| change(ledger, &app, id, name.as_deref(), lifetime)).await
    }

    async fn end_chatroom(&self, app: &AppKey, id: ConversationId, at: Millis) -> Result<bool> {
        let app = app.clone();
        self.write(move |ledger| end(ledger, &app, id, at)).await
    }

    async fn trim_chatroom(&self, app: &AppKey, id: ConversationId, keep: u16) -> Result<u64> {
        let app = app.clone();
        self.write(move |ledger| trim(ledger, &app, id, keep)).await
    }

    async fn attributes(&self, app: &AppKey, id: ConversationId, keys: &[AttributeKey]) -> Result<Attributes> {
        let (app, keys) = (app.clone(), keys.to_vec());
        self.read(move |view| attributes::list(view, &app, id, &keys)).await
    }

    async fn set_attributes(&self, app: &AppKey, id: ConversationId, new: NewAttributes) -> Result<AttributesChanged> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| attributes::set(ledger, &app, id, &new)).await
    }

    async fn remove_attributes(
        &self,
        app: &AppKey,
        id: ConversationId,
        keys: &[AttributeKey],
        by: &UserId,
        force: bool,
    ) -> Result<AttributesChanged> {
        let (app, keys, by) = (app.clone(), keys.to_vec(), by.clone());
        self.write(move |ledger| attributes::remove(ledger, &app, id, &keys, (!force).then_some(&by))).await
    }

    async fn remove_attributes_of(
        &self,
        app: &AppKey,
        id: ConversationId,
        user: &UserId,
    ) -> Result<(u64, Vec<AttributeKey>)> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| attributes::remove_of(ledger, &app, id, &user)).await
    }

    async fn chatroom_rules(&self, app: &AppKey, handle: &Handle, now: Millis) -> Result<ChatroomRules> {
        let (app, handle) = (app.clone(), handle.clone());
        self.read(move |view| rights::rules(view, &app, &handle, now)).await
    }

    async fn entitle(&self, app: &AppKey, of: &RightOf, users: &[Entitled], most: usize, now: Millis) -> Result<bool> {
        let (app, of, users) = (app.clone(), of.clone(), users.to_vec());
        self.write(move |ledger| rights::entitle(ledger, &app, &of, &users, (most, now))).await
    }

    async fn disentitle(&self, app: &AppKey, of: &RightOf, users: &[UserId]) -> Result<()> {
        let (app, of, users) = (app.clone(), of.clone(), users.to_vec());
        self.write(move |ledger| rights::disentitle(ledger, &app, &of, &users)).await
    }

    async fn entitled(&self, app: &AppKey, of: &RightOf, now: Millis) -> Result<Vec<Entitled>> {
        let (app, of) = (app.clone(), of.clone());
        self.read(move |view| rights::entitled(view, &app, &of, now)).await
    }

    async fn set_chatroom_rule(
        &self,
        app: &AppKey,
        rule: Rule,
        handles: &[Handle],
        on: bool,
        most: usize,
    ) -> Result<bool> {
        let (app, handles) = (app.clone(), handles.to_vec());
        self.write(move |ledger| rights::set_rule(ledger, &app, rule, &handles, (on, most))).await
    }

    async fn chatrooms_under(&self, app: &AppKey, rule: Rule) -> Result<Vec<Handle>> {
        let app = app.clone();
        self.read(move |view| rights::under(view, &app, rule)).await
    }

    async fn set_priority(
        &self,
        app: &AppKey,
        priority: Priority,
        names: &[ObjectName],
        on: bool,
        most: usize,
    ) -> Result<bool> {
        let (app, names) = (app.clone(), names.to_vec());
        self.write(move |ledger| rights::set_priority(ledger, &app, priority, &names, (on, most))).await
    }

    async fn priorities(&self, app: &AppKey) -> Result<Vec<(Priority, ObjectName)>> {
        let app = app.clone();
        self.read(move |view| rights::priorities(view, &app)).await
    }
}

/// The open chatroom with this handle.
fn find(view: &View<'_>, app: &AppKey, handle: &Handle) -> Work<Option<Chatroom>> {
    let found = view
        .conn
        .prepare_cached(&format!(
            "select {COLUMNS}
            from conversations c
            join apps p on p.id = c.app_id
            join chatrooms r on r.conversation_id = c.id
            where p.key = ?1
              and c.kind = ?2
              and c.handle = ?3"
        ))?
        .query_row(params![app.as_str(), Kind::Chatroom.number(), handle.as_str()], |row| read(row, view.epoch))
        .optional()?;
    Ok(found)
}

/// The open chatroom with this handle; made, or made anew, when there is none.
fn open(ledger: &mut Ledger, app: &AppKey, new: &NewChatroom) -> Work<(Chatroom, bool)> {
    if let Some(found) = find(&ledger.view(), app, &new.handle)? {
        return Ok((found, false));
    }
    let id = match by_handle(&ledger.view(), app, Kind::Chatroom, &new.handle)? {
        Some(ended) => revive(ledger, ended.id, new)?,
        None => make(ledger, app, new)?,
    };
    let app_row = ledger.app(app)?;
    let (idle_secs, ends_at) = columns(new.lifetime);
    ledger
        .conn
        .prepare_cached(
            "insert into chatrooms (conversation_id, app_id, due_at, idle_secs, ends_at)
            select id, ?2, ?3, ?4, ?5
            from conversations
            where key = ?1",
        )?
        .execute(params![key_of(id), app_row, new.due_at.get(), idle_secs, ends_at])?;
    let room = find(&ledger.view(), app, &new.handle)?.ok_or(StoreError::NoConversation)?;
    Ok((room, true))
}

/// The same conversation takes messages again, after the last of its former life.
fn revive(ledger: &mut Ledger, id: ConversationId, new: &NewChatroom) -> Work<ConversationId> {
    ledger
        .conn
        .prepare_cached(
            "update conversations
            set dismissed_at = null, name = ?2, created_at = ?3, changed_at = ?3
            where key = ?1",
        )?
        .execute(params![key_of(id), new.name, new.at.get()])?;
    ledger.forget(id);
    Ok(id)
}

fn make(ledger: &mut Ledger, app: &AppKey, new: &NewChatroom) -> Work<ConversationId> {
    let app = ledger.app(app)?;
    let (key, kind, at) = (key_of(new.id), Kind::Chatroom.number(), new.at.get());
    ledger
        .conn
        .prepare_cached(
            "insert into conversations (app_id, key, kind, created_at, changed_at, name, handle)
            values (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
        )?
        .execute(params![app, key, kind, at, new.name, new.handle.as_str()])
        .map_err(or_taken)?;
    Ok(new.id)
}

fn list(view: &View<'_>, app: &AppKey, after: Option<&Handle>, limit: u16) -> Work<Vec<Chatroom>> {
    let found = view
        .conn
        .prepare_cached(&format!(
            "select {COLUMNS}
            from apps p
            join conversations c on c.app_id = p.id
            join chatrooms r on r.conversation_id = c.id
            where p.key = ?1
              and c.kind = ?2
              and c.handle > ?3
            order by c.handle
            limit ?4"
        ))?
        .query_map(params![app.as_str(), Kind::Chatroom.number(), after.map_or("", Handle::as_str), limit], |row| {
            read(row, view.epoch)
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn count(view: &View<'_>, app: &AppKey) -> Work<u64> {
    let count: i64 = view
        .conn
        .prepare_cached(
            "select count(*)
            from chatrooms r
            join apps p on p.id = r.app_id
            where p.key = ?1",
        )?
        .query_row([app.as_str()], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn due(view: &View<'_>, now: Millis, limit: u16) -> Work<Vec<DueChatroom>> {
    let found = view
        .conn
        .prepare_cached(&format!(
            "select {COLUMNS}, p.key
            from chatrooms r
            join conversations c on c.id = r.conversation_id
            join apps p on p.id = r.app_id
            where r.due_at <= ?1
            order by r.due_at
            limit ?2"
        ))?
        .query_map(params![now.get(), limit], |row| {
            Ok(DueChatroom { app: parsed(row, 8)?, room: read(row, view.epoch)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn postpone(ledger: &mut Ledger, app: &AppKey, id: ConversationId, due_at: Millis) -> Work<()> {
    let Some(row) = open_row(&ledger.view(), app, id)? else { return Ok(()) };
    ledger
        .conn
        .prepare_cached(
            "update chatrooms
            set due_at = max(due_at, ?2)
            where conversation_id = ?1",
        )?
        .execute(params![row, due_at.get()])?;
    Ok(())
}

fn change(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    name: Option<&str>,
    lifetime: Option<(Lifetime, Millis)>,
) -> Work<Chatroom> {
    let row = open_row(&ledger.view(), app, id)?.ok_or(StoreError::NoConversation)?;
    if let Some(name) = name {
        let sql = "update conversations set name = ?2 where id = ?1";
        ledger.conn.prepare_cached(sql)?.execute(params![row, name])?;
    }
    if let Some((lifetime, due_at)) = lifetime {
        let (idle_secs, ends_at) = columns(lifetime);
        ledger
            .conn
            .prepare_cached(
                "update chatrooms
                set due_at = ?2, idle_secs = ?3, ends_at = ?4
                where conversation_id = ?1",
            )?
            .execute(params![row, due_at.get(), idle_secs, ends_at])?;
    }
    let view = ledger.view();
    let changed = view
        .conn
        .prepare_cached(&format!(
            "select {COLUMNS}
            from conversations c
            join chatrooms r on r.conversation_id = c.id
            where c.id = ?1"
        ))?
        .query_row([row], |row| read(row, view.epoch))?;
    Ok(changed)
}

fn end(ledger: &mut Ledger, app: &AppKey, id: ConversationId, at: Millis) -> Work<bool> {
    let Some(row) = open_row(&ledger.view(), app, id)? else { return Ok(false) };
    for sql in [
        "delete from chatrooms where conversation_id = ?1",
        "delete from chatroom_attributes where conversation_id = ?1",
        "delete from messages where conversation_id = ?1",
    ] {
        ledger.conn.prepare_cached(sql)?.execute([row])?;
    }
    ledger
        .conn
        .prepare_cached(
            "update conversations
            set dismissed_at = ?2
            where id = ?1",
        )?
        .execute(params![row, at.get()])?;
    ledger.forget(id);
    Ok(true)
}

fn trim(ledger: &mut Ledger, app: &AppKey, id: ConversationId, keep: u16) -> Work<u64> {
    let Some(row) = open_row(&ledger.view(), app, id)? else { return Ok(0) };
    let gone = ledger
        .conn
        .prepare_cached(
            "delete from messages
            where id in (
              select id
              from messages
              where conversation_id = ?1
                and seq <= (select seq from conversations where id = ?1) - ?2
              order by seq
              limit ?3
            )",
        )?
        .execute(params![row, keep, MOST_TRIMMED])?;
    Ok(u64::try_from(gone).unwrap_or(0))
}

/// The row of the app's chatroom, unless it has ended.
pub(super) fn open_row(view: &View<'_>, app: &AppKey, id: ConversationId) -> rusqlite::Result<Option<i64>> {
    view.conn
        .prepare_cached(
            "select c.id
            from conversations c
            join apps p on p.id = c.app_id
            join chatrooms r on r.conversation_id = c.id
            where c.key = ?1
              and p.key = ?2",
        )?
        .query_row(params![key_of(id), app.as_str()], |row| row.get(0))
        .optional()
}

fn columns(lifetime: Lifetime) -> (Option<u32>, Option<i64>) {
    match lifetime {
        Lifetime::Idle(secs) => (secs, None),
        Lifetime::Until(at) => (None, Some(at.get())),
    }
}

fn read(row: &Row<'_>, epoch: u64) -> rusqlite::Result<Chatroom> {
    let ends_at = maybe_millis(row, 7)?;
    Ok(Chatroom {
        id: conversation_id(row, 0)?,
        handle: parsed(row, 1)?,
        name: row.get(2)?,
        created_at: millis(row, 3)?,
        changed_at: millis(row, 4)?,
        head: Position { epoch, seq: seq(row.get(5)?) },
        lifetime: match ends_at {
            Some(at) => Lifetime::Until(at),
            None => Lifetime::Idle(row.get(6)?),
        },
    })
}
