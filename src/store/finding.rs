//! Finding somebody's conversations by who or what is on the other side.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, ConversationId, Kind, SiteKey, UserId};

/// Verbs that find conversations.
#[async_trait]
pub trait Finding: Send + Sync {
    /// The conversation of this kind between two users, if there is one.
    async fn find_pair(&self, app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Result<Option<ConversationId>>;
    /// The newest service conversation of this visitor with this site, open or ended.
    async fn newest_episode(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<ConversationId>>;
}
