//! What changed of late, for servers that share the data: what the bus lost is found here.

use crate::model::{AppKey, ConversationId};

/// What was committed since an earlier look. It may be told again by the next look; nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// From where the next look goes on.
    pub place: u64,
    /// What changed, at most once for each conversation.
    pub conversations: Vec<Change>,
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
    /// It is new, or its stage, agent, name or rights changed.
    pub turned: bool,
}
