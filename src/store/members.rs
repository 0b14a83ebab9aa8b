//! Who is inside groups and discussions, of whom there may be thousands.

use async_trait::async_trait;

use super::Result;
use crate::model::{
    AppKey, Conversation, ConversationId, Handle, Person, UserId,
    conversation::{Member, Participant, Which},
};

/// Verbs about members.
#[async_trait]
pub trait Members: Send + Sync {
    /// Everybody inside and what they are, by id.
    async fn roster(&self, app: &AppKey, conversation: ConversationId) -> Result<Vec<(UserId, Member)>>;
    /// Some of those inside, by id after `after`, at most `limit`.
    async fn members(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        which: Which,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Participant>>;
    /// Who was banned, by id after `after`, at most `limit`.
    async fn bans(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Person>>;
    /// The handles of groups, not discussions, that are silenced and were not dismissed, in order, at most 1,000.
    async fn silenced_groups(&self, app: &AppKey) -> Result<Vec<Handle>>;
    /// A user's groups and discussions that were not dismissed, by id after `after`, at most `limit`.
    async fn groups_of(
        &self,
        app: &AppKey,
        user: &UserId,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<Conversation>>;
}
