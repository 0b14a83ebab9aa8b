//! Numbers of messages: unique, growing, sortable by time.

use crate::model::{MessageUid, Millis};

const COUNTER_BITS: u32 = 10;
const NODE_BITS: u32 = 12;
const MAX_COUNTER: i64 = (1 << COUNTER_BITS) - 1;
const MAX_MILLIS: i64 = (1 << 41) - 1;

/// The largest node number a store may have; 4095 stands for messages that are not stored.
pub(super) const MAX_NODE: u16 = 4094;

/// Mints message numbers that only grow, whatever the clock does (D6).
#[derive(Debug)]
pub(super) struct Uids {
    node: i64,
    millis: i64,
    counter: i64,
}

impl Uids {
    /// Continues above the highest number ever stored.
    pub(super) fn after(node: u16, highest: Option<i64>) -> Self {
        let millis = highest.map_or(0, |number| number >> (NODE_BITS + COUNTER_BITS));
        // A full counter: the next number begins a new millisecond, above every node's numbers of the last one.
        Self { node: i64::from(node.min(MAX_NODE)), millis, counter: MAX_COUNTER }
    }

    /// No message with a number of ours was taken after this instant.
    pub(super) fn newest(&self) -> i64 {
        self.millis + MessageUid::EPOCH_MS
    }

    /// Continues above a number from elsewhere, and returns it.
    pub(super) fn pass(&mut self, number: i64) -> i64 {
        let millis = number >> (NODE_BITS + COUNTER_BITS);
        if millis >= self.millis {
            (self.millis, self.counter) = (millis, MAX_COUNTER);
        }
        number
    }

    /// The next number.
    pub(super) fn mint(&mut self, now: Millis) -> i64 {
        let now = (now.get() - MessageUid::EPOCH_MS).clamp(0, MAX_MILLIS);
        if now > self.millis {
            (self.millis, self.counter) = (now, 0);
        } else if self.counter < MAX_COUNTER {
            self.counter += 1;
        } else {
            (self.millis, self.counter) = (self.millis + 1, 0);
        }
        (self.millis << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | self.counter
    }
}

impl Uids {
    /// The next number, above another node's, so that those of a conversation grow like its places whatever the
    /// clocks of the nodes say.
    pub(super) fn mint_above(&mut self, now: Millis, floor: i64) -> i64 {
        let millis = floor >> (NODE_BITS + COUNTER_BITS);
        if millis >= self.millis {
            (self.millis, self.counter) = (millis, MAX_COUNTER);
        }
        self.mint(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis::new(1_790_000_000_000);

    #[test]
    fn numbers_grow_when_the_clock_goes_back() {
        let mut uids = Uids::after(0, None);
        let mut last = uids.mint(NOON);
        for step in 0..5000 {
            let next = uids.mint(NOON.plus_secs(-step));
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn req_7_2_a_million_ids_are_all_different() {
        let mut uids = Uids::after(0, None);
        let mut seen = std::collections::HashSet::with_capacity(1_000_000);
        // A thousand messages in each millisecond.
        for number in 0..1_000_000_i64 {
            let uid = MessageUid::from_number(uids.mint(Millis::new(NOON.get() + number / 1000)));
            assert!(seen.insert(uid.to_string()), "{uid} came twice");
        }
    }

    #[test]
    fn numbers_continue_above_another_nodes_highest() {
        let highest = Uids::after(4000, None).mint(NOON);
        assert!(Uids::after(1, Some(highest)).mint(NOON.plus_secs(-3600)) > highest);
    }

    #[test]
    fn numbers_continue_above_one_from_elsewhere() {
        let mut uids = Uids::after(0, None);
        let ahead = Uids::after(0, None).mint(NOON.plus_secs(1));
        assert_eq!(uids.pass(ahead), ahead);
        assert!(uids.mint(NOON) > ahead);
        let last = uids.mint(NOON.plus_secs(2));
        uids.pass(ahead);
        assert!(uids.mint(NOON) > last);
    }

    #[test]
    fn numbers_of_a_conversation_grow_from_node_to_node() {
        let (mut ahead, mut behind) = (Uids::after(1, None), Uids::after(0, None));
        let mut last = ahead.mint(NOON.plus_secs(30));
        for step in 0..3000 {
            let uids = if step % 3 == 0 { &mut ahead } else { &mut behind };
            let next = uids.mint_above(NOON, last);
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn a_number_tells_its_millisecond_and_node() {
        let number = Uids::after(7, None).mint(NOON);
        assert_eq!((number >> 22) + MessageUid::EPOCH_MS, NOON.get());
        assert_eq!((number >> 10) & 0xFFF, 7);
    }

    #[test]
    fn a_clock_before_2020_still_gives_numbers() {
        assert!(Uids::after(0, None).mint(Millis::new(0)) > 0);
    }
}
