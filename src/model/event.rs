//! What happened, and who must hear of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AppKey, ConnectionId, Conversation, ConversationId, Message, Millis, Mine, Person, Seq, UserId,
    chatroom::ChatroomEvent, command::Desk, presence::Presence,
};

/// Something that happened. Pushed to clients; never asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A message was sent.
    Message(Arc<Message>),
    /// Somebody's watermarks moved.
    Receipt {
        /// Where.
        conversation: ConversationId,
        /// Whose.
        user: UserId,
        /// Everything up to here has arrived at them.
        delivered: Seq,
        /// Everything up to here was seen by them.
        read: Seq,
        /// When.
        at: Millis,
    },
    /// Somebody began or stopped typing.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who.
        person: Person,
        /// Began or stopped.
        on: bool,
    },
    /// A conversation is new, or its stage or people changed.
    Conversation(Arc<Conversation>),
    /// A message was taken back: this stands in its place.
    Recalled {
        /// The message as it is now, with its own time.
        message: Arc<Message>,
        /// When it was taken back, as later clients of its readers hear it.
        at: Millis,
    },
    /// The person who hears this threw messages away, by another connection.
    Deleted {
        /// Where.
        conversation: ConversationId,
        /// Their places.
        seqs: Vec<Seq>,
    },
    /// The person who hears this keeps a conversation in another way, by another connection.
    Mine {
        /// Which.
        conversation: ConversationId,
        /// How.
        mine: Mine,
    },
    /// A chatroom ended, who hears this is outside now, or attributes changed.
    Chatroom(Arc<ChatroomEvent>),
    /// The desk opened or closed, or counts changed.
    Desk(Desk),
    /// Somebody whom the person who hears this watches, or is answered by, came or went.
    Presence(Presence),
    /// This person's credentials, or whether they may be here at all, changed: each of their connections proves itself
    /// again and ends when it cannot.
    ProveAgain,
    /// This person may have one device only and came with a newer one, on another node: their connections here end.
    TakenOver,
}

/// Who must hear of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Within this app only.
    pub app: AppKey,
    /// These users.
    pub users: Vec<UserId>,
    /// And every agent of the app.
    pub agents: bool,
    /// And every visitor of the app.
    pub visitors: bool,
    /// And every connection in this chatroom.
    pub room: Option<ConversationId>,
    /// But not this connection, which knows already.
    pub except: Option<ConnectionId>,
}

impl Audience {
    /// Nobody yet.
    pub const fn of(app: AppKey) -> Self {
        Self { app, users: Vec::new(), agents: false, visitors: false, room: None, except: None }
    }
}

/// An event on its way. The bus carries hints: a lost one is healed from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    /// To whom.
    pub audience: Audience,
    /// What.
    pub event: Event,
}
