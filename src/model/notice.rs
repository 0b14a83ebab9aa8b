//! What an app's back end hears of by webhook.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

use super::{ConversationId, Millis, Seq, UserId, named::named};

named! {
    /// What a notice is about. A webhook names the topics that it wants.
    pub enum Topic;

    /// A message was taken, kept or passing. Status messages such as typing are not told.
    MessageSent = "message.sent";
    /// A message was taken back.
    MessageRecalled = "message.recalled";
    /// A user's first connection came.
    UserOnline = "user.online";
    /// A user's last connection went, and the grace time is over.
    UserOffline = "user.offline";
    /// A group or discussion was founded, or its people, name or rights changed.
    GroupChanged = "group.changed";
    /// A chatroom was made.
    ChatroomCreated = "chatroom.created";
    /// Users came into a chatroom.
    ChatroomJoined = "chatroom.joined";
    /// Users left a chatroom, or were put out.
    ChatroomLeft = "chatroom.left";
    /// A chatroom ended.
    ChatroomEnded = "chatroom.ended";
    /// An attribute of a chatroom was set or removed.
    ChatroomAttributeChanged = "chatroom.attribute_changed";
    /// A visitor began a service conversation.
    ConversationStarted = "conversation.started";
    /// An agent took a service conversation, or it was handed over.
    ConversationAssigned = "conversation.assigned";
    /// A service conversation ended.
    ConversationEnded = "conversation.ended";
    /// A visitor rated a service conversation.
    ConversationRated = "conversation.rated";
    /// A visitor left a message while nobody was online.
    MessageLeft = "conversation.message_left";
    /// The app's owner asked for a test.
    Test = "webhook.test";
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let unknown = || {
            let names: Vec<_> = Self::ALL.iter().map(|topic| topic.name()).collect();
            serde::de::Error::custom(format!("no such topic; there are {}", names.join(", ")))
        };
        Self::from_name(&name).ok_or_else(unknown)
    }
}

/// Several topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Topics(u64);

impl Topics {
    /// What a webhook hears of that names these; everything when it names none.
    pub fn wanted_by(names: &[Topic]) -> Self {
        if names.is_empty() { Self(u64::MAX) } else { Self(names.iter().fold(0, |all, topic| all | bit(*topic))) }
    }

    /// Whether this topic is among them.
    pub const fn has(self, topic: Topic) -> bool {
        self.0 & bit(topic) != 0
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

const fn bit(topic: Topic) -> u64 {
    1 << topic as u64
}

/// Something that an app's back end hears of. What is told of a change of the store is kept in that change's
/// transaction; notices are delivered at least once, those of one conversation in their order.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// Which conversation, group or chatroom; notices of one are delivered in order.
    pub conversation: Option<ConversationId>,
    /// The message's place in it; messages only.
    pub seq: Option<Seq>,
    /// Whom it is about, when it is about no conversation; notices about one user are delivered in order.
    pub user: Option<UserId>,
    /// When it happened.
    pub at: Millis,
    /// What happened, as a JSON object.
    pub body: Box<RawValue>,
}

impl Notice {
    /// A notice about no conversation in particular.
    pub fn new(topic: Topic, at: Millis, body: &Value) -> Self {
        let body = serde_json::value::to_raw_value(body).expect("a JSON value serialises");
        Self { topic, conversation: None, seq: None, user: None, at, body }
    }

    /// The same, about a conversation.
    #[must_use]
    pub fn about(mut self, conversation: ConversationId) -> Self {
        self.conversation = Some(conversation);
        self
    }

    /// The same, about a user and no conversation, such as their presence.
    #[must_use]
    pub fn of_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::webhook::Outcome;

    #[test]
    fn a_topic_is_found_by_its_name() {
        assert!(Topic::ALL.iter().all(|topic| Topic::from_name(topic.name()) == Some(*topic)));
    }

    #[test]
    fn the_docs_list_every_topic_and_outcome() {
        let docs = include_str!("../../docs/WEBHOOKS.md");
        let table = |name: &str| {
            let begin = format!("<!-- {name}:begin -->\n");
            let rest = docs.split(&begin).nth(1).unwrap();
            rest.split("<!--").next().unwrap().lines().skip(2).map(str::to_owned).collect::<Vec<_>>()
        };
        let row = |name: &str, meaning: &str| format!("| `{name}` | {} |", meaning.trim());
        let topics: Vec<_> = Topic::ALL.iter().map(|one| row(one.name(), one.meaning())).collect();
        assert_eq!(table("topics"), topics);
        let outcomes: Vec<_> = Outcome::ALL.iter().map(|one| row(one.name(), one.meaning())).collect();
        assert_eq!(table("outcomes"), outcomes);
    }
}
