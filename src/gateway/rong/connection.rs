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
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, Sleep};

use super::{
    Ticket,
    ask::Answered,
    find::Asker,
    greet::greet,
    line::{Heard, Line},
    tell::{Learned, Teller, Told},
};
use crate::{
    gateway::{
        Gateway,
        bounds::{MOST_BAD_FRAMES, MOST_READ, MOST_WORK, MOST_WRITE, rearm},
        clocks::Clocks,
        hello::Seat,
        limits::{Admission, Bucket},
        outbox::Outbox,
        room::RoomSeat,
        sends::Sends,
        sessions::Open,
    },
    im::accounts::SignedIn,
    model::{Arrival, Conversation, Event, Fault, Millis, chatroom::JoinedChatroom, command::Sent, error::CloseCode},
    proto::rong::SyncRequestMsg,
    wire::rong::{
        ask::Ask,
        frame::{Request, ServerFrame},
        status::Status,
    },
};

mod begin;
mod finish;
mod part;

/// One connection and everything it waits for.
pub(super) struct Connection<L> {
    gateway: Arc<Gateway>,
    line: L,
    outbox: Arc<Outbox>,
    /// Who is here; nobody while the token is being checked.
    guest: Option<Box<Guest>>,
    work: FuturesUnordered<Work>,
    sends: Sends<(Request, Ask)>,
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

type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Work that came to its end. Requests come without their bodies.
enum Done {
    Greeted { ticket: Ticket, outcome: Result<Box<Seat>, u8> },
    Sent { request: Request, outcome: Result<Sent, Status>, began_at: Instant },
    Published { request: Request, outcome: Result<(), Status> },
    Answered { request: Request, outcome: Result<Answered, Status> },
    Pulled { request: Request, asked: Box<SyncRequestMsg>, outcome: Result<Inbox, Fault> },
    Joined { request: Request, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault> },
    Learned(Result<Learned, Fault>),
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
        rearm(timer, self.due(), cx);
        Turned::Continue(())
    }

    fn has_work(&self) -> bool {
        !self.work.is_empty() || !self.sends.is_empty() || !self.ready.is_empty()
    }

    /// Reads what is there, within bounds; tells whether work began.
    fn read(&mut self, cx: &mut Context<'_>, to_read: &mut usize) -> Turned<bool> {
        let before = self.work.len() + self.sends.len();
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
        Turned::Continue(self.work.len() + self.sends.len() > before)
    }

    /// Nothing is read before the server has spoken.
    fn may_read(&self) -> bool {
        self.guest.is_some() && self.work.len() + self.sends.len() + self.ready.len() < MOST_WORK
    }

    /// Pings and the like are free, but not endless.
    fn count_cheap(&self) -> Turned {
        if self.gateway.rates.cheap(&self.cheap) {
            Turned::Continue(())
        } else {
            Turned::Break(End::Ours(CloseCode::RateLimited))
        }
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
        let proof = guest.seat.prove();
        self.work.push(Box::pin(async move { Done::Checked(proof.await) }));
    }
}

impl<L> Drop for Connection<L> {
    fn drop(&mut self) {
        self.gateway.figures.connections.dec();
    }
}
