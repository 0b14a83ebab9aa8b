//! The loop of one connection: frames in, commands under way, answers and pushes out, timers.
//!
//! One task owns the socket. Everything that may wait is polled here side by side; what happens in between never waits.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytestring::ByteString;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, Sleep};

use super::{
    Gateway,
    bounds::{MOST_BAD_FRAMES, MOST_READ, MOST_WORK, MOST_WRITE, rearm},
    clocks::{Clocks, Look},
    hello::{self, Opening, Rejected, Seat},
    limits::{Admission, Bucket, Excess},
    outbox::Outbox,
    room::RoomSeat,
    sends::Sends,
    sessions::Open,
    socket::{Incoming, Socket},
};
use crate::{
    im::accounts::SignedIn,
    model::{
        Code, Command, Fault, Reply,
        chatroom::{ChatroomCommand, JoinedChatroom},
        command::{Send, Welcome},
        error::CloseCode,
    },
    wire::{Hello, Refused, Request, widget},
};

mod part;

/// One connection and everything it waits for.
pub(super) struct Connection<S> {
    gateway: Arc<Gateway>,
    socket: S,
    outbox: Arc<Outbox>,
    phase: Phase,
    work: FuturesUnordered<Work>,
    sends: Sends<(u64, Send)>,
    bad_frames: u8,
    /// What came that costs no budget.
    cheap: Bucket,
    clocks: Clocks,
    admission: Admission,
    _open: Open,
}

enum Phase {
    /// Nobody has said hello yet.
    Silent(Box<Opening>),
    /// Hello is being checked.
    Greeting,
    /// Somebody is here.
    Seated(Box<Seat>),
}

type Work = Pin<Box<dyn Future<Output = Done> + std::marker::Send>>;

/// Work that came to its end.
enum Done {
    Greeted { id: u64, outcome: Result<Box<(Seat, Welcome)>, Rejected> },
    Sent { id: u64, outcome: Result<Reply, Fault>, began_at: Instant },
    Command { id: u64, outcome: Result<Reply, Fault> },
    Joined { id: u64, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault> },
    Checked(Result<Option<SignedIn>, Fault>),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We close.
    Ours(CloseCode),
    /// The client closes.
    Theirs,
    /// The transport is gone.
    Gone,
}

/// Go on, or end.
type Turned<T = ()> = ControlFlow<End, T>;

impl<S: Socket> Connection<S> {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        outbox: Arc<Outbox>,
        socket: S,
        opening: Opening,
        admission: Admission,
    ) -> Self {
        gateway.figures.connections.inc();
        let open = gateway.sessions.open(&outbox);
        Self {
            gateway,
            socket,
            outbox,
            phase: Phase::Silent(Box::new(opening)),
            work: FuturesUnordered::new(),
            sends: Sends::default(),
            bad_frames: 0,
            cheap: Bucket::default(),
            clocks: Clocks::start(),
            admission,
            _open: open,
        }
    }

    /// From the first frame to the farewell.
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
        if matches!(self.phase, Phase::Seated(_)) && self.outbox.takes_proof() {
            self.prove();
        }
        let mut to_read = if closing.is_none() { MOST_READ } else { 0 };
        loop {
            let answered = self.answer_finished(cx)?;
            let begun = self.begin_send();
            if !self.read(cx, &mut to_read)? && !answered && !begun {
                break;
            }
        }
        if closing.is_some() && !self.has_work() {
            return Turned::Break(End::Ours(closing.unwrap_or(CloseCode::Restart)));
        }
        self.flush(cx)?;
        rearm(timer, self.due(), cx);
        Turned::Continue(())
    }

    fn has_work(&self) -> bool {
        !self.work.is_empty() || !self.sends.is_empty()
    }

    /// Answers what came to its end; tells whether anything did.
    fn answer_finished(&mut self, cx: &mut Context<'_>) -> Turned<bool> {
        let mut any = false;
        while let Poll::Ready(Some(done)) = self.work.poll_next_unpin(cx) {
            any = true;
            self.finish(done)?;
        }
        Turned::Continue(any)
    }

    fn finish(&mut self, done: Done) -> Turned {
        match done {
            Done::Command { id, mut outcome } => {
                if let (Ok(Reply::Page(page)), Phase::Seated(seat)) = (&mut outcome, &self.phase) {
                    page.offline_before = Some(seat.welcomed_at);
                }
                self.answer(id, &outcome);
            }
            Done::Sent { id, outcome, began_at } => {
                self.gateway.figures.deliver_seconds.observe(began_at.elapsed().as_secs_f64());
                // Nobody knows whether it was kept: no answer, the client sends it again (D1).
                if matches!(&outcome, Err(fault) if fault.code == Code::Unavailable) {
                    return Turned::Break(End::Ours(CloseCode::Overload));
                }
                self.answer(id, &outcome);
            }
            Done::Greeted { id, outcome: Ok(greeted) } => self.seat(id, *greeted),
            Done::Greeted { id, outcome: Err(rejected) } => {
                self.outbox.push_first(widget::fault(Some(id), &rejected.fault));
                return Turned::Break(End::Ours(rejected.close));
            }
            Done::Joined { id, outcome } => self.joined(id, outcome),
            Done::Checked(outcome) => return self.checked(outcome),
        }
        Turned::Continue(())
    }

    fn joined(&mut self, id: u64, outcome: Result<Box<(RoomSeat, JoinedChatroom)>, Fault>) {
        let reply = outcome.map(|joined| {
            let (place, joined) = *joined;
            if let Phase::Seated(seat) = &mut self.phase {
                seat.rooms.keep(place);
            }
            Reply::JoinedChatroom(Box::new(joined))
        });
        self.answer(id, &reply);
    }

    fn answer(&self, id: u64, outcome: &Result<Reply, Fault>) {
        self.outbox.answer(match outcome {
            Ok(reply) => widget::reply(id, reply),
            Err(fault) => widget::fault(Some(id), fault),
        });
    }

    fn seat(&mut self, id: u64, (seat, welcome): (Seat, Welcome)) {
        self.admission.authenticated();
        if seat.membership.caller.is_agent() {
            self.socket.set_limit(self.gateway.limits.agent_frame_bytes);
        }
        self.phase = Phase::Seated(Box::new(seat));
        self.outbox.push_first(widget::reply(id, &Reply::Welcome(Box::new(welcome))));
    }

    fn checked(&mut self, outcome: Result<Option<SignedIn>, Fault>) -> Turned {
        let Phase::Seated(seat) = &mut self.phase else { return Turned::Continue(()) };
        match seat.proved(outcome) {
            Ok(()) => Turned::Continue(()),
            Err(code) => Turned::Break(End::Ours(code)),
        }
    }

    /// Reads what is there, within bounds; tells whether work began.
    fn read(&mut self, cx: &mut Context<'_>, to_read: &mut usize) -> Turned<bool> {
        let before = self.work.len() + self.sends.len();
        while *to_read > 0 && self.may_read() {
            let Poll::Ready(incoming) = self.socket.poll_recv(cx) else { break };
            *to_read -= 1;
            if *to_read == 0 {
                cx.waker().wake_by_ref();
            }
            self.clocks.heard();
            match incoming {
                Incoming::Text(frame) => {
                    self.clocks.mid_message(false);
                    self.take(&frame)?;
                }
                // The transport was opened for text.
                Incoming::Binary(_) => return Turned::Break(End::Ours(CloseCode::Protocol)),
                Incoming::Sign => self.count_cheap()?,
                Incoming::Close => return Turned::Break(End::Theirs),
                Incoming::Broken(code) => return Turned::Break(End::Ours(code)),
                Incoming::Gone => return Turned::Break(End::Gone),
            }
        }
        self.clocks.mid_message(self.socket.is_mid_message());
        Turned::Continue(self.work.len() + self.sends.len() > before)
    }

    fn may_read(&self) -> bool {
        !matches!(self.phase, Phase::Greeting) && self.work.len() + self.sends.len() < MOST_WORK
    }

    /// Takes one frame.
    fn take(&mut self, frame: &ByteString) -> Turned {
        let silent = matches!(self.phase, Phase::Silent(_));
        match widget::decode(frame) {
            Ok((id, Request::Hello(hello))) if silent => {
                self.greet(id, *hello);
                Turned::Continue(())
            }
            Ok((id, Request::Command(command))) if !silent => self.command(id, command),
            Ok((id, _)) if silent => {
                self.refuse(Some(id), &Fault::new(Code::Unauthorized, "the first frame must be `hello`"), true)
            }
            Ok((id, _)) => self.refuse(Some(id), &Fault::new(Code::BadRequest, "`hello` was said already"), true),
            Err(Refused { id, fault, bad_frame }) => {
                self.count_cheap()?;
                self.refuse(id, &fault, bad_frame)
            }
        }
    }

    /// Pings and the like are free, but not endless.
    fn count_cheap(&self) -> Turned {
        if self.gateway.rates.cheap(&self.cheap) {
            Turned::Continue(())
        } else {
            Turned::Break(End::Ours(CloseCode::RateLimited))
        }
    }

    fn greet(&mut self, id: u64, hello: Hello) {
        if let Phase::Silent(opening) = std::mem::replace(&mut self.phase, Phase::Greeting) {
            let greeting = hello::greet(self.gateway.clone(), self.outbox.clone(), *opening, hello, S::TRANSPORT);
            self.work.push(Box::pin(async move { Done::Greeted { id, outcome: greeting.await.map(Box::new) } }));
        }
    }

    fn refuse(&mut self, id: Option<u64>, fault: &Fault, bad_frame: bool) -> Turned {
        self.outbox.answer(widget::fault(id, fault));
        self.bad_frames += u8::from(bad_frame);
        if self.bad_frames >= MOST_BAD_FRAMES {
            return Turned::Break(End::Ours(CloseCode::Policy));
        }
        Turned::Continue(())
    }

    fn command(&mut self, id: u64, command: Command) -> Turned {
        let Phase::Seated(seat) = &mut self.phase else { return Turned::Continue(()) };
        let (rates, member) = (&self.gateway.rates, &seat.membership);
        let allowed = match &command {
            Command::Send(_) => rates.send(&member.budget, &seat.app, member.caller.is_agent()),
            _ => rates.other(&member.budget, member.caller.is_agent()),
        };
        match (allowed, command) {
            (Ok(()), Command::Send(send)) => self.sends.push((id, send)),
            (Ok(()), Command::Ping) => self.answer(id, &Ok(Reply::Done {})),
            (Ok(()), Command::Chatroom(ChatroomCommand::Join(join))) => {
                let take = RoomSeat::take(self.gateway.clone(), member.caller.clone(), self.outbox.clone(), join);
                self.work.push(Box::pin(async move { Done::Joined { id, outcome: take.await.map(Box::new) } }));
            }
            (Ok(()), command) => {
                if let Command::Chatroom(ChatroomCommand::Quit(handle)) = &command {
                    seat.rooms.give_up(handle);
                }
                let (im, caller, connection) = (self.gateway.im.clone(), member.caller.clone(), self.outbox.id);
                self.work.push(Box::pin(async move {
                    Done::Command { id, outcome: im.command(&caller, connection, command).await }
                }));
            }
            (Err(Excess::Refused(fault)), _) => self.answer(id, &Err(fault)),
            (Err(Excess::Close), _) => return Turned::Break(End::Ours(CloseCode::RateLimited)),
        }
        Turned::Continue(())
    }

    /// Begins the next send if the one before has its place in line; tells whether it did.
    fn begin_send(&mut self) -> bool {
        let Phase::Seated(seat) = &self.phase else { return false };
        let Some(((id, send), turn)) = self.sends.begin() else { return false };
        let (im, caller, connection) = (self.gateway.im.clone(), seat.membership.caller.clone(), self.outbox.id);
        let began_at = Instant::now();
        self.work.push(Box::pin(async move {
            let outcome = im.send_in_turn(&caller, Some(connection), send, turn).await.map(Reply::Sent);
            Done::Sent { id, outcome, began_at }
        }));
        true
    }

    /// Writes what waits, as far as the client takes it.
    fn flush(&mut self, cx: &mut Context<'_>) -> Turned {
        loop {
            match self.socket.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.clocks.blocked(false),
                Poll::Ready(Err(_)) => return Turned::Break(End::Gone),
                Poll::Pending => {
                    self.clocks.blocked(true);
                    return Turned::Continue(());
                }
            }
            // Pushes that came in before the welcome leave after it.
            if matches!(self.phase, Phase::Greeting) {
                return Turned::Continue(());
            }
            let (outbox, socket) = (&self.outbox, &mut self.socket);
            if outbox.take(MOST_WRITE, |frame| socket.send(frame)) == 0 {
                return Turned::Continue(());
            }
        }
    }

    /// The next instant at which time alone changes something.
    fn due(&self) -> Instant {
        let due = self.clocks.due(&self.gateway.times, !matches!(self.phase, Phase::Seated(_)));
        if let Phase::Seated(seat) = &self.phase { due.min(seat.check_at) } else { due }
    }

    fn look_at_clocks(&mut self) -> Turned {
        match self.clocks.look(&self.gateway.times, !matches!(self.phase, Phase::Seated(_))) {
            Ok(Look::Ask) => self.socket.ping(),
            Ok(Look::Wait) => {}
            Err(code) => return Turned::Break(End::Ours(code)),
        }
        if let Phase::Seated(seat) = &self.phase
            && Instant::now() >= seat.check_at
        {
            self.prove();
        }
        Turned::Continue(())
    }

    /// Looks whether the credentials still count.
    fn prove(&mut self) {
        let Phase::Seated(seat) = &mut self.phase else { return };
        let proof = seat.prove();
        self.work.push(Box::pin(async move { Done::Checked(proof.await) }));
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.gateway.figures.connections.dec();
    }
}
