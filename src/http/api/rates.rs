//! How often an app, and each of its keys, may ask (security §13).

use std::time::Duration;

use crate::{
    config::{Limits, Network},
    im::tallies::{Care, Counter, Tallies},
    model::{ApiKey, AppKey, Code, Fault, KeyId, tally::Rule},
};

/// Wrong keys from one network in a minute, before it is told to wait.
const MOST_WRONG: u32 = 60;

/// Counts of the last seconds. Bounded: who has not asked for a minute is forgotten.
#[derive(Debug)]
pub(super) struct Rates {
    apps: Counter<AppKey>,
    keys: Counter<KeyId>,
    wrong: Counter<Network>,
}

/// What is counted at most of each kind, and for how long it is remembered.
const MOST: u64 = 50_000;
const REMEMBERED: Duration = Duration::from_mins(2);

impl Default for Rates {
    fn default() -> Self {
        Self {
            apps: Counter::new("requests of an app", Care::Use, MOST, REMEMBERED),
            keys: Counter::new("requests of a key", Care::Use, MOST, REMEMBERED),
            wrong: Counter::new("wrong keys", Care::Use, MOST, REMEMBERED),
        }
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
    pub(super) async fn take(&self, tallies: &Tallies, key: &ApiKey, limits: &Limits) -> (Left, Result<(), Fault>) {
        let of_key = tallies.of(&self.keys, &key.id, Rule::bucket(limits.api_per_key_sec, 1), 1);
        let of_app = tallies.of(&self.apps, &key.app, Rule::bucket(limits.api_per_app_sec, 1), 1);
        let taken = tallies.take(&[of_key, of_app]).await;
        let left = |limit, place: usize| taken.left.get(place).map(|&remaining| Left { limit, remaining });
        let of_key = left(limits.api_per_key_sec, 0).unwrap_or(Left { limit: limits.api_per_key_sec, remaining: 0 });
        let of_app = left(limits.api_per_app_sec, 1).unwrap_or(of_key);
        let left = if of_app.remaining < of_key.remaining { of_app } else { of_key };
        if taken.all() {
            return (left, Ok(()));
        }
        let message = format!("more than {} requests a second; wait a second, then go on", left.limit);
        (left, Err(Fault::new(Code::RateLimited, message).retry_after(1)))
    }

    /// Counts a wrong key from this network. Many in a minute are no longer told what was wrong with them; right keys
    /// from there are heard all the same.
    pub(super) async fn guessed(&self, tallies: &Tallies, network: Network) -> Result<(), Fault> {
        let guess = tallies.of(&self.wrong, &network, Rule::bucket(MOST_WRONG, 60), 1);
        if tallies.take(&[guess]).await.all() {
            return Ok(());
        }
        Err(Fault::new(Code::RateLimited, "too many wrong keys from your network; wait a minute").retry_after(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn key(id: &str) -> ApiKey {
        ApiKey {
            id: id.parse().unwrap(),
            app: "halden".parse().unwrap(),
            name: String::new(),
            scopes: Vec::new(),
            created_at: Millis::new(0),
            expires_at: None,
            last_used_at: None,
        }
    }

    #[tokio::test]
    async fn a_key_and_its_app_are_counted_and_the_scarcer_is_told() {
        let (rates, tallies) = (Rates::default(), Tallies::of_one());
        let limits = Limits { api_per_key_sec: 1, api_per_app_sec: 100, ..Limits::default() };
        let (one, other) = (key("pk1aaaaaaaaaaaaa"), key("pk2aaaaaaaaaaaaa"));
        let (left, taken) = rates.take(&tallies, &one, &limits).await;
        assert_eq!((left, taken), (Left { limit: 1, remaining: 0 }, Ok(())));
        let (left, taken) = rates.take(&tallies, &one, &limits).await;
        let refused = taken.unwrap_err();
        assert_eq!(
            (left, refused.code, refused.retry_after_secs),
            (Left { limit: 1, remaining: 0 }, Code::RateLimited, Some(1))
        );
        assert!(rates.take(&tallies, &other, &limits).await.1.is_ok());
        let limits = Limits { api_per_key_sec: 100, api_per_app_sec: 1, ..limits };
        let (left, taken) = rates.take(&tallies, &other, &limits).await;
        assert_eq!((left.limit, taken.is_err()), (1, true), "both keys have used up the app's");
    }

    #[tokio::test]
    async fn wrong_keys_are_counted_by_network() {
        let (rates, tallies) = (Rates::default(), Tallies::of_one());
        let network = |last: u8| Network::of_client([192, 0, 2, last].into());
        for _ in 0..MOST_WRONG {
            assert!(rates.guessed(&tallies, network(1)).await.is_ok());
        }
        assert!(rates.guessed(&tallies, network(1)).await.is_err());
        assert!(rates.guessed(&tallies, network(2)).await.is_ok());
    }
}
