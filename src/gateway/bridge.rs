//! From the bus to the queues of those who must hear.

use std::sync::Arc;

use bytestring::ByteString;

use super::sessions::Sessions;
use crate::{
    bus::Listener,
    model::{Event, Hint, chatroom::ChatroomNews},
    wire::Wire,
};

/// Passes hints on to this node's connections. An event is encoded at most once per wire, and only for somebody.
#[derive(Debug)]
pub struct Bridge {
    sessions: Arc<Sessions>,
}

impl Bridge {
    pub(super) const fn new(sessions: Arc<Sessions>) -> Self {
        Self { sessions }
    }
}

impl Listener for Bridge {
    fn hear(&self, Hint { audience, event }: Hint) {
        if event == Event::ProveAgain {
            self.sessions.ask_proof(&audience);
            return;
        }
        let mut frames: [Option<Option<ByteString>>; Wire::COUNT] = [const { None }; Wire::COUNT];
        let frame = |wire: Wire| {
            let frame = frames.get_mut(wire.index())?;
            frame.get_or_insert_with(|| wire.push(&event)).clone()
        };
        let ending = match &event {
            Event::Chatroom(news) => Some((news.id, &news.what)),
            _ => None,
        };
        match ending {
            Some((room, ChatroomNews::Ended { ticket })) => self.sessions.tell_last(room, *ticket, frame),
            Some((room, ChatroomNews::Out { ticket })) => {
                self.sessions.put_out(&audience, room, *ticket);
                self.sessions.tell(&audience, frame);
            }
            _ => self.sessions.tell(&audience, frame),
        }
    }
}
