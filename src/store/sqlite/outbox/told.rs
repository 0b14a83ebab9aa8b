//! What is told of each change that the engine makes.

use super::recording::tell;
use crate::{
    model::{AppKey, Conversation, ConversationId, Kind, Message, MessageUid, Millis, Seq, Source, Topic},
    store::{
        GroupStep, NewMessage, NewTicket,
        sqlite::{error::Work, ledger::Ledger, rows::key_of},
        told,
    },
};
use rusqlite::{OptionalExtension, params};

/// A message was kept.
pub(in crate::store::sqlite) fn message_sent(
    ledger: &mut Ledger,
    app: i64,
    new: &NewMessage,
    (uid, seq, at): (MessageUid, Seq, Millis),
) -> Work<()> {
    let listeners = ledger.listeners(app)?;
    if new.source == Source::Api && !listeners.echo {
        return Ok(());
    }
    tell(ledger, app, Topic::MessageSent, |ledger| {
        let (kind, target) = target(ledger, new.conversation, new.from.id.as_str())?;
        Ok(told::message_sent(new, (uid, seq, at), kind, &target))
    })
}

/// A kept message was taken back: what stands in its place.
pub(in crate::store::sqlite) fn message_recalled(
    ledger: &mut Ledger,
    app: &AppKey,
    now: &Message,
    at: Millis,
) -> Work<()> {
    let app = ledger.app(app)?;
    tell(ledger, app, Topic::MessageRecalled, |ledger| {
        let (kind, target) = target(ledger, now.conversation, now.from.id.as_str())?;
        Ok(told::message_recalled(now, kind, &target, at))
    })
}

/// The kind of a conversation and to whom a message of this sender goes there.
fn target(ledger: &Ledger, id: ConversationId, sender: &str) -> Work<(Kind, String)> {
    let found = ledger
        .conn
        .prepare_cached(
            "select c.kind, coalesce(
                c.handle,
                iif(l.key = ?2, h.key, l.key),
                iif(v.key = ?2, s.key, v.key)
              )
            from conversations c
            left join users l on l.id = c.low_user_id
            left join users h on h.id = c.high_user_id
            left join users v on v.id = c.visitor_id
            left join sites s on s.id = c.site_id
            where c.key = ?1",
        )?
        .query_row(params![key_of(id), sender], |row| Ok((row.get::<_, u8>(0)?, row.get::<_, Option<String>>(1)?)))
        .optional()?;
    let (kind, target) = found.unwrap_or_default();
    Ok((Kind::from_number(kind).unwrap_or(Kind::Private), target.unwrap_or_else(|| id.to_string())))
}

/// A visitor began a service conversation.
pub(in crate::store::sqlite) fn service_began(ledger: &mut Ledger, app: i64, now: &Conversation) -> Work<()> {
    service(ledger, app, Topic::ConversationStarted, now, now.changed_at)
}

/// A service conversation came to another stage. Those in which nobody answers yet are not told.
pub(in crate::store::sqlite) fn service_moved(ledger: &mut Ledger, app: i64, now: &Conversation) -> Work<()> {
    told::moved(now).map_or(Ok(()), |topic| service(ledger, app, topic, now, now.changed_at))
}

/// A visitor rated a service conversation.
pub(in crate::store::sqlite) fn service_rated(
    ledger: &mut Ledger,
    app: i64,
    now: &Conversation,
    at: Millis,
) -> Work<()> {
    service(ledger, app, Topic::ConversationRated, now, at)
}

fn service(ledger: &mut Ledger, app: i64, topic: Topic, now: &Conversation, at: Millis) -> Work<()> {
    tell(ledger, app, topic, |_| Ok(told::service(topic, now, at)))
}

/// A visitor left a message.
pub(in crate::store::sqlite) fn ticket_left(ledger: &mut Ledger, app: i64, ticket: &NewTicket) -> Work<()> {
    tell(ledger, app, Topic::MessageLeft, |_| Ok(told::ticket_left(ticket)))
}

/// A group or discussion was founded (without a step) or changed. Its members are counted, not listed: there may be thousands.
pub(in crate::store::sqlite) fn group_changed(
    ledger: &mut Ledger,
    app: i64,
    now: &Conversation,
    step: Option<&GroupStep>,
) -> Work<()> {
    tell(ledger, app, Topic::GroupChanged, |_| Ok(told::group_changed(now, step)))
}
