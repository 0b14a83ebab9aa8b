//! Finding somebody's conversations by who or what is on the other side.

use async_trait::async_trait;

use super::{Result, inbox::Arrived};
use crate::model::{AppKey, Conversation, ConversationId, Kind, MessageUid, Millis, Seq, SiteKey, Stretch, UserId};

/// Verbs that find conversations.
#[async_trait]
pub trait Finding: Send + Sync {
    /// The conversation of this kind between two users, if there is one.
    async fn find_pair(&self, app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Result<Option<ConversationId>>;
    /// The service conversations of this visitor with this site, open or ended, newest first, at most `limit`.
    async fn episodes(&self, app: &AppKey, visitor: &UserId, site: &SiteKey, limit: u16)
    -> Result<Vec<ConversationId>>;
    /// A page over all of them as if they were one conversation, as the visitor sees it.
    async fn episode_page(&self, app: &AppKey, visitor: &UserId, site: &SiteKey, stretch: &Stretch) -> Result<Arrived>;
    /// The visitor's open service conversations, of all sites.
    async fn open_services(&self, app: &AppKey, visitor: &UserId) -> Result<Vec<Conversation>>;
    /// The place of the newest message of a conversation that was sent until an instant, inclusive; 0 when none was.
    async fn last_until(&self, app: &AppKey, conversation: ConversationId, until: Millis) -> Result<Seq>;
    /// Where these messages stand, each with its conversation. Only those in conversations in which the user takes part,
    /// in no order.
    async fn placed(&self, app: &AppKey, user: &UserId, uids: &[MessageUid]) -> Result<Vec<(ConversationId, Seq)>>;
}
