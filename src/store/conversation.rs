//! Conversations to begin and steps to take in them: service, groups, discussions.

use crate::model::{AppKey, ConversationId, Handle, Kind, Millis, SiteKey, Stage, UserId, conversation::Context};

/// A service conversation to begin.
#[derive(Debug, Clone)]
pub struct NewService {
    /// Its id.
    pub id: ConversationId,
    /// Where it began.
    pub site: SiteKey,
    /// Who asks.
    pub visitor: UserId,
    /// Its first stage.
    pub stage: Stage,
    /// What the browser told.
    pub context: Context,
    /// The server's time.
    pub at: Millis,
}

/// A group or discussion to found.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Its id.
    pub id: ConversationId,
    /// Group or discussion.
    pub kind: Kind,
    /// The app's own id of it. Taken: [`StoreError::AlreadyExists`](super::StoreError::AlreadyExists).
    pub handle: Option<Handle>,
    /// Its name.
    pub name: String,
    /// Who founds and owns it.
    pub owner: UserId,
    /// Who else is inside.
    pub users: Vec<UserId>,
    /// The server's time.
    pub at: Millis,
}

/// A change of a group or discussion.
#[derive(Debug, Clone)]
pub enum GroupStep {
    /// Makes users members, from the head on, and forgives bans. More than [`Group::MOST_MEMBERS`]:
    /// [`StoreError::TooMany`](super::StoreError::TooMany).
    ///
    /// [`Group::MOST_MEMBERS`]: crate::model::conversation::Group::MOST_MEMBERS
    Add(Vec<UserId>),
    /// Makes a member none. The oldest other one inherits; without one it is dismissed.
    Remove {
        /// Whom.
        user: UserId,
        /// And remembers that they were banned.
        ban: bool,
    },
    /// Another name.
    Rename(String),
    /// Only the owner and those allowed may write.
    SilenceAll(bool),
    /// One member may not write, until an instant or for ever.
    Silence {
        /// Whom.
        user: UserId,
        /// May not write.
        on: bool,
        /// Until then; for ever without it.
        until: Option<Millis>,
    },
    /// One member may write while all others may not.
    Allow(UserId, bool),
    /// Forgets that a user was banned.
    Forgive(UserId),
    /// Takes no more messages.
    Dismiss,
}

/// A move of a service conversation from one of some stages to another.
#[derive(Debug, Clone)]
pub struct Transition {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Names of the stages it must be in; otherwise [`StoreError::WrongStage`](super::StoreError::WrongStage).
    pub from: &'static [&'static str],
    /// When set, and it is with an agent, it must be this agent; otherwise
    /// [`StoreError::WrongStage`](super::StoreError::WrongStage).
    pub only_agent: Option<UserId>,
    /// The stage to enter. Entering `Human` makes the agent a participant.
    pub to: Stage,
    /// The server's time.
    pub at: Millis,
}

/// What the desk's sidebar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeskCounts {
    /// Queued or offline.
    pub waiting: u64,
    /// Open with this agent.
    pub mine: u64,
}

/// A service conversation whose visitor may have been away too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Its app.
    pub app: AppKey,
    /// Which.
    pub conversation: ConversationId,
    /// Its visitor.
    pub visitor: UserId,
}

/// A message left while nobody was online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// The form's answers as a JSON object.
    pub answers: String,
    /// The server's time.
    pub at: Millis,
}
