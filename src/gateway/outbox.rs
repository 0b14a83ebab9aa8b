//! What waits for one client: the only way by which others reach a connection. Bounded in frames and bytes (W3).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
};

use bytestring::ByteString;

use crate::{
    model::{ConnectionId, Event, error::CloseCode},
    wire::Wire,
};

/// Queues with more room than this give it back when they are empty.
const KEPT_ROOM: usize = 16;

/// What an event without a long text counts for.
const EVENT_BYTES: usize = 512;

/// What waits for a client.
#[derive(Debug, Clone)]
pub(super) enum Parcel {
    /// A frame, the same for everybody who hears it.
    Frame(ByteString),
    /// An event that the connection itself turns into frames.
    Event(Arc<Event>),
}

impl Parcel {
    fn bytes(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.len(),
            Self::Event(event) => match &**event {
                Event::Message(message) | Event::Recalled { message, .. } => EVENT_BYTES + message.content.body().len(),
                _ => EVENT_BYTES,
            },
        }
    }
}

/// The queue of one connection.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Whose.
    pub(super) id: ConnectionId,
    /// How its client speaks.
    pub(super) wire: Wire,
    bounds: Bounds,
    /// Its person must prove themselves again.
    proof: AtomicBool,
    state: Mutex<State>,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Frames.
    pub(super) frames: u32,
    /// Bytes of all of them.
    pub(super) bytes: u32,
}

#[derive(Debug, Default)]
struct State {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    closing: Option<CloseCode>,
    waker: Option<Waker>,
}

impl Outbox {
    /// An empty queue.
    pub(super) fn new(id: ConnectionId, wire: Wire, bounds: Bounds) -> Self {
        Self { id, wire, bounds, proof: AtomicBool::new(false), state: Mutex::default() }
    }

    /// Puts a frame in line. When there is no room the client is too slow: its connection closes. What others say to
    /// a connection that closes is not heard any more; it comes back and resumes.
    pub(super) fn push(&self, parcel: Parcel) {
        self.put(parcel, |closing| closing.is_some());
    }

    /// Puts an answer in line, also when the connection closes: it was promised.
    pub(super) fn answer(&self, frame: ByteString) {
        self.put(Parcel::Frame(frame), |closing| closing == Some(CloseCode::Slow));
    }

    fn put(&self, parcel: Parcel, is_deaf: impl FnOnce(Option<CloseCode>) -> bool) {
        let waker = {
            let mut state = self.state();
            if is_deaf(state.closing) {
                return;
            }
            let bytes = parcel.bytes();
            if state.parcels.len() >= self.bounds.frames as usize
                || state.bytes + bytes > (self.bounds.bytes as usize).max(bytes)
            {
                state.end(CloseCode::Slow)
            } else {
                state.bytes += bytes;
                state.parcels.push_back(parcel);
                // With frames in line already, the connection is awake or waits for its client to read.
                if state.parcels.len() == 1 { state.waker.take() } else { None }
            }
        };
        wake(waker);
    }

    /// Puts a frame before all others.
    pub(super) fn push_first(&self, frame: ByteString) {
        let mut state = self.state();
        state.bytes += frame.len();
        state.parcels.push_front(Parcel::Frame(frame));
    }

    /// Ends the connection. The first reason counts.
    pub(super) fn close(&self, code: CloseCode) {
        let waker = self.state().end(code);
        wake(waker);
    }

    /// Asks the connection to look at its credentials now.
    pub(super) fn ask_proof(&self) {
        self.proof.store(true, Ordering::Release);
        let waker = self.state().waker.take();
        wake(waker);
    }

    /// Whether proof was asked for since the last call.
    pub(super) fn takes_proof(&self) -> bool {
        self.proof.load(Ordering::Acquire) && self.proof.swap(false, Ordering::AcqRel)
    }

    /// Why the connection must end, if it must.
    pub(super) fn closing(&self) -> Option<CloseCode> {
        self.state().closing
    }

    /// How many frames wait.
    pub(super) fn len(&self) -> usize {
        self.state().parcels.len()
    }

    /// Wakes this task when something is put in.
    pub(super) fn watch(&self, cx: &Context<'_>) {
        let mut state = self.state();
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
    }

    /// Hands over frames, in order, until `most` bytes are reached; tells how many.
    pub(super) fn take(&self, most: usize, mut to: impl FnMut(&ByteString)) -> usize {
        let (mut taken, mut bytes) = (0, 0);
        let mut state = self.state();
        while bytes < most
            && let Some(parcel) = state.parcels.pop_front()
        {
            taken += 1;
            bytes += parcel.bytes();
            if let Parcel::Frame(frame) = &parcel {
                to(frame);
            }
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        state.give_room_back();
        taken
    }

    /// Hands over the next event. Connections that take events are given no frames.
    pub(super) fn next_event(&self) -> Option<Arc<Event>> {
        let mut state = self.state();
        while let Some(parcel) = state.parcels.pop_front() {
            state.bytes = state.bytes.saturating_sub(parcel.bytes());
            state.give_room_back();
            if let Parcel::Event(event) = parcel {
                return Some(event);
            }
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn give_room_back(&mut self) {
        if self.parcels.is_empty() && self.parcels.capacity() > KEPT_ROOM {
            self.parcels = VecDeque::new();
        }
    }

    fn end(&mut self, code: CloseCode) -> Option<Waker> {
        if self.closing.is_none() {
            self.closing = Some(code);
            if code == CloseCode::Slow {
                self.parcels = VecDeque::new();
                self.bytes = 0;
            }
        }
        self.waker.take()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> Outbox {
        Outbox::new(ConnectionId(1), Wire::Widget, Bounds { frames: 3, bytes: 10 })
    }

    fn frame(text: &'static str) -> Parcel {
        Parcel::Frame(text.into())
    }

    fn taken(outbox: &Outbox) -> Vec<String> {
        let mut frames = Vec::new();
        outbox.take(usize::MAX, |frame| frames.push(frame.to_string()));
        frames
    }

    #[test]
    fn frames_leave_in_order_and_the_first_may_be_pushed_in_later() {
        let outbox = outbox();
        outbox.push(frame("b"));
        outbox.push(frame("c"));
        outbox.push_first("a".into());
        assert_eq!(taken(&outbox), ["a", "b", "c"]);
    }

    #[test]
    fn w3_too_many_frames_or_bytes_end_the_connection_as_slow() {
        let outbox = outbox();
        (0..4).for_each(|_| outbox.push(frame("a")));
        assert_eq!((outbox.closing(), taken(&outbox).len()), (Some(CloseCode::Slow), 0));
        let outbox = self::outbox();
        outbox.push(frame("123456"));
        outbox.push(frame("123456"));
        assert_eq!(outbox.closing(), Some(CloseCode::Slow));
    }

    #[test]
    fn what_was_taken_makes_room() {
        let outbox = outbox();
        for _ in 0..9 {
            outbox.push(frame("12345"));
            outbox.push(frame("1234"));
            assert_eq!(taken(&outbox).len(), 2);
        }
    }

    #[test]
    fn the_first_reason_to_close_counts() {
        let outbox = outbox();
        outbox.close(CloseCode::Token);
        outbox.close(CloseCode::Restart);
        assert_eq!(outbox.closing(), Some(CloseCode::Token));
    }
}
