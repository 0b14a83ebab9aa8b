//! From the bus to the queues of those who must hear.

use std::sync::Arc;

use async_trait::async_trait;

use super::{forward::Local, outbox::Parcel, sessions::Sessions};
use crate::{
    bus::Listener,
    model::{Audience, Event, Hint, chatroom::ChatroomNews},
    wire::{Wire, widget},
};

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

    async fn poll(&self, request: String) -> Option<String> {
        self.local.answer(&request).await
    }
}
