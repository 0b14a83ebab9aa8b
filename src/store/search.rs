//! Finding messages by what they say.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, MessageUid, UserId, search::Search};

/// In whose eyes messages are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searcher {
    /// The app's back end sees everything.
    BackEnd,
    /// A user sees what their conversations show them: not what they cleared or deleted, nothing from before they came.
    User(UserId),
    /// An agent sees that, and every service conversation.
    Agent(UserId),
}

/// What an engine found. It is cut off when it took too long.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The messages, newest first.
    pub messages: Vec<crate::model::Message>,
    /// Continue with what is older than this; nothing when all was looked at.
    pub next: Option<MessageUid>,
    /// Not everything was looked at that should have been.
    pub partial: bool,
}

/// Looking for messages.
#[async_trait]
pub trait Searches: Send + Sync {
    /// Messages that hold all these words (in folded form, `model::fold`), newest first, as the search bounds them.
    async fn search(&self, app: &AppKey, by: Searcher, words: Vec<String>, search: Search) -> Result<Finding>;
}
