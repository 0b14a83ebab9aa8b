//! When to try again, and when to leave a receiver alone (N3).

use rand::Rng;

use crate::{
    model::{Millis, webhook::Outcome},
    store::outbox::{Health, Then},
};

/// Pauses before each further attempt, in seconds. After the last one a delivery is given up.
const PAUSES_SECS: [i64; 6] = [5, 60, 600, 3600, 6 * 3600, 24 * 3600];
/// So many failures in a row open a receiver's breaker.
pub(super) const BREAKS_AFTER: u32 = 5;
/// How long an open breaker waits before its first probe, in seconds; doubled after each that fails.
const FIRST_BREAK_SECS: i64 = 60;
/// The longest it waits.
const LONGEST_BREAK_SECS: i64 = 15 * 60;
/// The longest that a receiver's own wish to wait is respected for one delivery.
const LONGEST_WISH_SECS: i64 = 6 * 3600;

/// An attempt that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// What came of it.
    pub(super) outcome: Outcome,
    /// How often the delivery was tried before.
    pub(super) attempts: u32,
    /// How many requests to its receiver have failed in a row now.
    pub(super) failures: u32,
    /// Seconds that the receiver wants to be left alone.
    pub(super) retry_after: Option<u32>,
    /// Now.
    pub(super) at: Millis,
}

/// What becomes of the delivery and of its receiver.
pub(super) fn after(ended: &Ended, rng: &mut impl Rng) -> (Then, Health) {
    let wish = ended.retry_after.map_or(0, i64::from);
    match ended.outcome {
        Outcome::Delivered => (Then::Delivered, Health::default()),
        // It waits until its owner switches the webhook on again.
        Outcome::Gone => (Then::Retry(ended.at), Health { gone: true, ..Health::default() }),
        _ => {
            let then = match usize::try_from(ended.attempts).ok().and_then(|tried| PAUSES_SECS.get(tried)) {
                Some(pause) => {
                    let pause = jittered(*pause, rng).max(wish.min(LONGEST_WISH_SECS) * 1000);
                    Then::Retry(Millis::new(ended.at.get().saturating_add(pause)))
                }
                None => Then::Park,
            };
            let pause = break_secs(ended.failures).max(wish.min(LONGEST_BREAK_SECS));
            let paused_until = (pause > 0).then(|| ended.at.plus_secs(pause));
            (then, Health { failures: ended.failures, paused_until, gone: false })
        }
    }
}

/// A pause in milliseconds, a fifth longer or shorter, so that receivers are not asked for everything at once.
fn jittered(secs: i64, rng: &mut impl Rng) -> i64 {
    secs * rng.random_range(800..=1200)
}

/// How long a receiver is left alone after so many failures in a row.
fn break_secs(failures: u32) -> i64 {
    match failures.checked_sub(BREAKS_AFTER) {
        None => 0,
        Some(probes) => (FIRST_BREAK_SECS << probes.min(8)).min(LONGEST_BREAK_SECS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis::new(1_790_000_000_000);

    fn ended(outcome: Outcome, attempts: u32, failures: u32) -> Ended {
        Ended { outcome, attempts, failures, retry_after: None, at: NOON }
    }

    #[test]
    fn n3_pauses_grow_until_a_delivery_is_given_up() {
        let mut rng = rand::rng();
        for (attempts, secs) in [(0, 5), (1, 60), (2, 600), (3, 3600), (4, 21_600), (5, 86_400)] {
            let (then, _) = after(&ended(Outcome::Failed, attempts, 1), &mut rng);
            let Then::Retry(at) = then else { panic!("{then:?}") };
            let pause = at.since(NOON);
            assert!((secs * 800..=secs * 1200).contains(&pause), "{attempts}: {pause}");
        }
        assert_eq!(after(&ended(Outcome::Failed, 6, 1), &mut rng).0, Then::Park);
    }

    #[test]
    fn n3_the_breaker_opens_and_waits_longer_each_time() {
        let breaks: Vec<_> = [0, 4, 5, 6, 7, 8, 9, 10, 99].into_iter().map(break_secs).collect();
        assert_eq!(breaks, [0, 0, 60, 120, 240, 480, 900, 900, 900]);
        let (then, health) = after(&ended(Outcome::Delivered, 3, 0), &mut rand::rng());
        assert_eq!((then, health), (Then::Delivered, Health::default()));
    }

    #[test]
    fn a_receivers_wish_to_wait_is_respected_within_bounds() {
        let wish = |secs| {
            let ended = Ended { retry_after: Some(secs), ..ended(Outcome::Failed, 0, 1) };
            after(&ended, &mut rand::rng())
        };
        let (then, health) = wish(300);
        assert_eq!((then, health.paused_until), (Then::Retry(NOON.plus_secs(300)), Some(NOON.plus_secs(300))));
        let (then, health) = wish(u32::MAX);
        assert_eq!(
            (then, health.paused_until),
            (Then::Retry(NOON.plus_secs(LONGEST_WISH_SECS)), Some(NOON.plus_secs(LONGEST_BREAK_SECS)))
        );
    }

    #[test]
    fn who_is_gone_is_asked_no_more() {
        let (then, health) = after(&ended(Outcome::Gone, 0, 1), &mut rand::rng());
        assert!(health.gone && then == Then::Retry(NOON), "it waits until the webhook is switched on again");
    }
}
