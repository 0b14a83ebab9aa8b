//! What every engine does the same way with its records.

use sha2::{Digest, Sha256};

use super::NewMessage;
use crate::model::{
    Content, ConversationId, MessageUid, Millis, Role, Seq, Stage,
    content::Mentions,
    conversation::{Context, EndedBy},
};

/// A place as the columns keep it.
pub(super) fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// A place from a column.
pub(super) fn seq(number: i64) -> Seq {
    Seq(u64::try_from(number).unwrap_or(0))
}

/// A conversation's id as it is kept: its bytes sort like the id.
pub(super) fn key_of(id: ConversationId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// What a record's checksum covers: its number, its place and what it says.
pub(super) fn checksum(uid: i64, seq: i64, name: &str, body: &str) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&uid.to_be_bytes());
    hasher.update(&seq.to_be_bytes());
    hasher.update(name.as_bytes());
    hasher.update(&[0]);
    hasher.update(body.as_bytes());
    i64::from(hasher.finalize())
}

/// What is remembered of a content that was changed on the way.
pub(super) fn digest(content: &Content) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(content.name.as_str());
    hasher.update([0]);
    hasher.update(content.body());
    hasher.finalize().into()
}

/// Our own values always have a JSON form.
pub(super) fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data always has a JSON form")
}

const ROLES: [(Role, &str); 5] = [
    (Role::Visitor, "visitor"),
    (Role::User, "user"),
    (Role::Agent, "agent"),
    (Role::Robot, "robot"),
    (Role::System, "system"),
];

/// A role's name in the store.
pub(super) fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(known, _)| *known == role).map_or("system", |(_, name)| name)
}

/// The role with this name.
pub(super) fn role_named(name: &str) -> Option<Role> {
    ROLES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
}

/// Who ended a conversation, as it is kept.
pub(super) fn ended_by(stage: &Stage) -> Option<&'static str> {
    match stage {
        Stage::Ended { by, .. } => Some(match by {
            EndedBy::VisitorClosed => "visitor_closed",
            EndedBy::VisitorTimeout => "visitor_timeout",
            EndedBy::AgentClosed => "agent_closed",
        }),
        _ => None,
    }
}

/// Who ended a conversation, from its name.
pub(super) fn ended_by_named(name: &str) -> EndedBy {
    match name {
        "visitor_timeout" => EndedBy::VisitorTimeout,
        "agent_closed" => EndedBy::AgentClosed,
        _ => EndedBy::VisitorClosed,
    }
}

/// What is known of a visitor's browser after it told something.
pub(super) fn merged(known: Context, told: &Context) -> Context {
    let newer = |new: &Option<String>, old: Option<String>| new.clone().or(old);
    Context {
        page: newer(&told.page, known.page),
        title: newer(&told.title, known.title),
        referrer: newer(&told.referrer, known.referrer),
        language: newer(&told.language, known.language),
        time_zone: newer(&told.time_zone, known.time_zone),
        device: newer(&told.device, known.device),
    }
}

/// Whom a message calls by name: nobody whom it is not for.
pub(super) fn called(new: &NewMessage) -> Mentions {
    match &new.mentions {
        everything if new.only.is_empty() => everything.clone(),
        Mentions::Nobody => Mentions::Nobody,
        Mentions::Everybody => Mentions::These(new.only.clone()),
        Mentions::These(users) => {
            Mentions::These(users.iter().filter(|user| new.only.contains(user)).cloned().collect())
        }
    }
}

/// The smallest number that a message of this instant can have.
pub(super) fn first_number(at: Millis) -> i64 {
    at.get().saturating_sub(MessageUid::EPOCH_MS).clamp(0, i64::MAX >> 22) << 22
}
