//! The other nodes: what is followed at each, and the hints that wait for it.
//!
//! Nobody waits here. Hints go into a bounded queue per node, as the bytes that will travel, and one task empties all of
//! them: at once when nothing was sent just now, otherwise a moment later, so that what was written together travels
//! together. A message to another node costs a copy of its bytes, whatever the number of letters.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{Client, Subject};
use tokio::sync::Notify;

use super::{
    letter::bundle::Bundle,
    slots::{self, Saying, Slots, What},
    stats::NatsStats,
    subjects::Subjects,
};
use crate::model::{Audience, NodeId};

/// Hints that may wait for one node.
const MOST: u64 = 16_384;
/// Their bytes.
const MOST_BYTES: usize = 16 << 20;
/// A letter with several hints is not larger. A single one may be, as far as NATS takes it.
const MOST_LETTER: usize = 64 << 10;
/// Hints that come so soon after a letter wait for each other.
const PAUSE: Duration = Duration::from_millis(1);

/// Where hints for other nodes are dropped into.
#[derive(Debug)]
pub(super) struct Others {
    here: NodeId,
    subjects: Subjects,
    client: Client,
    stats: Arc<NatsStats>,
    list: RwLock<Arc<[Arc<Other>]>>,
    /// Something waits.
    filled: Notify,
}

/// One other node.
#[derive(Debug)]
pub(super) struct Other {
    node: NodeId,
    subject: Subject,
    /// Whether `slots` are what it says. A node of the version before never says it.
    has_told: AtomicBool,
    slots: Slots,
    /// Of the last saying; an older one does not undo it.
    version: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    bundles: Vec<Bundle>,
    count: u64,
    bytes: usize,
}

/// Which way a hint goes.
#[derive(Debug)]
pub(super) enum Way {
    /// To these, which may be none.
    Nodes(Vec<Arc<Other>>),
    /// By subjects: it is not known of every node what is followed there.
    Subjects,
}

impl Others {
    pub(super) fn new(here: NodeId, subjects: Subjects, client: Client, stats: Arc<NatsStats>) -> Self {
        Self { here, subjects, client, stats, list: RwLock::new(Arc::default()), filled: Notify::new() }
    }

    /// These nodes are known now, and no others.
    pub(super) fn know(&self, nodes: &[NodeId]) {
        let before = self.list();
        let known = |node: &NodeId| {
            let found = before.iter().find(|other| other.node == *node).cloned();
            found.unwrap_or_else(|| Arc::new(Other::new(*node, self.subjects.hints(*node))))
        };
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = nodes.iter().map(known).collect();
    }

    /// A node said with a beat what is followed there, or said nothing of it.
    pub(super) fn heed(&self, node: NodeId, said: Option<Saying<'_>>) {
        if let Some(other) = self.list().iter().find(|other| other.node == node) {
            other.heed(said);
        }
    }

    /// Which way a hint for this audience goes.
    pub(super) fn way(&self, audience: &Audience) -> Way {
        let list = self.list();
        if !list.iter().all(|other| other.has_told.load(Relaxed)) {
            return Way::Subjects;
        }
        let (mut left, mut found) = (list.iter().collect::<Vec<_>>(), Vec::new());
        for slot in slots::of_audience(audience) {
            if left.is_empty() {
                break;
            }
            left.retain(|other| {
                let hears = other.slots.has(slot);
                found.extend(hears.then(|| Arc::clone(other)));
                !hears
            });
        }
        Way::Nodes(found)
    }

    /// Sends a hint's entry on its way to these nodes, or drops it as the mouth does letters. Whether all were taken.
    pub(super) fn send(&self, nodes: &[Arc<Other>], entry: &[u8], largest: usize) -> bool {
        let goes = self.stats.connected.load(Relaxed) && Bundle::alone(entry) <= largest;
        let most = largest.min(MOST_LETTER);
        let mut taken = 0;
        for other in nodes.iter().filter(|_| goes) {
            let took = other.waiting().take(self.here, entry, most);
            taken += usize::from(!matches!(took, Taken::Not));
            if matches!(took, Taken::First) {
                self.filled.notify_one();
            }
        }
        let dropped = nodes.len() - taken;
        self.stats.dropped.fetch_add(dropped as u64, Relaxed);
        dropped == 0
    }

    /// Carries what waits, for ever.
    pub(super) async fn carry(self: Arc<Self>) {
        loop {
            self.filled.notified().await;
            // Those of the same commit get in.
            tokio::task::yield_now().await;
            self.empty().await;
            // Not before it has left: while NATS is slow hints wait here, where they are counted.
            let _ = self.client.flush().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Gives NATS what waits now.
    pub(super) async fn empty(&self) {
        for other in self.list().iter() {
            let waiting = std::mem::take(&mut *other.waiting());
            for bundle in waiting.bundles {
                let count = bundle.count;
                // What waited while NATS went away is old when it comes back.
                let said = self.stats.connected.load(Relaxed)
                    && self.client.publish(other.subject.clone(), bundle.sealed()).await.is_ok();
                let counter = if said { &self.stats.sent } else { &self.stats.dropped };
                counter.fetch_add(count, Relaxed);
                self.stats.bundles.fetch_add(u64::from(said), Relaxed);
            }
        }
    }

    fn list(&self) -> Arc<[Arc<Other>]> {
        // Nothing panics while it is held.
        self.list.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Other {
    fn new(node: NodeId, subject: String) -> Self {
        Self {
            node,
            subject: subject.into(),
            has_told: AtomicBool::new(false),
            slots: Slots::default(),
            version: AtomicU64::new(0),
            waiting: Mutex::default(),
        }
    }

    fn heed(&self, said: Option<Saying<'_>>) {
        let Some(Saying { version, what }) = said else {
            self.has_told.store(false, Relaxed);
            return;
        };
        let newest = self.version.fetch_max(version, Relaxed);
        let is_whole = !matches!(what, What::Also(_));
        if is_whole && version < newest {
            return;
        }
        self.slots.heed(what);
        if is_whole {
            self.has_told.store(true, Relaxed);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Taken {
    /// Nothing waited before it.
    First,
    Behind,
    /// Too much waits.
    Not,
}

impl Waiting {
    fn take(&mut self, here: NodeId, entry: &[u8], most: usize) -> Taken {
        if self.count >= MOST || self.bytes + entry.len() > MOST_BYTES {
            return Taken::Not;
        }
        self.count += 1;
        self.bytes += entry.len();
        match self.bundles.last_mut() {
            Some(last) if last.with(entry) <= most => last.push(entry),
            _ => {
                let mut next = Bundle::of(here);
                next.push(entry);
                self.bundles.push(next);
            }
        }
        if self.count == 1 { Taken::First } else { Taken::Behind }
    }
}

#[cfg(test)]
mod tests;
