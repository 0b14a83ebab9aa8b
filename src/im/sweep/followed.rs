//! Who is here of those who hear of a conversation: what nobody here follows costs no more than one look for many.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use moka::sync::Cache;

use crate::{
    bus::Listener,
    im::Im,
    model::{Audience, ConversationId, Fault, Stale},
    store::changes::{Change, Followers},
};

/// People whom all remembered conversations may name together, where a conversation costs as much as 8 more.
const MOST: u64 = 500_000;
/// Who is inside is looked at again by then.
const REMEMBERED: Duration = Duration::from_mins(10);
/// Asked for at once.
const CONVERSATIONS: usize = 1000;
/// Groups of which the members are asked for at once: each may have thousands.
const GROUPS: usize = 32;

/// Conversations of which somebody here hears.
pub(super) type Followed = HashMap<ConversationId, Arc<Followers>>;

/// Who hears of conversations that changed. Whatever changes it is a change too, so that the look itself forgets.
#[derive(Debug)]
pub(super) struct Known(Cache<ConversationId, Arc<Followers>>);

impl Default for Known {
    fn default() -> Self {
        let weight =
            |_: &ConversationId, known: &Arc<Followers>| u32::try_from(known.people.len() + 8).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weight).max_capacity(MOST).time_to_live(REMEMBERED).build())
    }
}

impl Known {
    pub(super) fn forget(&self, id: ConversationId) {
        self.0.invalidate(&id);
    }

    #[cfg(test)]
    pub(super) fn has(&self, id: ConversationId) -> bool {
        self.0.contains_key(&id)
    }

    pub(super) fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

impl Im {
    /// Those of these conversations of which somebody here hears.
    pub(super) async fn followed(
        &self,
        here: &dyn Listener,
        named: BTreeSet<ConversationId>,
    ) -> Result<Followed, Fault> {
        let mut followed = Followed::new();
        let mut take = |found: Arc<Followers>| {
            if here.wants(&found.everybody()) {
                followed.insert(found.conversation, found);
            }
        };
        let mut unknown = Vec::new();
        for id in named {
            match self.told.followers.0.get(&id) {
                Some(found) => take(found),
                None => unknown.push(id),
            }
        }
        let mut groups: BTreeSet<ConversationId> = unknown.iter().copied().collect();
        for some in unknown.chunks(CONVERSATIONS) {
            for found in self.store.followers(some, false).await? {
                groups.remove(&found.conversation);
                take(self.remember(found));
            }
        }
        // What the first question left out are groups, and what is gone.
        let groups: Vec<ConversationId> = groups.into_iter().collect();
        for some in groups.chunks(GROUPS) {
            for found in self.store.followers(some, true).await? {
                take(self.remember(found));
            }
        }
        Ok(followed)
    }

    pub(super) fn remember(&self, found: Followers) -> Arc<Followers> {
        let found = Arc::new(found);
        self.told.followers.0.insert(found.conversation, found.clone());
        found
    }

    /// Forgets what is remembered of conversations that turned, unless everybody here knows how they stand.
    pub(super) fn forget_turned(&self, here: &dyn Listener, turned: &[Change], followed: &Followed) {
        for Change { app, conversation: id, .. } in turned.iter().filter(|change| change.turned) {
            let desk = self.told.followers.0.get(id).and_then(|found| found.desk.clone());
            if followed.get(id).is_some_and(|found| self.told.knows_desk(found)) {
                continue;
            }
            self.forget(app, &Stale::Conversation(*id));
            let waiting = Audience { agents: true, visitors: true, ..Audience::of(app.clone()) };
            if desk.is_some() && here.wants(&waiting) {
                self.desk_elsewhere(app);
            }
        }
    }
}
