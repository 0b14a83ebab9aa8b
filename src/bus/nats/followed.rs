//! What somebody on this node hears: counted, and as subjects to subscribe to.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use dashmap::{DashMap, Entry};
use tokio::sync::Notify;

use super::subjects::Subjects;
use crate::{bus::Interest, model::Audience};

/// Counts interests. Whoever subscribes waits for [`Followed::changed`].
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
}

impl Followed {
    pub(super) fn new(subjects: Subjects) -> Self {
        Self { subjects, interests: DashMap::new(), wanted: Mutex::default(), changed: Notify::new() }
    }

    /// Counts one more or one less who has this interest.
    pub(super) fn count(&self, interest: Interest, on: bool) {
        // The subject is counted while the entry is held, so that both counts go the same way.
        match (self.interests.entry(interest), on) {
            (Entry::Occupied(mut entry), true) => *entry.get_mut() += 1,
            (Entry::Occupied(entry), false) if *entry.get() == 1 => {
                self.drop_subject(&self.subjects.of_interest(entry.key()));
                entry.remove();
            }
            (Entry::Occupied(mut entry), false) => *entry.get_mut() -= 1,
            (Entry::Vacant(entry), true) => {
                self.want_subject(self.subjects.of_interest(entry.key()));
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

    fn want_subject(&self, subject: String) {
        let mut wanted = self.wanted();
        if let Some(count) = wanted.counts.get_mut(&subject) {
            *count += 1;
            return;
        }
        wanted.counts.insert(subject.clone(), 1);
        wanted.fresh.insert(subject);
        drop(wanted);
        self.changed.notify_one();
    }

    fn drop_subject(&self, subject: &str) {
        let mut wanted = self.wanted();
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
