//! Who is asked for this node's people, part by part: they are gone through once for all parts, not once for each.
//!
//! Kept is who they are, not how they stand: each part tells how they stand when it is asked for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{AppKey, NodeId, UserId, node::PeopleQuestion};

/// Nobody goes on with a round that is so old: they ask within milliseconds.
const GIVEN_UP: Duration = Duration::from_secs(30);

/// Somebody within an app.
pub(in crate::im) type Key = (AppKey, UserId);

/// The rounds that are under way, one for each node that asks.
#[derive(Debug, Default)]
pub(in crate::im) struct Rounds(Mutex<HashMap<NodeId, Round>>);

/// All parts of one round.
#[derive(Debug)]
struct Round {
    began: Instant,
    turn: u64,
    parts: Vec<Vec<Key>>,
}

impl Rounds {
    /// Who falls into the part that a node asks for, and the turn as of which they are known. `all` goes through everybody.
    pub(in crate::im) fn part(
        &self,
        from: NodeId,
        asked: PeopleQuestion,
        all: impl FnOnce() -> (u64, Vec<Key>),
    ) -> (u64, Vec<Key>) {
        let (part, of) = (usize::from(asked.part), usize::from(asked.of.max(1)));
        if let Some(found) = self.known(from, part, of) {
            return found;
        }
        let (turn, people) = all();
        let mut parts = vec![Vec::new(); of];
        for key in people {
            if let Some(part) = parts.get_mut(usize::from(part_of(&key, asked.of))) {
                part.push(key);
            }
        }
        let found = parts.get(part).cloned().unwrap_or_default();
        if part + 1 < of {
            self.with(|rounds| rounds.insert(from, Round { began: Instant::now(), turn, parts }));
        }
        (turn, found)
    }

    /// From a round that is under way. The first part begins another one.
    fn known(&self, from: NodeId, part: usize, of: usize) -> Option<(u64, Vec<Key>)> {
        self.with(|rounds| {
            rounds.retain(|_, round| round.began.elapsed() < GIVEN_UP);
            if part == 0 || part + 1 == of {
                let last = rounds.remove(&from).filter(|round| part > 0 && round.parts.len() == of)?;
                return Some((last.turn, last.parts.into_iter().next_back()?));
            }
            let round = rounds.get(&from).filter(|round| round.parts.len() == of)?;
            Some((round.turn, round.parts.get(part)?.clone()))
        })
    }

    fn with<T>(&self, what: impl FnOnce(&mut HashMap<NodeId, Round>) -> T) -> T {
        // Nothing in here panics half-way.
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Into which of equal parts somebody falls (FNV-1a).
fn part_of((app, user): &Key, of: u16) -> u16 {
    let bytes = app.as_str().bytes().chain([0]).chain(user.as_str().bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The rest of a division by at most 65,535.
    u16::try_from((hash >> 16) % u64::from(of.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    /// People who are gone through, and how often they were.
    struct People(Cell<u64>);

    impl People {
        fn all(&self) -> (u64, Vec<Key>) {
            self.0.set(self.0.get() + 1);
            let key = |number| ("app1".parse().unwrap(), format!("user{number}").parse().unwrap());
            (self.0.get(), (0..1000).map(key).collect())
        }

        fn part(&self, rounds: &Rounds, from: NodeId, part: u16, of: u16) -> (u64, Vec<Key>) {
            rounds.part(from, PeopleQuestion { part, of }, || self.all())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_falls_into_one_part_and_is_gone_through_once_a_round() {
        let (rounds, people) = (Rounds::default(), People(Cell::new(0)));
        let mut named: Vec<Key> = Vec::new();
        for part in 0..7 {
            // Another node asks meanwhile, in other parts.
            people.part(&rounds, B, part % 5, 5);
            let (turn, found) = people.part(&rounds, A, part, 7);
            assert!(turn <= 2 && found.len() > 50);
            named.extend(found);
        }
        named.sort();
        named.dedup();
        assert_eq!((named.len(), people.0.get()), (1000, 3), "once for one node, and twice for the other's two rounds");
        assert!(rounds.with(|rounds| !rounds.contains_key(&A)), "nothing is kept of a round that is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_was_given_up_is_forgotten() {
        let (rounds, people) = (Rounds::default(), People(Cell::new(0)));
        people.part(&rounds, A, 0, 7);
        tokio::time::advance(GIVEN_UP).await;
        assert_eq!(people.part(&rounds, A, 1, 7).0, 2);
        assert_eq!(people.part(&rounds, A, 2, 7).0, 2);
        assert_eq!(people.part(&rounds, A, 3, 9).0, 3, "other parts are another round");
        assert_eq!(people.part(&rounds, A, 0, 1).1.len(), 1000, "all in one part");
    }
}
