//! How a connection ends: what is finished, and the last words.

use std::future::poll_fn;

use futures_util::StreamExt;

use super::{Connection, End};
use crate::{
    gateway::{
        bounds::FAREWELL_TIME,
        rong::{
            ask,
            line::{Heard, Line},
        },
    },
    im::turn::Turn,
    model::error::CloseCode,
    wire::rong::frame::ServerFrame,
};

impl<L: Line> Connection<L> {
    /// The farewell, and what must be finished though nobody waits for it.
    pub(super) async fn part(mut self, end: End) {
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
        let mut waiting = self.sends.take();
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
