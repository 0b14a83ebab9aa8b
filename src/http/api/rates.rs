//! How often an app, and each of its keys, may ask (security §13).

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::sync::Cache;

use crate::{
    config::{Limits, Network},
    model::{ApiKey, AppKey, Code, Fault, KeyId},
};

/// Wrong keys from one network in a minute, before it is told to wait.
const MOST_WRONG: u32 = 60;

/// Counts of the last seconds. Bounded: who has not asked for a minute is forgotten.
#[derive(Debug)]
pub(super) struct Rates {
    apps: Cache<AppKey, Arc<Bucket>>,
    keys: Cache<KeyId, Arc<Bucket>>,
    wrong: Cache<Network, Arc<Bucket>>,
}

impl Default for Rates {
    fn default() -> Self {
        fn cache<K: Hash + Eq + Send + Sync + 'static>() -> Cache<K, Arc<Bucket>> {
            Cache::builder().max_capacity(50_000).time_to_idle(Duration::from_mins(2)).build()
        }
        Self { apps: cache(), keys: cache(), wrong: cache() }
    }
}

/// What is left of a second's worth of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    /// Requests per second.
    limit: u32,
    /// Requests that may come at once now.
    remaining: u32,
}

impl Left {
    /// The headers that tell of it.
    pub(super) const fn headers(self) -> [(&'static str, u32); 3] {
        [("ratelimit-limit", self.limit), ("ratelimit-remaining", self.remaining), ("ratelimit-reset", 1)]
    }
}

impl Rates {
    /// Takes one of the key's and one of the app's; what is left of the scarcer.
    pub(super) fn take(&self, key: &ApiKey, limits: &Limits) -> (Left, Result<(), Fault>) {
        let now = Instant::now();
        let of_key = self.keys.get_with_by_ref(&key.id, Arc::default).take(limits.api_per_key_sec, now);
        let of_app = match of_key {
            (_, Ok(())) => self.apps.get_with_by_ref(&key.app, Arc::default).take(limits.api_per_app_sec, now),
            (left, Err(())) => (left, Err(())),
        };
        let left = if of_app.0.remaining < of_key.0.remaining { of_app.0 } else { of_key.0 };
        let taken = of_app.1.map_err(|()| {
            let message = format!("more than {} requests a second; wait a second, then go on", left.limit);
            Fault::new(Code::RateLimited, message).retry_after(1)
        });
        (left, taken)
    }

    /// Counts a wrong key from this network. Many in a minute are no longer told what was wrong with them; right keys
    /// from there are heard all the same.
    pub(super) fn guessed(&self, network: Network) -> Result<(), Fault> {
        if self.wrong.get_with_by_ref(&network, Arc::default).take_slowly(MOST_WRONG, Instant::now()) {
            return Ok(());
        }
        Err(Fault::new(Code::RateLimited, "too many wrong keys from your network; wait a minute").retry_after(60))
    }
}

/// A bucket of tokens that fills again as time passes.
#[derive(Debug, Default)]
pub(in crate::http) struct Bucket(Mutex<Option<(Instant, f64)>>);

impl Bucket {
    /// Takes one of a second's worth.
    fn take(&self, per_sec: u32, now: Instant) -> (Left, Result<(), ()>) {
        let (left, taken) = self.draw(1, per_sec, f64::from(per_sec), now);
        (Left { limit: per_sec, remaining: left }, if taken { Ok(()) } else { Err(()) })
    }

    /// Takes one of a minute's worth.
    fn take_slowly(&self, per_min: u32, now: Instant) -> bool {
        self.take_many(1, per_min, f64::from(per_min) / 60.0, now)
    }

    /// Takes so many of at most `most`, of which so many come back in a second; all or none.
    pub(in crate::http) fn take_many(&self, count: u32, most: u32, per_sec: f64, now: Instant) -> bool {
        self.draw(count, most, per_sec, now).1
    }

    fn draw(&self, count: u32, most: u32, per_sec: f64, now: Instant) -> (u32, bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = filled(*state, most, per_sec, now);
        let taken = there >= f64::from(count);
        let left = if taken { there - f64::from(count) } else { there };
        *state = Some((now, left));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `most`, which is a u32")]
        let whole = left as u32;
        (whole, taken)
    }
}

fn filled(state: Option<(Instant, f64)>, most: u32, per_sec: f64, now: Instant) -> f64 {
    let most = f64::from(most);
    state.map_or(most, |(at, left)| (left + now.saturating_duration_since(at).as_secs_f64() * per_sec).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (bucket, now) = (Bucket::default(), Instant::now());
        assert_eq!(bucket.take(2, now), (Left { limit: 2, remaining: 1 }, Ok(())));
        assert_eq!(bucket.take(2, now), (Left { limit: 2, remaining: 0 }, Ok(())));
        assert_eq!(bucket.take(2, now), (Left { limit: 2, remaining: 0 }, Err(())));
        assert!(bucket.take(2, now + Duration::from_millis(500)).1.is_ok());
        assert!(bucket.take(2, now + Duration::from_millis(500)).1.is_err());
    }

    #[test]
    fn wrong_keys_are_counted_by_network() {
        let (rates, network) = (Rates::default(), Network::of_client("192.0.2.1".parse().unwrap()));
        for _ in 0..MOST_WRONG {
            assert!(rates.guessed(network).is_ok());
        }
        assert!(rates.guessed(network).is_err());
        assert!(rates.guessed(Network::of_client("192.0.2.2".parse().unwrap())).is_ok());
    }
}
