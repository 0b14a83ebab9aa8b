//! One time for all servers of a database: its own.
//!
//! Machines' clocks differ, whatever one does. What servers do together – how long a message may be taken back, when a
//! token ends, what came first – must not depend on which of them was asked. So each asks the database what time it is,
//! again and again, and goes on from the answer by counting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::time::MissedTickBehavior;

use crate::{
    model::{Clock, Millis, clock::SystemClock},
    store::{Result, Store, StoreError},
};

/// How often the database is asked.
const TICK: Duration = Duration::from_secs(10);
/// An answer that takes longer says too little.
const PATIENCE: Duration = Duration::from_secs(1);
/// At the start there is nothing better yet.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// Questions at the start: the first one's answer waits for a connection, those behind it tell more.
const FIRST_QUESTIONS: u32 = 3;
/// Somebody should look after a machine's clock that is wrong by more: others read it too.
const FAR_MILLIS: u64 = 5000;
/// Nothing was learned.
const NEVER: i64 = i64::MIN;

/// The time that all servers of a database have in common; this machine's own as long as nobody says another.
#[derive(Debug)]
pub(super) struct AgreedClock {
    machine: SystemClock,
    since: Instant,
    /// What time it was at `since`.
    then: AtomicI64,
}

/// What time it is, as somebody says, and when they were asked and heard.
#[derive(Debug, Clone, Copy)]
struct Answer {
    now: Millis,
    asked: Instant,
    heard: Instant,
}

impl Default for AgreedClock {
    fn default() -> Self {
        Self { machine: SystemClock, since: Instant::now(), then: AtomicI64::new(NEVER) }
    }
}

impl Clock for AgreedClock {
    fn now(&self) -> Millis {
        match self.then.load(Relaxed) {
            NEVER => self.machine.now(),
            then => Millis::new(then.saturating_add(millis(self.since.elapsed()))),
        }
    }
}

impl AgreedClock {
    /// A clock that goes by a store's, and learned what time it is. Fails when the store does not answer.
    pub(super) async fn of(store: &dyn Store) -> Result<Self> {
        let clock = Self::default();
        for _ in 0..FIRST_QUESTIONS {
            let Some(answer) = ask(store, FIRST_PATIENCE).await? else { break };
            clock.learn(answer);
        }
        Ok(clock)
    }

    /// Asks the store for ever. An only server has nobody to agree with: nothing is asked then.
    pub(super) async fn keep_right(self: Arc<Self>, store: Arc<dyn Store>) {
        if self.then.load(Relaxed) == NEVER {
            return;
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_far = false;
        loop {
            ticks.tick().await;
            if let Ok(Some(answer)) = ask(&*store, PATIENCE).await {
                self.learn(answer);
            }
            let ahead = self.machine_ahead();
            let is_far = ahead.unsigned_abs() > FAR_MILLIS;
            if is_far && !was_far {
                tracing::warn!(
                    ahead_ms = ahead,
                    "This machine's clock differs from the database's, which holds; NTP should put both right"
                );
            }
            was_far = is_far;
        }
    }

    /// Goes by an answer. It was given some time between question and answer; what was known before stays as long as it
    /// may be right.
    fn learn(&self, Answer { now, asked, heard }: Answer) {
        let earliest = now.get().saturating_sub(millis(heard.saturating_duration_since(self.since)));
        let latest = now.get().saturating_sub(millis(asked.saturating_duration_since(self.since)));
        let before = self.then.load(Relaxed);
        let then = if before == NEVER { earliest.midpoint(latest) } else { before.clamp(earliest, latest) };
        self.then.store(then, Relaxed);
    }

    /// By how many milliseconds the machine's own clock is ahead.
    fn machine_ahead(&self) -> i64 {
        self.machine.now().get().saturating_sub(self.now().get())
    }
}

async fn ask(store: &dyn Store, patience: Duration) -> Result<Option<Answer>> {
    let asked = Instant::now();
    let late = |_| StoreError::Unavailable("it does not say in time what time it is".to_owned());
    let now = tokio::time::timeout(patience, store.time()).await.map_err(late)??;
    Ok(now.map(|now| Answer { now, asked, heard: Instant::now() }))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_000_000_000;

    /// An answer that took from one instant to another, both in milliseconds since the clock was made.
    fn answer(clock: &AgreedClock, now: i64, asked: u64, heard: u64) -> Answer {
        let at = |millis| clock.since + Duration::from_millis(millis);
        Answer { now: Millis::new(now), asked: at(asked), heard: at(heard) }
    }

    #[test]
    fn whoever_learned_nothing_goes_by_the_machine() {
        let clock = AgreedClock::default();
        let (before, now, after) = (SystemClock.now(), clock.now(), SystemClock.now());
        assert!(before <= now && now <= after);
        assert_eq!(clock.then.load(Relaxed), NEVER);
    }

    #[test]
    fn an_answer_holds_for_the_middle_of_its_way_and_until_a_better_one() {
        let clock = AgreedClock::default();
        let then = |answer| {
            clock.learn(answer);
            clock.then.load(Relaxed) - NOON
        };
        assert_eq!(then(answer(&clock, NOON + 200, 100, 200)), 50);
        assert_eq!(then(answer(&clock, NOON + 2100, 2000, 2400)), 50, "it may have been 0 to 100 before");
        assert_eq!(then(answer(&clock, NOON + 9080, 9000, 9010)), 70, "it was 70 to 80 before");
        assert_eq!(then(answer(&clock, NOON + 9910, 9900, 9905)), 10, "it was 5 to 10 before");
        assert!(clock.now() >= Millis::new(NOON + 10));
        assert!(clock.machine_ahead().unsigned_abs() > FAR_MILLIS);
    }
}
