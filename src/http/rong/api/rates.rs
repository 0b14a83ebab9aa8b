//! How often an app may ask (compatible protocol, "Default rate limits").

use std::{fmt, time::Duration};

use super::refusal::Refusal;
use crate::{
    config::{Compatible, Network},
    im::tallies::{Care, Counter, Tallies},
    model::{AppKey, tally::Rule},
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

impl Limit {
    fn rule(self, settings: &Compatible) -> (u32, u32) {
        match self {
            Self::Path(_) => (settings.requests_per_sec, 1),
            Self::Private => (settings.private_per_minute, 60),
            Self::System => (settings.system_per_sec, 1),
            Self::Group => (settings.group_per_sec, 1),
            Self::Chatroom => (settings.chatroom_per_sec, 1),
            Self::EveryChatroom => (settings.every_chatroom_per_sec, 1),
            Self::EverybodyHour => (settings.everybody_per_hour, 3600),
            Self::EverybodyDay => (settings.everybody_per_day, 24 * 3600),
        }
    }
}

/// Whose requests of which kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked(AppKey, Limit);

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.0, self.1)
    }
}

/// Counts by app. Bounded: who has not asked for a day is forgotten.
#[derive(Debug)]
pub struct Rates {
    asked: Counter<Asked>,
    wrong: Counter<Network>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            asked: Counter::new("server API", Care::Use, 100_000, Duration::from_hours(24)),
            wrong: Counter::new("wrong signatures", Care::Use, 50_000, Duration::from_mins(2)),
        }
    }
}

impl Rates {
    /// Takes so many at once, or none. What can never be taken at once is taken when nothing else was.
    pub(super) async fn take(
        &self,
        tallies: &Tallies,
        app: &AppKey,
        limit: Limit,
        count: usize,
        settings: &Compatible,
    ) -> Result<(), Refusal> {
        let (most, secs) = limit.rule(settings);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(most);
        let spot = tallies.of(&self.asked, &Asked(app.clone(), limit), Rule::bucket(most, secs), count);
        if tallies.take(&[spot]).await.all() {
            return Ok(());
        }
        Err(Refusal::too_often(&format!("more than {most} in {secs} seconds")))
    }

    /// Counts a wrong signature from this network; too many in a minute are no longer told what was wrong.
    pub(super) async fn guessed(&self, tallies: &Tallies, network: Network) -> Result<(), Refusal> {
        let guess = tallies.of(&self.wrong, &network, Rule::bucket(MOST_WRONG, 60), 1);
        if tallies.take(&[guess]).await.all() {
            return Ok(());
        }
        Err(Refusal::too_often("too many wrong signatures from your network; wait a minute"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_app_and_each_limit_has_its_own_count() {
        let (rates, settings) = (Rates::default(), Compatible { group_per_sec: 3, ..Compatible::default() });
        let tallies = Tallies::of_one();
        let (one, two): (AppKey, AppKey) = ("halden".parse().unwrap(), "other".parse().unwrap());
        assert!(rates.take(&tallies, &one, Limit::Group, 2, &settings).await.is_ok());
        let refused = rates.take(&tallies, &one, Limit::Group, 2, &settings).await.unwrap_err();
        assert_eq!((refused.status, refused.code), (403, 1008));
        assert!(rates.take(&tallies, &one, Limit::Group, 1, &settings).await.is_ok(), "what was refused took nothing");
        assert!(rates.take(&tallies, &one, Limit::System, 50, &settings).await.is_ok());
        assert!(rates.take(&tallies, &two, Limit::Group, 3, &settings).await.is_ok());
    }

    #[tokio::test]
    async fn more_than_a_limit_is_taken_when_nothing_else_was() {
        let (rates, settings) = (Rates::default(), Compatible { group_per_sec: 2, ..Compatible::default() });
        let (app, tallies): (AppKey, _) = ("halden".parse().unwrap(), Tallies::of_one());
        assert!(rates.take(&tallies, &app, Limit::Group, 3, &settings).await.is_ok());
        assert!(rates.take(&tallies, &app, Limit::Group, 1, &settings).await.is_err());
    }
}
