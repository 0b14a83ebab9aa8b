//! The one task that takes what comes from other nodes, and says that this one lives.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use async_nats::{Message, RequestErrorKind, Subscriber, connection::State};
use futures_util::{
    StreamExt,
    stream::{AbortHandle, Abortable, SelectAll, abortable},
};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    Noise, Shared,
    letter::{self, Folded, Letter, bundle::Entry},
    peers::{Heard, Peers},
    slots::{self, Saying},
};
use crate::{
    bus::Peer,
    model::{NodeId, Question},
};

/// A node is gone when so many of its beats did not come.
const LOST_BEATS: u32 = 5;
/// NATS is away when it showed itself for so many beats not.
const LOST_PROOFS: u32 = 3;
/// Subjects that nobody follows any more are left every so many beats.
const TIDY_UP: u64 = 5;
/// Questions that are answered at once, but for those of clients. More are not answered.
const MOST_ANSWERING: usize = 4096;
/// Clients' requests that came by other nodes and wait here for something to tell. The sessions that they ask for bound them:
/// they are connections of this node, and few may wait for one. They take no place of what nodes ask each other.
const MOST_WAITING: usize = 1 << 17;
/// How long NATS may take to take a part of an answer.
const ANSWERING: Duration = Duration::from_secs(5);

pub(super) struct Ear {
    shared: Arc<Shared>,
    peer: Arc<dyn Peer>,
    noises: mpsc::Sender<Noise>,
    noise: mpsc::Receiver<Noise>,
    beat: Duration,
    beats: u64,
    peers: Peers,
    lines: SelectAll<Abortable<Subscriber>>,
    /// How to end each subscription.
    ends: HashMap<String, AbortHandle>,
    /// When NATS showed itself.
    proof: Instant,
    /// How often the connection broke.
    breaks: u64,
    /// Something of anybody was lost.
    lost: bool,
    /// How often others were told what is followed here.
    sayings: u64,
    answering: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Ear {
    pub(super) fn new(
        shared: Arc<Shared>,
        peer: Arc<dyn Peer>,
        (noises, noise): (mpsc::Sender<Noise>, mpsc::Receiver<Noise>),
        beat: Duration,
    ) -> Self {
        Self {
            shared,
            peer,
            noises,
            noise,
            beat,
            beats: 0,
            peers: Peers::new(beat * LOST_BEATS),
            lines: SelectAll::new(),
            ends: HashMap::new(),
            proof: Instant::now(),
            breaks: 0,
            lost: false,
            sayings: 0,
            answering: Arc::new(Semaphore::new(MOST_ANSWERING)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }

    pub(super) async fn listen(mut self, stop: CancellationToken) {
        let shared = self.shared.clone();
        let mut ticks = interval(self.beat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_up = self.is_up();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(message) = self.lines.next(), if !self.lines.is_empty() => self.take(&message),
                Some(noise) = self.noise.recv() => self.note(noise).await,
                () = shared.followed.changed.notified(), if is_up => {
                    self.say_slots();
                    self.subscribe().await;
                }
                _ = ticks.tick() => self.tick().await,
            }
        }
    }

    fn is_up(&self) -> bool {
        self.shared.stats.connected.load(Relaxed)
    }

    async fn note(&mut self, noise: Noise) {
        match noise {
            Noise::Connected => self.ask_for_proof(),
            Noise::Disconnected => {
                self.breaks += 1;
                self.fall();
            }
            Noise::Lost => self.lost = true,
            // One from before a break says nothing.
            Noise::Proof(breaks) if breaks == self.breaks => {
                self.proof = Instant::now();
                if !self.is_up() {
                    self.rise().await;
                }
            }
            Noise::Proof(_) => {}
        }
    }

    /// NATS tells at once that nobody answers under a subject: a way there and back shows that it is there.
    fn ask_for_proof(&self) {
        if self.shared.client.connection_state() != State::Connected {
            return;
        }
        let (client, subject) = (self.shared.client.clone(), self.shared.subjects.nobody(self.shared.node));
        let (noises, breaks, patience) = (self.noises.clone(), self.breaks, self.beat * LOST_PROOFS);
        tokio::spawn(async move {
            let asked = tokio::time::timeout(patience, client.request(subject, bytes::Bytes::new())).await;
            if let Ok(Err(error)) = asked
                && error.kind() == RequestErrorKind::NoResponders
            {
                let _ = noises.try_send(Noise::Proof(breaks));
            }
        });
    }

    async fn rise(&mut self) {
        tracing::info!("NATS is there: other servers on this database are heard of");
        self.shared.stats.connected.store(true, Relaxed);
        for subject in self.fixed() {
            self.hear_of(subject).await;
        }
        self.subscribe().await;
        for node in self.peers.hear_bus(Instant::now()) {
            self.miss(node);
        }
        self.say_beat(true);
    }

    fn fall(&mut self) {
        if self.shared.stats.connected.swap(false, Relaxed) {
            tracing::warn!("NATS is away: what other servers do is seen seconds later, in the database");
            self.peers.lose_bus();
        }
    }

    async fn tick(&mut self) {
        self.beats += 1;
        self.ask_for_proof();
        if self.is_up() && self.proof.elapsed() > self.beat * LOST_PROOFS {
            self.fall();
        }
        if !self.is_up() {
            return;
        }
        self.say_beat(false);
        for node in self.peers.take_silent(Instant::now()) {
            tracing::warn!(node = format_args!("{:016x}", node.0), "Another server is not heard of any more");
            self.lose(node);
            self.peer.lost(node);
        }
        if std::mem::take(&mut self.lost) {
            tracing::warn!("More came from other servers than was taken; looking into the database");
            self.peers.list().into_iter().for_each(|node| self.miss(node));
        }
        if self.beats.is_multiple_of(TIDY_UP) {
            self.tidy_up();
        }
        self.subscribe().await;
    }

    /// Says that this node lives, and what is followed here.
    fn say_beat(&mut self, new: bool) {
        let version = self.next_saying();
        let slots = self.shared.followed.said(version);
        // Without them it is a beat like one of the version before: hints come by subjects.
        let fits = letter::beat_length(&slots) <= self.shared.mouth.largest();
        self.say(new, if fits { &slots } else { &[] });
    }

    /// Says what is followed here besides what was told. A message that is sent before others have heard it comes a few
    /// seconds late, so nothing waits here: what changed at the same time goes together.
    fn say_slots(&mut self) {
        let fresh = self.shared.followed.take_fresh_slots();
        if !fresh.is_empty() {
            let slots = slots::also(self.next_saying(), &fresh);
            self.say(false, &slots);
        }
    }

    const fn next_saying(&mut self) -> u64 {
        self.sayings += 1;
        self.sayings
    }

    fn say(&self, new: bool, slots: &[u8]) {
        let mut told = self.shared.told();
        let beat = letter::beat(self.shared.node, told.at_beat(), new, slots);
        self.shared.mouth.say(self.shared.subjects.nodes(), beat);
    }

    /// Subjects that every node hears.
    fn fixed(&self) -> [String; 4] {
        let (subjects, node) = (&self.shared.subjects, self.shared.node);
        [subjects.nodes(), subjects.hints(node), subjects.everybody(), subjects.questions(node)]
    }

    /// Subscribes to what is followed for the first time.
    async fn subscribe(&mut self) {
        for subject in self.shared.followed.take_fresh() {
            self.hear_of(subject).await;
        }
    }

    async fn hear_of(&mut self, subject: String) {
        if self.ends.contains_key(&subject) {
            return;
        }
        match self.shared.client.subscribe(subject.clone()).await {
            Ok(line) => {
                let (line, end) = abortable(line);
                self.lines.push(line);
                self.ends.insert(subject, end);
            }
            // Only when the client was closed.
            Err(error) => tracing::error!(%error, "NATS takes no subscription"),
        }
    }

    /// Leaves what nobody follows any more.
    fn tidy_up(&mut self) {
        let followed = &self.shared.followed;
        followed.tidy_slots();
        let fixed = self.fixed();
        self.ends.retain(|subject, end| {
            let stays = fixed.contains(subject) || followed.wants(subject);
            if !stays {
                end.abort();
            }
            stays
        });
    }

    fn take(&mut self, message: &Message) {
        // Whatever goes wrong over one letter, the next is heard; the panic was logged where it happened (W6).
        let _ = catch_unwind(AssertUnwindSafe(|| self.read(message)));
    }

    fn read(&mut self, message: &Message) {
        let now = Instant::now();
        let read = letter::read(&message.payload);
        if let Some((node, Letter::Bundle(entries))) = read {
            return entries.for_each(|entry| self.take_entry(node, entry));
        }
        self.shared.stats.heard.fetch_add(1, Relaxed);
        let Some((node, letter)) = read else {
            self.shared.stats.unknown.fetch_add(1, Relaxed);
            if let Some((node, number)) = letter::unknown_tidings(&message.payload) {
                let heard = self.peers.tidings(node, number, now);
                self.heard(node, heard);
            }
            return;
        };
        match letter {
            Letter::Bundle(_) => {}
            Letter::Hint(number, folded) => {
                if self.peers.is_new_hint(node, number) {
                    self.hear(node, Some(folded));
                }
            }
            Letter::Tidings(number, tidings) => {
                let heard = self.peers.tidings(node, number, now);
                self.heard(node, heard);
                if heard != Heard::Again {
                    self.peer.learn(node, tidings);
                }
            }
            Letter::Beat(told, slots) => self.hear_beat(node, told, slots, now),
            Letter::New(told, slots) => {
                self.hear_beat(node, told, slots, now);
                self.say_beat(false);
            }
            Letter::Bye => {
                if self.peers.bye(node) {
                    self.lose(node);
                }
            }
            Letter::Question(question) => self.answer(node, question, message),
        }
    }

    /// One of several hints in a letter. Whatever goes wrong over it, the others are heard (W6).
    fn take_entry(&mut self, node: NodeId, entry: Option<Entry<'_>>) {
        self.shared.stats.heard.fetch_add(1, Relaxed);
        let _ = catch_unwind(AssertUnwindSafe(|| match entry {
            Some(entry) if !self.peers.is_new_hint(node, entry.number) => {}
            entry => self.hear(node, entry.and_then(|entry| entry.folded())),
        }));
    }

    /// A hint that came for the first time; `None` when this version does not know it.
    fn hear(&self, node: NodeId, folded: Option<Folded<'_>>) {
        let is_for_nobody = folded.as_ref().is_some_and(|folded| !self.shared.followed.has(&folded.audience));
        if is_for_nobody {
            return;
        }
        match folded.and_then(Folded::unfold) {
            Some(hint) => self.peer.hear(node, hint),
            None => drop(self.shared.stats.unknown.fetch_add(1, Relaxed)),
        }
    }

    fn hear_beat(&mut self, node: NodeId, told: u64, slots: Option<Saying<'_>>, now: Instant) {
        let heard = self.peers.beat(node, told, now);
        // First it is known.
        self.heard(node, heard);
        self.shared.others.heed(node, slots);
    }

    fn heard(&self, node: NodeId, heard: Heard) {
        match heard {
            Heard::Missed => {
                self.note_known();
                self.miss(node);
            }
            Heard::MissedHints => {
                self.shared.stats.missed.fetch_add(1, Relaxed);
                self.peer.missed_hints(node);
            }
            Heard::AllRight | Heard::Again => {}
        }
    }

    fn miss(&self, node: NodeId) {
        self.shared.stats.missed.fetch_add(1, Relaxed);
        self.peer.missed(node);
    }

    fn lose(&self, node: NodeId) {
        self.note_known();
        self.peer.gone(node);
    }

    fn note_known(&self) {
        let list = self.peers.list();
        self.shared.stats.nodes.store(list.len(), Relaxed);
        self.shared.others.know(&list);
        self.shared.known.send_replace(list);
    }

    fn answer(&self, node: NodeId, question: Question, message: &Message) {
        let Some(to) = message.reply.clone() else { return };
        let places = if matches!(question, Question::Poll(_)) { &self.waiting } else { &self.answering };
        let Ok(permit) = places.clone().try_acquire_owned() else { return };
        let (shared, peer) = (self.shared.clone(), self.peer.clone());
        tokio::spawn(async move {
            let answer = peer.answer(node, question).await;
            for part in letter::answer(answer.as_deref(), shared.mouth.largest()) {
                let said = tokio::time::timeout(ANSWERING, shared.client.publish(to.clone(), part)).await;
                if !matches!(said, Ok(Ok(()))) {
                    break;
                }
            }
            drop(permit);
        });
    }
}
