//! Reading messages. A damaged record is reported and left out, never served (D8).

use std::sync::atomic::Ordering;

use sqlx::{Row, postgres::PgRow, query};

use super::{
    error::Work,
    rows::{conversation_id, get, key_of, maybe_parsed, millis, person, text},
    session::Session,
    times,
};
pub(super) use crate::store::records::{checksum, number, seq};
use crate::{
    model::{
        AppKey, Content, ConversationId, Message, MessageUid, Millis, Position,
        command::{History, Page},
    },
    store::StoreError,
};

/// A page that holds this many bytes of content ends early (W3): a hundred of the largest messages must not be in
/// memory for one question.
pub(super) const PAGE_BYTES: i64 = 256 << 10;
/// No message is larger.
const MOST_BYTES: i64 = 1 << 20;
/// Content larger than this is left out where a message only stands for its conversation.
const SAMPLE_BYTES: usize = 16 << 10;

/// The columns that [`read`] reads, of `m`essages with their `c`onversation and `u`ser.
macro_rules! columns {
    () => {
        "m.id, c.key, m.seq, m.sent_at, m.client_id, m.name, m.body, m.checksum, u.key, u.name, u.role, u.portrait"
    };
}
pub(super) use columns;

/// The app's message with this uid.
pub(super) async fn message(s: &mut Session<'_>, app: &AppKey, uid: MessageUid) -> Work<Option<Message>> {
    let row = query(concat!(
        "select ",
        columns!(),
        "
        from messages m
        join conversations c on c.id = m.conversation_id
        join apps p on p.id = c.app_id
        join users u on u.id = m.sender_id
        where m.id = $1
          and p.key = $2"
    ))
    .bind(uid.number())
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    row.map(|row| sound(s, &row)).transpose()
}

/// The messages with these numbers, any app, newest first, with what their senders wrote when that is something else.
/// Damaged ones are left out.
pub(super) async fn by_numbers(s: &mut Session<'_>, numbers: &[i64]) -> Work<Vec<(Message, Option<Vec<u8>>)>> {
    let rows = query(concat!(
        "select ",
        columns!(),
        ", r.original
        from messages m
        join conversations c on c.id = m.conversation_id
        join users u on u.id = m.sender_id
        left join rewritten r on r.message_id = m.id
        where m.id = any($1)
        order by m.id desc"
    ))
    .bind(numbers)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        match read(row) {
            Some(message) => found.push((message, row.try_get(12)?)),
            None => drop(report(s, row)?),
        }
    }
    Ok(found)
}

/// The message of a row; an error when it is damaged.
pub(super) fn sound(s: &Session<'_>, row: &PgRow) -> Work<Message> {
    match read(row) {
        Some(message) => Ok(message),
        None => Err(StoreError::Damaged(report(s, row)?).into()),
    }
}

/// The message at this place, unless it is damaged. The content of a large one is left empty: lists hold many.
pub(super) async fn at_place(s: &mut Session<'_>, conversation: i64, place: i64) -> Work<Option<Message>> {
    if place == 0 {
        return Ok(None);
    }
    let here = Bounds { low: place - 1, high: place + 1, after_at: i64::MIN, before_at: i64::MAX };
    let mut message = range(s, conversation, &here, false, 1).await?.messages.pop();
    if let Some(message) = message.as_mut().filter(|message| message.content.body().len() > SAMPLE_BYTES) {
        message.content = message.content.emptied();
    }
    Ok(message)
}

/// A page of the app's conversation.
pub(super) async fn page(s: &mut Session<'_>, app: &AppKey, query: &History) -> Work<Page> {
    page_above(s, app, query, 0).await
}

/// As [`page`], of what stands after a place only.
pub(super) async fn page_above(s: &mut Session<'_>, app: &AppKey, query: &History, floor: i64) -> Work<Page> {
    let (row, head) = place_of(s, app, query.conversation).await?;
    let low = times::last_until(s, (row, head), query.after_at).await?;
    let high = times::first_from(s, (row, head), query.before_at).await?;
    let within = Bounds {
        low: query.after.map_or(0, number).max(floor).max(low),
        high: query.before.map_or(i64::MAX, number).min(high),
        after_at: query.after_at.map_or(i64::MIN, Millis::get),
        before_at: query.before_at.map_or(i64::MAX, Millis::get),
    };
    let forward = query.is_forward();
    let Range { mut messages, more } = range(s, row, &within, forward, usize::from(query.limit.max(1))).await?;
    if !forward {
        messages.reverse();
    }
    Ok(Page { head: Position { epoch: s.epoch, seq: seq(head) }, messages, more, offline_before: None })
}

/// The row and the head of the app's conversation.
pub(super) async fn place_of(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<(i64, i64)> {
    let row = query(
        "select c.id, c.seq
        from conversations c
        join apps p on p.id = c.app_id
        where c.key = $1
          and p.key = $2",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let row = row.ok_or(StoreError::NoConversation)?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// What a page lies strictly between. Places that a clock put back leaves out of order are told by the instants.
struct Bounds {
    low: i64,
    high: i64,
    after_at: i64,
    before_at: i64,
}

struct Range {
    messages: Vec<Message>,
    more: bool,
}

/// A page, and one row more that tells whether there is more. What stands behind too many bytes does not travel.
macro_rules! ranging {
    ($order:literal) => {
        concat!(
            "select ",
            columns!(),
            "
            from (
              select x.*, sum(octet_length(x.body)::bigint) over (order by x.seq ",
            $order,
            ") - octet_length(x.body) as before
              from (
                select *
                from messages
                where conversation_id = $1
                  and seq > $2
                  and seq < $3
                  and sent_at > $4
                  and sent_at < $5
                order by seq ",
            $order,
            "
                limit $6
              ) as x
            ) as m
            join conversations c on c.id = m.conversation_id
            join users u on u.id = m.sender_id
            where m.before < $7
            order by m.seq ",
            $order
        )
    };
}

/// Messages within bounds, in reading order.
async fn range(s: &mut Session<'_>, row: i64, within: &Bounds, forward: bool, limit: usize) -> Work<Range> {
    let asked = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
    let rows = query(if forward { ranging!("asc") } else { ranging!("desc") })
        .bind(row)
        .bind(within.low)
        .bind(within.high)
        .bind(within.after_at)
        .bind(within.before_at)
        .bind(asked)
        // Whatever crosses the line ends the page; of what is behind it one message tells that there is more.
        .bind(PAGE_BYTES + MOST_BYTES)
        .fetch_all(&mut *s.conn)
        .await?;
    let (mut messages, mut found, mut bytes) = (Vec::with_capacity(rows.len()), 0, 0);
    for row in &rows {
        if found == limit || bytes >= usize::try_from(PAGE_BYTES).unwrap_or(usize::MAX) {
            return Ok(Range { messages, more: true });
        }
        found += 1;
        match read(row) {
            Some(message) => {
                bytes += message.content.body().len();
                messages.push(message);
            }
            None => drop(report(s, row)?),
        }
    }
    Ok(Range { messages, more: false })
}

/// The message of a row, unless it is damaged.
fn read(row: &PgRow) -> Option<Message> {
    let (uid, place) = (get(row, 0).ok()?, get(row, 2).ok()?);
    let (name, body) = (text(row, 5).ok()?, text(row, 6).ok()?);
    if get::<i64>(row, 7).ok()? != checksum(uid, place, name, body) {
        return None;
    }
    Some(Message {
        uid: MessageUid::from_number(uid),
        conversation: conversation_id(row, 1).ok()?,
        seq: Some(seq(place)),
        at: millis(row, 3).ok()?,
        from: person(row, 8).ok()?,
        client_id: maybe_parsed(row, 4).ok()?,
        content: Content::from_stored(name, body.to_owned()).ok()?,
    })
}

/// Counts and logs a damaged record; returns its id.
fn report(s: &Session<'_>, row: &PgRow) -> sqlx::Result<String> {
    s.stats.damaged.fetch_add(1, Ordering::Relaxed);
    let uid = MessageUid::from_number(row.try_get(0)?);
    tracing::error!(message.uid = %uid, "Message {uid} failed its checksum and is not served");
    Ok(uid.to_string())
}
