//! Long polling of the compatible protocol, for pages without WebSocket: a session stands in for the transport.
//!
//! Requests bring frames, and one waiting request at a time takes what there is to tell: with two answers on their way
//! at once the client could hear a message before the pull that lets it. For the same reason nothing is pushed in one
//! body behind an answer: later clients go through a body at a stroke, before they act on any answer in it, and throw away
//! what is pushed before the pull that lets it. Nothing says whether an answer arrived; what was lost with it comes by
//! the client's next pull. Source: compatible protocol, "Long polling", "Delivery".

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytestring::ByteString;
use dashmap::DashMap;
use tokio::sync::Notify;

use super::{
    Ticket,
    line::{Heard, Line},
};
use crate::{
    config::Network,
    gateway::{
        Gateway,
        forward::{Listening, Request},
        poll::PollId,
    },
    model::{NodeId, presence::Transport},
    wire::rong::{
        dialect::Dialect,
        frame::{ConnAck, ServerFrame},
        poll::{self, Head, LONGEST_SECS},
    },
};

/// The whole answer when a session is not known (any more).
pub use crate::wire::rong::poll::LOST;

/// Requests open at once of one session: a waiting one, one that ends because a newer came, and one more.
const MOST_ASKING: u8 = 3;
/// Frames waiting to be read, and their bytes.
const MOST_INBOUND: usize = 64;
const MOST_INBOUND_BYTES: usize = 1 << 20;
/// Objects waiting for a request; with more the queue behind fills up, and its bounds count. And their bytes.
const MOST_KEPT: usize = 256;
const MOST_KEPT_BYTES: usize = 1 << 20;
/// Who cannot be let in now is told that the server is unavailable.
const UNAVAILABLE: u8 = 3;

/// Every session of this node by its secret id. An id counts until its client was silent for too long, also over a
/// reload of the page.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Polls(DashMap<PollId, Arc<Letterbox>>);

/// The query of a request that brings a frame.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// `sessionid`
    pub session: &'a str,
    /// `header`: the frame's first byte.
    pub header: u8,
    /// `messageid`
    pub id: u16,
    /// `topic`; empty for acknowledgements.
    pub topic: &'a str,
    /// `targetid`; empty for acknowledgements.
    pub target: &'a str,
}

impl Gateway {
    /// Begins a session: the body that tells who the client is, or why it is not let in.
    pub async fn begin_compatible_poll(self: &Arc<Self>, ticket: Ticket, network: Network) -> String {
        let Ok(admission) = self.admit(network) else {
            let refused = poll::write(&ServerFrame::ConnAck(ConnAck::Refused(UNAVAILABLE)), false);
            return written(&[refused.unwrap_or_default()]);
        };
        let (id, letterbox) = (PollId::random(self.im.bus().node()), Arc::new(Letterbox::default()));
        self.local.compatible.0.insert(id, letterbox.clone());
        let later = Dialect::of_poll(&ticket.sdk_version).later;
        let line = PollLine { gateway: self.clone(), id, later, letterbox: letterbox.clone() };
        tokio::spawn(self.serve_compatible(line, ticket, admission));
        letterbox.listen(1).await
    }

    /// Waits for something to tell: the body that tells it, empty when nothing happened for a while.
    pub async fn listen_compatible(&self, session: &str) -> String {
        match self.elsewhere(session) {
            Some(node) => {
                let heard = Listening::to(session, node, self.im.bus().clone()).hear().await;
                heard.unwrap_or_else(|| LOST.to_owned())
            }
            None => self.local.compatible.listen(session).await,
        }
    }

    /// Takes what a client says; what there is to answer is told to the request that listens.
    pub async fn hear_compatible(&self, post: Post<'_>, body: &[u8]) -> String {
        match self.elsewhere(post.session) {
            Some(node) => self.passed_on(node, &Request::saying(&post, body)).await,
            None => self.local.compatible.hear(&post, body),
        }
    }

    fn elsewhere(&self, session: &str) -> Option<NodeId> {
        presented(session)?.elsewhere(self.im.bus().node())
    }

    async fn passed_on(&self, node: NodeId, request: &Request) -> String {
        request.body(&**self.im.bus(), node).await.unwrap_or_else(|| LOST.to_owned())
    }
}

impl Polls {
    /// Waits for something to tell about a session of this node.
    pub(in crate::gateway) async fn listen(&self, session: &str) -> String {
        match self.letterbox(session) {
            Some(letterbox) => formed(session, letterbox.listen(usize::MAX).await),
            None => LOST.to_owned(),
        }
    }

    /// Whoever listens to a session of this node by another one has gone: what there is to tell waits for the next.
    pub(in crate::gateway) fn leave(&self, session: &str) {
        if let Some(letterbox) = self.letterbox(session) {
            letterbox.leave();
        }
    }

    /// Takes what a client says to a session of this node.
    pub(in crate::gateway) fn hear(&self, post: &Post<'_>, body: &[u8]) -> String {
        let Some(letterbox) = self.letterbox(post.session) else { return LOST.to_owned() };
        let head = Head { header: post.header, id: post.id, topic: post.topic, target: post.target };
        letterbox.put(poll::read(head, body).map_or_else(Heard::Bad, Heard::Frame), body.len());
        formed(post.session, String::new())
    }

    fn letterbox(&self, session: &str) -> Option<Arc<Letterbox>> {
        let id = presented(session)?;
        self.0.get(&id).map(|letterbox| letterbox.clone())
    }
}

/// Where requests and the connection's task meet.
#[derive(Debug, Default)]
struct Letterbox {
    state: Mutex<State>,
    changed: Notify,
}

/// An object that waits to be told.
#[derive(Debug)]
struct Kept {
    object: ByteString,
    what: What,
}

/// What an object tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// What the client asked.
    Answer,
    /// What the client did not ask.
    Push,
    /// That something arrived, or ends.
    Rest,
}

impl What {
    const fn of(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::QueryAck(_) => Self::Answer,
            ServerFrame::Publish(_) => Self::Push,
            _ => Self::Rest,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    inbound: VecDeque<(Heard, usize)>,
    inbound_bytes: usize,
    /// A request came since the task last looked.
    sign: bool,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    /// Nothing more will be kept.
    closed: bool,
    asking: u8,
    /// The newest request that listens.
    newest: u64,
    task: Option<Waker>,
}

impl Letterbox {
    /// Takes at most `most` objects as soon as there is one.
    async fn listen(&self, most: usize) -> String {
        let Some(asking) = Asking::begin(self) else { return String::new() };
        let due = async {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                // Registered before the look, so that nothing falls in between.
                changed.as_mut().enable();
                if asking.is_due() {
                    return;
                }
                changed.await;
            }
        };
        // Late is an answer too: that there is nothing.
        let _ = tokio::time::timeout(Duration::from_secs(LONGEST_SECS), due).await;
        asking.answer(most)
    }

    /// Whoever listens hears nothing more.
    fn leave(&self) {
        self.state().newest += 1;
        self.changed.notify_waiters();
    }

    /// Leaves a frame for the task. What is too much is not taken: its client gives up waiting.
    fn put(&self, heard: Heard, bytes: usize) {
        let mut state = self.state();
        if state.inbound.len() < MOST_INBOUND && state.inbound_bytes + bytes <= MOST_INBOUND_BYTES {
            state.inbound.push_back((heard, bytes));
            state.inbound_bytes += bytes;
        }
        state.wake_task();
    }

    /// Keeps an object for the request that listens.
    fn keep(&self, object: ByteString, what: What) {
        {
            let mut state = self.state();
            state.kept_bytes += object.len();
            state.kept.push_back(Kept { object, what });
        }
        self.changed.notify_waiters();
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many of the objects that wait may be told in one body.
    fn together(&self) -> usize {
        let mut answered = false;
        let stops = |kept: &Kept| {
            answered |= kept.what == What::Answer;
            answered && kept.what == What::Push
        };
        self.kept.iter().position(stops).unwrap_or(self.kept.len())
    }

    /// The task must look again.
    fn wake_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

/// A request that listens.
struct Asking<'a> {
    letterbox: &'a Letterbox,
    number: u64,
}

impl<'a> Asking<'a> {
    /// `None` when there are too many.
    fn begin(letterbox: &'a Letterbox) -> Option<Self> {
        let number = {
            let mut state = letterbox.state();
            if state.asking >= MOST_ASKING {
                return None;
            }
            state.asking += 1;
            state.newest += 1;
            state.sign = true;
            state.wake_task();
            state.newest
        };
        // An older one ends.
        letterbox.changed.notify_waiters();
        Some(Self { letterbox, number })
    }

    fn is_due(&self) -> bool {
        let state = self.letterbox.state();
        !state.kept.is_empty() || state.closed || state.newest > self.number
    }

    fn answer(&self, most: usize) -> String {
        let mut state = self.letterbox.state();
        if state.newest > self.number {
            return String::new();
        }
        if state.closed && state.kept.is_empty() {
            return LOST.to_owned();
        }
        let count = state.together().min(most);
        let objects: Vec<ByteString> = state.kept.drain(..count).map(|kept| kept.object).collect();
        state.kept_bytes -= objects.iter().map(|object| object.len()).sum::<usize>();
        // There is room again, or the farewell was taken.
        state.wake_task();
        written(&objects)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.letterbox.state().asking -= 1;
    }
}

/// Nothing, one object, or a list of them.
fn written(objects: &[ByteString]) -> String {
    match objects {
        [] => String::new(),
        [one] => one.to_string(),
        many => format!("[{}]", many.iter().map(|object| &**object).collect::<Vec<_>>().join(",")),
    }
}

/// Stands behind the ids of sessions of later clients.
const LATER: &str = "-4";

/// Whether this is a session of a later client, known or not. Such clients read nothing but lists, and learn that a
/// session is over by the HTTP status only.
pub fn is_later(session: &str) -> bool {
    session.ends_with(LATER)
}

fn presented(session: &str) -> Option<PollId> {
    PollId::presented(session.strip_suffix(LATER).unwrap_or(session))
}

/// A body as the session's client reads it.
fn formed(session: &str, body: String) -> String {
    if !is_later(session) || body == LOST || body.starts_with('[') { body } else { format!("[{body}]") }
}

/// The connection's side of a session.
struct PollLine {
    gateway: Arc<Gateway>,
    id: PollId,
    later: bool,
    letterbox: Arc<Letterbox>,
}

impl Line for PollLine {
    const TRANSPORT: Transport = Transport::Poll;

    fn dialect(sdk_version: &str) -> Dialect {
        Dialect::of_poll(sdk_version)
    }

    /// Whoever knows it hears and says everything here.
    fn session(&self) -> Option<String> {
        Some(self.id.reveal() + if self.later { LATER } else { "" })
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        let mut state = self.letterbox.state();
        if let Some((heard, bytes)) = state.inbound.pop_front() {
            state.inbound_bytes -= bytes;
            return Poll::Ready(heard);
        }
        if state.closed && state.kept.is_empty() {
            return Poll::Ready(Heard::Gone);
        }
        if std::mem::take(&mut state.sign) {
            return Poll::Ready(Heard::Sign);
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: &ServerFrame) -> usize {
        let Some(object) = poll::write(frame, self.later) else { return 0 };
        let bytes = object.len();
        self.letterbox.keep(object, What::of(frame));
        bytes
    }

    fn close(&mut self) {
        self.letterbox.close();
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.letterbox.state();
        if state.kept.len() >= MOST_KEPT || state.kept_bytes >= MOST_KEPT_BYTES {
            state.task = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn is_mid_message(&self) -> bool {
        false
    }

    fn abort(&mut self) {
        self.letterbox.state().kept.clear();
        self.letterbox.close();
    }
}

impl Drop for PollLine {
    fn drop(&mut self) {
        self.gateway.local.compatible.0.remove(&self.id);
        self.letterbox.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rong::frame::BadFrame;

    #[tokio::test(start_paused = true)]
    async fn check_55_a_poll_without_news_is_answered_empty_before_the_client_gives_up() {
        let (letterbox, begun) = (Letterbox::default(), tokio::time::Instant::now());
        assert_eq!(letterbox.listen(usize::MAX).await, "");
        let waited = begun.elapsed();
        assert!(waited > Duration::from_secs(20) && waited < Duration::from_secs(45), "{waited:?}");
        assert_eq!(letterbox.state().asking, 0);
    }

    #[test]
    fn later_clients_get_lists_and_earlier_ones_what_they_know() {
        let id = PollId::random(None).reveal();
        let later = format!("{id}{LATER}");
        assert_eq!(presented(&later), PollId::presented(&id));
        for (body, list) in [("", "[]"), ("{1}", "[{1}]"), ("[{1},{2}]", "[{1},{2}]"), (LOST, LOST)] {
            assert_eq!((formed(&id, body.into()).as_str(), formed(&later, body.into()).as_str()), (body, list));
        }
    }

    #[tokio::test]
    async fn what_waits_is_taken_once_and_in_its_order() {
        let letterbox = Letterbox::default();
        for object in ["{1}", "{2}", "{3}"] {
            letterbox.keep(object.into(), What::Push);
        }
        assert_eq!(letterbox.listen(1).await, "{1}");
        assert_eq!(letterbox.listen(usize::MAX).await, "[{2},{3}]");
        letterbox.keep("{4}".into(), What::Rest);
        letterbox.close();
        assert_eq!(letterbox.listen(usize::MAX).await, "{4}");
        assert_eq!(letterbox.listen(usize::MAX).await, LOST);
        assert_eq!(letterbox.state().kept_bytes, 0);
    }

    #[tokio::test]
    async fn what_is_pushed_behind_an_answer_comes_in_a_body_of_its_own() {
        use What::{Answer, Push, Rest};
        let letterbox = Letterbox::default();
        let all = [("{1}", Push), ("{2}", Answer), ("{3}", Rest), ("{4}", Answer), ("{5}", Push), ("{6}", Push)];
        for (object, what) in all {
            letterbox.keep(object.into(), what);
        }
        assert_eq!(letterbox.listen(usize::MAX).await, "[{1},{2},{3},{4}]");
        assert_eq!(letterbox.listen(usize::MAX).await, "[{5},{6}]");
    }

    #[tokio::test]
    async fn a_newer_poll_ends_the_older_with_an_empty_answer() {
        let letterbox = Letterbox::default();
        let (older, newer, ()) = tokio::join!(letterbox.listen(9), letterbox.listen(9), async {
            tokio::task::yield_now().await;
            letterbox.keep("{1}".into(), What::Push);
        });
        assert_eq!((older.as_str(), newer.as_str()), ("", "{1}"));
    }

    #[tokio::test]
    async fn nothing_is_told_to_who_has_gone() {
        let letterbox = Letterbox::default();
        let (gone, ()) = tokio::join!(letterbox.listen(9), async {
            tokio::task::yield_now().await;
            letterbox.leave();
            letterbox.keep("{1}".into(), What::Push);
        });
        assert_eq!((gone.as_str(), letterbox.listen(9).await.as_str()), ("", "{1}"));
        letterbox.leave();
        letterbox.keep("{2}".into(), What::Push);
        assert_eq!(letterbox.listen(9).await, "{2}", "nobody listened");
    }

    #[test]
    fn w3_what_waits_to_be_read_has_bounds() {
        let letterbox = Letterbox::default();
        for _ in 0..MOST_INBOUND + 9 {
            letterbox.put(Heard::Bad(BadFrame::Body), 1);
        }
        assert_eq!(letterbox.state().inbound.len(), MOST_INBOUND);
        letterbox.state().inbound.clear();
        letterbox.put(Heard::Bad(BadFrame::Body), MOST_INBOUND_BYTES + 1);
        assert!(letterbox.state().inbound.is_empty());
    }
}
