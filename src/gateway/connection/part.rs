//! How a connection ends: what is finished, and the last words.

use std::{future::poll_fn, time::Duration};

use futures_util::StreamExt;

use super::{Connection, End, Phase};
use crate::{
    gateway::{
        bounds::FAREWELL_TIME,
        socket::{Incoming, Socket},
    },
    model::error::CloseCode,
};

/// A farewell to a client whose answer we could not read.
const CURT_FAREWELL_TIME: Duration = Duration::from_secs(1);

impl<S: Socket> Connection<S> {
    /// The farewell, and what must be finished though nobody waits for it.
    pub(super) async fn part(mut self, end: End) {
        if end == End::Ours(CloseCode::Slow) {
            self.gateway.figures.slow_disconnects.inc();
        }
        self.finish_alone(end);
        // Others see at once that this connection went.
        self.phase = Phase::Greeting;
        let time = match end {
            End::Ours(CloseCode::Protocol | CloseCode::NotUtf8 | CloseCode::TooLarge) => CURT_FAREWELL_TIME,
            End::Ours(_) | End::Theirs => FAREWELL_TIME,
            End::Gone => return,
        };
        if tokio::time::timeout(time, self.say_farewell(end)).await.is_err() {
            self.socket.abort();
        }
    }

    /// What a client said before it went is also done. When we close, it learns what was not answered and comes again.
    fn finish_alone(&mut self, end: End) {
        let mut work = std::mem::take(&mut self.work);
        let mut waiting = self.sends.take();
        if matches!(end, End::Ours(_)) {
            waiting.clear();
        }
        let Phase::Seated(seat) = &self.phase else { return };
        if work.is_empty() && waiting.is_empty() {
            return;
        }
        let (im, caller, connection) = (self.gateway.im.clone(), seat.membership.caller.clone(), self.outbox.id);
        self.gateway.tasks.spawn(async move {
            while work.next().await.is_some() {}
            for (_, send) in waiting {
                // There is nobody left to answer.
                let _ = im.send(&caller, Some(connection), send).await;
            }
        });
    }

    async fn say_farewell(&mut self, end: End) {
        let (outbox, socket) = (&self.outbox, &mut self.socket);
        let flushed = poll_fn(|cx| socket.poll_flush(cx)).await.is_ok();
        outbox.take(usize::MAX, |frame| socket.send(frame));
        socket.close(match end {
            End::Ours(code) => code,
            End::Theirs | End::Gone => CloseCode::Normal,
        });
        if !flushed || poll_fn(|cx| socket.poll_flush(cx)).await.is_err() || end == End::Theirs {
            return;
        }
        // The client's part. What it still says is not heard.
        let over = |incoming: &Incoming| matches!(incoming, Incoming::Close | Incoming::Gone);
        while !over(&poll_fn(|cx| socket.poll_recv(cx)).await) {}
    }
}
