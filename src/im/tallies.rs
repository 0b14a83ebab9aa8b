//! How much was used of what is limited in time: sign-ins, new visitors, requests of back ends.
//!
//! Every server counts in its memory. When several share the store, they also tell each other: what happens seldom at once,
//! what happens often when a server has given a tenth of it. The same rules decide here and there (`model::tally`). Nobody
//! waits for the others longer than half a second; when they do not answer, what is known here decides.

mod counter;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hmac::{Hmac, Mac};
use sha2::Sha256;

pub use self::counter::{Care, Counted, Counter, Spot};
use super::Im;
use crate::{
    auth::vault::Vault,
    model::tally::Rule,
    store::{
        StoreError,
        tallies::{self, Draw, Drawn, TallyName},
    },
};

/// Longest wait for what the others have counted.
const PATIENCE: Duration = Duration::from_millis(500);
/// After a wait in vain nobody is asked for this long.
const PAUSE: Duration = Duration::from_secs(2);

/// What came of taking something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// How much is left of each, in the order asked for; ends with the one that was refused.
    pub left: Vec<u32>,
    /// The first that could not be taken. What stands before it was taken all the same.
    pub refused: Option<usize>,
}

impl Taken {
    /// Whether all was taken.
    pub const fn all(&self) -> bool {
        self.refused.is_none()
    }
}

/// Takes what is limited.
pub struct Tallies {
    store: Arc<dyn tallies::Tallies>,
    names: Hmac<Sha256>,
    is_shared: bool,
    began: Instant,
    /// Until then the others are not asked.
    alone_until: AtomicI64,
    stats: Arc<TallyStats>,
}

/// How often the others were asked since the start.
#[derive(Debug, Default)]
pub struct TallyStats {
    /// Questions.
    pub asked: AtomicU64,
    /// Answers in time.
    pub answered: AtomicU64,
    /// Questions that were given up: too late, or refused.
    pub given_up: AtomicU64,
}

impl Tallies {
    pub(super) fn new(store: Arc<dyn tallies::Tallies>, vault: &Vault) -> Self {
        let is_shared = store.shares_tallies();
        Self {
            store,
            names: names(vault),
            is_shared,
            began: Instant::now(),
            alone_until: AtomicI64::new(0),
            stats: Arc::default(),
        }
    }

    /// Of a server that has its counts for itself.
    #[cfg(test)]
    pub fn of_one() -> Self {
        struct Alone;
        impl tallies::Tallies for Alone {}
        Self::new(Arc::new(Alone), &Vault::passing())
    }

    /// The same with names that nobody reads without this vault.
    pub(super) fn named_by(&mut self, vault: &Vault) {
        self.names = names(vault);
    }

    /// Something to take of what a key has, by a rule.
    pub fn of<K: Counted>(&self, counter: &Counter<K>, key: &K, rule: Rule, count: u32) -> Spot {
        Spot { slot: counter.slot(key, || self.name(counter.kind(), key)), rule, count }
    }

    /// Takes one after the other, until one is refused.
    pub async fn take(&self, spots: &[Spot]) -> Taken {
        let now = self.now();
        let (mut left, mut asks) = (Vec::with_capacity(spots.len()), false);
        for (place, spot) in spots.iter().enumerate() {
            let here = spot.take(now);
            left.push(here.left);
            asks |= here.asks;
            if !here.taken {
                // The others cannot know of less. What stands before it stays taken.
                spots.iter().take(place).for_each(Spot::keep);
                return Taken { left, refused: Some(place) };
            }
        }
        let here = Taken { left, refused: None };
        if !self.is_shared {
            return here;
        }
        if !asks || now < self.alone_until.load(Ordering::Relaxed) {
            spots.iter().for_each(Spot::keep);
            return here;
        }
        self.ask(spots).await.unwrap_or(here)
    }

    /// Nothing was used of what a key has.
    pub async fn forget<K: Counted>(&self, counter: &Counter<K>, key: &K) {
        counter.forget(key);
        if self.is_shared {
            self.in_time(self.store.forget_tally(self.name(counter.kind(), key))).await;
        }
    }

    /// What the others say; `None` when they say nothing.
    async fn ask(&self, spots: &[Spot]) -> Option<Taken> {
        let mut telling = Telling { told: spots.iter().map(|spot| (spot, spot.tell())).collect() };
        let draws = telling.told.iter().map(|(spot, owed)| Draw {
            name: spot.slot.name,
            rule: spot.rule,
            owed: *owed,
            count: spot.count,
        });
        let drawn = self.in_time(self.store.draw(draws.collect())).await?;
        Some(telling.settle(&drawn, self.now()))
    }

    /// What the others answer; `None` when it is nothing, or too late.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        self.stats.asked.fetch_add(1, Ordering::Relaxed);
        let late = |_| StoreError::Unavailable("the counts take too long".to_owned());
        match tokio::time::timeout(PATIENCE, answer).await.map_err(late).flatten() {
            Ok(answer) => {
                self.stats.answered.fetch_add(1, Ordering::Relaxed);
                Some(answer)
            }
            Err(error) => {
                self.stats.given_up.fetch_add(1, Ordering::Relaxed);
                self.is_alone(&error);
                None
            }
        }
    }

    /// How often the others were asked.
    pub fn stats(&self) -> Arc<TallyStats> {
        Arc::clone(&self.stats)
    }

    fn is_alone(&self, error: &StoreError) {
        let until = self.now().saturating_add(micros(PAUSE));
        if self.alone_until.swap(until, Ordering::Relaxed) < self.now() {
            tracing::warn!(%error, "What other servers have counted cannot be asked; limits hold for this one alone");
        }
    }

    fn name(&self, kind: &str, key: &impl Counted) -> TallyName {
        if !self.is_shared {
            return TallyName::default();
        }
        let mut mac = self.names.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(key.to_string().as_bytes());
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        bytes.first_chunk().copied().unwrap_or_default()
    }

    fn now(&self) -> i64 {
        micros(self.began.elapsed())
    }
}

impl std::fmt::Debug for Tallies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tallies").field("is_shared", &self.is_shared).finish_non_exhaustive()
    }
}

/// What is being told, and what was owed of each. Who stops waiting leaves it untold.
struct Telling<'s> {
    told: Vec<(&'s Spot, f64)>,
}

impl Telling<'_> {
    fn settle(&mut self, drawn: &[Drawn], now: i64) -> Taken {
        let mut taken = Taken { left: Vec::with_capacity(drawn.len()), refused: None };
        for (place, (spot, owed)) in std::mem::take(&mut self.told).into_iter().enumerate() {
            match drawn.get(place) {
                Some(drawn) => {
                    spot.heard(owed, *drawn, now);
                    taken.left.push(drawn.tally.left(spot.rule));
                    if !drawn.taken {
                        taken.refused = Some(place);
                    }
                }
                None => spot.give_back(owed),
            }
        }
        taken
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        for (spot, owed) in &self.told {
            spot.untell(*owed);
        }
    }
}

fn names(vault: &Vault) -> Hmac<Sha256> {
    Hmac::new_from_slice(&vault.derive("names of counts")).expect("HMAC takes keys of any length")
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Im {
    /// How much was used of what is limited in time.
    pub const fn tallies(&self) -> &Tallies {
        &self.tallies
    }
}
