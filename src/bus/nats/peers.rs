//! Who else is there, and what of theirs was lost on the way. Told instants, has none of its own.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::count::Count;
use crate::model::NodeId;

/// Numbers of hints remembered per node: their copies under several subjects come close together.
const REMEMBERED: usize = 4096;

/// What a node's sign of life means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing was lost.
    AllRight,
    /// The node is new, or something it told was lost.
    Missed,
    /// Hints of it were lost, and nothing else.
    MissedHints,
    /// Heard before.
    Again,
}

/// All other nodes that are known, and whether anything is heard at all.
#[derive(Debug)]
pub(super) struct Peers {
    /// Longest time between two beats of a node that lives.
    patience: Duration,
    known: HashMap<NodeId, Known>,
    /// Since when the bus has been heard without a break; nothing while it is not.
    hearing: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    heard: Instant,
    /// What it has told, as of the last that was heard of it.
    count: Count,
    /// Numbers of the last hints, each in its slot.
    hints: Box<[u64]>,
}

impl Known {
    fn since(now: Instant, count: Count) -> Self {
        // No hint has the number 0.
        Self { heard: now, count, hints: vec![0; REMEMBERED].into() }
    }

    /// Takes in that so much was told, of which so many tidings are here now; what was lost.
    fn take(&mut self, count: Count, here: u64) -> Heard {
        let before = std::mem::replace(&mut self.count, count);
        if count.told != before.told + here {
            Heard::Missed
        } else if count.lost != before.lost {
            Heard::MissedHints
        } else {
            Heard::AllRight
        }
    }
}

impl Peers {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, known: HashMap::new(), hearing: None }
    }

    /// The nodes that are known now, in their order.
    pub(super) fn list(&self) -> Vec<NodeId> {
        let mut list: Vec<_> = self.known.keys().copied().collect();
        list.sort_unstable();
        list
    }

    /// A node lives, and has told as much as this number says.
    pub(super) fn beat(&mut self, node: NodeId, number: u64, now: Instant) -> Heard {
        let count = Count::read(number);
        let Some(known) = self.known.get_mut(&node) else {
            self.known.insert(node, Known::since(now, count));
            return Heard::Missed;
        };
        known.heard = now;
        if count.told < known.count.told {
            return Heard::AllRight;
        }
        known.take(count, 0)
    }

    /// A node's tidings with this number came.
    pub(super) fn tidings(&mut self, node: NodeId, number: u64, now: Instant) -> Heard {
        let count = Count::read(number);
        let Some(known) = self.known.get_mut(&node) else {
            self.known.insert(node, Known::since(now, count));
            return Heard::Missed;
        };
        known.heard = now;
        if count.told <= known.count.told {
            return Heard::Again;
        }
        known.take(count, 1)
    }

    /// Whether this hint came for the first time. Nodes that are not known yet are believed.
    pub(super) fn is_new_hint(&mut self, node: NodeId, number: u64) -> bool {
        let Some(known) = self.known.get_mut(&node) else { return true };
        let slot = usize::try_from(number % REMEMBERED as u64).unwrap_or(0);
        known.hints.get_mut(slot).is_none_or(|seen| std::mem::replace(seen, number) != number)
    }

    /// A node says that it stops; whether it was known.
    pub(super) fn bye(&mut self, node: NodeId) -> bool {
        self.known.remove(&node).is_some()
    }

    /// The bus is heard. After a break that is all nodes whose tidings may be lost.
    pub(super) fn hear_bus(&mut self, now: Instant) -> Vec<NodeId> {
        if self.hearing.replace(self.hearing.unwrap_or(now)).is_some() {
            return Vec::new();
        }
        self.known.values_mut().for_each(|known| known.heard = now);
        self.list()
    }

    /// The bus is not heard any more: nothing is known of anybody until it is.
    pub(super) const fn lose_bus(&mut self) {
        self.hearing = None;
    }

    /// Forgets and returns the nodes that were not heard of for too long, while the bus was.
    pub(super) fn take_silent(&mut self, now: Instant) -> Vec<NodeId> {
        let Some(hearing) = self.hearing else { return Vec::new() };
        let late = |heard: Instant| now.saturating_duration_since(heard.max(hearing)) > self.patience;
        let mut silent: Vec<_> =
            self.known.iter().filter(|(_, known)| late(known.heard)).map(|(node, _)| *node).collect();
        silent.sort_unstable();
        for node in &silent {
            self.known.remove(node);
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);
    const SECOND: Duration = Duration::from_secs(1);

    fn peers() -> (Peers, Instant) {
        let now = Instant::now();
        let mut peers = Peers::new(5 * SECOND);
        assert!(peers.hear_bus(now).is_empty());
        (peers, now)
    }

    #[test]
    fn a_new_node_is_missed_and_then_counted() {
        let (mut peers, now) = peers();
        assert_eq!(peers.beat(A, 7, now), Heard::Missed);
        assert_eq!(peers.beat(A, 7, now), Heard::AllRight);
        assert_eq!(peers.tidings(A, 8, now), Heard::AllRight);
        assert_eq!(peers.tidings(A, 8, now), Heard::Again);
        assert_eq!(peers.tidings(B, 3, now), Heard::Missed);
        assert_eq!(peers.list(), [A, B]);
    }

    #[test]
    fn a_gap_shows_at_the_next_tidings_or_the_next_beat() {
        let (mut peers, now) = peers();
        peers.beat(A, 0, now);
        assert_eq!(peers.tidings(A, 2, now), Heard::Missed);
        assert_eq!(peers.tidings(A, 1, now), Heard::Again, "what comes late is known to be lost");
        assert_eq!(peers.beat(A, 4, now), Heard::Missed);
        assert_eq!(peers.beat(A, 4, now), Heard::AllRight);
    }

    #[test]
    fn lost_hints_show_at_the_next_beat_and_are_no_lost_tidings() {
        let (mut peers, now) = peers();
        let said = |told, lost| Count { told, lost }.number();
        peers.beat(A, said(5, 0), now);
        assert_eq!(peers.beat(A, said(5, 1), now), Heard::MissedHints);
        assert_eq!(peers.beat(A, said(5, 1), now), Heard::AllRight);
        assert_eq!(peers.tidings(A, said(6, 1), now), Heard::AllRight);
        assert_eq!(peers.tidings(A, said(7, 2), now), Heard::MissedHints, "its beat was lost");
        assert_eq!(peers.tidings(A, said(7, 2), now), Heard::Again);
        assert_eq!(peers.beat(A, said(8, 3), now), Heard::Missed, "both were lost");
        assert_eq!(peers.beat(A, said(7, 2), now), Heard::AllRight, "one that comes late");
        assert_eq!(peers.beat(A, said(8, 3), now), Heard::AllRight);
    }

    #[test]
    fn a_silent_node_is_gone_once() {
        let (mut peers, now) = peers();
        peers.beat(A, 0, now);
        peers.beat(B, 0, now + 3 * SECOND);
        assert!(peers.take_silent(now + 5 * SECOND).is_empty());
        assert_eq!(peers.take_silent(now + 6 * SECOND), [A]);
        assert!(peers.take_silent(now + 6 * SECOND).is_empty());
        assert_eq!(peers.beat(A, 9, now + 7 * SECOND), Heard::Missed, "it comes back like a new one");
    }

    #[test]
    fn without_the_bus_nobody_is_gone_and_afterwards_everybody_was_missed() {
        let (mut peers, now) = peers();
        peers.beat(A, 0, now);
        peers.lose_bus();
        assert!(peers.take_silent(now + 60 * SECOND).is_empty());
        assert_eq!(peers.hear_bus(now + 61 * SECOND), [A]);
        assert!(peers.hear_bus(now + 62 * SECOND).is_empty());
        assert!(peers.take_silent(now + 65 * SECOND).is_empty(), "its time begins anew");
        assert_eq!(peers.take_silent(now + 67 * SECOND), [A]);
    }

    #[test]
    fn copies_of_a_hint_count_once() {
        let (mut peers, now) = peers();
        peers.beat(A, 0, now);
        peers.beat(B, 0, now);
        assert!(peers.is_new_hint(A, 1) && !peers.is_new_hint(A, 1));
        assert!(peers.is_new_hint(B, 1) && peers.is_new_hint(A, 2) && !peers.is_new_hint(A, 1));
    }

    #[test]
    fn who_says_good_bye_is_not_known_any_more() {
        let (mut peers, now) = peers();
        peers.beat(A, 0, now);
        assert!(peers.bye(A) && !peers.bye(A) && peers.list().is_empty());
    }
}
