//! What is told of each change that the engine makes.

use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::recording::tell;
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Kind, Message, MessageUid, Millis, Notice, Seq, Source, Stage, Topic,
        told::ToldMessage,
    },
    store::{
        GroupStep, NewMessage, NewTicket,
        sqlite::{error::Work, ledger::Ledger, rows::key_of},
    },
};

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
        let told = ToldMessage {
            uid,
            conversation: new.conversation,
            kind,
            target: &target,
            to: &new.only,
            seq: Some(seq),
            at,
            from: &new.from,
            client_id: new.client_id.as_ref(),
            name: &new.content.name,
            content: new.content.raw(),
            replaced: new.original.is_some(),
            source: new.source,
        };
        // It is due by the clock, which the message's own time may be ahead of.
        Ok(Notice { at: new.at, ..told.notice() })
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
        let body = json!({
            "uid": now.uid,
            "conversation": now.conversation,
            "kind": kind,
            "target": target,
            "seq": now.seq,
            "sent_at": now.at,
            "from": now.from,
        });
        let notice = Notice::new(Topic::MessageRecalled, at, &body).about(now.conversation);
        Ok(Notice { seq: now.seq, ..notice })
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
    match now.service.as_ref().map(|service| &service.stage) {
        Some(Stage::Human { .. }) => service(ledger, app, Topic::ConversationAssigned, now, now.changed_at),
        Some(Stage::Ended { .. }) => service(ledger, app, Topic::ConversationEnded, now, now.changed_at),
        _ => Ok(()),
    }
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
    tell(ledger, app, topic, |_| {
        let body = json!({ "conversation": now.id, "kind": now.kind, "service": now.service });
        Ok(Notice::new(topic, at, &body).about(now.id))
    })
}

/// A visitor left a message.
pub(in crate::store::sqlite) fn ticket_left(ledger: &mut Ledger, app: i64, ticket: &NewTicket) -> Work<()> {
    tell(ledger, app, Topic::MessageLeft, |_| {
        let answers: serde_json::Value = serde_json::from_str(&ticket.answers).unwrap_or_default();
        let body = json!({ "conversation": ticket.conversation, "answers": answers });
        Ok(Notice::new(Topic::MessageLeft, ticket.at, &body).about(ticket.conversation))
    })
}

/// A group or discussion was founded (without a step) or changed. Its members are counted, not listed: there may be thousands.
pub(in crate::store::sqlite) fn group_changed(
    ledger: &mut Ledger,
    app: i64,
    now: &Conversation,
    step: Option<&GroupStep>,
) -> Work<()> {
    tell(ledger, app, Topic::GroupChanged, |_| {
        let body = json!({
            "conversation": now.id,
            "kind": now.kind,
            "target": now.handle.as_ref().map_or_else(|| now.id.to_string(), ToString::to_string),
            "group": now.group,
            "members": now.group.as_ref().map(|group| group.members),
            "change": change(now, step),
        });
        Ok(Notice::new(Topic::GroupChanged, now.changed_at, &body).about(now.id))
    })
}

fn change(now: &Conversation, step: Option<&GroupStep>) -> serde_json::Value {
    let Some(step) = step else {
        let users: Vec<_> = now.participants.iter().map(|p| &p.person.id).collect();
        return json!({ "name": "founded", "users": users });
    };
    match step {
        GroupStep::Add(users) => json!({ "name": "added", "users": users }),
        GroupStep::Remove { user, ban } => json!({ "name": "removed", "users": [user], "banned": ban }),
        GroupStep::Rename(_) => json!({ "name": "renamed" }),
        GroupStep::SilenceAll(on) => json!({ "name": "silenced_all", "on": on }),
        GroupStep::Silence { user, on, until } => {
            json!({ "name": "silenced", "users": [user], "on": on, "until": until })
        }
        GroupStep::Allow(user, on) => json!({ "name": "allowed", "users": [user], "on": on }),
        GroupStep::Forgive(user) => json!({ "name": "forgiven", "users": [user] }),
        GroupStep::Dismiss => json!({ "name": "dismissed" }),
    }
}
