//! From the bus to the queues of those who must hear.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{forward::Local, outbox::Parcel, sessions::Sessions};
use crate::{
    bus::Listener,
    model::{Audience, Event, Hint, chatroom::ChatroomNews, error::CloseCode},
    wire::{Wire, widget},
};

/// Connections that are closed together when all begin anew, and the pause until the next.
const AT_ONCE: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Passes hints on to this node's connections. An event is made ready at most once per wire, and only for somebody.
#[derive(Debug)]
pub struct Bridge {
    sessions: Arc<Sessions>,
    local: Local,
}

impl Bridge {
    pub(super) const fn new(sessions: Arc<Sessions>, local: Local) -> Self {
        Self { sessions, local }
    }
}

#[async_trait]
impl Listener for Bridge {
    fn hear(&self, Hint { audience, event }: Hint) {
        if event == Event::ProveAgain {
            self.sessions.ask_proof(&audience);
            return;
        }
        if event == Event::TakenOver {
            self.sessions.take_over(&audience);
            return;
        }
        let (mut frame, mut shared): (Option<Option<Parcel>>, Option<Parcel>) = (None, None);
        let parcel = |wire: Wire| match wire {
            Wire::Widget => frame.get_or_insert_with(|| widget::push(&event).map(Parcel::Frame)).clone(),
            Wire::Rong => Some(shared.get_or_insert_with(|| Parcel::Event(Arc::new(event.clone()))).clone()),
        };
        let ending = match &event {
            Event::Chatroom(news) => Some((news.id, &news.what)),
            _ => None,
        };
        match ending {
            Some((room, ChatroomNews::Ended { ticket })) => self.sessions.tell_last(room, *ticket, parcel),
            Some((room, ChatroomNews::Out { ticket })) => {
                self.sessions.put_out(&audience, room, *ticket);
                self.sessions.tell(&audience, parcel);
            }
            _ => self.sessions.tell(&audience, parcel),
        }
    }

    fn wants(&self, audience: &Audience) -> bool {
        self.sessions.wants(audience)
    }

    fn start_over(&self) {
        let everybody = self.sessions.everybody();
        // Not all come back in one moment.
        tokio::spawn(async move {
            for some in everybody.chunks(AT_ONCE) {
                for outbox in some {
                    outbox.close(CloseCode::Restart);
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    async fn poll(&self, request: String) -> Option<String> {
        self.local.answer(&request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateway::outbox::{Bounds, Outbox},
        model::ConnectionId,
    };

    #[tokio::test(start_paused = true)]
    async fn all_connections_begin_anew_but_not_in_one_moment() {
        let sessions = Arc::new(Sessions::default());
        let bounds = Bounds { frames: 9, bytes: 99 };
        let outbox = |id| Arc::new(Outbox::new(ConnectionId(id), Wire::Widget, bounds));
        let outboxes: Vec<_> = (1..=120).map(outbox).collect();
        let _open: Vec<_> = outboxes.iter().map(|outbox| sessions.open(outbox)).collect();
        let closed = || outboxes.iter().filter(|outbox| outbox.closing() == Some(CloseCode::Restart)).count();
        Bridge::new(sessions.clone(), Local::default()).start_over();
        let mut counts = Vec::new();
        while closed() < outboxes.len() {
            tokio::time::sleep(PAUSE).await;
            counts.push(closed());
        }
        assert!(counts.len() > 1 && counts[0] <= 2 * AT_ONCE, "{counts:?}");
    }
}
