//! How much a person, an app and a network may do (security §13).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dashmap::{DashMap, Entry};

use crate::{
    config::{Limits, Network},
    model::{Code, Fault},
};

/// Other commands may come this many times as often as sends.
const OTHERS: u32 = 4;
/// Refusals in the long run and at once, before a connection is closed for not listening.
const EXCESS: Rate = Rate { per_sec: 2, burst: 40 };
/// What costs no budget of a person, such as pings and unknown commands, on one connection.
const CHEAP: Rate = Rate { per_sec: 100, burst: 500 };

/// So many per second in the long run, so many at once.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// In the long run.
    pub per_sec: u32,
    /// At once.
    pub burst: u32,
}

impl Rate {
    const fn times(self, factor: u32) -> Self {
        Self { per_sec: self.per_sec.saturating_mul(factor), burst: self.burst.saturating_mul(factor) }
    }
}

/// Counts against a rate, in one word: the instant at which everything taken so far would have been due.
#[derive(Debug, Default)]
pub struct Bucket(AtomicU64);

impl Bucket {
    /// Takes one, or tells after how many nanoseconds there will be one.
    pub fn take(&self, rate: Rate, now_nanos: u64) -> Result<(), u64> {
        let each = 1_000_000_000 / u64::from(rate.per_sec.max(1));
        let slack = each * u64::from(rate.burst.max(1) - 1);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due| {
            let due = due.max(now_nanos);
            (due - now_nanos <= slack).then(|| due + each)
        });
        taken.map(drop).map_err(|due| due.saturating_sub(now_nanos + slack))
    }
}

/// What one person has used up, over all their connections.
#[derive(Debug, Default)]
pub struct Budget {
    sends: Bucket,
    others: Bucket,
    excess: Bucket,
}

impl Budget {
    /// Whether anything was ever taken.
    pub fn is_used(&self) -> bool {
        [&self.sends, &self.others, &self.excess].iter().any(|bucket| bucket.0.load(Ordering::Relaxed) > 0)
    }
}

/// Why a command is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// Too fast; answer with this.
    Refused(Fault),
    /// Too fast for too long; close.
    Close,
}

/// The rates of a server, and what every app has used up.
#[derive(Debug)]
pub struct Rates {
    visitor: Rate,
    agent: Rate,
    app: Rate,
    apps: DashMap<crate::model::AppKey, Arc<Bucket>>,
    epoch: Instant,
}

impl Rates {
    /// As configured.
    pub fn new(limits: &Limits) -> Self {
        Self {
            visitor: Rate { per_sec: limits.visitor_sends_per_sec, burst: limits.visitor_send_burst },
            agent: Rate { per_sec: limits.agent_sends_per_sec, burst: limits.agent_send_burst },
            app: Rate { per_sec: limits.app_sends_per_sec, burst: limits.app_sends_per_sec },
            apps: DashMap::new(),
            epoch: Instant::now(),
        }
    }

    /// The app's bucket, to be kept by its connections.
    pub fn app(&self, app: &crate::model::AppKey) -> Arc<Bucket> {
        self.apps.entry(app.clone()).or_default().clone()
    }

    /// Takes one send of a person.
    pub fn send(&self, budget: &Budget, app: &Bucket, is_agent: bool) -> Result<(), Excess> {
        let now = self.now();
        let taken = budget.sends.take(self.of(is_agent), now).and_then(|()| app.take(self.app, now));
        taken.map_err(|wait| Self::excess(budget, now, wait))
    }

    /// Takes one other command of a person.
    pub fn other(&self, budget: &Budget, is_agent: bool) -> Result<(), Excess> {
        let now = self.now();
        budget.others.take(self.of(is_agent).times(OTHERS), now).map_err(|wait| Self::excess(budget, now, wait))
    }

    /// Takes one of what costs no budget; `false` when it is a flood.
    pub fn cheap(&self, connection: &Bucket) -> bool {
        connection.take(CHEAP, self.now()).is_ok()
    }

    const fn of(&self, is_agent: bool) -> Rate {
        if is_agent { self.agent } else { self.visitor }
    }

    fn excess(budget: &Budget, now: u64, wait_nanos: u64) -> Excess {
        if budget.excess.take(EXCESS, now).is_err() {
            return Excess::Close;
        }
        let secs = u32::try_from(Duration::from_nanos(wait_nanos).as_secs() + 1).unwrap_or(u32::MAX);
        Excess::Refused(Fault::new(Code::RateLimited, "that was too fast; wait a moment").retry_after(secs))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Counts connections before they are made (W1).
#[derive(Debug)]
pub struct Door {
    networks: DashMap<Network, usize>,
    inside: AtomicUsize,
    pending: AtomicUsize,
    most: usize,
    most_per_network: usize,
}

impl Door {
    /// As configured.
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            networks: DashMap::new(),
            inside: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
            most: limits.connections,
            most_per_network: limits.connections_per_network,
        })
    }

    /// Lets a connection in, or says why not.
    pub fn enter(self: &Arc<Self>, network: Network) -> Result<Admission, Fault> {
        let busy = || Fault::new(Code::Unavailable, "the server has too many connections; try again").retry_after(5);
        let (inside, pending) = (&self.inside, &self.pending);
        if inside.load(Ordering::Relaxed) >= self.most || pending.load(Ordering::Relaxed) >= (self.most / 10).max(1) {
            return Err(busy());
        }
        let mut count = self.networks.entry(network).or_default();
        if *count >= self.most_per_network {
            let message = "your network has too many connections here; close some or try again later";
            return Err(Fault::new(Code::RateLimited, message).retry_after(10));
        }
        *count += 1;
        inside.fetch_add(1, Ordering::Relaxed);
        pending.fetch_add(1, Ordering::Relaxed);
        Ok(Admission { door: self.clone(), network, pending: true })
    }
}

/// A connection that was let in. Dropping it lets it out.
#[derive(Debug)]
pub struct Admission {
    door: Arc<Door>,
    network: Network,
    pending: bool,
}

impl Admission {
    /// The connection has said who it is.
    pub fn authenticated(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.door.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.authenticated();
        self.door.inside.fetch_sub(1, Ordering::Relaxed);
        if let Entry::Occupied(mut count) = self.door.networks.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_sec: 5, burst: 20 };
    const SECOND: u64 = 1_000_000_000;

    fn taken(bucket: &Bucket, tries: usize, now: u64) -> usize {
        (0..tries).filter(|_| bucket.take(RATE, now).is_ok()).count()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let bucket = Bucket::default();
        assert_eq!(taken(&bucket, 100, SECOND), 20);
        assert_eq!(taken(&bucket, 100, 2 * SECOND), 5);
        assert_eq!(taken(&bucket, 100, 60 * SECOND), 20);
    }

    #[test]
    fn an_empty_bucket_says_how_long_to_wait() {
        let bucket = Bucket::default();
        taken(&bucket, 20, SECOND);
        assert_eq!(bucket.take(RATE, SECOND), Err(SECOND / 5));
    }

    #[test]
    fn who_never_listens_is_closed() {
        let rates = Rates::new(&Limits::default());
        let (budget, app) = (Budget::default(), Bucket::default());
        let outcomes: Vec<_> = (0..100).map(|_| rates.send(&budget, &app, false)).collect();
        assert!(outcomes[..20].iter().all(Result::is_ok));
        assert!(matches!(outcomes[25], Err(Excess::Refused(ref fault)) if fault.code == Code::RateLimited));
        assert_eq!(outcomes[99], Err(Excess::Close));
    }

    #[test]
    fn w1_a_network_and_the_unauthenticated_have_their_share() {
        let door = Door::new(&Limits { connections: 30, connections_per_network: 2, ..Limits::default() });
        let network = |last: u8| Network::of_client([192, 0, 2, last].into());
        let first = door.enter(network(1)).unwrap();
        let mut second = door.enter(network(1)).unwrap();
        assert_eq!(door.enter(network(1)).unwrap_err().code, Code::RateLimited);
        let _third = door.enter(network(2)).unwrap();
        assert_eq!(door.enter(network(3)).unwrap_err().code, Code::Unavailable);
        second.authenticated();
        assert!(door.enter(network(3)).is_ok());
        drop(first);
        assert!(door.enter(network(1)).is_ok());
    }
}
