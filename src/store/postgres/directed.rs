//! Messages for some of those inside only.
//!
//! Their rows stand among all others, so that places have no gaps; who else asks finds `Message::undisclosed` there.
//! They raise no counts that others can see: the recipients' are found by looking at the table.

use sqlx::query;

use super::{
    error::Work,
    rows::{all, get, parsed},
    session::Session,
};
use crate::model::{AppKey, MessageUid, UserId};

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
        "greatest(c.changed_at, coalesce((
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
        "c.counted - greatest(m.read_counted, m.dropped) + (
            select count(*)
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = m.user_id
              and d.seq > greatest(m.read, m.removed, m.cleared)
              and d.counted
          )"
    };
}

pub(super) use {heard_at, own_place, unread};

/// Whom the app's message is for, besides everybody; empty when it is for everybody.
pub(super) async fn recipients(s: &mut Session<'_>, app: &AppKey, uid: MessageUid) -> Work<Vec<UserId>> {
    let rows = query(
        "select u.key
        from messages m
        join conversations c on c.id = m.conversation_id
        join apps p on p.id = c.app_id
        join directed d on d.conversation_id = m.conversation_id and d.seq = m.seq
        join users u on u.id = d.user_id
        where m.id = $1
          and p.key = $2
          and m.directed
        order by d.user_id",
    )
    .bind(uid.number())
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| parsed(row, 0))?)
}

/// The newest place of a message for this participant among some only; 0 when there is none.
pub(super) async fn newest(s: &mut Session<'_>, conversation: i64, user: i64) -> Work<i64> {
    let row = query("select coalesce(max(seq), 0) from directed where conversation_id = $1 and user_id = $2")
        .bind(conversation)
        .bind(user)
        .fetch_one(&mut *s.conn)
        .await?;
    Ok(get(&row, 0)?)
}

/// Places within these bounds whose messages are not for this participant.
pub(super) async fn undisclosed(
    s: &mut Session<'_>,
    conversation: i64,
    user: i64,
    (first, last): (i64, i64),
) -> Work<Vec<i64>> {
    let rows = query(
        "select m.seq
        from messages m
        where m.conversation_id = $1
          and m.seq between $3 and $4
          and m.directed
          and not exists (
            select 1
            from directed d
            where d.conversation_id = $1
              and d.user_id = $2
              and d.seq = m.seq
          )",
    )
    .bind(conversation)
    .bind(user)
    .bind(first)
    .bind(last)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| get(row, 0))?)
}
