//! What a node has told so far, as the one number that goes with its tidings and beats.
//!
//! Tidings are counted one by one: only who heard all of them knows who is here. Of hints it is counted in how many beats
//! any was lost: the store knows what they said, so that others need no more than look there. The version before read one
//! count of both; to it a lost hint looks like lost tidings, as it always did, and what it counts itself are tidings here.

/// Bits of the tidings; the others are for lost hints.
const BITS: u32 = 40;
/// No more can be counted.
const MOST_LOST: u64 = u64::MAX >> BITS;

/// See above. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    /// Tidings told.
    pub(super) told: u64,
    /// Beats before which hints were lost.
    pub(super) lost: u64,
}

impl Count {
    pub(super) const fn read(number: u64) -> Self {
        Self { told: number & (u64::MAX >> (u64::BITS - BITS)), lost: number >> BITS }
    }

    pub(super) const fn number(self) -> u64 {
        self.lost << BITS | self.told
    }
}

/// What this node has told.
#[derive(Debug, Default)]
pub(super) struct Counting {
    count: Count,
    /// A hint was lost since the last beat.
    has_lost: bool,
}

impl Counting {
    /// The number of the next tidings.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.count.told += 1;
        self.count.number()
    }

    /// A hint was lost on its way to others.
    pub(super) const fn lose_hint(&mut self) {
        self.has_lost = true;
    }

    /// What the next beat says.
    pub(super) fn at_beat(&mut self) -> u64 {
        if std::mem::take(&mut self.has_lost) {
            self.count.lost = MOST_LOST.min(self.count.lost + 1);
        }
        self.count.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_hints_are_counted_by_beats_and_apart_from_tidings() {
        let mut counting = Counting::default();
        assert_eq!((counting.next_number(), counting.next_number(), counting.at_beat()), (1, 2, 2));
        counting.lose_hint();
        assert_eq!(counting.next_number(), 3, "not before the beat, so that tidings follow each other");
        counting.lose_hint();
        assert_eq!(Count::read(counting.at_beat()), Count { told: 3, lost: 1 });
        assert_eq!(Count::read(counting.at_beat()), Count { told: 3, lost: 1 });
        assert_eq!(Count::read(counting.next_number()), Count { told: 4, lost: 1 });
    }

    #[test]
    fn to_the_version_before_a_lost_hint_is_a_gap_and_nothing_goes_backwards() {
        let mut counting = Counting { count: Count { told: 5, lost: MOST_LOST - 1 }, has_lost: true };
        let before = counting.next_number();
        assert!(counting.at_beat() > before + 1);
        counting.lose_hint();
        let last = counting.at_beat();
        assert_eq!(Count::read(last), Count { told: 6, lost: MOST_LOST });
        assert_eq!(counting.next_number(), last + 1);
        assert_eq!(Count::read(7), Count { told: 7, lost: 0 }, "of the version before");
    }
}
