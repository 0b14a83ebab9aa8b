//! Messages as they come to be kept, and what became of them.

use crate::model::{
    ClientId, Content, ConversationId, Message, Millis, Person, Seq, Source, UserId, content::Mentions,
};

/// A message to keep.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Where.
    pub conversation: ConversationId,
    /// Who wrote it. Must exist as a user of the app.
    pub from: Person,
    /// The sender's own id.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub content: Content,
    /// Whether it raises unread counts.
    pub counted: bool,
    /// Who is called by name.
    pub mentions: Mentions,
    /// Whom it is for besides the sender; empty: everybody inside. Nobody else sees it, counts it or is called by it;
    /// in their pages [`Message::undisclosed`] stands in its place.
    pub only: Vec<UserId>,
    /// The server's time. The message gets this time or a later one: later than that of every other message in the
    /// conversation, and than that of every message that anybody inside was sent (D6).
    pub at: Millis,
    /// What must hold in the transaction that keeps it, whatever was looked up before. A retry of a kept message
    /// still succeeds.
    pub demand: Demand,
    /// By which door it came in.
    pub source: Source,
    /// What the sender wrote, when that is not `content`: a retry says it again.
    pub original: Option<Content>,
}

/// What must hold for a message to be kept. Each demands what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: what the house notes.
    Nothing,
    /// The conversation has not ended and was not dismissed; otherwise
    /// [`StoreError::WrongStage`](super::StoreError::WrongStage).
    Open,
    /// The sender takes part; otherwise [`StoreError::NoConversation`](super::StoreError::NoConversation).
    Inside,
    /// The sender may write: neither they nor everybody was silenced; otherwise
    /// [`StoreError::Silenced`](super::StoreError::Silenced).
    MayWrite,
    /// It was kept before: nothing new is taken; otherwise [`StoreError::Missing`](super::StoreError::Missing).
    Again,
}

/// A kept message.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The message with its uid, seq and time: the first one when this was a retry.
    pub message: Message,
    /// A retry: the message was there already; nobody needs to hear of it again.
    pub repeated: bool,
}

/// A message of which the content was replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The message as it is now, with its own time.
    pub message: Message,
    /// When that was.
    pub at: Millis,
}

/// Somebody's watermarks after a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Everything up to here has arrived.
    pub delivered: Seq,
    /// Everything up to here was seen.
    pub read: Seq,
    /// The receipt moved something.
    pub moved: bool,
}
