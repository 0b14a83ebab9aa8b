//! The pre-send hook: an app's back end decides about each message before it is taken.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ClientId, ConversationId, Kind, Millis, ObjectName, Person, Source, UserId, webhook::Form};

/// Whom to ask, how long to wait, and what to do without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreSend {
    /// Who is asked.
    pub url: String,
    /// The answer must have come by then: 100–3,000 milliseconds.
    pub timeout_millis: u16,
    /// Without an answer messages are taken as they are (`true`) or refused for the moment.
    pub pass_without_answer: bool,
    /// Which kinds of conversation it is asked about; all when empty.
    pub kinds: Vec<Kind>,
    /// How it is asked.
    #[serde(default)]
    pub form: Form,
}

impl PreSend {
    /// Shortest time to answer, in milliseconds.
    pub const LEAST_MILLIS: u16 = 100;
    /// Longest time to answer, in milliseconds: somebody waits for their message meanwhile.
    pub const MOST_MILLIS: u16 = 3000;

    /// Whether it is asked about messages in conversations of this kind.
    pub fn covers(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// What the back end is asked about: a message that is not taken yet.
#[derive(Debug, Serialize)]
pub struct Question<'m> {
    /// Where it would stand.
    pub conversation: ConversationId,
    /// What kind of conversation that is.
    pub kind: Kind,
    /// To whom, as in `message.sent`.
    pub target: &'m str,
    /// Those to whom it is directed; absent: everybody inside.
    #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
    pub to: &'m [UserId],
    /// Now.
    pub at: Millis,
    /// Who wrote it.
    pub from: &'m Person,
    /// The sender's own id of it: the same when they send it again.
    pub client_id: Option<&'m ClientId>,
    /// The type of its content.
    #[serde(rename = "type")]
    pub name: &'m ObjectName,
    /// The content, after the word list.
    pub content: &'m RawValue,
    /// By which door it came.
    pub source: Source,
}

/// What a back end says about a message.
#[derive(Debug)]
pub enum Review {
    /// Take it.
    Pass,
    /// Take this instead; the body of a content of the same type.
    Replace(Box<RawValue>),
    /// Do not take it.
    Refuse,
    /// Nothing that could be understood, or not in time.
    NoAnswer,
}
