//! Who is connected here: sessions, the loop of one connection, and the bridge from the bus to their queues.
//!
//! Floor 4. One task and one bounded queue per connection; nobody else touches a socket. Knows no store, no HTTP and no
//! SQL: commands go to `im`, events come from the bus, transports hide behind [`socket::Socket`].

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use tokio_util::task::TaskTracker;

mod bounds;
pub mod bridge;
mod clocks;
mod connection;
mod crowd;
mod ears;
mod forward;
pub mod hello;
pub mod limits;
mod outbox;
pub mod poll;
pub mod rong;
mod room;
mod sends;
mod sessions;
pub mod socket;
pub mod tcp;

use bridge::Bridge;
use clocks::Times;
use connection::Connection;
use ears::Ears;
use forward::Local;
use hello::Opening;
use limits::{Admission, Door, Rates};
use outbox::{Bounds, Outbox};
use sessions::Sessions;
use socket::Socket;

use crate::{
    config::{Limits, Network},
    im::Im,
    model::{ConnectionId, Fault, error::CloseCode},
    telemetry::Figures,
    wire::Wire,
};

/// Everything shared by the connections of this node.
pub struct Gateway {
    im: Arc<Im>,
    limits: Limits,
    rates: Rates,
    times: Times,
    compatible_times: Times,
    door: Arc<Door>,
    sessions: Arc<Sessions>,
    /// Long-poll sessions that live here.
    local: Local,
    figures: Arc<Figures>,
    tasks: TaskTracker,
    last_id: AtomicU64,
}

impl Gateway {
    /// A gateway without connections. What is published reaches them through [`Gateway::bridge`].
    pub fn new(im: Arc<Im>, limits: Limits, figures: Arc<Figures>) -> Arc<Self> {
        let sessions = Arc::new(Sessions::with(Ears::of(im.bus().clone())));
        Arc::new(Self {
            im,
            rates: Rates::new(&limits),
            times: Times::of(&limits),
            compatible_times: Times::of_compatible(&limits),
            door: Door::new(&limits),
            limits,
            sessions,
            local: Local::default(),
            figures,
            tasks: TaskTracker::new(),
            // No two nodes have the same: what one connection said is told to all but that one.
            last_id: AtomicU64::new(rand::random::<u64>() >> 1),
        })
    }

    /// The listener to connect to the bus.
    pub fn bridge(&self) -> Arc<Bridge> {
        Arc::new(Bridge::new(self.sessions.clone(), self.local.clone()))
    }

    /// Lets a connection from this network in, or says why not. To be asked before a WebSocket is made (W1).
    pub fn admit(&self, network: Network) -> Result<Admission, Fault> {
        if self.tasks.is_closed() {
            return Err(
                Fault::new(crate::model::Code::Restarting, "the server restarts; come back soon").retry_after(2)
            );
        }
        self.door.enter(network)
    }

    /// The whole life of one connection. Whoever calls it spawns it.
    pub fn serve<S: Socket>(
        self: &Arc<Self>,
        socket: S,
        opening: Opening,
        admission: Admission,
    ) -> impl Future<Output = ()> + Send + 'static {
        let connection = Connection::new(self.clone(), self.new_outbox(Wire::Widget), socket, opening, admission);
        self.track(connection.live())
    }

    /// Counts a connection's life among those that a stop waits for.
    fn track(&self, life: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> + Send + 'static {
        let life = AssertUnwindSafe(life).catch_unwind();
        let figures = self.figures.clone();
        self.tasks.track_future(async move {
            // The panic was logged where it happened; other connections go on (W6).
            if life.await.is_err() {
                figures.panics.inc();
            }
        })
    }

    /// How many frames wait for clients to read, all connections together.
    pub fn queued_frames(&self) -> usize {
        self.sessions.everybody().iter().map(|outbox| outbox.len()).sum()
    }

    /// Tells every client to come back later, spread over time, and waits until all is finished, at most until the
    /// deadline. No connection is let in from now on (D7).
    pub async fn drain(&self, deadline: Duration) {
        self.tasks.close();
        let everybody = self.sessions.everybody();
        // A few at once are no stampede; many get most of the time there is.
        let pause = (deadline * 2 / 3 / u32::try_from(everybody.len() / 50 + 1).unwrap_or(u32::MAX))
            .min(Duration::from_millis(100));
        let ending = async {
            for (index, outbox) in everybody.iter().enumerate() {
                outbox.close(CloseCode::Restart);
                if index % 50 == 49 {
                    tokio::time::sleep(pause).await;
                }
            }
            drop(everybody);
            // Those that were let in at the last moment.
            self.sessions.everybody().iter().for_each(|outbox| outbox.close(CloseCode::Restart));
            self.tasks.wait().await;
        };
        if tokio::time::timeout(deadline, ending).await.is_err() {
            tracing::warn!(connections = self.sessions.count(), "Some connections did not end in time");
        }
    }

    fn new_outbox(&self, wire: Wire) -> Arc<Outbox> {
        let id = ConnectionId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let bounds = Bounds { frames: narrow(self.limits.queue_frames), bytes: narrow(self.limits.queue_bytes) };
        Arc::new(Outbox::new(id, wire, bounds))
    }
}
