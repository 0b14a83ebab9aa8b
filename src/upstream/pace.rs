//! How fast connections are begun, and how long a session waits after a failure.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::Rng;
use tokio::time::Instant;

/// Between two connections of one app, so that a server that came back is not run over.
const BETWEEN: Duration = Duration::from_millis(20);
/// The first pause after a failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// The order in which an app's sessions connect.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// Waits for one's turn to connect.
    pub(super) async fn turn(&self) {
        tokio::time::sleep_until(self.next(Instant::now())).await;
    }

    fn next(&self, now: Instant) -> Instant {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = next.map_or(now, |next| next.max(now));
        *next = Some(mine + BETWEEN);
        mine
    }
}

/// The pause after so many failures in a row: half of it is chance, so that sessions do not return together.
pub(super) fn pause_after(failures: u32, random: &mut impl Rng) -> Duration {
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    whole / 2 + whole.mul_f64(random.random::<f64>() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_are_begun_one_after_the_other() {
        let (pace, now) = (Pace::default(), Instant::now());
        let turns: Vec<_> = (0..3).map(|_| pace.next(now) - now).collect();
        assert_eq!(turns, [Duration::ZERO, BETWEEN, 2 * BETWEEN]);
        assert_eq!(pace.next(now + LONGEST), now + LONGEST);
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let mut random = rand::rng();
        for (failures, whole) in [(1, FIRST), (2, 2 * FIRST), (4, 8 * FIRST), (20, LONGEST), (u32::MAX, LONGEST)] {
            let pause = pause_after(failures, &mut random);
            assert!(pause >= whole / 2 && pause <= whole, "{failures}: {pause:?}");
        }
    }
}
