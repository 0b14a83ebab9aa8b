//! Long-poll: a stand-in for a socket where a proxy strips `Upgrade` (`docs/PROTOCOL.md`, "Long-poll").
//!
//! Frames for the client are numbered from 0 and kept until an `ack` says that they arrived.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytestring::ByteString;
use dashmap::DashMap;
use data_encoding::HEXLOWER;
use tokio::sync::Notify;

use super::{
    Gateway,
    forward::Request,
    hello::Opening,
    limits::Admission,
    socket::{Incoming, Socket},
};
use crate::{
    model::{Code, Fault, NodeId, error::CloseCode, presence::Transport},
    wire::widget,
};

/// How long a request waits for something to tell.
const WAIT: Duration = Duration::from_secs(25);
/// Requests open at once: two, and a waiting one that is about to end because a newer came.
const MOST_ASKING: u8 = 3;
/// Commands waiting to be read.
const MOST_INBOUND: usize = 64;
/// The same in bytes.
const MOST_INBOUND_BYTES: usize = 1 << 20;
/// Frames waiting for their `ack`; with more the queue behind fills up, and its bounds count.
const MOST_KEPT: usize = 256;
/// The same in bytes.
const MOST_KEPT_BYTES: usize = 1 << 20;

/// Every poll of this node by its secret id.
#[derive(Debug, Default)]
pub(super) struct Polls(DashMap<PollId, Arc<Letterbox>>);

/// The secret of one poll: 128 random bits, and the node where it lives when there may be others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PollId {
    node: Option<NodeId>,
    secret: [u8; 16],
}

impl PollId {
    /// One that nobody knows, on this node.
    pub(super) fn random(node: Option<NodeId>) -> Self {
        Self { node, secret: rand::random() }
    }

    /// As it stands in the address.
    pub fn reveal(self) -> String {
        let node = self.node.map_or_else(String::new, |node| format!("{:016x}", node.0));
        node + HEXLOWER.encode(&self.secret).as_str()
    }

    /// Reads an address's part; `None` when it cannot be an id.
    pub fn presented(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        let (node, secret) = bytes.split_at_checked(bytes.len().checked_sub(16)?)?;
        let node = match node {
            [] => None,
            node => Some(NodeId(u64::from_be_bytes(node.try_into().ok()?))),
        };
        Some(Self { node, secret: secret.try_into().ok()? })
    }

    /// The node where it lives when that is not this one.
    pub(super) fn elsewhere(self, here: Option<NodeId>) -> Option<NodeId> {
        self.node.filter(|node| Some(*node) != here)
    }
}

impl std::fmt::Debug for PollId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PollId(…)")
    }
}

/// What a request brings.
#[derive(Debug, Default)]
pub struct Ask {
    /// Everything before this number arrived.
    pub ack: u64,
    /// Commands.
    pub frames: Vec<ByteString>,
    /// The client is done.
    pub close: bool,
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Frames, and the number to `ack` next.
    Frames(Vec<ByteString>, u64),
    /// The poll is over.
    Closed(CloseCode),
}

impl Gateway {
    /// Begins a poll with its first frames and answers them.
    pub async fn begin_poll(
        self: &Arc<Self>,
        opening: Opening,
        admission: Admission,
        frames: Vec<ByteString>,
    ) -> Result<(PollId, Told), Fault> {
        let id = PollId::random(self.im.bus().node());
        let letterbox = Arc::new(Letterbox::default());
        self.local.polls.0.insert(id, letterbox.clone());
        let limit = self.limits.visitor_frame_bytes;
        let socket = PollSocket { gateway: self.clone(), id, letterbox: letterbox.clone(), limit };
        tokio::spawn(self.serve(socket, opening, admission));
        let told = letterbox.ask(Ask { frames, ..Ask::default() }).await?;
        Ok((id, told))
    }

    /// Takes a request to a poll and answers it when there is something to tell, from whichever node the poll lives on.
    pub async fn poll(&self, id: PollId, ask: Ask) -> Result<Told, Fault> {
        let bus = self.im.bus();
        match id.elsewhere(bus.node()) {
            Some(node) => Request::asking(id, &ask).told(&**bus, node).await.unwrap_or_else(|| Err(over())),
            None => self.local.polls.ask(id, ask).await,
        }
    }
}

impl Polls {
    /// Takes a request to a poll of this node.
    pub(super) async fn ask(&self, id: PollId, ask: Ask) -> Result<Told, Fault> {
        let letterbox = self.0.get(&id).map(|letterbox| letterbox.clone());
        letterbox.ok_or_else(over)?.ask(ask).await
    }
}

fn over() -> Fault {
    Fault::new(Code::NotFound, "this poll is over; begin a new one")
}

/// Where requests and the connection's task meet.
#[derive(Debug, Default)]
struct Letterbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    inbound: VecDeque<ByteString>,
    /// A request came since the task last looked.
    asked: bool,
    /// The client is done.
    left: bool,
    /// Kept frames; the first has the number `acked`.
    kept: VecDeque<ByteString>,
    kept_bytes: usize,
    acked: u64,
    /// Commands taken and replies made so far.
    commands: u64,
    replies: u64,
    closed: Option<CloseCode>,
    /// Somebody was told that it is closed.
    farewell: bool,
    asking: u8,
    /// The newest request that waits for a push.
    newest_wait: u64,
    task: Option<Waker>,
}

impl Letterbox {
    async fn ask(&self, ask: Ask) -> Result<Told, Fault> {
        let asking = Asking::begin(self, ask)?;
        let _ = tokio::time::timeout(WAIT, async {
            loop {
                let changed = self.changed.notified();
                let mut changed = std::pin::pin!(changed);
                // Registered before the look, so that nothing falls in between.
                changed.as_mut().enable();
                if asking.is_due() {
                    return;
                }
                changed.await;
            }
        })
        .await;
        Ok(asking.answer())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_task(&self) {
        let task = self.state().task.take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// A request that is open.
struct Asking<'a> {
    letterbox: &'a Letterbox,
    ack: u64,
    until: Until,
}

/// What a request waits for.
#[derive(Clone, Copy)]
enum Until {
    /// As many replies.
    Replies(u64),
    /// Any frame, while no newer request waits.
    Push(u64),
    /// Nothing.
    Nothing,
}

impl<'a> Asking<'a> {
    fn begin(letterbox: &'a Letterbox, ask: Ask) -> Result<Self, Fault> {
        let bad = |message: &'static str| Err(Fault::new(Code::BadRequest, message));
        let until = {
            let mut state = letterbox.state();
            let next = state.next();
            if ask.ack > next {
                return bad("`ack` is beyond the newest frame");
            }
            if state.asking >= MOST_ASKING {
                return Err(Fault::new(Code::RateLimited, "two requests are open already").retry_after(1));
            }
            let bytes = |frames: &mut dyn Iterator<Item = &ByteString>| frames.map(|frame| frame.len()).sum::<usize>();
            let waiting = bytes(&mut state.inbound.iter()) + bytes(&mut ask.frames.iter());
            if state.inbound.len() + ask.frames.len() > MOST_INBOUND || waiting > MOST_INBOUND_BYTES {
                return Err(Fault::new(Code::RateLimited, "too many commands are waiting").retry_after(1));
            }
            state.forget_before(ask.ack);
            state.asking += 1;
            state.asked = true;
            state.left |= ask.close;
            state.commands += ask.frames.len() as u64;
            let until = if ask.close {
                Until::Nothing
            } else if ask.frames.is_empty() {
                state.newest_wait += 1;
                Until::Push(state.newest_wait)
            } else {
                Until::Replies(state.commands)
            };
            state.inbound.extend(ask.frames);
            until
        };
        letterbox.wake_task();
        letterbox.changed.notify_waiters();
        Ok(Self { letterbox, ack: ask.ack, until })
    }

    fn is_due(&self) -> bool {
        let state = self.letterbox.state();
        state.closed.is_some()
            || match self.until {
                Until::Replies(count) => state.replies >= count,
                Until::Push(wait) => state.next() > self.ack || state.newest_wait > wait,
                Until::Nothing => true,
            }
    }

    fn answer(&self) -> Told {
        let mut state = self.letterbox.state();
        let superseded = matches!(self.until, Until::Push(wait) if state.newest_wait > wait);
        if superseded || matches!(self.until, Until::Nothing) {
            return Told::Frames(Vec::new(), self.ack);
        }
        let skip = usize::try_from(self.ack.saturating_sub(state.acked)).unwrap_or(usize::MAX);
        let frames: Vec<ByteString> = state.kept.iter().skip(skip).cloned().collect();
        match state.closed {
            // Its last words first; the next request hears the farewell.
            Some(code) if frames.is_empty() => {
                state.farewell = true;
                let task = state.task.take();
                drop(state);
                if let Some(task) = task {
                    task.wake();
                }
                Told::Closed(code)
            }
            _ => Told::Frames(frames, state.next()),
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.letterbox.state().asking -= 1;
    }
}

impl State {
    /// The number of the next frame.
    fn next(&self) -> u64 {
        self.acked + self.kept.len() as u64
    }

    fn forget_before(&mut self, ack: u64) {
        while self.acked < ack
            && let Some(frame) = self.kept.pop_front()
        {
            self.acked += 1;
            self.kept_bytes -= frame.len();
        }
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT || self.kept_bytes >= MOST_KEPT_BYTES
    }
}

/// The connection's side of a poll.
struct PollSocket {
    gateway: Arc<Gateway>,
    id: PollId,
    letterbox: Arc<Letterbox>,
    /// Largest frame.
    limit: usize,
}

impl Socket for PollSocket {
    const TRANSPORT: Transport = Transport::Poll;

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let mut state = self.letterbox.state();
        if let Some(frame) = state.inbound.pop_front() {
            return Poll::Ready(if frame.len() > self.limit {
                Incoming::Broken(CloseCode::TooLarge)
            } else {
                Incoming::Text(frame)
            });
        }
        // While the server stops no request comes in any more; those that wait hear it from the letterbox.
        if state.farewell || state.closed == Some(CloseCode::Restart) {
            return Poll::Ready(Incoming::Gone);
        }
        if state.left {
            return Poll::Ready(Incoming::Close);
        }
        if std::mem::take(&mut state.asked) {
            return Poll::Ready(Incoming::Sign);
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: &ByteString) {
        {
            let mut state = self.letterbox.state();
            state.kept_bytes += frame.len();
            state.replies += u64::from(widget::is_reply(frame));
            state.kept.push_back(frame.clone());
        }
        self.letterbox.changed.notify_waiters();
    }

    /// Requests are the sign of life.
    fn ping(&mut self) {}

    fn close(&mut self, code: CloseCode) {
        self.letterbox.state().closed = Some(code);
        self.letterbox.changed.notify_waiters();
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.letterbox.state();
        if state.is_full() && state.closed.is_none() {
            state.task = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn is_mid_message(&self) -> bool {
        false
    }

    fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    fn abort(&mut self) {}
}

impl Drop for PollSocket {
    fn drop(&mut self) {
        self.gateway.local.polls.0.remove(&self.id);
        // Whoever still asks hears that it is over.
        self.letterbox.state().closed.get_or_insert(CloseCode::Normal);
        self.letterbox.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(told: Result<Told, Fault>) -> (Vec<String>, u64) {
        match told {
            Ok(Told::Frames(frames, next)) => (frames.iter().map(ToString::to_string).collect(), next),
            other => panic!("{other:?}"),
        }
    }

    fn kept(letterbox: &Letterbox, list: &[&str]) {
        let mut state = letterbox.state();
        for frame in list {
            state.kept_bytes += frame.len();
            state.kept.push_back((*frame).into());
        }
    }

    #[tokio::test]
    async fn frames_are_sent_again_until_they_are_acked() {
        let letterbox = Letterbox::default();
        kept(&letterbox, &["a", "b"]);
        assert_eq!(frames(letterbox.ask(Ask::default()).await), (vec!["a".into(), "b".into()], 2));
        assert_eq!(frames(letterbox.ask(Ask { ack: 1, ..Ask::default() }).await), (vec!["b".into()], 2));
        assert_eq!(letterbox.state().kept.len(), 1);
        let beyond = letterbox.ask(Ask { ack: 9, ..Ask::default() }).await;
        assert_eq!(beyond.unwrap_err().code, Code::BadRequest);
    }

    #[tokio::test]
    async fn a_newer_waiting_request_ends_the_older_with_an_empty_answer() {
        let letterbox = Letterbox::default();
        let (older, newer) = tokio::join!(letterbox.ask(Ask::default()), async {
            let newer = letterbox.ask(Ask::default());
            let letter = async {
                tokio::task::yield_now().await;
                kept(&letterbox, &["a"]);
                letterbox.changed.notify_waiters();
            };
            tokio::join!(newer, letter).0
        });
        assert_eq!((frames(older), frames(newer)), ((vec![], 0), (vec!["a".into()], 1)));
    }

    #[tokio::test]
    async fn the_last_words_come_before_the_farewell() {
        let letterbox = Letterbox::default();
        kept(&letterbox, &["a"]);
        letterbox.state().closed = Some(CloseCode::Token);
        assert_eq!(frames(letterbox.ask(Ask::default()).await), (vec!["a".into()], 1));
        assert_eq!(letterbox.ask(Ask { ack: 1, ..Ask::default() }).await, Ok(Told::Closed(CloseCode::Token)));
    }

    #[test]
    fn an_id_survives_its_text_and_never_prints() {
        for node in [None, Some(NodeId(0x00ff))] {
            let id = PollId { node, secret: [7; 16] };
            assert_eq!(PollId::presented(&id.reveal()), Some(id));
            assert!(!format!("{id:?}").contains("07"));
        }
        for wrong in ["", "xyz", "07", &"07".repeat(15), &"07".repeat(17), &"07".repeat(25)] {
            assert_eq!(PollId::presented(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_id_names_the_node_where_its_poll_lives() {
        let (here, there) = (Some(NodeId(1)), Some(NodeId(2)));
        assert_eq!(PollId::random(here).elsewhere(here), None);
        assert_eq!(PollId::random(there).elsewhere(here), there);
        assert_eq!(PollId::random(None).elsewhere(here), None);
    }
}
