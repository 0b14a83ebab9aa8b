//! The one write connection and what it remembers. As long as nobody else writes, what it remembers is the truth.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    cache::Cache,
    error::{Trouble, Work, spoils_transaction, told},
    head::{Head, Member},
    moments::Moments,
    outbox::Listeners,
    rows::View,
    stats::SqliteStats,
};
use crate::{
    model::{AppKey, ConversationId, Millis, UserId},
    store::{StoreError, records::first_number, uid::Uids},
};

/// Conversations and users remembered per generation of the cache.
const REMEMBERED: usize = 16_384;

/// Everything a piece of writing work may use.
pub(super) struct Ledger {
    pub(super) conn: Connection,
    pub(super) uids: Uids,
    moments: Moments,
    epoch: u64,
    /// Something was recorded in the outbox since the last commit.
    pub(super) recorded: bool,
    apps: HashMap<AppKey, i64>,
    listeners: HashMap<i64, Arc<Listeners>>,
    users: Cache<(i64, UserId), i64>,
    heads: Cache<ConversationId, Head>,
    /// Conversations whose head is ahead of its row; written once per batch.
    unwritten: Vec<ConversationId>,
    /// Changes when another connection has written.
    version: i64,
    stats: Arc<SqliteStats>,
}

impl Ledger {
    /// Nobody was told of anything newer than `newest`.
    pub(super) fn new(conn: Connection, uids: Uids, newest: i64, epoch: u64, stats: Arc<SqliteStats>) -> Self {
        Self {
            conn,
            moments: Moments::after(newest),
            uids,
            epoch,
            recorded: false,
            apps: HashMap::new(),
            listeners: HashMap::new(),
            users: Cache::new(REMEMBERED),
            heads: Cache::new(REMEMBERED),
            unwritten: Vec::new(),
            version: 0,
            stats,
        }
    }

    /// What reading functions need.
    pub(super) fn view(&self) -> View<'_> {
        View { conn: &self.conn, epoch: self.epoch, stats: &self.stats }
    }

    /// The app's row.
    pub(super) fn app(&mut self, key: &AppKey) -> Work<i64> {
        if let Some(row) = self.apps.get(key) {
            return Ok(*row);
        }
        let row = app_row(&self.conn, key)?.ok_or(StoreError::Missing("app"))?;
        self.apps.insert(key.clone(), row);
        Ok(row)
    }

    /// Who of the app's webhooks hears of what.
    pub(super) fn listeners(&mut self, app: i64) -> rusqlite::Result<Arc<Listeners>> {
        if let Some(listeners) = self.listeners.get(&app) {
            return Ok(listeners.clone());
        }
        let listeners = Arc::new(Listeners::load(&self.conn, app)?);
        self.listeners.insert(app, listeners.clone());
        Ok(listeners)
    }

    /// Forgets who hears of what, after a change of webhooks or of the app's switches.
    pub(super) fn forget_listeners(&mut self) {
        self.listeners.clear();
    }

    /// The user's row. Users are never deleted, so a row found stays right.
    pub(super) fn user(&mut self, app: i64, id: &UserId) -> Work<i64> {
        let key = (app, id.clone());
        if let Some(row) = self.users.get_mut(&key) {
            return Ok(*row);
        }
        let row = user_row(&self.conn, app, id)?.ok_or(StoreError::Missing("user"))?;
        self.users.insert(key, row);
        Ok(row)
    }

    /// The head of the app's conversation.
    pub(super) fn head(&mut self, app: i64, id: ConversationId) -> Work<&mut Head> {
        if self.heads.get_mut(&id).is_none() {
            let head = Head::load(&self.conn, id)?.ok_or(StoreError::NoConversation)?;
            self.heads.insert(id, head);
        }
        let head = self.heads.get_mut(&id).ok_or(StoreError::NoConversation)?;
        if head.app == app { Ok(head) } else { Err(StoreError::NoConversation.into()) }
    }

    /// The time of a new message in a conversation whose head is remembered, when the clock says `clock`.
    pub(super) fn moment(&mut self, id: ConversationId, clock: Millis) -> Work<Millis> {
        let head = self.heads.get_mut(&id).ok_or(StoreError::NoConversation)?;
        let (app, row) = (head.app, head.row);
        let at = self.moments.give(clock.get(), app, row, head.inside(&self.conn)?);
        Ok(Millis::new(at))
    }

    /// Gives no time and no number before this instant any more, also after a start with a clock that was put back. Whoever
    /// waits in line with an older time gets this one.
    pub(super) fn seal(&mut self, until: Millis) -> Work<()> {
        self.moments.pass(until.get());
        self.uids.pass(first_number(until) - 1);
        self.conn
            .prepare_cached(
                "insert into meta (name, value)
                values ('sealed', ?1)
                on conflict (name) do update set value = max(value, excluded.value)",
            )?
            .execute([until.get()])?;
        Ok(())
    }

    /// Lets the people of a conversation know that something came at this time. Its head is remembered.
    pub(super) fn stir(&mut self, id: ConversationId, at: Millis) -> Work<()> {
        let head = self.heads.get_mut(&id).ok_or(StoreError::NoConversation)?;
        Ok(head.stir(&self.conn, at.get())?)
    }

    /// A participant of a conversation whose head is remembered.
    pub(super) fn member(&mut self, id: ConversationId, user: i64) -> Work<Option<&mut Member>> {
        let head = self.heads.get_mut(&id).ok_or(StoreError::NoConversation)?;
        Ok(head.member(&self.conn, user)?)
    }

    /// Notes that a head has moved on and must be written before the commit.
    pub(super) fn moved(&mut self, id: ConversationId) {
        if let Some(head) = self.heads.get_mut(&id)
            && !std::mem::replace(&mut head.unwritten, true)
        {
            self.unwritten.push(id);
        }
    }

    /// Forgets a head whose row was changed directly. Heads must have been [written](Self::write_heads) before.
    pub(super) fn forget(&mut self, id: ConversationId) {
        self.heads.remove(&id);
    }

    /// Begins a transaction. When another process has written since the last one, nothing remembered can be trusted.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.step("begin immediate")?;
        let version = self.conn.prepare_cached("pragma data_version")?.query_row([], |row| row.get(0))?;
        if std::mem::replace(&mut self.version, version) != version {
            self.forget_all();
        }
        Ok(())
    }

    /// Brings the rows up to the heads.
    pub(super) fn write_heads(&mut self) -> rusqlite::Result<()> {
        for id in &self.unwritten {
            if let Some(head) = self.heads.get_mut(id) {
                head.write(&self.conn)?;
            }
        }
        self.unwritten.clear();
        Ok(())
    }

    /// Forgets everything, such as after a rollback of the transaction it came from.
    pub(super) fn forget_all(&mut self) {
        self.apps.clear();
        self.listeners.clear();
        self.users.clear();
        self.heads.clear();
        self.unwritten.clear();
    }

    /// Keeps memory bounded. To be called between batches.
    pub(super) fn age(&mut self) {
        self.users.age();
        self.heads.age();
        if self.apps.len() > 1024 {
            self.apps.clear();
        }
        if self.listeners.len() > 1024 {
            self.listeners.clear();
        }
    }

    /// Runs work of several statements so that it leaves nothing behind when it fails. What remains an engine
    /// error after this has spoiled the transaction for everybody.
    pub(super) fn in_savepoint<T>(&mut self, work: impl FnOnce(&mut Self) -> Work<T>) -> Work<T> {
        self.step("savepoint job")?;
        let outcome = match work(self) {
            Err(Trouble::Engine(error)) if !spoils_transaction(&error) => {
                tracing::error!(%error, "A statement failed");
                Err(Trouble::Refused(told(&error)))
            }
            outcome => outcome,
        };
        match outcome {
            Err(Trouble::Engine(_)) => return outcome,
            Err(Trouble::Refused(_)) => self.step("rollback to job")?,
            Ok(_) => {}
        }
        self.step("release job")?;
        outcome
    }

    /// Runs a statement without parameters.
    pub(super) fn step(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// The app's row, if it exists.
pub(super) fn app_row(conn: &Connection, key: &AppKey) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "select id
        from apps
        where key = ?1",
    )?
    .query_row([key.as_str()], |row| row.get(0))
    .optional()
}

/// The user's row, if it exists.
pub(super) fn user_row(conn: &Connection, app: i64, id: &UserId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "select id
        from users
        where app_id = ?1
          and key = ?2",
    )?
    .query_row(params![app, id.as_str()], |row| row.get(0))
    .optional()
}
