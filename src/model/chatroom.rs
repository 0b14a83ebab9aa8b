//! Chatrooms: what their members ask and hear, and what the app's back end sets.
//!
//! Source: spec "Server REST API and webhooks" §5 and "Message types and enums" §2.2 `RC:chrmKVNotiMsg`.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ConversationId, Handle, Message, Millis, Person, Position, UserId};

/// Most chatrooms that one user is in at once (security §13).
pub const MOST_ROOMS_OF_USER: usize = 20;
/// Most attributes of one chatroom.
pub const MOST_ATTRIBUTES: usize = 100;
/// Longest value of an attribute in characters.
pub const MAX_VALUE_CHARS: usize = 4096;
/// Most messages given to who joins.
pub const MOST_LATEST: u16 = 50;
/// Most members listed at once.
pub const MOST_LISTED: u16 = 500;

/// What a connected person does about a chatroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatroomCommand {
    /// Come in, or come back.
    Join(JoinChatroom),
    /// Go.
    Quit(Handle),
    /// Who is inside.
    Info {
        /// Where.
        chatroom: Handle,
        /// So many members: 0–500.
        members: u16,
        /// Which of them first.
        order: Order,
    },
    /// All attributes, or those with these keys.
    Attributes {
        /// Where.
        chatroom: Handle,
        /// Only these; all when empty.
        keys: Vec<AttributeKey>,
    },
    /// Sets attributes.
    SetAttributes(SetAttributes),
    /// Removes attributes.
    RemoveAttributes(RemoveAttributes),
}

/// Comes into a chatroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinChatroom {
    /// Which.
    pub chatroom: Handle,
    /// So many of the latest messages: 0–50.
    pub last: u16,
    /// What the client has already: it gets what it missed instead.
    pub since: Option<Position>,
    /// An unknown room is not made: [`Code::NoChatroom`](super::Code::NoChatroom).
    pub only_existing: bool,
}

/// In which order members are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Who came last stands first.
    #[default]
    Newest,
    /// Who came first stands first.
    Oldest,
}

/// Sets attributes of a chatroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAttributes {
    /// Where.
    pub chatroom: Handle,
    /// What, by key.
    pub attributes: Vec<(AttributeKey, String)>,
    /// They go when who set them leaves.
    pub auto_delete: bool,
    /// Also over what others set.
    pub force: bool,
    /// Tell the room by `RC:chrmKVNotiMsg` too, with this `extra`.
    pub notify: Option<String>,
}

/// Removes attributes of a chatroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveAttributes {
    /// Where.
    pub chatroom: Handle,
    /// Which.
    pub keys: Vec<AttributeKey>,
    /// Also what others set.
    pub force: bool,
    /// Tell the room by `RC:chrmKVNotiMsg` too, with this `extra`.
    pub notify: Option<String>,
}

/// The key of an attribute: 1–128 of `A–Z a–z 0–9 + = _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeKey(Arc<str>);

/// A text that is no key of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of an attribute has 1 to 128 letters, digits and `+ = _ -`")]
pub struct InvalidKey;

impl AttributeKey {
    /// Longest key in characters.
    pub const MAX: usize = 128;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AttributeKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=_-".contains(&byte);
        let valid = (1..=Self::MAX).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.into())) } else { Err(InvalidKey) }
    }
}

impl fmt::Display for AttributeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Never prints the key: it is what a person wrote.
impl fmt::Debug for AttributeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttributeKey(…)")
    }
}

impl Serialize for AttributeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AttributeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One attribute as everybody sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its key.
    pub key: AttributeKey,
    /// Its value.
    pub value: String,
    /// Who set it, and may change it.
    pub by: UserId,
    /// It goes when who set it leaves.
    pub auto_delete: bool,
    /// When it was set.
    pub at: Millis,
}

/// Never prints the value: it is what a person wrote.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute").field("by", &self.by).finish_non_exhaustive()
    }
}

/// The attributes of a chatroom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Attributes {
    /// Grows by one with every change; pushes carry it, so that a client sees that it missed one.
    pub version: u64,
    /// The attributes, by key.
    pub list: Vec<Attribute>,
}

/// A chatroom that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chatroom {
    /// Its conversation; stays when a room is made anew.
    pub id: ConversationId,
    /// The app's own id of it.
    pub handle: Handle,
    /// Its name; empty when it was made by joining.
    pub name: String,
    /// When it was made (anew).
    pub created_at: Millis,
    /// When its newest message was kept.
    pub changed_at: Millis,
    /// Where its messages stand.
    pub head: Position,
    /// When it ends.
    pub lifetime: Lifetime,
}

/// When a chatroom ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// After so many seconds without messages and joins; as the app has it when not given.
    Idle(Option<u32>),
    /// At this instant, whatever happens.
    Until(Millis),
}

/// A chatroom as its back end and its members see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatroomView {
    /// Its conversation.
    pub id: ConversationId,
    /// The app's own id of it.
    pub handle: Handle,
    /// Its name.
    pub name: String,
    /// How many people are inside.
    pub count: usize,
    /// When it was made (anew).
    pub created_at: Millis,
}

/// What somebody learns who came in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JoinedChatroom {
    /// The room.
    #[serde(flatten)]
    pub room: ChatroomView,
    /// Where its messages stand.
    pub head: Position,
    /// What the client had is of no use: `messages` are the latest.
    pub reset: bool,
    /// The latest messages, or those missed; oldest first.
    pub messages: Vec<Message>,
    /// Every attribute.
    pub attributes: Attributes,
}

/// Who is in a chatroom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatroomInfo {
    /// The room.
    #[serde(flatten)]
    pub room: ChatroomView,
    /// Some of those inside.
    pub members: Vec<ChatroomMember>,
}

/// Somebody in a chatroom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatroomMember {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// Since when.
    pub joined_at: Millis,
}

/// Something that a chatroom's members hear of besides messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatroomEvent {
    /// Which room.
    pub id: ConversationId,
    /// The app's own id of it.
    pub handle: Handle,
    /// What.
    pub what: ChatroomNews,
}

/// What happened in a chatroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChatroomNews {
    /// The room is over. Who came after this ticket is in its next life.
    Ended {
        /// The last ticket of this life.
        ticket: u64,
    },
    /// Who hears this was put out. Connections that came after this ticket came again.
    Out {
        /// The last ticket before.
        ticket: u64,
    },
    /// Attributes changed.
    Attributes {
        /// The count of changes after this one.
        version: u64,
        /// These are new, or have a new value.
        set: Vec<Attribute>,
        /// These are gone.
        removed: Vec<AttributeKey>,
    },
}

/// What the back end decides about one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// May not write.
    Gagged,
    /// May not come in.
    Blocked,
    /// May write while the room is silenced.
    Allowed,
    /// May write while the room is silenced, stays when disconnected, and is never held back in a flood.
    Protected,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 4] = [Self::Gagged, Self::Blocked, Self::Allowed, Self::Protected];

    /// Its name in the store and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gagged => "gagged",
            Self::Blocked => "blocked",
            Self::Allowed => "allowed",
            Self::Protected => "protected",
        }
    }

    /// The right with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    /// Most users who have it in one chatroom.
    pub const fn most(self) -> usize {
        if matches!(self, Self::Protected) { 5 } else { 1000 }
    }
}

/// What the back end decides about a whole chatroom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Only those allowed and protected write.
    Silenced,
    /// Messages are kept and not passed on.
    Stopped,
    /// It does not end by itself.
    KeptAlive,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Silenced, Self::Stopped, Self::KeptAlive];

    /// Its name in the store and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silenced => "silenced",
            Self::Stopped => "stopped",
            Self::KeptAlive => "kept_alive",
        }
    }

    /// The rule with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Most chatrooms of an app for which it holds.
    pub const MOST: usize = 1000;
}

/// How messages of a type are treated in a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Refused first.
    Low,
    /// Never refused.
    High,
}

impl Priority {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Low, Self::High];
    /// Most types of either.
    pub const MOST: usize = 20;

    /// Its name in the store and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// The priority with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.name() == name)
    }
}

/// Somebody with a right, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entitled {
    /// Who.
    pub user: UserId,
    /// Until then; for good when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_few_kinds_of_characters_and_an_end() {
        assert!("seat_1=A+b-".parse::<AttributeKey>().is_ok() && "k".repeat(128).parse::<AttributeKey>().is_ok());
        for key in ["", "a b", "a.b", "ä", &"k".repeat(129)] {
            assert_eq!(key.parse::<AttributeKey>(), Err(InvalidKey), "{key}");
        }
    }

    #[test]
    fn names_lead_back_to_what_they_name() {
        assert!(Right::ALL.into_iter().all(|right| Right::from_name(right.name()) == Some(right)));
        assert!(Rule::ALL.into_iter().all(|rule| Rule::from_name(rule.name()) == Some(rule)));
        assert!(Priority::ALL.into_iter().all(|priority| Priority::from_name(priority.name()) == Some(priority)));
    }
}
