//! One connection of a session: brings the copy up to date, settles what is in doubt, then carries both ways.
//!
//! Messages go up one at a time: what is in doubt after a break is at most one, and whatever of the visitor's own turns up
//! that is not copied yet is it.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use super::super::{Order, Shared, Upper, door::Without};
use crate::{
    im::{
        Im,
        upstream::{Led, Upward, Word},
    },
    model::{
        Caller, Content, Fault, Millis,
        command::Sent,
        content::names,
        upstream::{Peer, Seat},
    },
    outbound::Socket,
    wire::rong::upstream::{
        End, Heard, Line, Ticket, Told,
        refusal::{away, of_message},
    },
};

/// Messages of one page of history.
const PAGE: u8 = 20;
/// Most pages that are read back.
const MOST_PAGES: u8 = 10;
/// Most messages that are held until history came.
const MOST_HELD: usize = 2000;
/// How long the other service may need until what it took from a broken connection can be read back.
const SETTLES: i64 = 1500;
/// How often it is looked whether the session is needed.
const LOOK: i64 = 2000;
/// How long a session stays when its visitor is gone. Reloading a page takes less.
const GRACE: i64 = 30_000;
/// How long a frame may take to be written.
const WRITING: Duration = Duration::from_secs(10);

/// How a talk ended.
pub(super) enum Ending {
    /// Nobody needs it.
    Idle,
    /// Where the app's conversations are led was changed.
    Changed,
    /// Something went wrong.
    Without(Without),
}

/// How far the copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// What waited is being pulled.
    Pulling,
    /// History is being read back.
    Reading { pages: u8 },
    /// A message in doubt is given a moment to turn up.
    Settling { until: Millis },
    /// Everything is carried at once.
    Ready,
}

/// A message that was handed up and waits for its id.
struct InFlight {
    ticket: Ticket,
    message: Box<Upward>,
    reply: oneshot::Sender<Result<Sent, Fault>>,
}

/// One connection.
pub(super) struct Talk<'s> {
    shared: &'s Shared,
    im: &'s Im,
    visitor: &'s Caller,
    led: &'s Arc<Led>,
    line: Line,
    phase: Phase,
    /// A message in doubt was looked for twice.
    settled: bool,
    held: Vec<Word>,
    tickets: u64,
    in_flight: Option<InFlight>,
    passing: BTreeMap<Ticket, oneshot::Sender<Result<(), Fault>>>,
    /// The service was greeted on this connection.
    greeted: bool,
    /// What the service calls the visitor and the session.
    names: Map<String, Value>,
    look_at: Millis,
    gone_since: Option<Millis>,
}

impl<'s> Talk<'s> {
    pub(super) fn new(shared: &'s Shared, im: &'s Im, visitor: &'s Caller, led: &'s Arc<Led>, seat: &Seat) -> Self {
        let now = shared.parts.clock.now();
        Self {
            shared,
            im,
            visitor,
            led,
            line: Line::new(&led.upstream.peer, seat, now),
            phase: Phase::Pulling,
            settled: seat.pending.is_none(),
            held: Vec::new(),
            tickets: 0,
            in_flight: None,
            passing: BTreeMap::new(),
            greeted: matches!(led.upstream.peer, Peer::User(_)),
            names: Map::new(),
            look_at: later(now, LOOK),
            gone_since: None,
        }
    }

    /// Whether everything was carried at some time.
    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Talks until the line or the need for it ends.
    pub(super) async fn run(
        &mut self,
        mut socket: Socket,
        orders: &mut mpsc::Receiver<Order>,
        upper: &Upper,
    ) -> Ending {
        let ending = self.carry(&mut socket, orders, upper).await;
        socket.close().await;
        // What was not answered is settled by the next connection.
        if let Some(InFlight { reply, .. }) = self.in_flight.take() {
            let _ = reply.send(Err(away()));
        }
        for (_, reply) in std::mem::take(&mut self.passing) {
            let _ = reply.send(Err(away()));
        }
        ending
    }

    async fn carry(&mut self, socket: &mut Socket, orders: &mut mpsc::Receiver<Order>, upper: &Upper) -> Ending {
        loop {
            while let Some(told) = self.line.told() {
                match self.take(told, upper).await {
                    Ok(None) => {}
                    Ok(Some(end)) => return Ending::Without(Without::Ended(end)),
                    Err(fault) => {
                        tracing::warn!(code = fault.code.name(), "What an upstream tells cannot be copied now");
                        return Ending::Without(Without::Store);
                    }
                }
            }
            while let Some(frame) = self.line.frame() {
                match tokio::time::timeout(WRITING, socket.send(frame)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return Ending::Without(Without::Ended(End::Closed)),
                }
            }
            let free = self.phase == Phase::Ready && self.in_flight.is_none();
            tokio::select! {
                bytes = socket.next() => match bytes {
                    Some(Ok(bytes)) => self.line.hear(&bytes, self.now()),
                    Some(Err(_)) | None => return Ending::Without(Without::Ended(End::Closed)),
                },
                order = orders.recv(), if free => match order {
                    Some(order) => self.obey(order).await,
                    None => return Ending::Idle,
                },
                () = tokio::time::sleep(self.until_next_tick()) => {
                    if let Some(ending) = self.tick().await {
                        return ending;
                    }
                }
            }
        }
    }

    fn now(&self) -> Millis {
        self.shared.parts.clock.now()
    }

    fn until_next_tick(&self) -> Duration {
        let mut next = self.line.next_tick().min(self.look_at);
        if let Phase::Settling { until } = self.phase {
            next = next.min(until);
        }
        Duration::from_millis(u64::try_from(next.since(self.now())).unwrap_or(0))
    }

    async fn tick(&mut self) -> Option<Ending> {
        let now = self.now();
        self.line.tick(now);
        if let Phase::Settling { until } = self.phase
            && until <= now
        {
            self.settled = true;
            self.read_back(Millis::default(), 1);
        }
        if self.look_at > now {
            return None;
        }
        self.look_at = later(now, LOOK);
        match self.im.led(&self.visitor.app).await {
            Ok(Some(led)) if *led == **self.led => {}
            Ok(_) => return Some(Ending::Changed),
            Err(_) => return Some(Ending::Without(Without::Store)),
        }
        if self.im.is_here(&self.visitor.app, self.visitor.id()) || self.in_flight.is_some() {
            self.gone_since = None;
            return None;
        }
        let since = *self.gone_since.get_or_insert(now);
        (now.since(since) >= GRACE).then_some(Ending::Idle)
    }

    async fn take(&mut self, told: Told, upper: &Upper) -> Result<Option<End>, Fault> {
        match told {
            Told::In => {
                self.shared.parts.figures.entered();
                if !upper.reachable.swap(true, Ordering::Relaxed) {
                    self.im.upstream_changed(&self.visitor.app);
                }
            }
            Told::Message(heard) => {
                let word = word(*heard);
                if self.phase == Phase::Ready {
                    self.hear(word).await?;
                } else {
                    self.held.push(word);
                    if self.held.len() >= MOST_HELD {
                        self.copy_held().await?;
                    }
                }
            }
            Told::CaughtUp => self.read_back(Millis::default(), 1),
            Told::History(page) => self.page(page).await?,
            Told::Answered(ticket, outcome) => self.answered(ticket, outcome).await?,
            Told::Over(end) => return Ok(Some(end)),
        }
        Ok(None)
    }

    fn read_back(&mut self, before: Millis, pages: u8) {
        self.phase = Phase::Reading { pages };
        self.line.ask_history(before, PAGE, self.now());
    }

    /// A page of history: what of it is not here yet is copied; when nothing of it was here, there may be more before it.
    async fn page(&mut self, page: Result<(Vec<Heard>, bool), u16>) -> Result<(), Fault> {
        let Phase::Reading { pages } = self.phase else { return Ok(()) };
        // Some services keep no history: what was pulled is all there is.
        let (page, more) = page.unwrap_or_default();
        let (oldest, mut reaches) = (page.iter().map(|heard| heard.at).min(), page.is_empty());
        for heard in page {
            let word = word(heard);
            if self.im.is_copied(self.visitor, &word.uid).await? {
                reaches = true;
            } else {
                self.held.push(word);
            }
        }
        match oldest {
            Some(oldest) if more && !reaches && pages < MOST_PAGES => {
                self.read_back(oldest, pages + 1);
                Ok(())
            }
            _ => self.caught_up().await,
        }
    }

    async fn caught_up(&mut self) -> Result<(), Fault> {
        self.copy_held().await?;
        let pending = self.im.seat(self.visitor).await?.pending;
        match pending {
            Some(_) if !self.settled => {
                self.phase = Phase::Settling { until: later(self.now(), SETTLES) };
                return Ok(());
            }
            // It was looked for twice: it is not there, and its connection is gone.
            Some(pending) => self.im.did_not_arrive(self.visitor, &pending.client_id).await?,
            None => {}
        }
        self.phase = Phase::Ready;
        Ok(())
    }

    /// What was pulled and what was read back, in the order of their times.
    async fn copy_held(&mut self) -> Result<(), Fault> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|word| word.at);
        for word in held {
            self.hear(word).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, word: Word) -> Result<(), Fault> {
        if !word.own && word.content.name.as_str() == names::HANDSHAKE_RESPONSE {
            self.greeted_back(&word.content);
        }
        if !word.own && word.content.name.as_str() == names::TERMINATE && self.is_of_another_session(&word.content) {
            return Ok(());
        }
        self.im.hear(self.visitor, self.led, word).await
    }

    fn is_of_another_session(&self, content: &Content) -> bool {
        let fields: Map<String, Value> = content.view().unwrap_or_default();
        match (fields.get("sid"), self.names.get("sid")) {
            (Some(theirs), Some(ours)) => theirs != ours,
            _ => false,
        }
    }

    /// Remembers what the service calls the visitor. One that serves people only may want to be asked for one.
    fn greeted_back(&mut self, content: &Content) {
        let fields: Map<String, Value> = content.view().unwrap_or_default();
        let Some(Value::Object(data)) = fields.get("data") else { return };
        self.names = ["sid", "uid", "pid"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), data.get(name)?.clone())))
            .collect();
        let is = |name: &str, wanted: &[&str]| match data.get(name) {
            Some(Value::String(text)) => wanted.contains(&text.as_str()),
            Some(Value::Number(number)) => wanted.contains(&number.to_string().as_str()),
            _ => false,
        };
        if is("serviceType", &["2", "4"]) && is("notAutoCha", &["1"]) {
            let ask = self.named(&Content::of(names::CHANGE_MODE, &Map::new()));
            let ticket = self.ticket();
            self.line.say(ticket, &ask, self.now());
        }
    }

    /// A control message with the service's names of visitor and session.
    fn named(&self, content: &Content) -> Content {
        let steers = matches!(
            content.name.as_str(),
            names::CHANGE_MODE | names::CHANGE_MODE_NEW | names::SUSPEND | names::EVALUATE
        );
        if !steers || self.names.is_empty() {
            return content.clone();
        }
        let mut fields: Map<String, Value> = content.view().unwrap_or_default();
        fields.extend(self.names.clone());
        Content::of(content.name.as_str(), &fields)
    }

    async fn answered(&mut self, ticket: Ticket, outcome: Result<(String, Millis), u16>) -> Result<(), Fault> {
        if let Some(reply) = self.passing.remove(&ticket) {
            let _ = reply.send(outcome.map(|_| ()).map_err(of_message));
            return Ok(());
        }
        let Some(InFlight { message, reply, .. }) = self.in_flight.take_if(|flight| flight.ticket == ticket) else {
            return Ok(());
        };
        match outcome {
            Ok((uid, at)) => {
                let sent = self.im.arrived(self.visitor, &message, uid_or_time(uid, at), at).await?;
                let _ = reply.send(Ok(sent));
            }
            Err(status) => {
                self.im.did_not_arrive(self.visitor, &message.client_id).await?;
                let _ = reply.send(Err(of_message(status)));
            }
        }
        Ok(())
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Say(message, reply) => self.say(message, reply).await,
            Order::Pass(content, reply) => {
                self.greet_before(&content).await;
                let (content, ticket) = (self.named(&content), self.ticket());
                self.hand_up(ticket, reply, |line, now| line.say(ticket, &content, now));
            }
            Order::Recall(uid, sent_at, reply) => {
                let ticket = self.ticket();
                self.hand_up(ticket, reply, |line, now| line.recall(ticket, &uid, sent_at, now));
            }
            Order::Hint(content) => {
                let (content, ticket) = (self.named(&content), self.ticket());
                self.line.say(ticket, &content, self.now());
            }
            Order::CatchUp(reply) => {
                let _ = reply.send(());
            }
        }
    }

    fn hand_up(
        &mut self,
        ticket: Ticket,
        reply: oneshot::Sender<Result<(), Fault>>,
        hand: impl FnOnce(&mut Line, Millis) -> bool,
    ) {
        let now = self.now();
        if hand(&mut self.line, now) {
            self.passing.insert(ticket, reply);
        } else {
            let _ = reply.send(Err(away()));
        }
    }

    async fn say(&mut self, message: Box<Upward>, reply: oneshot::Sender<Result<Sent, Fault>>) {
        if reply.is_closed() {
            // Whoever said it waits no more, and says it again.
            return;
        }
        match self.begin_to_say(&message).await {
            Ok(Some(first)) => {
                let _ = reply.send(Ok(first));
            }
            Ok(None) => {
                let (ticket, now) = (self.ticket(), self.now());
                if self.line.say(ticket, &message.content, now) {
                    self.in_flight = Some(InFlight { ticket, message, reply });
                } else {
                    // It did not leave. What stays noted is found not to have arrived.
                    let _ = self.im.did_not_arrive(self.visitor, &message.client_id).await;
                    let _ = reply.send(Err(away()));
                }
            }
            Err(fault) => {
                let _ = reply.send(Err(fault));
            }
        }
    }

    /// What became of the message before; otherwise it is noted, and may leave.
    async fn begin_to_say(&mut self, message: &Upward) -> Result<Option<Sent>, Fault> {
        if let Some(first) = self.im.handed_up(self.visitor, message).await? {
            return Ok(Some(first));
        }
        self.greet_before(&message.content).await;
        self.im.leaves(self.visitor, message).await?;
        Ok(None)
    }

    /// A customer service hears a greeting before anything else.
    async fn greet_before(&mut self, content: &Content) {
        let greets = content.name.as_str() == names::HANDSHAKE;
        if !self.greeted && !greets {
            // Without it the service may still answer.
            if let Ok(greeting) = self.im.first_words(self.visitor).await {
                let ticket = self.ticket();
                self.line.say(ticket, &greeting, self.now());
            }
        }
        self.greeted = true;
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

fn word(heard: Heard) -> Word {
    let Heard { from, own, content, uid, at } = heard;
    Word { from, own, content, uid: uid_or_time(uid, at), at }
}

/// Some services name no id. Times are unique for one receiver.
fn uid_or_time(uid: String, at: Millis) -> String {
    if (1..=64).contains(&uid.len()) { uid } else { format!("at-{}", at.get()) }
}

const fn later(now: Millis, millis: i64) -> Millis {
    Millis::new(now.get().saturating_add(millis))
}
