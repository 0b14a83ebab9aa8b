//! How users keep their conversations, decided for them.

use super::Backend;
use crate::{
    im::error::not_found,
    model::{Audience, ConversationId, Event, Fault, Mine, UserId, conversation::Keeping},
};

impl Backend<'_> {
    /// How a user keeps a conversation.
    pub async fn kept_by(&self, user: &UserId, conversation: ConversationId) -> Result<Mine, Fault> {
        self.user(user).await?;
        let found = self.im.store.conversation_for(self.app, conversation, user).await?;
        found.and_then(|found| found.mine).ok_or_else(not_found)
    }

    /// Pins or mutes a conversation for a user; their connections hear it.
    pub async fn keep_for(
        &self,
        user: &UserId,
        conversation: ConversationId,
        pinned: Option<bool>,
        muted: Option<bool>,
    ) -> Result<Mine, Fault> {
        let mut mine = self.kept_by(user, conversation).await?;
        for change in pinned.map(Keeping::Pinned).into_iter().chain(muted.map(Keeping::Muted)) {
            mine = self.im.store.keep(self.app, conversation, user, change).await?;
        }
        let audience = Audience { users: vec![user.clone()], ..Audience::of(self.app.clone()) };
        self.im.publish(audience, Event::Mine { conversation, mine: mine.clone() });
        Ok(mine)
    }
}
