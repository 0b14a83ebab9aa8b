//! The loop of one connection: frames in, work under way, answers and events out, timers.
//!
//! One task owns the transport. Everything that may wait is polled here side by side; what happens in between never
//! waits. Answers stand in the connection's own line, events in its queue: each becomes frames only when the client
//! takes them.

use std::{
    collections::VecDeque,
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, Sleep};

use super::{
    Ticket,
    ask::{self, Answered},
    find::Asker,
    greet::greet,
    line::{Heard, Line},
    tell::{Learned, Teller, Told},
};
use crate::{
    gateway::{
        Gateway,
        clocks::Clocks,
        hello::{self, Seat},
        limits::{Admission, Bucket, Excess},
        outbox::Outbox,
        room::RoomSeat,
        sessions::Open,
    },
    im::{accounts::SignedIn, turn::Turn},
    model::{
        Arrival, Code, Conversation, Event, Fault, Kind, Millis,
        chatroom::{ChatroomCommand, JoinChatroom, JoinedChatroom},
        command::Sent,
        error::CloseCode,
    },
    proto::rong::{ChrmOutput, SyncRequestMsg},
    wire::rong::{
        ask::{self as asked, Ask},
        delivery::Window,
        dialect::Dialect,
        frame::{ClientFrame, ConnAck, Request, ServerFrame},
        place::Place,
        reply,
        status::Status,
    },
};

/// Asks under way and answers that wait; with more the client is not read (back-pressure).
const MOST_WORK: usize = 32;
/// Frames read before others get their turn.
const MOST_READ: usize = 32;
/// Bytes handed to the transport at once.
const MOST_WRITE: usize = 64 << 10;
/// Broken frames of one connection (W5).
const MOST_BAD_FRAMES: u8 = 5;
/// How a user is who has said nothing of it.
const ONLINE: i32 = 1;
/// A farewell may take this long (W4).
const FAREWELL_TIME: Duration = Duration::from_secs(5);

/// One connection and everything it waits for.
pub(super) struct Connection<L> {
    gateway: Arc<Gateway>,
    line: L,
    outbox: Arc<Outbox>,
    /// Who is here; nobody while the token is being checked.
    guest: Option<Box<Guest>>,
    work: FuturesUnordered<Work>,
    sends: Sends,
    /// Answers that wait to be written.
    ready: VecDeque<ServerFrame>,
    /// An event of which something is being learned.
    held: Option<Arc<Event>>,
    bad_frames: u8,
    /// What came that costs no budget.
    cheap: Bucket,
    clocks: Clocks,
    admission: Admission,
    _open: Open,
}

/// Somebody who was let in.
struct Guest {
    seat: Seat,
    asker: Asker,
    teller: Teller,
    /// Watermarks are being moved.
    marking: bool,
}

/// Sends begin one after the other, each as soon as the one before stands in the store's line.
#[derive(Default)]
struct Sends {
    waiting: VecDeque<(Request, Ask)>,
    turn_over: Option<Arc<AtomicBool>>,
}

type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Work that came to its end. Requests come without their bodies.
enum Done {
    Greeted { ticket: Ticket, outcome: Result<Box<Seat>, u8> },
    Sent { request: Request, outcome: Result<Sent, Status>, began_at: Instant },
    Published { request: Request, outcome: Result<(), Status> },
    Answered { request: Request, outcome: Result<Answered, Status> },
    Pulled { request: Request, asked: Box<SyncRequestMsg>, outcome: Result<Inbox, Fault> },
    Joined { request: Request, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault> },
    Learned(Learned),
    Marked,
    Checked(Result<Option<SignedIn>, Fault>),
}

type Inbox = (Vec<(Arc<Conversation>, Arrival)>, bool);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We close.
    Ours(CloseCode),
    /// The client was not let in, and was told so.
    Refused,
    /// The client closes.
    Theirs,
    /// The transport is gone.
    Gone,
}

/// Go on, or end.
type Turned<T = ()> = ControlFlow<End, T>;

impl<L: Line> Connection<L> {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        outbox: Arc<Outbox>,
        line: L,
        ticket: Ticket,
        admission: Admission,
    ) -> Self {
        gateway.figures.connections.inc();
        let open = gateway.sessions.open(&outbox);
        let greeting = greet(gateway.clone(), outbox.clone(), ticket.clone(), L::TRANSPORT);
        let work = FuturesUnordered::<Work>::new();
        work.push(Box::pin(async move { Done::Greeted { ticket, outcome: greeting.await.map(Box::new) } }));
        Self {
            gateway,
            line,
            outbox,
            guest: None,
            work,
            sends: Sends::default(),
            ready: VecDeque::new(),
            held: None,
            bad_frames: 0,
            cheap: Bucket::default(),
            clocks: Clocks::start(),
            admission,
            _open: open,
        }
    }

    /// From the first look at the token to the farewell.
    pub(super) async fn live(mut self) {
        let end = {
            let mut timer = pin!(tokio::time::sleep_until(self.due()));
            poll_fn(|cx| self.turn(cx, timer.as_mut())).await
        };
        Box::pin(self.part(end)).await;
    }

    /// One look at everything that may have happened.
    fn turn(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<End> {
        self.outbox.watch(cx);
        match self.try_turn(cx, timer.as_mut()) {
            Turned::Break(end) => Poll::Ready(end),
            Turned::Continue(()) => Poll::Pending,
        }
    }

    fn try_turn(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Turned {
        let closing = self.outbox.closing();
        if let Some(code) = closing
            && (code != CloseCode::Restart || !self.has_work())
        {
            return Turned::Break(End::Ours(code));
        }
        if timer.as_mut().poll(cx).is_ready() {
            self.look_at_clocks()?;
        }
        if self.guest.is_some() && self.outbox.takes_proof() {
            self.prove();
        }
        let mut to_read = if closing.is_none() { MOST_READ } else { 0 };
        loop {
            let finished = self.finish_work(cx)?;
            let sent = self.begin_send();
            let read = self.read(cx, &mut to_read)?;
            // New work is looked at at once, so that it can wake us.
            if !(self.flush(cx)? || finished || sent || read) {
                break;
            }
        }
        let due = self.due();
        if timer.is_elapsed() || due < timer.deadline() {
            timer.as_mut().reset(due);
            // Registers the new deadline; if it lies in the past, the next turn comes at once.
            if timer.poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Turned::Continue(())
    }

    fn has_work(&self) -> bool {
        !self.work.is_empty() || !self.sends.waiting.is_empty() || !self.ready.is_empty()
    }

    /// Takes what came to its end; tells whether anything did.
    fn finish_work(&mut self, cx: &mut Context<'_>) -> Turned<bool> {
        let mut any = false;
        while let Poll::Ready(Some(done)) = self.work.poll_next_unpin(cx) {
            any = true;
            self.finish(done, cx)?;
        }
        Turned::Continue(any)
    }

    fn finish(&mut self, done: Done, cx: &mut Context<'_>) -> Turned {
        let now = self.gateway.im.now();
        match done {
            Done::Greeted { ticket, outcome } => return self.greeted(ticket, outcome, cx),
            Done::Sent { request, outcome, began_at } => {
                self.gateway.figures.deliver_seconds.observe(began_at.elapsed().as_secs_f64());
                self.ready.extend(reply::published(&request, outcome.as_ref().map_err(|status| *status), now));
            }
            Done::Published { request, outcome } => {
                let uid = self.gateway.im.mint_uid();
                self.ready.extend(reply::done(&request, outcome.map(|()| uid), now));
            }
            Done::Answered { request, outcome } => self.answered(&request, outcome, now),
            Done::Pulled { request, asked, outcome } => self.pulled(&request, &asked, outcome, now),
            Done::Joined { request, outcome } => self.joined(&request, outcome, now),
            Done::Learned(learned) => {
                if let Some(event) = self.held.take() {
                    self.tell(&event, Some(learned), now);
                }
            }
            Done::Marked => {
                if let Some(guest) = &mut self.guest {
                    guest.marking = false;
                }
                self.mark();
            }
            Done::Checked(outcome) => return self.checked(outcome),
        }
        Turned::Continue(())
    }

    /// The server's first words: who the client is, or that it is not let in.
    fn greeted(&mut self, ticket: Ticket, outcome: Result<Box<Seat>, u8>, cx: &mut Context<'_>) -> Turned {
        let seat = match outcome {
            Ok(seat) => *seat,
            Err(status) => {
                self.ready.push_back(ServerFrame::ConnAck(ConnAck::Refused(status)));
                self.flush(cx)?;
                return Turned::Break(End::Refused);
            }
        };
        self.admission.authenticated();
        let caller = seat.membership.caller.clone();
        self.ready.push_front(ServerFrame::ConnAck(ConnAck::Accepted {
            user: caller.id().to_string(),
            session: self.line.session().unwrap_or_else(|| format!("s{}", self.outbox.id.0)),
            at: seat.welcomed_at,
        }));
        let teller = Teller::new(caller.id().clone(), L::dialect(&ticket.sdk_version));
        let asker = Asker {
            im: self.gateway.im.clone(),
            caller,
            connection: self.outbox.id,
            origin: ticket.origin.into(),
            status: Arc::new(AtomicI32::new(ONLINE)),
        };
        self.guest = Some(Box::new(Guest { seat, asker, teller, marking: false }));
        Turned::Continue(())
    }

    fn pulled(&mut self, request: &Request, asked: &SyncRequestMsg, outcome: Result<Inbox, Fault>, now: Millis) {
        let Some(guest) = &mut self.guest else { return };
        match outcome {
            Ok((found, more)) => {
                let (answer, then) = guest.teller.pulled(asked, &found, more, now);
                let body = guest.teller.dialect.write(&answer);
                self.ready.push_back(reply::answered(request, Ok(body), now));
                self.ready.extend(then);
                self.mark();
            }
            Err(fault) => self.ready.push_back(reply::answered(request, Err(Status::of(fault.code, None)), now)),
        }
    }

    fn answered(&mut self, request: &Request, outcome: Result<Answered, Status>, now: Millis) {
        let (answer, then) = match outcome {
            Ok(Answered { status, body, then }) => (reply::answered_in_part(request, status, body, now), then),
            Err(status) => (reply::answered(request, Err(status), now), Vec::new()),
        };
        self.ready.push_back(answer);
        for event in then {
            self.tell(&Arc::new(event), None, now);
        }
    }

    fn joined(&mut self, request: &Request, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault>, now: Millis) {
        let Some(guest) = &mut self.guest else { return };
        let refused = |fault: Fault| Status::of(fault.code, Some(Kind::Chatroom));
        let body = outcome.map_err(refused).map(|joined| {
            let (seat, joined) = *joined;
            let place = Place { kind: Kind::Chatroom, target: joined.room.handle.clone() };
            guest.teller.places.keep(joined.room.id, place);
            guest.seat.rooms.keep(seat);
            guest.teller.dialect.write(&ChrmOutput { join_time: Some(now.get()), ..ChrmOutput::default() })
        });
        self.ready.push_back(reply::answered(request, body, now));
    }

    /// Moves the watermarks of what has arrived, one after the other.
    fn mark(&mut self) {
        let Some(guest) = &mut self.guest else { return };
        if guest.marking {
            return;
        }
        let arrived = guest.teller.take_arrived();
        if !arrived.is_empty() {
            guest.marking = true;
            let asker = guest.asker.clone();
            self.work.push(Box::pin(async move {
                asker.mark(arrived).await;
                Done::Marked
            }));
        }
    }

    fn checked(&mut self, outcome: Result<Option<SignedIn>, Fault>) -> Turned {
        let Some(guest) = &mut self.guest else { return Turned::Continue(()) };
        match outcome {
            Ok(Some(signed_in)) => guest.seat.check_at = hello::check_at(&self.gateway.im, &signed_in),
            Ok(None) => return Turned::Break(End::Ours(CloseCode::Token)),
            Err(fault) if fault.code == Code::UserBlocked => {
                return Turned::Break(End::Ours(CloseCode::Forbidden));
            }
            // The store does not answer; ask again soon rather than throw everybody out.
            Err(_) => guest.seat.check_at = Instant::now() + Duration::from_mins(1),
        }
        Turned::Continue(())
    }

    /// Reads what is there, within bounds; tells whether work began.
    fn read(&mut self, cx: &mut Context<'_>, to_read: &mut usize) -> Turned<bool> {
        let before = self.work.len() + self.sends.waiting.len();
        while *to_read > 0 && self.may_read() {
            let Poll::Ready(heard) = self.line.poll_recv(cx) else { break };
            *to_read -= 1;
            if *to_read == 0 {
                cx.waker().wake_by_ref();
            }
            self.clocks.heard();
            match heard {
                Heard::Frame(frame) => {
                    self.clocks.mid_message(false);
                    self.take(frame)?;
                }
                Heard::Bad(_) => {
                    self.bad_frames += 1;
                    if self.bad_frames >= MOST_BAD_FRAMES {
                        return Turned::Break(End::Ours(CloseCode::Policy));
                    }
                }
                Heard::Sign => self.count_cheap()?,
                Heard::Close => return Turned::Break(End::Theirs),
                Heard::Gone => return Turned::Break(End::Gone),
            }
        }
        self.clocks.mid_message(self.line.is_mid_message());
        Turned::Continue(self.work.len() + self.sends.waiting.len() > before)
    }

    /// Nothing is read before the server has spoken.
    fn may_read(&self) -> bool {
        self.guest.is_some() && self.work.len() + self.sends.waiting.len() + self.ready.len() < MOST_WORK
    }

    fn take(&mut self, frame: ClientFrame) -> Turned {
        let Some(guest) = &mut self.guest else { return Turned::Continue(()) };
        let dialect = guest.teller.dialect;
        match frame {
            ClientFrame::Ping => {
                self.count_cheap()?;
                self.ready.push_back(ServerFrame::Pong);
            }
            ClientFrame::PubAck { id } => {
                // Whoever is told much answers much: that is no abuse.
                if !guest.teller.acked(id) {
                    self.count_cheap()?;
                }
                self.mark();
            }
            ClientFrame::QueryCon { .. } => self.count_cheap()?,
            ClientFrame::Publish(request) => {
                let ask = asked::of_publish(&request, dialect);
                let outcome = self.begin(bare(request), ask, true)?;
                self.ready.extend(
                    outcome.and_then(|(request, status)| reply::done(&request, Err(status), self.gateway.im.now())),
                );
            }
            ClientFrame::Query(request) => {
                let ask = asked::of_query(&request, dialect);
                let outcome = self.begin(bare(request), ask, false)?;
                self.ready.extend(
                    outcome.map(|(request, status)| reply::answered(&request, Err(status), self.gateway.im.now())),
                );
            }
        }
        Turned::Continue(())
    }

    /// Begins what a client asks, or says why not.
    fn begin(
        &mut self,
        request: Request,
        ask: Result<Ask, Status>,
        published: bool,
    ) -> Turned<Option<(Request, Status)>> {
        let ask = match ask {
            Ok(ask) => ask,
            Err(status) => {
                self.count_cheap()?;
                return Turned::Continue(Some((request, status)));
            }
        };
        let Some(guest) = &mut self.guest else { return Turned::Continue(None) };
        let (rates, member) = (&self.gateway.rates, &guest.seat.membership);
        let allowed = match &ask {
            Ask::Send { .. } => rates.send(&member.budget, &guest.seat.app, false),
            _ => rates.other(&member.budget, false),
        };
        match allowed {
            Ok(()) => {}
            Err(Excess::Refused(fault)) => return Turned::Continue(Some((request, Status::of(fault.code, None)))),
            Err(Excess::Close) => return Turned::Break(End::Ours(CloseCode::RateLimited)),
        }
        let (asker, dialect) = (guest.asker.clone(), guest.teller.dialect);
        let work: Work = match ask {
            Ask::Send { .. } => {
                self.sends.waiting.push_back((request, ask));
                return Turned::Continue(None);
            }
            Ask::Pull(asked) => Box::pin(async move {
                let outcome = asker.inbox(Window::of(&asked)).await;
                Done::Pulled { request, asked: Box::new(asked), outcome }
            }),
            Ask::Chatroom(ChatroomCommand::Join(join)) => self.enter(request, join),
            ask => {
                if let Ask::Chatroom(ChatroomCommand::Quit(room)) = &ask {
                    guest.seat.rooms.give_up(room);
                }
                Box::pin(perform(asker, ask, request, dialect, published))
            }
        };
        self.work.push(work);
        Turned::Continue(None)
    }

    fn enter(&self, request: Request, join: JoinChatroom) -> Work {
        let caller = self.guest.as_ref().map(|guest| guest.seat.membership.caller.clone());
        let (gateway, outbox) = (self.gateway.clone(), self.outbox.clone());
        Box::pin(async move {
            let outcome = match caller {
                Some(caller) => RoomSeat::take(gateway, caller, outbox, join).await.map(Box::new),
                None => Err(Fault::new(Code::Unauthorized, "nobody is here")),
            };
            Done::Joined { request, outcome }
        })
    }

    /// Pings and the like are free, but not endless.
    fn count_cheap(&self) -> Turned {
        if self.gateway.rates.cheap(&self.cheap) {
            Turned::Continue(())
        } else {
            Turned::Break(End::Ours(CloseCode::RateLimited))
        }
    }

    /// Begins the next send if the one before has its place in line; tells whether it did.
    fn begin_send(&mut self) -> bool {
        if self.sends.turn_over.as_ref().is_some_and(|over| !over.load(Ordering::Acquire)) {
            return false;
        }
        self.sends.turn_over = None;
        let Some(guest) = &self.guest else { return false };
        let Some((request, send)) = self.sends.waiting.pop_front() else { return false };
        let (turn, over) = Turn::begin();
        self.sends.turn_over = Some(over);
        let (asker, began_at) = (guest.asker.clone(), Instant::now());
        self.work.push(Box::pin(async move {
            let outcome = ask::send(&asker, &send, turn).await;
            Done::Sent { request, outcome, began_at }
        }));
        true
    }

    /// Writes what waits, as far as the client takes it; tells whether something has to be learned first.
    fn flush(&mut self, cx: &mut Context<'_>) -> Turned<bool> {
        let before = self.work.len();
        loop {
            match self.line.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.clocks.blocked(false),
                Poll::Ready(Err(_)) => return Turned::Break(End::Gone),
                Poll::Pending => {
                    self.clocks.blocked(true);
                    break;
                }
            }
            let mut written = 0;
            while written < MOST_WRITE
                && let Some(frame) = self.next_frame()
            {
                written += self.line.send(&frame);
            }
            if written == 0 {
                break;
            }
        }
        Turned::Continue(self.work.len() > before)
    }

    fn next_frame(&mut self) -> Option<ServerFrame> {
        while self.ready.is_empty() && self.held.is_none() && self.guest.is_some() {
            let event = self.outbox.next_event()?;
            self.tell(&event, None, self.gateway.im.now());
        }
        self.ready.pop_front()
    }

    /// Turns an event into frames. While something is learned for it, later events wait.
    fn tell(&mut self, event: &Arc<Event>, learned: Option<Learned>, now: Millis) {
        let Some(guest) = &mut self.guest else { return };
        match guest.teller.tell(event, learned, now) {
            Told::Frames(frames) => self.ready.extend(frames),
            Told::Learn(lesson) => {
                self.held = Some(event.clone());
                let asker = guest.asker.clone();
                self.work.push(Box::pin(async move { Done::Learned(asker.learn(lesson).await) }));
            }
        }
    }

    /// The next instant at which time alone changes something.
    fn due(&self) -> Instant {
        let due = self.clocks.due(&self.gateway.compatible_times, self.guest.is_none());
        self.guest.as_ref().map_or(due, |guest| due.min(guest.seat.check_at))
    }

    fn look_at_clocks(&mut self) -> Turned {
        if let Err(code) = self.clocks.look(&self.gateway.compatible_times, self.guest.is_none()) {
            return Turned::Break(End::Ours(code));
        }
        if self.guest.as_ref().is_some_and(|guest| Instant::now() >= guest.seat.check_at) {
            self.prove();
        }
        Turned::Continue(())
    }

    /// Looks whether the credentials still count.
    fn prove(&mut self) {
        let Some(guest) = &mut self.guest else { return };
        guest.seat.check_at = Instant::now() + Duration::from_hours(1);
        let (im, token) = (self.gateway.im.clone(), guest.seat.token.clone());
        self.work.push(Box::pin(async move { Done::Checked(im.authenticate(&token).await) }));
    }

    /// The farewell, and what must be finished though nobody waits for it.
    async fn part(mut self, end: End) {
        if end == End::Ours(CloseCode::Slow) {
            self.gateway.figures.slow_disconnects.inc();
        }
        self.finish_alone(end);
        // Others see at once that this connection went.
        self.guest = None;
        let last = match end {
            End::Ours(code) => match last_words(code) {
                Some(status) => Some(ServerFrame::Disconnect(status)),
                None => return self.drop_line(code).await,
            },
            End::Refused | End::Theirs => None,
            End::Gone => return,
        };
        if tokio::time::timeout(FAREWELL_TIME, self.say_farewell(last, end)).await.is_err() {
            self.line.abort();
        }
    }

    /// Without a word: clients that see no close frame come again by themselves.
    async fn drop_line(mut self, code: CloseCode) {
        let flushed = tokio::time::timeout(FAREWELL_TIME, poll_fn(|cx| self.line.poll_flush(cx)));
        if code == CloseCode::Slow || flushed.await.is_err() {
            self.line.abort();
        }
    }

    /// What a client said before it went is also done. When we close, it learns what was not answered.
    fn finish_alone(&mut self, end: End) {
        let mut work = std::mem::take(&mut self.work);
        let mut waiting = std::mem::take(&mut self.sends.waiting);
        if matches!(end, End::Ours(_)) {
            waiting.clear();
        }
        let Some(guest) = &self.guest else { return };
        if work.is_empty() && waiting.is_empty() {
            return;
        }
        let asker = guest.asker.clone();
        self.gateway.tasks.spawn(async move {
            while work.next().await.is_some() {}
            for (_, send) in waiting {
                // There is nobody left to answer.
                let _ = ask::send(&asker, &send, Turn::default()).await;
            }
        });
    }

    async fn say_farewell(&mut self, last: Option<ServerFrame>, end: End) {
        let line = &mut self.line;
        let flushed = poll_fn(|cx| line.poll_flush(cx)).await.is_ok();
        for frame in std::mem::take(&mut self.ready).iter().chain(&last) {
            line.send(frame);
        }
        line.close();
        if !flushed || poll_fn(|cx| line.poll_flush(cx)).await.is_err() || end == End::Theirs {
            return;
        }
        // The client's part. What it still says is not heard.
        let over = |heard: &Heard| matches!(heard, Heard::Close | Heard::Gone);
        while !over(&poll_fn(|cx| line.poll_recv(cx)).await) {}
    }
}

impl<L> Drop for Connection<L> {
    fn drop(&mut self) {
        self.gateway.figures.connections.dec();
    }
}

async fn perform(asker: Asker, ask: Ask, request: Request, dialect: Dialect, published: bool) -> Done {
    let outcome = ask::perform(&asker, &ask, dialect).await;
    if published {
        Done::Published { request, outcome: outcome.map(drop) }
    } else {
        Done::Answered { request, outcome }
    }
}

/// The request without its body, as its answer needs it.
fn bare(request: Request) -> Request {
    Request { body: Vec::new(), ..request }
}

/// The status of a DISCONNECT before we close; `None` when the client is to come again, which it does after a
/// connection that broke. Source: compatible protocol, "DISCONNECT status" and "Later clients".
const fn last_words(code: CloseCode) -> Option<u8> {
    const TAKEN_OVER: u8 = 1;
    const BLOCKED: u8 = 2;
    const SIGNED_OUT: u8 = 4;
    match code {
        CloseCode::TakenOver => Some(TAKEN_OVER),
        CloseCode::Forbidden | CloseCode::RateLimited | CloseCode::Policy => Some(BLOCKED),
        CloseCode::Token | CloseCode::Replaced => Some(SIGNED_OUT),
        _ => None,
    }
}
