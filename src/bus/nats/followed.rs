//! What somebody on this node hears: counted, as slots that other nodes are told of, and as subjects to subscribe to.
//!
//! Subjects are for nodes of the version before; they can go with the next one.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use dashmap::{DashMap, Entry};
use tokio::sync::Notify;

use super::{
    slots::{self, Slot, Slots},
    subjects::Subjects,
};
use crate::{bus::Interest, model::Audience};

/// Counts interests. Whoever tells and subscribes waits for [`Followed::changed`].
#[derive(Debug)]
pub(super) struct Followed {
    subjects: Subjects,
    interests: DashMap<Interest, u32>,
    wanted: Mutex<Wanted>,
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    /// How many interests lie under each subject.
    counts: HashMap<String, u32>,
    /// Subjects that were wanted for the first time since the last look.
    fresh: HashSet<String>,
    /// How many interests fall into each slot.
    slots: HashMap<Slot, u32>,
    /// What others are told: all slots with interests, and some that lately had.
    told: Slots,
    /// Slots in `told` that are new since the last look.
    fresh_slots: Vec<Slot>,
}

impl Followed {
    pub(super) fn new(subjects: Subjects) -> Self {
        Self { subjects, interests: DashMap::new(), wanted: Mutex::default(), changed: Notify::new() }
    }

    /// Counts one more or one less who has this interest.
    pub(super) fn count(&self, interest: Interest, on: bool) {
        // Subject and slot are counted while the entry is held, so that all counts go the same way.
        match (self.interests.entry(interest), on) {
            (Entry::Occupied(mut entry), true) => *entry.get_mut() += 1,
            (Entry::Occupied(entry), false) if *entry.get() == 1 => {
                self.drop_place(&self.subjects.of_interest(entry.key()), slots::of_interest(entry.key()));
                entry.remove();
            }
            (Entry::Occupied(mut entry), false) => *entry.get_mut() -= 1,
            (Entry::Vacant(entry), true) => {
                self.want_place(self.subjects.of_interest(entry.key()), slots::of_interest(entry.key()));
                entry.insert(1);
            }
            (Entry::Vacant(_), false) => {}
        }
    }

    /// Whether anybody of the audience may be here.
    pub(super) fn has(&self, audience: &Audience) -> bool {
        if let Some(room) = audience.room {
            return self.interests.contains_key(&Interest::Room(room));
        }
        let app = || audience.app.clone();
        (audience.agents && self.interests.contains_key(&Interest::Agents(app())))
            || (audience.visitors && self.interests.contains_key(&Interest::Visitors(app())))
            || audience.users.iter().any(|user| self.interests.contains_key(&Interest::Person(app(), user.clone())))
    }

    /// Subjects wanted for the first time since the last call.
    pub(super) fn take_fresh(&self) -> HashSet<String> {
        std::mem::take(&mut self.wanted().fresh)
    }

    /// Whether anybody wants this subject.
    pub(super) fn wants(&self, subject: &str) -> bool {
        self.wanted().counts.contains_key(subject)
    }

    /// Slots that others must be told of besides those that they know.
    pub(super) fn take_fresh_slots(&self) -> Vec<Slot> {
        std::mem::take(&mut self.wanted().fresh_slots)
    }

    /// All slots, to be told with this number.
    pub(super) fn said(&self, version: u64) -> Vec<u8> {
        let mut wanted = self.wanted();
        wanted.fresh_slots.clear();
        wanted.told.said(version)
    }

    /// Leaves out slots that nobody follows any more, when others are told next. Not at once: most who go come back.
    pub(super) fn tidy_slots(&self) {
        let wanted = self.wanted();
        wanted.told.retain(|slot| wanted.slots.contains_key(&slot));
    }

    fn want_place(&self, subject: String, slot: Slot) {
        let mut wanted = self.wanted();
        *wanted.slots.entry(slot).or_default() += 1;
        let is_new_slot = wanted.told.add(slot);
        if is_new_slot {
            wanted.fresh_slots.push(slot);
        }
        let is_new_subject = match wanted.counts.get_mut(&subject) {
            Some(count) => {
                *count += 1;
                false
            }
            None => wanted.counts.insert(subject.clone(), 1).is_none() && wanted.fresh.insert(subject),
        };
        drop(wanted);
        if is_new_slot || is_new_subject {
            self.changed.notify_one();
        }
    }

    fn drop_place(&self, subject: &str, slot: Slot) {
        let mut wanted = self.wanted();
        if let Some(count) = wanted.slots.get_mut(&slot) {
            *count -= 1;
            if *count == 0 {
                wanted.slots.remove(&slot);
            }
        }
        let Some(count) = wanted.counts.get_mut(subject) else { return };
        *count -= 1;
        if *count == 0 {
            wanted.counts.remove(subject);
            wanted.fresh.remove(subject);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        // Nothing in here panics half-way.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppKey, ConversationId};

    fn app() -> AppKey {
        "app1".parse().unwrap()
    }

    fn person(id: &str) -> Interest {
        Interest::Person(app(), id.parse().unwrap())
    }

    #[test]
    fn what_is_followed_twice_must_be_left_twice() {
        let followed = Followed::new(Subjects::of(1));
        let subject = Subjects::of(1).of_interest(&person("ann"));
        let audience = Audience { users: vec!["ann".parse().unwrap()], ..Audience::of(app()) };
        followed.count(person("ann"), true);
        followed.count(person("ann"), true);
        assert_eq!(followed.take_fresh(), HashSet::from([subject.clone()]));
        followed.count(person("ann"), false);
        assert!(followed.wants(&subject) && followed.has(&audience));
        followed.count(person("ann"), false);
        assert!(!followed.wants(&subject) && !followed.has(&audience));
        followed.count(person("ann"), false);
        assert!(followed.interests.is_empty() && followed.take_fresh().is_empty());
    }

    fn told(followed: &Followed) -> Slots {
        let said = followed.said(1);
        let told = Slots::default();
        told.heed(slots::Saying::read(&said).unwrap().what);
        told
    }

    #[test]
    fn a_new_slot_is_told_once_and_an_empty_one_stays_until_it_is_tidied_up() {
        let followed = Followed::new(Subjects::of(1));
        let [ann, bo] = [person("ann"), person("bo")].map(|interest| slots::of_interest(&interest));
        followed.count(person("ann"), true);
        followed.count(person("bo"), true);
        assert_eq!(followed.take_fresh_slots(), [ann, bo]);
        followed.count(person("ann"), false);
        followed.count(person("ann"), true);
        assert!(followed.take_fresh_slots().is_empty(), "it is known");
        followed.count(person("ann"), false);
        assert!(told(&followed).has(ann) && told(&followed).has(bo));
        followed.tidy_slots();
        assert!(!told(&followed).has(ann) && told(&followed).has(bo));
        followed.count(person("ann"), true);
        assert_eq!(followed.take_fresh_slots(), [ann]);
        followed.count(Interest::Agents(app()), true);
        assert!(told(&followed).has(slots::of_interest(&Interest::Agents(app()))));
        assert!(followed.take_fresh_slots().is_empty(), "they were told with all");
    }

    #[test]
    fn an_audience_is_here_when_one_of_it_is() {
        let followed = Followed::new(Subjects::of(1));
        let room = ConversationId::from_u128(7);
        let agents = Audience { agents: true, ..Audience::of(app()) };
        let inside = Audience { room: Some(room), ..Audience::of(app()) };
        assert!(!followed.has(&agents) && !followed.has(&inside));
        followed.count(Interest::Agents(app()), true);
        followed.count(Interest::Room(room), true);
        assert!(followed.has(&agents) && followed.has(&inside));
        let visitors = Audience { visitors: true, ..Audience::of(app()) };
        assert!(!followed.has(&visitors));
    }
}
