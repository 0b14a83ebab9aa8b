//! What changed of late, for servers that share the data: what the bus lost is found here.

use crate::model::{
    AppKey, Audience, ConversationId, Kind, Millis, Seq, Stage, UserId, chatroom::AttributeKey, conversation::Rating,
};

/// Where a look stood among what one database server committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What was committed before cannot be new to the next look.
    pub low: u64,
    /// Which run of which server. Another one (a standby that took over, or the same after a restart) may count otherwise.
    pub server: i64,
}

/// How far looks for changes have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Where.
    pub place: Place,
    /// When everything before had been seen, in microseconds by the database's clock.
    pub at: i64,
    /// What is left of a look that found more than one page.
    pub rest: Option<Rest>,
}

/// The rest of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// What was begun from here on is left to the next look.
    pub until: u64,
    /// From where that goes on.
    pub next: u64,
    /// When this look began, in microseconds by the database's clock.
    pub at: i64,
}

/// What was committed since an earlier look. It may be told again by the next look; nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// From where the next look goes on.
    pub place: Option<Reached>,
    /// This is one page: the look goes on from `place` at once.
    pub more: bool,
    /// The earlier look was so long ago that not everything since then is still known.
    pub missed: bool,
    /// Conversations that changed, each once.
    pub conversations: Vec<Change>,
    /// What else changed.
    pub others: Vec<Other>,
}

/// A conversation that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Within this app.
    pub app: AppKey,
    /// Which.
    pub conversation: ConversationId,
    /// The newest place before.
    pub after: u64,
    /// The newest place now.
    pub head: u64,
    /// It is new, or its stage, agent, name, people or their rights changed.
    pub turned: bool,
}

/// Who hears of what happens in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followers {
    /// Within this app.
    pub app: AppKey,
    /// Where.
    pub conversation: ConversationId,
    /// What it is.
    pub kind: Kind,
    /// Everybody inside; nobody in a chatroom.
    pub people: Vec<UserId>,
    /// Service conversations only: where it stands, and how it was rated.
    pub desk: Option<(Stage, Option<Rating>)>,
}

impl Followers {
    /// Who hears what is said. While nobody has it, every agent does.
    pub fn audience(&self) -> Audience {
        let waits = matches!(self.desk, Some((Stage::Queued { .. } | Stage::Offline { .. }, _)));
        let room = (self.kind == Kind::Chatroom).then_some(self.conversation);
        Audience { users: self.people.clone(), agents: waits, room, ..Audience::of(self.app.clone()) }
    }

    /// Who hears how it stands: of service conversations every agent.
    pub fn everybody(&self) -> Audience {
        Audience { agents: self.desk.is_some(), ..self.audience() }
    }
}

/// Something else that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// Somebody's watermarks moved: where they stand now.
    Read {
        /// Within this app.
        app: AppKey,
        /// Where.
        conversation: ConversationId,
        /// Whose.
        user: UserId,
        /// Everything up to here has arrived at them.
        delivered: Seq,
        /// Everything up to here was seen by them.
        read: Seq,
        /// When `read` last moved.
        at: Millis,
    },
    /// Somebody keeps a conversation in another way in their own list.
    Kept {
        /// Within this app.
        app: AppKey,
        /// Which.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
    /// Another content stands in the place of a message's own.
    Replaced {
        /// Within this app.
        app: AppKey,
        /// Where.
        conversation: ConversationId,
        /// In which place.
        seq: Seq,
        /// When, as far as it is known.
        at: Millis,
    },
    /// Somebody threw a message away for themselves.
    ThrownAway {
        /// Within this app.
        app: AppKey,
        /// Where.
        conversation: ConversationId,
        /// Who.
        user: UserId,
        /// Which.
        seq: Seq,
    },
    /// Somebody is not inside any more, or came back since.
    Went {
        /// Within this app.
        app: AppKey,
        /// Where.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
    /// An attribute of a chatroom was set or removed.
    Attributed {
        /// Within this app.
        app: AppKey,
        /// The chatroom.
        conversation: ConversationId,
        /// The room's count of changes then.
        version: u64,
        /// Which attribute.
        key: AttributeKey,
    },
    /// Somebody's lists of people changed.
    Listed {
        /// Within this app.
        app: AppKey,
        /// Whose.
        user: UserId,
    },
}

impl Other {
    /// The conversation in which everybody hears of it.
    pub const fn told_to_all_in(&self) -> Option<ConversationId> {
        match self {
            Self::Read { conversation, .. } | Self::Replaced { conversation, .. } => Some(*conversation),
            _ => None,
        }
    }
}
