//! Counting by day, in the same transaction that brings messages into the index.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::model::{Kind, Millis, calendar::Day};

/// What the index counts of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) app: i64,
    pub(super) conversation: i64,
    pub(super) kind: i64,
    pub(super) sender: i64,
    pub(super) sent_at: i64,
    pub(super) by_agent: bool,
    /// When its conversation began.
    pub(super) began_at: i64,
}

/// Figures of one batch.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages: BTreeMap<(i64, i64, i64), i64>,
    active: BTreeSet<(i64, i64, i64)>,
    answers: BTreeMap<i64, (i64, i64, i64)>,
}

/// The tables in which days are kept.
pub(super) const TABLES: &str = "
    create table daily_messages (
      app_id integer not null, day integer not null, kind integer not null, count integer not null,
      primary key (app_id, day, kind)
    ) strict, without rowid;
    create table daily_active (
      app_id integer not null, day integer not null, user_id integer not null,
      primary key (app_id, day, user_id)
    ) strict, without rowid;
    create table first_answers (
      conversation_id integer primary key, app_id integer not null, day integer not null, waited integer not null
    ) strict;
    create index first_answers_by_day on first_answers (app_id, day, waited);";

impl Tally {
    pub(super) fn add(&mut self, it: Counted) {
        let day = Day::of(Millis::new(it.sent_at)).number();
        *self.messages.entry((it.app, day, it.kind)).or_default() += 1;
        self.active.insert((it.app, day, it.sender));
        if it.by_agent && it.kind == i64::from(Kind::Service.number()) {
            let waited = it.sent_at.saturating_sub(it.began_at).max(0);
            self.answers.entry(it.conversation).or_insert((it.app, day, waited));
        }
    }

    pub(super) fn write(&self, index: &Connection) -> rusqlite::Result<()> {
        for ((app, day, kind), count) in &self.messages {
            index
                .prepare_cached(
                    "insert into daily_messages (app_id, day, kind, count)
                    values (?1, ?2, ?3, ?4)
                    on conflict do update set count = count + excluded.count",
                )?
                .execute(params![app, day, kind, count])?;
        }
        for (app, day, user) in &self.active {
            index
                .prepare_cached(
                    "insert into daily_active (app_id, day, user_id)
                    values (?1, ?2, ?3)
                    on conflict do nothing",
                )?
                .execute(params![app, day, user])?;
        }
        for (conversation, (app, day, waited)) in &self.answers {
            index
                .prepare_cached(
                    "insert into first_answers (conversation_id, app_id, day, waited)
                    values (?1, ?2, ?3, ?4)
                    on conflict do nothing",
                )?
                .execute(params![conversation, app, day, waited])?;
        }
        Ok(())
    }
}
