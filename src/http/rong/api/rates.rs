//! How often an app may ask (compatible protocol, "Default rate limits").

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::sync::Cache;

use super::refusal::Refusal;
use crate::{
    config::{Compatible, Network},
    http::api::rates::Bucket,
    model::AppKey,
};

/// Wrong signatures from one network in a minute, before it is told to wait.
const MOST_WRONG: u32 = 60;

/// How a path is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// By itself, once per request.
    Usual,
    /// Its handler counts.
    Own,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    /// Requests of one path.
    Path(&'static str),
    /// Private messages, one per receiver.
    Private,
    /// System messages, one per receiver.
    System,
    /// Group and discussion messages, one per group.
    Group,
    /// Chatroom messages, one per room.
    Chatroom,
    /// Messages to all chatrooms.
    EveryChatroom,
    /// Messages and pushes to everybody, in an hour.
    EverybodyHour,
    /// The same, in a day.
    EverybodyDay,
}

/// So many, in so many seconds.
struct Allowed {
    most: u32,
    secs: u32,
}

impl Limit {
    fn allowed(self, settings: &Compatible) -> Allowed {
        let (most, secs) = match self {
            Self::Path(_) => (settings.requests_per_sec, 1),
            Self::Private => (settings.private_per_minute, 60),
            Self::System => (settings.system_per_sec, 1),
            Self::Group => (settings.group_per_sec, 1),
            Self::Chatroom => (settings.chatroom_per_sec, 1),
            Self::EveryChatroom => (settings.every_chatroom_per_sec, 1),
            Self::EverybodyHour => (settings.everybody_per_hour, 3600),
            Self::EverybodyDay => (settings.everybody_per_day, 24 * 3600),
        };
        Allowed { most, secs }
    }
}

/// Counts by app. Bounded: who has not asked for a day is forgotten.
#[derive(Debug)]
pub struct Rates {
    buckets: Cache<(AppKey, Limit), Arc<Bucket>>,
    wrong: Cache<Network, Arc<Bucket>>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            buckets: Cache::builder().max_capacity(100_000).time_to_idle(Duration::from_hours(24)).build(),
            wrong: Cache::builder().max_capacity(50_000).time_to_idle(Duration::from_mins(2)).build(),
        }
    }
}

impl Rates {
    /// Takes so many at once, or none. What can never be taken at once is taken when nothing else was.
    pub(super) fn take(&self, app: &AppKey, limit: Limit, count: usize, settings: &Compatible) -> Result<(), Refusal> {
        let Allowed { most, secs } = limit.allowed(settings);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(most);
        let bucket = self.buckets.get_with_by_ref(&(app.clone(), limit), Arc::default);
        if bucket.take_many(count, most, f64::from(most) / f64::from(secs), Instant::now()) {
            return Ok(());
        }
        Err(Refusal::too_often(&format!("more than {most} in {secs} seconds")))
    }

    /// Counts a wrong signature from this network; too many in a minute are no longer told what was wrong.
    pub(super) fn guessed(&self, network: Network) -> Result<(), Refusal> {
        let bucket = self.wrong.get_with_by_ref(&network, Arc::default);
        if bucket.take_many(1, MOST_WRONG, f64::from(MOST_WRONG) / 60.0, Instant::now()) {
            return Ok(());
        }
        Err(Refusal::too_often("too many wrong signatures from your network; wait a minute"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_and_each_limit_has_its_own_count() {
        let (rates, settings) = (Rates::default(), Compatible { group_per_sec: 3, ..Compatible::default() });
        let (one, two): (AppKey, AppKey) = ("halden".parse().unwrap(), "other".parse().unwrap());
        assert!(rates.take(&one, Limit::Group, 2, &settings).is_ok());
        let refused = rates.take(&one, Limit::Group, 2, &settings).unwrap_err();
        assert_eq!((refused.status, refused.code), (403, 1008));
        assert!(rates.take(&one, Limit::Group, 1, &settings).is_ok(), "what was refused took nothing");
        assert!(rates.take(&one, Limit::System, 50, &settings).is_ok());
        assert!(rates.take(&two, Limit::Group, 3, &settings).is_ok());
    }

    #[test]
    fn more_than_a_limit_is_taken_when_nothing_else_was() {
        let (rates, settings) = (Rates::default(), Compatible { group_per_sec: 2, ..Compatible::default() });
        let app: AppKey = "halden".parse().unwrap();
        assert!(rates.take(&app, Limit::Group, 3, &settings).is_ok());
        assert!(rates.take(&app, Limit::Group, 1, &settings).is_err());
    }
}
