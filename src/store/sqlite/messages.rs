//! Reading messages. A damaged record is reported and left out, never served (D8).

use rusqlite::{OptionalExtension, Row, params};

use super::{
    error::{Trouble, Work},
    rows::{View, conversation_id, key_of, maybe_parsed, millis, person},
    times,
};
use crate::{
    model::{
        AppKey, Content, ConversationId, Message, MessageUid, Millis, Position,
        command::{History, Page},
    },
    store::StoreError,
};

pub(super) use crate::store::records::{checksum, number, seq};

/// A page that holds this many bytes of content ends early (W3): a hundred of the largest messages must not be in
/// memory for one question.
pub(super) const PAGE_BYTES: usize = 256 << 10;
/// Content larger than this is left out where a message only stands for its conversation.
const SAMPLE_BYTES: usize = 16 << 10;

/// The app's message with this uid.
pub(super) fn message(view: &View<'_>, app: &AppKey, uid: MessageUid) -> Work<Option<Message>> {
    let ours = view
        .conn
        .prepare_cached(
            "select m.id
            from messages m
            join conversations c on c.id = m.conversation_id
            join apps p on p.id = c.app_id
            where m.id = ?1
              and p.key = ?2",
        )?
        .query_row(params![uid.number(), app.as_str()], |row| row.get(0))
        .optional()?;
    match ours {
        Some(number) => by_number(view, number),
        None => Ok(None),
    }
}

/// The message with this number, any app.
pub(super) fn by_number(view: &View<'_>, number: i64) -> Work<Option<Message>> {
    let mut statement = view.conn.prepare_cached(
        "select m.id, c.key, m.seq, m.sent_at, m.client_id, m.name, m.body, m.checksum, u.key, u.name, u.role, u.portrait
        from messages m
        join conversations c on c.id = m.conversation_id
        join users u on u.id = m.sender_id
        where m.id = ?1",
    )?;
    let mut rows = statement.query([number])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    match read(row) {
        Some(message) => Ok(Some(message)),
        None => Err(StoreError::Damaged(report(view, number)).into()),
    }
}

/// The message with this number, unless it is damaged.
pub(super) fn readable(view: &View<'_>, number: i64) -> Work<Option<Message>> {
    match by_number(view, number) {
        Err(Trouble::Refused(StoreError::Damaged(_))) => Ok(None),
        found => found,
    }
}

/// The message at this place, unless it is damaged. The content of a large one is left empty: lists hold many.
pub(super) fn at_place(view: &View<'_>, conversation: i64, place: i64) -> Work<Option<Message>> {
    if place == 0 {
        return Ok(None);
    }
    let here = Bounds { low: place - 1, high: place + 1, after_at: i64::MIN, before_at: i64::MAX };
    let mut message = range(view, conversation, &here, "desc", 1)?.messages.pop();
    if let Some(message) = message.as_mut().filter(|message| message.content.body().len() > SAMPLE_BYTES) {
        message.content = message.content.emptied();
    }
    Ok(message)
}

/// A page of the app's conversation.
pub(super) fn page(view: &View<'_>, app: &AppKey, query: &History) -> Work<Page> {
    page_above(view, app, query, 0)
}

/// As [`page`], of what stands after a place only.
pub(super) fn page_above(view: &View<'_>, app: &AppKey, query: &History, floor: i64) -> Work<Page> {
    let (row, head) = place_of(view, app, query.conversation)?;
    let within = Bounds {
        low: query.after.map_or(0, number).max(floor).max(times::last_until(view, (row, head), query.after_at)?),
        high: query.before.map_or(i64::MAX, number).min(times::first_from(view, (row, head), query.before_at)?),
        after_at: query.after_at.map_or(i64::MIN, Millis::get),
        before_at: query.before_at.map_or(i64::MAX, Millis::get),
    };
    let order = if query.is_forward() { "asc" } else { "desc" };
    let Range { mut messages, more } = range(view, row, &within, order, usize::from(query.limit.max(1)))?;
    if !query.is_forward() {
        messages.reverse();
    }
    Ok(Page { head: Position { epoch: view.epoch, seq: seq(head) }, messages, more, offline_before: None })
}

/// The row and the head of the app's conversation.
pub(super) fn place_of(view: &View<'_>, app: &AppKey, conversation: ConversationId) -> Work<(i64, i64)> {
    view.conn
        .prepare_cached(
            "select c.id, c.seq
            from conversations c
            join apps p on p.id = c.app_id
            where c.key = ?1
              and p.key = ?2",
        )?
        .query_row(params![key_of(conversation), app.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| StoreError::NoConversation.into())
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

/// Messages within bounds, in reading order.
fn range(view: &View<'_>, row: i64, within: &Bounds, order: &'static str, limit: usize) -> Work<Range> {
    let mut statement = view.conn.prepare_cached(&format!(
        "select m.id, c.key, m.seq, m.sent_at, m.client_id, m.name, m.body, m.checksum, u.key, u.name, u.role, u.portrait
        from messages m
        join conversations c on c.id = m.conversation_id
        join users u on u.id = m.sender_id
        where m.conversation_id = ?1
          and m.seq > ?2
          and m.seq < ?3
          and m.sent_at > ?5
          and m.sent_at < ?6
        order by m.seq {order}
        limit ?4"
    ))?;
    let asked = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
    let mut rows = statement.query(params![row, within.low, within.high, asked, within.after_at, within.before_at])?;
    let (mut messages, mut found, mut bytes) = (Vec::with_capacity(limit.min(128)), 0, 0);
    while let Some(row) = rows.next()? {
        if found == limit || bytes >= PAGE_BYTES {
            return Ok(Range { messages, more: true });
        }
        found += 1;
        match read(row) {
            Some(message) => {
                bytes += message.content.body().len();
                messages.push(message);
            }
            None => drop(report(view, row.get(0)?)),
        }
    }
    Ok(Range { messages, more: false })
}

/// The message of a row, unless it is damaged.
fn read(row: &Row<'_>) -> Option<Message> {
    let (uid, place) = (row.get(0).ok()?, row.get(2).ok()?);
    let name = row.get_ref(5).ok()?.as_str().ok()?;
    let body = row.get_ref(6).ok()?.as_str().ok()?;
    if row.get::<_, i64>(7).ok()? != checksum(uid, place, name, body) {
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
fn report(view: &View<'_>, number: i64) -> String {
    view.stats.damaged.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let uid = MessageUid::from_number(number);
    tracing::error!(message.uid = %uid, "Message {uid} failed its checksum and is not served");
    uid.to_string()
}
