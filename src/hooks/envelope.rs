//! What travels: the body around a notice, and the headers that prove who sent it. Both are those of Standard Webhooks.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    auth::{hook_secret::HookSecret, vault::Vault},
    model::{AppKey, ConversationId, Millis, Seq, Topic, webhook::NoticeId},
    store::outbox::{Due, SealedSecrets},
};

/// What every request says; the same in every attempt.
#[derive(Serialize)]
struct Envelope<'n> {
    id: NoticeId,
    topic: Topic,
    at: Millis,
    app: &'n AppKey,
    /// Its place among the notices of this webhook: a receiver sees order and holes by it.
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    data: &'n RawValue,
}

/// The body of a delivery.
pub(super) fn body(app: &AppKey, due: &Due) -> String {
    let notice = &due.notice;
    let envelope = Envelope {
        id: due.id,
        topic: notice.topic,
        at: notice.at,
        app,
        sequence: due.sequence,
        conversation: notice.conversation,
        seq: notice.seq,
        data: &notice.body,
    };
    serde_json::to_string(&envelope).expect("plain data has a JSON form")
}

/// The headers that prove who sent a body, one signature for each secret in force.
pub(super) fn headers(id: &str, body: &str, now: Millis, secrets: &[HookSecret]) -> Vec<(&'static str, String)> {
    let timestamp = now.get() / 1000;
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// The secrets in force: the current one and, during rotation, the one before. Empty when they cannot be opened.
pub(super) fn open(vault: &Vault, purpose: &str, sealed: &SealedSecrets, now: Millis) -> Vec<HookSecret> {
    let old = sealed.old.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
    let open = |secret: &Vec<u8>| HookSecret::from_bytes(&vault.open_sealed(purpose, secret)?);
    std::iter::once(&sealed.current).chain(old).filter_map(open).collect()
}
