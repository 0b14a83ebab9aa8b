//! Messages for some of those inside only.
//!
//! Their rows stand among all others, so that places have no gaps; who else asks finds `Message::undisclosed` there.
//! They raise no counts that others can see: the recipients' are found by looking at [the table](insert).

use rusqlite::{OptionalExtension, params};

use super::{error::Work, ledger::Ledger, rows::parsed};
use crate::{
    model::{AppKey, MessageUid, Millis, UserId},
    store::{NewMessage, sqlite::rows::View},
};

/// In a query with `c`onversation and its `m`ember: the member's newest place of a message for some only, or 0.
macro_rules! own_place {
    () => {
        "coalesce((
            select max(d.seq)
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = m.user_id
          ), 0)"
    };
}

/// In the same query: when something was last said that the member hears.
macro_rules! heard_at {
    () => {
        "max(c.changed_at, coalesce((
            select d.sent_at
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = m.user_id
            order by d.seq desc
            limit 1
          ), 0))"
    };
}

/// In the same query: counted messages that the member has neither read nor thrown away.
macro_rules! unread {
    () => {
        "c.counted - max(m.read_counted, m.dropped) + (
            select count(*)
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = m.user_id
              and d.seq > max(m.read, m.removed, m.cleared)
              and d.counted
          )"
    };
}

pub(super) use {heard_at, own_place, unread};

/// The rows of those whom a message is for.
pub(super) fn rows(ledger: &mut Ledger, app: i64, new: &NewMessage) -> Work<Vec<i64>> {
    new.only.iter().map(|user| ledger.user(app, user)).collect()
}

/// Notes whom a message is for.
pub(super) fn insert(
    ledger: &Ledger,
    (conversation, seq, at): (i64, i64, Millis),
    sender: i64,
    recipients: &[i64],
    counted: bool,
) -> rusqlite::Result<()> {
    for user in recipients.iter().copied().chain([sender]) {
        let counted = counted && user != sender;
        ledger
            .conn
            .prepare_cached(
                "insert into directed (conversation_id, user_id, seq, sent_at, counted)
                values (?1, ?2, ?3, ?4, ?5)
                on conflict do nothing",
            )?
            .execute(params![conversation, user, seq, at.get(), counted])?;
    }
    Ok(())
}

/// Whom the app's message is for, besides everybody; empty when it is for everybody.
pub(super) fn recipients(view: &View<'_>, app: &AppKey, uid: MessageUid) -> Work<Vec<UserId>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.key
            from messages m
            join conversations c on c.id = m.conversation_id
            join apps p on p.id = c.app_id
            join directed d on d.conversation_id = m.conversation_id and d.seq = m.seq
            join users u on u.id = d.user_id
            where m.id = ?1
              and p.key = ?2
              and m.directed",
        )?
        .query_map(params![uid.number(), app.as_str()], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// The newest place of a message for this participant among some only; 0 when there is none.
pub(super) fn newest(view: &View<'_>, conversation: i64, user: i64) -> rusqlite::Result<i64> {
    let newest: Option<i64> = view
        .conn
        .prepare_cached(
            "select max(seq)
            from directed
            where conversation_id = ?1
              and user_id = ?2",
        )?
        .query_row(params![conversation, user], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(newest.unwrap_or(0))
}

/// Places within these bounds whose messages are not for this participant.
pub(super) fn undisclosed(
    view: &View<'_>,
    conversation: i64,
    user: i64,
    (first, last): (i64, i64),
) -> rusqlite::Result<Vec<i64>> {
    view.conn
        .prepare_cached(
            "select m.seq
            from messages m
            where m.conversation_id = ?1
              and m.seq between ?3 and ?4
              and m.directed
              and not exists (
                select 1
                from directed d
                where d.conversation_id = ?1
                  and d.user_id = ?2
                  and d.seq = m.seq
              )",
        )?
        .query_map(params![conversation, user, first, last], |row| row.get(0))?
        .collect()
}
