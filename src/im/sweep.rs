//! What the bus lost is found in the store and told to this node's connections.
//!
//! Every few seconds a node reads which conversations others have changed. What the bus carries was told by then, and is
//! noted; the rest is told now. A single node has none of this.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;

mod attributes;
mod others;
#[cfg(test)]
mod tests;

use super::Im;
use crate::{
    bus::Listener,
    model::{
        AppKey, Audience, ConversationId, Event, Fault, Hint, Kind, Message, Millis, Seq, Stale, UserId,
        command::History,
    },
    store::changes::{Change, Place},
};

/// Conversations of which it is remembered what was told.
const MOST: u64 = 100_000;
/// A conversation in which nothing was told for so long is forgotten: what is told again is passed over by clients.
const REMEMBERED: Duration = Duration::from_mins(10);
/// What is on its way by the bus is here by then.
const SETTLE: Duration = Duration::from_millis(750);
/// Stretches between holes that are remembered.
const MOST_STRETCHES: usize = 100;

/// What this node's connections were told of each conversation.
#[derive(Debug)]
pub(super) struct Told {
    of: Cache<ConversationId, Arc<Mutex<Stand>>>,
    /// Besides messages and how conversations stand.
    others: others::Told,
    /// Where the next look goes on.
    place: Mutex<Option<Place>>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            of: Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build(),
            others: others::Told::default(),
            place: Mutex::default(),
        }
    }
}

/// What was told of one conversation.
#[derive(Debug, Default, Clone)]
struct Stand {
    /// Stretches of places that were told: the first of each, and its last. What lies before the first stretch is no more
    /// certain than a hole: a message may come while an earlier one was lost.
    told: BTreeMap<u64, u64>,
    /// How new the conversation was that was told.
    turned_at: Option<Millis>,
}

impl Stand {
    fn has(&self, place: u64) -> bool {
        self.told.range(..=place).next_back().is_some_and(|(_, last)| *last >= place)
    }

    /// Notes a place; `false` when it was told before.
    fn add(&mut self, place: u64) -> bool {
        if self.has(place) {
            return false;
        }
        let (mut first, mut last) = (place, place);
        if let Some((before, end)) = self.told.range(..place).next_back()
            && end + 1 == place
        {
            first = *before;
        }
        if let Some(end) = self.told.remove(&(place + 1)) {
            last = end;
        }
        self.told.insert(first, last);
        while self.told.len() > MOST_STRETCHES {
            // The oldest go: what is told twice is passed over by clients.
            self.told.pop_first();
        }
        true
    }
}

impl Told {
    /// Somebody may have heard it. `false` for a kept message that was told here before.
    pub(super) fn note(&self, hint: &Hint) -> bool {
        self.others.note(hint);
        match &hint.event {
            Event::Message(message) => {
                message.seq.is_none_or(|place| self.with(message.conversation, |stand| stand.add(place.0)))
            }
            Event::Conversation(conversation) => self.with(conversation.id, |stand| {
                stand.turned_at = stand.turned_at.max(Some(conversation.changed_at));
                true
            }),
            _ => true,
        }
    }

    fn with<T>(&self, id: ConversationId, change: impl FnOnce(&mut Stand) -> T) -> T {
        let stand = self.of.get_with(id, Arc::default);
        change(&mut stand.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stand(&self, id: ConversationId) -> Stand {
        let found = self.of.get(&id);
        found.map(|stand| stand.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Im {
    /// Tells this node's connections what others did and the bus did not carry.
    pub async fn make_up_for_the_bus(&self) -> Result<(), Fault> {
        let Some(here) = self.here.get().cloned() else { return Ok(()) };
        if self.bus.is_deaf() {
            self.forget_all();
        }
        let since = *self.told.place();
        let changes = self.store.changes(since).await?;
        let any = !changes.conversations.is_empty() || !changes.others.is_empty();
        if any && !self.bus.is_deaf() {
            tokio::time::sleep(SETTLE).await;
        }
        // First: who went is told nothing more of what the others hear.
        self.make_up_others(&*here, changes.others).await?;
        for change in changes.conversations {
            match self.make_up(&*here, &change).await {
                // The next look begins where this one did.
                Err(fault) if fault.code.temporary() => return Err(fault),
                Err(fault) => tracing::warn!(code = fault.code.name(), "A conversation that changed cannot be told"),
                Ok(()) => {}
            }
        }
        if changes.place.is_some() {
            *self.told.place() = changes.place;
        }
        Ok(())
    }

    async fn make_up(&self, here: &dyn Listener, change: &Change) -> Result<(), Fault> {
        let Change { app, conversation: id, .. } = change;
        let stand = self.told.stand(*id);
        if change.turned {
            self.make_up_turn(here, change, &stand).await?;
        }
        let missing: BTreeSet<u64> = (change.after + 1..=change.head).filter(|place| !stand.has(*place)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let route = self.route_of(app, *id).await?;
        if route.kind == Kind::Chatroom {
            self.make_up_room(here, (app, *id), &missing).await?;
        } else {
            let audience = route.audience(app);
            if here.wants(&audience) {
                self.make_up_messages(here, (app, *id), audience, &missing).await?;
            }
        }
        self.told.with(*id, |stand| {
            for place in missing {
                stand.add(place);
            }
        });
        Ok(())
    }

    /// Tells how a conversation stands, when something newer was told of it elsewhere.
    async fn make_up_turn(&self, here: &dyn Listener, change: &Change, stand: &Stand) -> Result<(), Fault> {
        let Change { app, conversation: id, .. } = change;
        let Some(found) = self.store.conversation(app, *id).await? else { return Ok(()) };
        if stand.turned_at >= Some(found.changed_at) || found.kind == Kind::Chatroom {
            return Ok(());
        }
        self.forget(app, &Stale::Conversation(*id));
        let service = found.service.is_some();
        let route = self.route_of(app, *id).await?;
        let mut audience = Audience { users: route.participants.clone(), ..Audience::of(app.clone()) };
        audience.agents = service;
        if here.wants(&audience) {
            let told = self.complete(app, found).await?;
            let hint = Hint { audience, event: Event::Conversation(Arc::new(told)) };
            self.told.note(&hint);
            here.hear(hint);
        }
        if service {
            self.desk_elsewhere(app);
        }
        Ok(())
    }

    /// Everybody in a room here hears what was said after the first of them came, unless the back end stopped that.
    async fn make_up_room(
        &self,
        here: &dyn Listener,
        (app, id): (&AppKey, ConversationId),
        missing: &BTreeSet<u64>,
    ) -> Result<(), Fault> {
        let audience = Audience { room: Some(id), ..Audience::of(app.clone()) };
        if !here.wants(&audience) {
            return Ok(());
        }
        let Some(after) = self.heard_in_room_after(app, id).await? else { return Ok(()) };
        let missing = missing.range(after.0 + 1..).copied().collect();
        let messages = self.read_places(app, id, None, &missing).await?;
        tell(here, &audience, messages);
        Ok(())
    }

    /// Everybody here hears what they may read of these places.
    async fn make_up_messages(
        &self,
        here: &dyn Listener,
        (app, id): (&AppKey, ConversationId),
        audience: Audience,
        missing: &BTreeSet<u64>,
    ) -> Result<(), Fault> {
        if audience.agents {
            let agents = Audience { agents: true, ..Audience::of(app.clone()) };
            if here.wants(&agents) {
                let messages = self.read_places(app, id, None, missing).await?;
                tell(here, &agents, messages);
            }
        }
        for user in audience.users {
            let audience = Audience { users: vec![user.clone()], ..Audience::of(app.clone()) };
            if here.wants(&audience) {
                let messages = self.read_places(app, id, Some(&user), missing).await?;
                tell(here, &audience, messages);
            }
        }
        Ok(())
    }

    /// Messages in these places, in their order, as somebody may see them; without a reader, as they are.
    async fn read_places(
        &self,
        app: &AppKey,
        id: ConversationId,
        reader: Option<&UserId>,
        missing: &BTreeSet<u64>,
    ) -> Result<Vec<Message>, Fault> {
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(Vec::new()) };
        let mut found: Vec<Message> = Vec::new();
        let mut after = first - 1;
        while after < *last {
            let query = History { after: Some(Seq(after)), ..History::newest(id, History::MAX_LIMIT) };
            let page = match reader {
                Some(reader) => self.store.page_for(app, reader, &query).await?,
                None => self.store.page(app, &query).await?,
            };
            let Some(reached) = page.messages.iter().filter_map(|message| message.seq).map(|place| place.0).max()
            else {
                break;
            };
            let wanted = |message: &Message| message.seq.is_some_and(|place| missing.contains(&place.0));
            found.extend(page.messages.into_iter().filter(wanted).filter(|message| !message.content.is_gone()));
            after = reached;
        }
        Ok(found)
    }
}

fn tell(here: &dyn Listener, audience: &Audience, messages: Vec<Message>) {
    for message in messages {
        here.hear(Hint { audience: audience.clone(), event: Event::Message(Arc::new(message)) });
    }
}
