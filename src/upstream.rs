//! Sessions at the services that lead apps' conversations: one per visitor who is here and says or reads something.
//!
//! Floor 4, beside the gateway and the webhooks. The domain asks by the trait [`Carrier`] and hears what comes down by
//! `Im::hear` and its neighbours. The protocol is a state machine without sockets (`wire::rong::upstream`); here are the
//! sockets, one task per session, and everything that is bounded: sessions per app, connections begun per second, orders
//! that wait.

mod door;
mod pace;
mod session;

use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dashmap::DashMap;
use tokio::{
    runtime::Handle,
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{pace::Pace, session::Session};
use crate::{
    auth::vault::Vault,
    im::{
        Im,
        upstream::{Carrier, Led, Upward},
    },
    model::{AppKey, Caller, Clock, Content, Fault, Millis, UserId, command::Sent},
    outbound::Outbound,
    telemetry::UpstreamFigures,
    wire::rong::upstream::refusal::away,
};

/// Most sessions of one app at once.
const MOST_SESSIONS: usize = 5000;
/// Most orders that wait for one session.
const MOST_ORDERS: usize = 64;
/// How long somebody waits for an order to be done. Shorter than a widget waits for its answer.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long a stop waits for sessions to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the sessions need.
pub struct Parts {
    /// What opens the connections.
    pub outbound: Arc<Outbound>,
    /// What opens the secrets.
    pub vault: Vault,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub figures: UpstreamFigures,
}

/// Every session of the process.
#[derive(Clone)]
pub struct Sessions(Arc<Shared>);

struct Shared {
    parts: Parts,
    im: OnceLock<Weak<Im>>,
    /// Sessions live on the runtime on which this was made, whoever asks for them.
    runtime: Handle,
    running: DashMap<(AppKey, UserId), mpsc::Sender<Order>>,
    apps: DashMap<AppKey, Arc<Upper>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What all sessions of an app share.
struct Upper {
    reachable: AtomicBool,
    sessions: AtomicUsize,
    pace: Pace,
}

/// What a session is asked to do.
enum Order {
    Say(Box<Upward>, oneshot::Sender<Result<Sent, Fault>>),
    Pass(Content, oneshot::Sender<Result<(), Fault>>),
    Recall(String, Millis, oneshot::Sender<Result<(), Fault>>),
    Hint(Content),
    /// Answered when everything new was copied.
    CatchUp(oneshot::Sender<()>),
}

impl Sessions {
    /// No session yet. Must run inside the runtime on which they are to live.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            im: OnceLock::new(),
            runtime: Handle::current(),
            running: DashMap::new(),
            apps: DashMap::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Where what comes down goes. Before that no session begins.
    pub fn connect(&self, im: &Arc<Im>) {
        // A second call would find the first one's.
        let _ = self.0.im.set(Arc::downgrade(im));
    }

    /// Ends every session. What was not answered is settled when its visitor's next session begins.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(LAST_WORDS, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("Not every session at another service ended in time");
        }
    }

    /// Gives an order to the visitor's session, which is begun when it is missing.
    fn order(&self, visitor: &Caller, led: &Arc<Led>, mut order: Order) -> Result<(), Fault> {
        let key = (visitor.app.clone(), visitor.id().clone());
        for _ in 0..2 {
            let running = self.0.running.get(&key).map(|running| running.clone());
            if let Some(running) = running {
                order = match running.try_send(order) {
                    Ok(()) => return Ok(()),
                    Err(TrySendError::Full(_)) => return Err(away()),
                    Err(TrySendError::Closed(order)) => order,
                };
            }
            self.begin(&key, visitor, led)?;
        }
        Err(away())
    }

    fn begin(&self, key: &(AppKey, UserId), visitor: &Caller, led: &Arc<Led>) -> Result<(), Fault> {
        let shared = &self.0;
        let im = shared.im.get().and_then(Weak::upgrade).ok_or_else(away)?;
        let upper = shared.upper(&visitor.app);
        if shared.stop.is_cancelled() || upper.sessions.load(Ordering::Relaxed) >= MOST_SESSIONS {
            return Err(away());
        }
        let (me, orders) = mpsc::channel(MOST_ORDERS);
        {
            let mut place = shared.running.entry(key.clone()).or_insert_with(|| me.clone());
            if !place.same_channel(&me) {
                if !place.is_closed() {
                    return Ok(());
                }
                *place = me.clone();
            }
        }
        upper.sessions.fetch_add(1, Ordering::Relaxed);
        let session = Session::new(shared.clone(), upper, im, visitor.clone(), led.clone(), orders);
        let (shared, key) = (shared.clone(), key.clone());
        let task = async move {
            let upper = session.run().await;
            upper.sessions.fetch_sub(1, Ordering::Relaxed);
            shared.running.remove_if(&key, |_, running| running.same_channel(&me));
        };
        self.0.tasks.spawn_on(task, &self.0.runtime);
        Ok(())
    }

    async fn ask<T>(
        &self,
        visitor: &Caller,
        led: &Arc<Led>,
        order: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Order,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.order(visitor, led, order(reply))?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            // The session ended, or takes too long. What was begun is finished or settled all the same.
            Ok(Err(_)) | Err(_) => Err(away()),
        }
    }
}

impl Shared {
    fn upper(&self, app: &AppKey) -> Arc<Upper> {
        let new = || {
            Arc::new(Upper { reachable: AtomicBool::new(true), sessions: AtomicUsize::new(0), pace: Pace::default() })
        };
        self.apps.entry(app.clone()).or_insert_with(new).clone()
    }
}

#[async_trait]
impl Carrier for Sessions {
    async fn say(&self, visitor: &Caller, led: &Arc<Led>, message: Upward) -> Result<Sent, Fault> {
        self.ask(visitor, led, |reply| Order::Say(Box::new(message), reply)).await
    }

    async fn pass(&self, visitor: &Caller, led: &Arc<Led>, content: Content) -> Result<(), Fault> {
        self.ask(visitor, led, |reply| Order::Pass(content, reply)).await
    }

    async fn recall(&self, visitor: &Caller, led: &Arc<Led>, uid: String, sent_at: Millis) -> Result<(), Fault> {
        self.ask(visitor, led, |reply| Order::Recall(uid, sent_at, reply)).await
    }

    fn hint(&self, visitor: &Caller, content: Content) {
        if let Some(running) = self.0.running.get(&(visitor.app.clone(), visitor.id().clone())) {
            // A signal of the moment is not worth waiting for.
            let _ = running.try_send(Order::Hint(content));
        }
    }

    async fn open(&self, visitor: &Caller, led: &Arc<Led>, within: Option<Duration>) {
        let (reply, caught_up) = oneshot::channel();
        if self.order(visitor, led, Order::CatchUp(reply)).is_ok()
            && let Some(within) = within
        {
            // Late or never: what is here is shown.
            let _ = tokio::time::timeout(within, caught_up).await;
        }
    }

    fn is_reachable(&self, app: &AppKey) -> bool {
        self.0.apps.get(app).is_none_or(|upper| upper.reachable.load(Ordering::Relaxed))
    }
}
