//! An app whose conversations are led by another service: where that is, and how far the copy here has come.

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::{ClientId, Content, ConversationId, Millis, ObjectName};

/// Where an app's conversations are led. The secret is kept apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// Where clients ask which server to connect to; its scheme is that of the connection, too.
    pub navigation: String,
    /// Base address of the interface for back ends.
    pub api: String,
    /// The app's key there: 1–64 visible ASCII characters.
    pub app_key: String,
    /// Whom visitors talk to there.
    pub peer: Peer,
}

/// Whom visitors talk to at an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Peer {
    /// A customer service with this id.
    Service(String),
    /// A user with this id, who answers in private.
    User(String),
}

impl Peer {
    /// Its id at the upstream.
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) | Self::User(id) => id,
        }
    }
}

/// How far the copy of what one visitor said and heard has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seat {
    /// The upstream's time of the newest thing that was heard; 0 at first.
    pub received_at: Millis,
    /// The upstream's time of the newest message that was said; 0 at first.
    pub sent_at: Millis,
    /// A message on its way up, whose outcome is not known yet.
    pub pending: Option<Pending>,
}

/// A message on its way up. It is noted before it leaves, so that nobody sends it twice whatever happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Where it is said here.
    pub conversation: ConversationId,
    /// The visitor's own id of it.
    pub client_id: ClientId,
    /// The type of its content.
    pub name: ObjectName,
    /// SHA-256 of its content, by which it is known again.
    pub digest: [u8; 32],
    /// When it left.
    pub at: Millis,
}

impl Pending {
    /// What a content is known by. The other service may spell the same characters in another way.
    pub fn digest_of(content: &Content) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(content.name.as_str());
        hasher.update([0]);
        match content.view::<serde_json::Value>() {
            Some(body) => hasher.update(body.to_string()),
            None => hasher.update(content.body()),
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_content_is_known_again_however_it_is_spelled() {
        let text = |body: &str| {
            let body = RawValue::from_string(body.to_owned()).unwrap();
            Pending::digest_of(&Content::new("RC:TxtMsg".parse().unwrap(), body).unwrap())
        };
        assert_eq!(text(r#"{"content":"\ud83d\ude00 ok"}"#), text(r#"{ "content": "😀 ok" }"#));
        assert_ne!(text(r#"{"content":"ok"}"#), text(r#"{"content":"ok "}"#));
    }
}
