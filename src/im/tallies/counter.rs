//! What one server knows of a count: everything it has heard of it, and what it has not told the others.

use std::{
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};

use crate::{
    model::tally::{Rule, Tally},
    store::tallies::{Drawn, TallyName},
};

/// Of what each of several servers may give on its own: one part in so many.
const QUIET_PARTS: u32 = 10;

/// Answers overtake each other by less than this, in microseconds; beyond, the store's clock was put back.
const OVERTAKEN: i64 = 5_000_000;

/// What something is counted by. Its text names it among all of its kind.
pub trait Counted: fmt::Display + Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: fmt::Display + Hash + Eq + Clone + Send + Sync + 'static> Counted for K {}

/// How sure a count must be when several servers share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Each is told at once: what happens seldom.
    Each,
    /// A server that gives less than a tenth tells nobody: what happens often.
    Use,
}

/// Counts of one kind. Bounded: when there are too many, those that were used longest ago are forgotten first, so that
/// newcomers are always counted.
#[derive(Debug)]
pub struct Counter<K: Counted> {
    kind: &'static str,
    care: Care,
    slots: Cache<K, Arc<Slot>>,
}

impl<K: Counted> Counter<K> {
    /// Of this name, for at most so many, each remembered for so long after its last use: the longest time of its rules.
    pub fn new(kind: &'static str, care: Care, most: u64, lasts: Duration) -> Self {
        let lru = EvictionPolicy::lru();
        Self { kind, care, slots: Cache::builder().max_capacity(most).eviction_policy(lru).time_to_idle(lasts).build() }
    }

    pub(super) const fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn slot(&self, key: &K, name: impl FnOnce() -> TallyName) -> Arc<Slot> {
        self.slots.get_with_by_ref(key, || Arc::new(Slot { name: name(), care: self.care, known: Mutex::default() }))
    }

    pub(super) fn forget(&self, key: &K) {
        self.slots.invalidate(key);
    }
}

/// One count.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: TallyName,
    care: Care,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// As it was heard last, with everything that was taken here since.
    all: Tally,
    /// When that was, by the store's clock: answers may overtake each other.
    heard: i64,
    /// What is given without telling.
    quiet: Tally,
    /// How much of it the others do not know.
    untold: f64,
    /// How much of it is being told.
    telling: f64,
}

/// Something to take.
#[derive(Debug, Clone)]
pub struct Spot {
    pub(super) slot: Arc<Slot>,
    pub(super) rule: Rule,
    pub(super) count: u32,
}

/// What one server can say by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) taken: bool,
    pub(super) left: u32,
    /// So much is used that the others should be asked.
    pub(super) asks: bool,
}

impl Spot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.slot.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes it as far as is known here.
    pub(super) fn take(&self, now: i64) -> Here {
        let (rule, mut known) = (self.rule, self.known());
        known.all = known.all.at(rule, now);
        // What came back need not be told.
        known.untold = known.untold.min(known.all.used);
        known.telling = known.telling.min(known.all.used);
        let taken = known.all.take(rule, self.count, now);
        let is_quiet = self.slot.care == Care::Use
            && known.all.used * 2.0 <= f64::from(rule.most())
            && known.quiet.take(rule.part(QUIET_PARTS), self.count, now);
        Here { taken, left: known.all.left(rule), asks: !is_quiet }
    }

    /// It was taken and is not told now.
    pub(super) fn keep(&self) {
        self.known().untold += f64::from(self.count);
    }

    /// It is told now, with what was taken before and not told: so much.
    pub(super) fn tell(&self) -> f64 {
        let mut known = self.known();
        let owed = std::mem::take(&mut known.untold);
        known.telling += owed + f64::from(self.count);
        owed
    }

    /// Nobody heard it.
    pub(super) fn untell(&self, owed: f64) {
        let (told, mut known) = (owed + f64::from(self.count), self.known());
        known.telling = (known.telling - told).max(0.0);
        known.untold += told;
    }

    /// It was not needed after all: nothing was taken, and what was owed is not told.
    pub(super) fn give_back(&self, owed: f64) {
        let mut known = self.known();
        known.telling = (known.telling - owed - f64::from(self.count)).max(0.0);
        known.untold += owed;
        known.all.used = (known.all.used - f64::from(self.count)).max(0.0);
    }

    /// The others' answer.
    pub(super) fn heard(&self, owed: f64, drawn: Drawn, now: i64) {
        let mut known = self.known();
        known.telling = (known.telling - owed - f64::from(self.count)).max(0.0);
        if (1..OVERTAKEN).contains(&known.heard.saturating_sub(drawn.now)) {
            return;
        }
        known.heard = drawn.now;
        known.all = drawn.tally.by_clock(drawn.now, now);
        // What was taken here meanwhile.
        let meanwhile = known.untold + known.telling;
        known.all.add(self.rule, meanwhile, now);
    }
}
