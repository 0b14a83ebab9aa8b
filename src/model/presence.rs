//! Who is here, and who wants to hear of it.

use serde::{Deserialize, Serialize};

use super::{Millis, UserId};

/// By what somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// Long-poll.
    Poll,
}

/// Whether somebody is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// They have a connection, or lost the last one a moment ago.
    pub online: bool,
    /// Since when, as far as it is known.
    pub at: Option<Millis>,
}

/// Begins to watch who comes and goes, or ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Whom.
    pub users: Vec<UserId>,
    /// Begins.
    pub on: bool,
}

impl Watch {
    /// Most people whom one person watches, and most asked about at once.
    pub const MOST: usize = 100;
}
