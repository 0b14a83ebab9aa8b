//! The conversation that somebody means by its kind and its other side.

use std::sync::Arc;

use moka::sync::Cache;

use super::Im;
use crate::model::{AppKey, Caller, Code, Conversation, ConversationId, Fault, Handle, Kind, UserId};

/// Which conversation people mean. What is remembered stays right: neither the two sides of a conversation nor the
/// handle of a group ever change.
#[derive(Debug)]
pub(super) struct Finds(Cache<(AppKey, Kind, Option<UserId>, Handle), ConversationId>);

impl Default for Finds {
    fn default() -> Self {
        Self(Cache::new(50_000))
    }
}

impl Finds {
    /// The private conversation of two users, as far as it was asked lately.
    pub(super) fn private(&self, app: &AppKey, a: &UserId, b: &UserId) -> Option<ConversationId> {
        self.0.get(&pair_key(app, Kind::Private, a, b)?)
    }

    /// Remembers the private conversation of two users.
    pub(super) fn remember_private(&self, app: &AppKey, a: &UserId, b: &UserId, id: ConversationId) {
        if let Some(key) = pair_key(app, Kind::Private, a, b) {
            self.0.insert(key, id);
        }
    }
}

/// `None` for an id that is no handle: it is not remembered.
fn pair_key(app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Option<(AppKey, Kind, Option<UserId>, Handle)> {
    Some((app.clone(), kind, Some(a.clone()), b.as_str().parse().ok()?))
}

impl Im {
    /// The conversation that the caller means by its kind and its other side: a user, a public service or a sender of
    /// system messages by their id, a group, discussion or chatroom by its handle (groups also by our own id), a desk
    /// by the key of its site, of which it is the newest episode. `None` when the caller has no such conversation,
    /// whether or not it exists (A7); chatrooms only while they are inside.
    ///
    /// It tells what the conversation is and who takes part, not where it stands: it may have been looked up a while
    /// ago, and is without its newest message.
    pub async fn find(
        &self,
        caller: &Caller,
        kind: Kind,
        other_side: &Handle,
    ) -> Result<Option<Arc<Conversation>>, Fault> {
        let Some(id) = self.find_id(caller, kind, other_side).await? else { return Ok(None) };
        match self.route(caller, id).await {
            Ok(route) if route.kind == kind => self.remembered(&caller.app, id).await.map(Some),
            Ok(_) => Ok(None),
            Err(fault) if fault.code == Code::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// As [`Im::find`]; a conversation that the caller may not see, or of another kind, may be found too.
    pub(super) async fn find_id(
        &self,
        caller: &Caller,
        kind: Kind,
        other_side: &Handle,
    ) -> Result<Option<ConversationId>, Fault> {
        match kind {
            Kind::Chatroom => {
                return Ok(self.room_inside(caller, other_side).await?.map(|room| room.id));
            }
            Kind::Service => {
                let Ok(site) = other_side.as_str().parse() else { return Ok(None) };
                return Ok(self.store.episodes(&caller.app, caller.id(), &site, 1).await?.pop());
            }
            _ => {}
        }
        let key = (caller.app.clone(), kind, kind.is_pair().then(|| caller.id().clone()), other_side.clone());
        if let Some(known) = self.finds.0.get(&key) {
            return Ok(Some(known));
        }
        let found = if kind.is_pair() {
            let Ok(other) = other_side.as_str().parse() else { return Ok(None) };
            self.store.find_pair(&caller.app, kind, caller.id(), &other).await?
        } else {
            let named = self.store.conversation_by_handle(&caller.app, kind, other_side).await?;
            named.map(|group| group.id).or_else(|| other_side.as_str().parse().ok())
        };
        if let Some(id) = found {
            self.finds.0.insert(key, id);
        }
        Ok(found)
    }
}
