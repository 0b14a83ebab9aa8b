//! Nodes that went without a good-bye. Such a one may have crashed, or live on where this node does not hear it: then
//! neither learns what the other tells, and what it has decided is found in the store only.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::model::{Millis, NodeId};

/// The store is looked into so often while a node may live unheard.
const LOOK_MS: i64 = 5000;
/// Nobody is believed to live unheard for longer: a node that crashed comes back as another one, and nobody says so.
const BELIEVED_MS: i64 = 3_600_000;

/// Which nodes may live unheard.
#[derive(Debug, Default)]
pub(in crate::im) struct Lost(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    since: HashMap<NodeId, Millis>,
    looked_at: Option<Millis>,
}

impl Lost {
    /// A node is not heard any more, and said no good-bye.
    pub(in crate::im) fn note(&self, node: NodeId, now: Millis) {
        self.with(|state| state.since.insert(node, now));
    }

    /// A node is heard.
    pub(in crate::im) fn found(&self, node: NodeId) {
        self.with(|state| state.since.remove(&node));
    }

    /// Whether it is time to look into the store, because a node may live unheard.
    pub(in crate::im) fn is_time_to_look(&self, now: Millis) -> bool {
        self.with(|state| {
            state.since.retain(|_, since| now.since(*since) < BELIEVED_MS);
            let is_due = state.looked_at.is_none_or(|at| now.since(at).abs() >= LOOK_MS);
            let looks = is_due && !state.since.is_empty();
            if looks {
                state.looked_at = Some(now);
            }
            looks
        })
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in here panics half-way.
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: i64) -> Millis {
        Millis::new(1_800_000_000_000).plus_secs(secs)
    }

    #[test]
    fn the_store_is_looked_into_now_and_then_until_the_node_is_heard_or_given_up() {
        let (lost, a, b) = (Lost::default(), NodeId(1), NodeId(2));
        assert!(!lost.is_time_to_look(at(0)));
        lost.note(a, at(0));
        lost.note(b, at(0));
        let looks = [0, 1, 4, 5, 9, 10].map(|secs| lost.is_time_to_look(at(secs)));
        assert_eq!(looks, [true, false, false, true, false, true]);
        lost.found(b);
        assert!(lost.is_time_to_look(at(3599)));
        assert!(!lost.is_time_to_look(at(3605)), "it has crashed");
        lost.note(a, at(9000));
        lost.found(a);
        assert!(!lost.is_time_to_look(at(9001)));
    }
}
