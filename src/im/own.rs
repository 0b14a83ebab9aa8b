//! How somebody keeps conversations in their own list: pinned, muted, out of sight, unread.

use super::{Im, error::not_found};
use crate::model::{
    Audience, Caller, ConnectionId, ConversationId, Event, Fault, Kind, Mine,
    conversation::{Keeping, Unread},
};

impl Im {
    /// Changes how the caller keeps a conversation, and tells their other connections. Nobody else hears of it.
    pub(super) async fn keep_as(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        conversation: ConversationId,
        change: Keeping,
    ) -> Result<Mine, Fault> {
        let route = self.route(caller, conversation).await?;
        if !route.has(caller.id()) {
            return Err(not_found());
        }
        let mine = self.store.keep(&caller.app, conversation, caller.id(), change).await?;
        let audience =
            Audience { users: vec![caller.id().clone()], except: Some(connection), ..Audience::of(caller.app.clone()) };
        self.publish(audience, Event::Mine { conversation, mine: mine.clone() });
        Ok(mine)
    }

    /// How much the caller has not read in their list.
    pub(super) async fn unread(&self, caller: &Caller, kinds: &[Kind]) -> Result<Unread, Fault> {
        Ok(self.store.unread(&caller.app, caller.id(), kinds).await?)
    }
}
