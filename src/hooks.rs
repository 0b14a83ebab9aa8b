//! Telling back ends: reads the outbox and delivers each notice to the webhooks that want it, at least once.
//!
//! Floor 4. The outbox is the truth: what is due is read from it, what came of an attempt is written to it, and nothing
//! else is remembered but which deliveries are under way. A crash therefore costs a repetition, never a notice. Never
//! in the path of a message: chat does not know whether anybody reads.

mod compatible;
mod endpoint;
mod envelope;
pub mod review;
mod schedule;
mod worker;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use self::endpoint::Endpoints;
use crate::{auth::vault::Vault, model::Clock, outbound::Outbound, store::Store, telemetry::HookFigures};

/// Most requests under way at once, all apps together: what bounds the memory for their bodies.
const MAX_UNDER_WAY: usize = 512;
/// How long a stop waits for requests under way. What is not finished then is repeated after the next start.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// What the worker needs.
pub struct Parts {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// What makes the requests.
    pub outbound: Arc<Outbound>,
    /// What opens the secrets.
    pub vault: Vault,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub figures: HookFigures,
    /// The outbox is looked at so often although nobody said that there is news: what another process recorded is noticed
    /// then, and jumps of the clock do little harm.
    pub look_every: Duration,
}

/// The worker's state.
struct Hooks {
    parts: Parts,
    random: Mutex<StdRng>,
    endpoints: Endpoints,
    places: Arc<Semaphore>,
    /// A request has ended: there may be room for the next.
    freed: Notify,
}

impl Hooks {
    fn new(parts: Parts) -> Self {
        Self {
            parts,
            random: Mutex::new(StdRng::from_os_rng()),
            endpoints: Endpoints::default(),
            places: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
            freed: Notify::new(),
        }
    }

    fn with_random<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The worker at work.
#[derive(Debug)]
pub struct Delivering {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Delivering {
    /// Starts to deliver what waits. Must run inside a runtime.
    pub fn start(parts: Parts) -> Self {
        let stop = CancellationToken::new();
        let running = tokio::spawn(worker::run(Arc::new(Hooks::new(parts)), stop.clone()));
        Self { stop, running }
    }

    /// Begins nothing new and waits a moment for what is under way.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.running.await.is_err() {
            tracing::error!("The worker for webhooks panicked");
        }
    }
}
