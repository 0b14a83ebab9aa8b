//! What leaves this node: a bounded queue that nobody waits for, and the task that empties it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_nats::Client;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::stats::NatsStats;

/// Letters that may wait.
const MOST: usize = 8192;
/// Their bytes.
const MOST_BYTES: usize = 32 << 20;
/// Room for what NATS counts with a letter.
const AROUND: usize = 512;

/// Where letters are dropped into.
#[derive(Debug)]
pub(super) struct Mouth {
    queue: mpsc::Sender<(String, Bytes)>,
    waiting: Arc<AtomicUsize>,
    client: Client,
    stats: Arc<NatsStats>,
}

impl Mouth {
    /// A mouth, and the work that must be done for it.
    pub(super) fn new(client: Client, stats: Arc<NatsStats>) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, letters) = mpsc::channel(MOST);
        let waiting = Arc::new(AtomicUsize::new(0));
        let work = speak(client.clone(), letters, waiting.clone(), stats.clone());
        (Self { queue, waiting, client, stats }, work)
    }

    /// Sends a letter on its way, or drops it: when NATS is away, when too much waits, or when it is too large. Whether
    /// it was taken.
    pub(super) fn say(&self, subject: String, letter: Bytes) -> bool {
        let bytes = letter.len();
        let waiting = self.waiting.fetch_add(bytes, Relaxed);
        let taken = self.stats.connected.load(Relaxed)
            && waiting <= MOST_BYTES
            && bytes <= self.largest()
            && self.queue.try_send((subject, letter)).is_ok();
        if !taken {
            self.waiting.fetch_sub(bytes, Relaxed);
            self.stats.dropped.fetch_add(1, Relaxed);
        }
        taken
    }

    /// The largest letter that NATS takes.
    pub(super) fn largest(&self) -> usize {
        self.client.max_payload().saturating_sub(AROUND)
    }
}

async fn speak(
    client: Client,
    mut letters: mpsc::Receiver<(String, Bytes)>,
    waiting: Arc<AtomicUsize>,
    stats: Arc<NatsStats>,
) {
    while let Some((subject, letter)) = letters.recv().await {
        let bytes = letter.len();
        // What waited while NATS went away is old when it comes back.
        let said = stats.connected.load(Relaxed) && client.publish(subject, letter).await.is_ok();
        waiting.fetch_sub(bytes, Relaxed);
        let count = if said { &stats.sent } else { &stats.dropped };
        count.fetch_add(1, Relaxed);
    }
}
