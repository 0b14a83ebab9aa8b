//! The bus of several nodes: NATS 2.9 or newer, core subjects only. It keeps nothing and promises nothing; the store is
//! the truth.
//!
//! Hints go to the nodes where somebody follows, several in one letter (`others`); tidings and beats go to every node, and
//! with a beat each tells what is followed there (`slots`). Nothing that is sent waits for NATS: it goes into a bounded
//! queue (`others`, `mouth`), and what does not fit is dropped and counted. What comes is taken by one task (`ear`), which
//! also says once per beat that this node lives. Each node counts its tidings, so that others see what they missed, and
//! apart from them whether hints were lost (`count`).
//!
//! The version before sent each hint under the subjects of its audience (`subjects`), and says nothing of slots. While such a
//! node is known, hints go to all nodes in that way, and this version still listens there. The version after this one
//! can leave that out.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{Client, StatusCode};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, future::join_all};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    count::Counting,
    ear::Ear,
    followed::Followed,
    letter::bundle,
    mouth::Mouth,
    others::{Others, Way},
    subjects::Subjects,
};
use super::{Bus, Interest, Listener, Peer};
use crate::model::{Event, Hint, NodeId, Question, Tidings};

mod count;
mod ear;
mod followed;
mod letter;
mod mouth;
mod others;
mod peers;
mod reach;
mod slots;
mod stats;
mod subjects;

pub use reach::{Inspection, NatsError, NatsOptions, inspect};
pub use stats::NatsStats;

/// A stop waits so long for NATS to take the good-bye.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// News of the connection to NATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noise {
    Connected,
    Disconnected,
    /// NATS answered what was asked after it went away so many times.
    Proof(u64),
    /// Letters came faster than they were taken; some are lost.
    Lost,
}

/// This node among others, by NATS.
pub struct NatsBus {
    shared: Arc<Shared>,
    noise: Mutex<Option<mpsc::Receiver<Noise>>>,
    noises: mpsc::Sender<Noise>,
    beat: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What those who tell and the ear have in common.
struct Shared {
    node: NodeId,
    subjects: Subjects,
    client: Client,
    mouth: Mouth,
    others: Arc<Others>,
    followed: Followed,
    stats: Arc<NatsStats>,
    listener: OnceLock<Arc<dyn Listener>>,
    /// What was told so far. Held while tidings are said: their numbers leave in their order.
    told: Mutex<Counting>,
    /// Hints sent so far.
    hints: AtomicU64,
    /// The other nodes.
    known: watch::Sender<Vec<NodeId>>,
}

impl std::fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsBus").field("node", &self.shared.node).finish_non_exhaustive()
    }
}

impl NatsBus {
    /// A bus by this NATS, which may be away: it is looked for until it is there. Hears nothing before
    /// [`NatsBus::connect`]. Must run inside a runtime, which carries the bus.
    pub async fn open(options: NatsOptions) -> Result<Self, NatsError> {
        let node = NodeId(rand::random());
        let subjects = Subjects::of(options.installation);
        let (noises, noise) = mpsc::channel(64);
        let client = reach::reach(&options, subjects.inbox(node), node, noises.clone()).await?;
        let stats = Arc::new(NatsStats::default());
        let (mouth, speaking) = Mouth::new(client.clone(), stats.clone());
        let others = Arc::new(Others::new(node, subjects.clone(), client.clone(), stats.clone()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(stop.clone().run_until_cancelled_owned(speaking));
        tasks.spawn(stop.clone().run_until_cancelled_owned(others.clone().carry()));
        let shared = Arc::new(Shared {
            node,
            followed: Followed::new(subjects.clone()),
            subjects,
            client,
            mouth,
            others,
            stats,
            listener: OnceLock::new(),
            told: Mutex::default(),
            hints: AtomicU64::new(0),
            known: watch::Sender::default(),
        });
        Ok(Self { shared, noise: Mutex::new(Some(noise)), noises, beat: options.beat, stop, tasks })
    }

    /// Names who hears this node's own hints, and who takes what comes from others. Later calls are ignored.
    pub fn connect(&self, listener: Arc<dyn Listener>, peer: Arc<dyn Peer>) {
        let _ = self.shared.listener.set(listener);
        let Some(noise) = self.noise.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let ear = Ear::new(self.shared.clone(), peer, (self.noises.clone(), noise), self.beat);
        self.tasks.spawn(ear.listen(self.stop.clone()));
    }

    /// Figures for metrics.
    pub fn stats(&self) -> Arc<NatsStats> {
        self.shared.stats.clone()
    }

    /// Says good-bye and hears no more. This node's own connections still hear its hints.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let Shared { stats, client, others, subjects, node, .. } = &*self.shared;
        if !stats.connected.load(Relaxed) {
            return;
        }
        let farewell = async {
            others.empty().await;
            stats.connected.store(false, Relaxed);
            let _ = client.publish(subjects.nodes(), letter::bye(*node)).await;
            let _ = client.flush().await;
        };
        let _ = tokio::time::timeout(LAST_WORDS, farewell).await;
        stats.connected.store(false, Relaxed);
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    /// Sends a hint on its way to the other nodes where somebody may hear it.
    fn tell_others(&self, hint: &Hint) {
        // Each node reckons its own desk.
        if matches!(hint.event, Event::Desk(_)) {
            return;
        }
        let is_taken = match self.others.way(&hint.audience) {
            Way::Nodes(nodes) if nodes.is_empty() => return,
            Way::Nodes(nodes) => {
                let entry = bundle::entry(self.next_hint(), hint);
                self.others.send(&nodes, &entry, self.mouth.largest())
            }
            Way::Subjects => self.say_by_subjects(hint),
        };
        if !is_taken {
            // The next beat says so: the others look into the store.
            self.told().lose_hint();
        }
    }

    /// For nodes of the version before. Whether NATS takes it.
    fn say_by_subjects(&self, hint: &Hint) -> bool {
        let subjects = self.subjects.of_audience(&hint.audience);
        if subjects.is_empty() {
            return true;
        }
        let letter = letter::hint(self.node, self.next_hint(), hint);
        let mut is_taken = true;
        for subject in subjects {
            is_taken &= self.mouth.say(subject, letter.clone());
        }
        is_taken
    }

    fn next_hint(&self) -> u64 {
        self.hints.fetch_add(1, Relaxed) + 1
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Counting> {
        // Nothing in here panics half-way.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a node that is known. Waits no longer when it goes.
    async fn ask(&self, node: NodeId, question: Bytes, within: Duration) -> Option<String> {
        if !self.stats.connected.load(Relaxed) {
            return None;
        }
        let mut known = self.known.subscribe();
        tokio::select! {
            biased;
            _ = known.wait_for(|nodes| !nodes.contains(&node)) => None,
            answer = tokio::time::timeout(within, self.asked(node, question)) => answer.ok()?,
        }
    }

    async fn asked(&self, node: NodeId, question: Bytes) -> Option<String> {
        let inbox = self.client.new_inbox();
        let mut parts = self.client.subscribe(inbox.clone()).await.ok()?;
        self.client.publish_with_reply(self.subjects.questions(node), inbox, question).await.ok()?;
        let mut answer = letter::Answer::default();
        loop {
            let part = parts.next().await.filter(|part| part.status != Some(StatusCode::NO_RESPONDERS))?;
            if let ControlFlow::Break(whole) = answer.take(&part.payload) {
                return whole;
            }
        }
    }
}

#[async_trait]
impl Bus for NatsBus {
    fn publish(&self, hint: Hint) {
        self.shared.tell_others(&hint);
        self.publish_here(hint);
    }

    fn publish_here(&self, hint: Hint) {
        if let Some(listener) = self.shared.listener.get() {
            listener.hear(hint);
        }
    }

    fn node(&self) -> Option<NodeId> {
        Some(self.shared.node)
    }

    fn is_deaf(&self) -> bool {
        !self.shared.stats.connected.load(Relaxed)
    }

    fn announce(&self, tidings: Tidings) {
        let mut told = self.shared.told();
        let number = told.next_number();
        // Whoever comes later asks; a number that was not said shows as lost.
        if !self.shared.known.borrow().is_empty() {
            let letter = letter::tidings(self.shared.node, number, &tidings);
            self.shared.mouth.say(self.shared.subjects.nodes(), letter);
        }
    }

    fn follow(&self, interest: Interest, on: bool) {
        self.shared.followed.count(interest, on);
    }

    async fn ask_all(&self, question: Question, within: Duration) -> Vec<(NodeId, String)> {
        let nodes = self.shared.known.borrow().clone();
        let question = letter::question(self.shared.node, &question);
        let asked = nodes.into_iter().map(|node| {
            let answer = self.shared.ask(node, question.clone(), within);
            async move { Some((node, answer.await?)) }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn ask(&self, node: NodeId, question: Question, within: Duration) -> Option<String> {
        self.shared.ask(node, letter::question(self.shared.node, &question), within).await
    }
}

#[cfg(test)]
mod tests;
