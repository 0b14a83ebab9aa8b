//! Letting go of what need not be kept.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, ConversationId, Millis};

/// Verbs that delete old messages for ever. What was not read in them is unread no more, and their client ids may be
/// used again.
#[async_trait]
pub trait Retention: Send + Sync {
    /// The app's conversations among users that hold messages sent before an instant, by id, those after `after`, at most
    /// `limit`. Never service conversations and chatrooms.
    async fn outdated(
        &self,
        app: &AppKey,
        before: Millis,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<ConversationId>>;
    /// Deletes the oldest messages of such a conversation as far as they were sent before an instant, at most `limit`.
    /// Returns how many.
    async fn forget_messages(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        before: Millis,
        limit: u16,
    ) -> Result<u64>;
}
