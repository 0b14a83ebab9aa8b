//! The times that messages get: strictly growing for each who receives them, whatever the clock does (D6).
//!
//! Clients store the time of the newest message they have, over all their conversations, and ask for what is newer. So
//! no two messages that one person gets may have one time. A time runs ahead of the clock by collisions only.
//!
//! An engine with several writers would keep the same numbers in rows: those inside in the order of their ids, locked
//! and raised in the transaction that keeps the message; and one row for each app, which large groups lock alone and
//! all others share.

use std::collections::HashMap;

/// Those of whom [`Moments`] remembers fewer than this are never looked through.
const USUAL: usize = 4096;

/// Whom a message reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inside {
    /// These users.
    Few(Box<[i64]>),
    /// More than anybody looks at one by one.
    Many,
}

impl Inside {
    /// Most users who are looked at one by one.
    pub(super) const FEW: u16 = 64;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    User(i64),
    Conversation(i64),
}

/// The newest times, as far as the clock has not passed them.
#[derive(Debug)]
pub(super) struct Moments {
    /// The latest the clock ever said.
    now: i64,
    /// The newest time given.
    newest: i64,
    last: HashMap<Whose, i64>,
    apps: HashMap<i64, OfApp>,
    /// So many in `last` are looked through for those whom the clock has passed.
    most: usize,
}

/// The newest times of one app.
#[derive(Debug, Default)]
struct OfApp {
    /// Given to anybody.
    newest: i64,
    /// Given to more than [`Inside::FEW`]: nobody of the app gets an older one.
    everybody: i64,
}

impl Moments {
    /// Nothing stored is newer than `newest`.
    pub(super) fn after(newest: i64) -> Self {
        Self { now: newest.saturating_add(1), newest, last: HashMap::new(), apps: HashMap::new(), most: USUAL }
    }

    /// No time before this one is given any more.
    pub(super) fn pass(&mut self, until: i64) {
        self.now = self.now.max(until);
    }

    /// The time of the next message in a conversation, when the clock says `clock`.
    pub(super) fn give(&mut self, clock: i64, app: i64, conversation: i64, inside: &Inside) -> i64 {
        self.now = self.now.max(clock);
        if self.now > self.newest {
            self.last.clear();
            self.apps.clear();
        } else if self.last.len() >= self.most {
            self.last.retain(|_, last| *last >= self.now);
            self.most = USUAL.max(self.last.len() * 2);
        }
        let conversation = Whose::Conversation(conversation);
        let last = |whose: &Whose| self.last.get(whose).copied().unwrap_or(i64::MIN);
        let of_app = self.apps.entry(app).or_default();
        let taken = match inside {
            Inside::Many => of_app.newest,
            Inside::Few(users) => {
                let theirs = users.iter().map(|user| last(&Whose::User(*user))).max();
                of_app.everybody.max(theirs.unwrap_or(i64::MIN))
            }
        };
        let at = self.now.max(taken.max(last(&conversation)).saturating_add(1));
        of_app.newest = of_app.newest.max(at);
        self.last.insert(conversation, at);
        match inside {
            Inside::Many => of_app.everybody = at,
            Inside::Few(users) => self.last.extend(users.iter().map(|user| (Whose::User(*user), at))),
        }
        self.newest = self.newest.max(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MANY: usize = 5;

    /// Remembers everything for ever.
    #[derive(Default)]
    struct Naive {
        now: i64,
        given: Vec<(i64, i64, Inside, i64)>,
    }

    impl Naive {
        /// The earliest time that is after everything that anybody inside got, and after the clock.
        fn give(&mut self, clock: i64, app: i64, conversation: i64, inside: &Inside) -> i64 {
            self.now = self.now.max(clock);
            let meets = |other: &Inside| match (inside, other) {
                (Inside::Few(users), Inside::Few(others)) => users.iter().any(|user| others.contains(user)),
                _ => true,
            };
            let taken = self
                .given
                .iter()
                .filter(|(its, place, other, _)| *its == app && (*place == conversation || meets(other)));
            let at = taken.map(|(.., at)| at + 1).max().unwrap_or(0).max(self.now);
            self.given.push((app, conversation, inside.clone(), at));
            at
        }
    }

    fn place() -> impl Strategy<Value = (i64, i64, Inside)> {
        (0..2_i64, 0..4_i64, prop::collection::btree_set(0..8_i64, 0..=MANY)).prop_map(|(app, conversation, users)| {
            // Users and conversations belong to one app each.
            let users: Box<[i64]> = users.into_iter().map(|user| user + 100 * app).collect();
            let inside = if users.len() == MANY { Inside::Many } else { Inside::Few(users) };
            (app, conversation + 100 * app, inside)
        })
    }

    proptest! {
        #[test]
        fn d6_times_are_the_earliest_that_grow_for_everybody(
            steps in prop::collection::vec((place(), -2..4_i64), 1..200)
        ) {
            let (mut moments, mut naive, mut clock) = (Moments::after(0), Naive { now: 1, ..Naive::default() }, 5);
            for ((app, conversation, inside), step) in steps {
                clock += step;
                let at = moments.give(clock, app, conversation, &inside);
                prop_assert_eq!(at, naive.give(clock, app, conversation, &inside));
            }
        }
    }

    #[test]
    fn what_the_clock_has_passed_is_forgotten() {
        let mut moments = Moments::after(0);
        let pair = |user| Inside::Few(Box::new([user, user + 1]));
        for user in 0..100_000 {
            // One conversation is always ahead of the clock.
            moments.give(user, 1, -1, &Inside::Few(Box::new([-1])));
            moments.give(user, 1, -1, &Inside::Few(Box::new([-1])));
            moments.give(user, 1, user, &pair(2 * user));
        }
        assert!(moments.last.len() < 2 * USUAL, "{}", moments.last.len());
        moments.give(1_000_000, 1, 1, &pair(1));
        assert_eq!(moments.last.len(), 3);
    }
}
