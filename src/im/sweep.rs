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
mod followed;
mod others;
mod said;
mod stood;
#[cfg(test)]
mod tests;

use stood::Stood;

use super::Im;
use crate::{
    bus::Listener,
    model::{Audience, Conversation, ConversationId, Event, Fault, Hint, Kind},
    store::changes::{Change, Changes, Followers, Other, Reached},
};

/// Conversations of which it is remembered what was told.
const MOST: u64 = 100_000;
/// The same of those of which nobody here heard.
const MOST_PASSED: u64 = 500_000;
/// A conversation in which nothing was told for so long is forgotten: what is told again is passed over by clients.
const REMEMBERED: Duration = Duration::from_mins(10);
/// What is on its way by the bus is here by then.
const SETTLE: Duration = Duration::from_millis(750);
/// Stretches between holes that are remembered.
const MOST_STRETCHES: usize = 100;
/// How often a conversation is read that turns while it is read.
const TRIES: usize = 3;

/// What this node's connections were told of each conversation.
#[derive(Debug)]
pub(super) struct Told {
    of: Cache<ConversationId, Arc<Mutex<Stand>>>,
    /// Up to which place nobody here heard when it was looked at.
    passed: Cache<ConversationId, u64>,
    /// Who hears of what.
    followers: followed::Known,
    /// Besides messages and how conversations stand.
    others: others::Told,
    /// Where the next look goes on.
    place: Mutex<Option<Reached>>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            of: Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build(),
            passed: Cache::builder().max_capacity(MOST_PASSED).time_to_live(REMEMBERED).build(),
            followers: followed::Known::default(),
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
    /// How the conversation stood that everybody here was told of last. What was told last, and not what is newest: after
    /// news that came late the present is told again.
    stood: Option<Stood>,
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

    /// How it stands was told.
    fn hear(&mut self, audience: &Audience, conversation: &Conversation) {
        let now = Stood::of(conversation);
        if self.stood.as_ref() != Some(&now) {
            // Told to some only: nobody can say what the others know.
            self.stood = stood::is_told_to_all(audience, conversation).then_some(now);
        }
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
                stand.hear(&hint.audience, conversation);
                true
            }),
            _ => true,
        }
    }

    /// The same for how a conversation stands, unless something else than `before` was told of it meanwhile.
    fn note_unless_told(&self, before: Option<&Stood>, hint: &Hint) -> bool {
        let Event::Conversation(conversation) = &hint.event else { return false };
        self.with(conversation.id, |stand| {
            let same = stand.stood.as_ref() == before;
            if same {
                stand.hear(&hint.audience, conversation);
            }
            same
        })
    }

    fn with<T>(&self, id: ConversationId, change: impl FnOnce(&mut Stand) -> T) -> T {
        let stand = self.of.get_with(id, Arc::default);
        change(&mut stand.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stand(&self, id: ConversationId) -> Stand {
        let found = self.of.get(&id);
        found.map(|stand| stand.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// Places of a change that nobody was told of yet, and that somebody may have to hear of.
    fn missing(&self, change: &Change) -> BTreeSet<u64> {
        let after = self.passed.get(&change.conversation).unwrap_or(0).max(change.after);
        let stand = self.stand(change.conversation);
        (after + 1..=change.head).filter(|place| !stand.has(*place)).collect()
    }

    /// Whether everybody here knows how a service conversation stands.
    fn knows_desk(&self, of: &Followers) -> bool {
        let stands = of.desk.clone().map(|(stage, rating)| Stood::Desk(stage, rating));
        stands.is_some() && self.stand(of.conversation).stood == stands
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<Reached>> {
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
        let mut settled = self.bus.is_deaf();
        loop {
            let since = *self.told.place();
            let changes = self.store.changes(since).await?;
            if changes.missed {
                return self.start_over(&*here).await;
            }
            let any = !changes.conversations.is_empty() || !changes.others.is_empty();
            if any && !settled {
                tokio::time::sleep(SETTLE).await;
                // The pages that follow are of the same time.
                settled = true;
            }
            let (place, more) = (changes.place, changes.more);
            // After a fault that is temporary the next look begins where this page did.
            self.make_up_page(&*here, changes).await?;
            if place.is_some() {
                *self.told.place() = place;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// The last look was so long ago that what changed since is not known: everybody comes anew, from where they are.
    async fn start_over(&self, here: &dyn Listener) -> Result<(), Fault> {
        // First: whoever comes from now on is told what changes from here on.
        let place = self.store.changes(None).await?.place;
        tracing::warn!("The database was away for too long to say what changed; all connections begin anew");
        self.forget_all();
        self.told.followers.forget_all();
        here.start_over();
        *self.told.place() = place;
        Ok(())
    }

    /// Whatever nobody here follows is left out before anything else is read.
    async fn make_up_page(&self, here: &dyn Listener, changes: Changes) -> Result<(), Fault> {
        let Changes { mut conversations, mut others, .. } = changes;
        for change in conversations.iter().filter(|change| change.turned) {
            self.told.followers.forget(change.conversation);
        }
        conversations.retain(|change| change.turned || !self.told.missing(change).is_empty());
        others.retain(|other| !self.told.others.has(other));
        let mut named: BTreeSet<ConversationId> = others.iter().filter_map(Other::told_to_all_in).collect();
        named.extend(conversations.iter().map(|change| change.conversation));
        let followed = self.followed(here, named).await?;
        self.forget_turned(here, &conversations, &followed);
        // First: who went is told nothing more of what the others hear.
        self.make_up_others(here, others, &followed).await?;
        for change in conversations {
            match followed.get(&change.conversation) {
                Some(of) => others::goes_on(self.make_up(here, &change, of).await)?,
                None => self.told.passed.insert(change.conversation, change.head),
            }
        }
        Ok(())
    }

    async fn make_up(&self, here: &dyn Listener, change: &Change, of: &Followers) -> Result<(), Fault> {
        if change.turned && of.kind != Kind::Chatroom && !self.told.knows_desk(of) {
            self.make_up_turn(here, of).await?;
        }
        match self.told.missing(change) {
            missing if missing.is_empty() => Ok(()),
            missing => self.make_up_said(here, of, missing).await,
        }
    }

    /// Tells how a conversation stands, when something else was told of it last.
    async fn make_up_turn(&self, here: &dyn Listener, of: &Followers) -> Result<(), Fault> {
        let (app, id) = (&of.app, of.conversation);
        for _ in 0..TRIES {
            let before = self.told.stand(id).stood;
            let Some(found) = self.store.conversation(app, id).await? else { return Ok(()) };
            if before.as_ref() == Some(&Stood::of(&found)) {
                return Ok(());
            }
            let told = self.complete(app, found).await?;
            let hint = Hint { audience: of.everybody(), event: Event::Conversation(Arc::new(told)) };
            if self.told.note_unless_told(before.as_ref(), &hint) {
                here.hear(hint);
                return Ok(());
            }
            // Something was told while it was read, newer or older.
        }
        Ok(())
    }
}
