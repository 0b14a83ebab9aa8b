//! What back ends are told of each change that an engine makes. The engine decides when, and to whom.

use serde_json::json;

use super::{GroupStep, NewMessage, NewTicket};
use crate::model::{Conversation, Kind, Message, MessageUid, Millis, Notice, Seq, Stage, Topic, told::ToldMessage};

/// A message was kept.
pub(super) fn message_sent(
    new: &NewMessage,
    (uid, seq, at): (MessageUid, Seq, Millis),
    kind: Kind,
    target: &str,
) -> Notice {
    let told = ToldMessage {
        uid,
        conversation: new.conversation,
        kind,
        target,
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
    Notice { at: new.at, ..told.notice() }
}

/// A kept message was taken back: what stands in its place.
pub(super) fn message_recalled(now: &Message, kind: Kind, target: &str, at: Millis) -> Notice {
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
    Notice { seq: now.seq, ..notice }
}

/// The topic of a service conversation's new stage. Those in which nobody answers yet are not told.
pub(super) fn moved(now: &Conversation) -> Option<Topic> {
    match now.service.as_ref().map(|service| &service.stage) {
        Some(Stage::Human { .. }) => Some(Topic::ConversationAssigned),
        Some(Stage::Ended { .. }) => Some(Topic::ConversationEnded),
        _ => None,
    }
}

/// Something happened to a service conversation.
pub(super) fn service(topic: Topic, now: &Conversation, at: Millis) -> Notice {
    let body = json!({ "conversation": now.id, "kind": now.kind, "service": now.service });
    Notice::new(topic, at, &body).about(now.id)
}

/// A visitor left a message.
pub(super) fn ticket_left(ticket: &NewTicket) -> Notice {
    let answers: serde_json::Value = serde_json::from_str(&ticket.answers).unwrap_or_default();
    let body = json!({ "conversation": ticket.conversation, "answers": answers });
    Notice::new(Topic::MessageLeft, ticket.at, &body).about(ticket.conversation)
}

/// A group or discussion was founded (without a step) or changed. Its members are counted, not listed: there may be thousands.
pub(super) fn group_changed(now: &Conversation, step: Option<&GroupStep>) -> Notice {
    let body = json!({
        "conversation": now.id,
        "kind": now.kind,
        "target": now.handle.as_ref().map_or_else(|| now.id.to_string(), ToString::to_string),
        "group": now.group,
        "members": now.group.as_ref().map(|group| group.members),
        "change": change(now, step),
    });
    Notice::new(Topic::GroupChanged, now.changed_at, &body).about(now.id)
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

/// What is delivered one after the other: notices about one conversation, or about one user.
pub(super) fn lane(notice: &Notice) -> Option<Vec<u8>> {
    let of = |kind: u8, id: &[u8]| [&[kind], id].concat();
    let conversation = notice.conversation.map(|id| of(b'c', &super::records::key_of(id)));
    conversation.or_else(|| notice.user.as_ref().map(|user| of(b'u', user.as_str().as_bytes())))
}
