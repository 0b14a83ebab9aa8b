//! Ids for messages that pass through without being stored.

use std::sync::atomic::{AtomicI64, Ordering};

use super::Im;
use crate::model::{MessageUid, Millis};

/// Mints ids that never equal a stored message's: the node part is one that stores do not use.
#[derive(Debug, Default)]
pub(super) struct PassingUids {
    last: AtomicI64,
}

/// The node number that stands for "not stored".
const NODE: i64 = 0xFFF;
const COUNTER_BITS: u32 = 10;
const NODE_BITS: u32 = 12;

impl PassingUids {
    /// A new id, later than every other of this process even when the clock steps back.
    pub(super) fn mint(&self, now: Millis) -> MessageUid {
        let fresh = (now.get() - MessageUid::EPOCH_MS).max(0) << COUNTER_BITS;
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(fresh.max(last + 1)));
        let ticket = last.map_or(fresh, |last| fresh.max(last + 1));
        let (millis, counter) = (ticket >> COUNTER_BITS, ticket & ((1 << COUNTER_BITS) - 1));
        MessageUid::from_number((millis << (NODE_BITS + COUNTER_BITS)) | (NODE << COUNTER_BITS) | counter)
    }
}

impl Im {
    /// A public id for something that leaves no message.
    pub fn mint_uid(&self) -> MessageUid {
        self.uids.mint(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_steps_back() {
        let uids = PassingUids::default();
        let late = uids.mint(Millis::new(MessageUid::EPOCH_MS + 5000));
        let early = uids.mint(Millis::new(MessageUid::EPOCH_MS + 1000));
        assert!(early > late);
    }
}
