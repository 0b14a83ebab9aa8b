//! Between the bus and this node's connections, when there are other nodes: nothing is told twice, and what the bus lost
//! is read from the store.
//!
//! A single node has none of this in its path.

use std::sync::{Arc, Weak};

use async_trait::async_trait;

use super::Im;
use crate::{
    bus::{Listener, Peer},
    model::{Event, Hint, NodeId, Question, Stale, Tidings, chatroom::ChatroomNews},
};

/// Takes hints of this node and of others, and passes on what its connections have not heard.
pub struct Relay {
    /// The bus, which `Im` holds, holds this.
    im: Weak<Im>,
    here: Arc<dyn Listener>,
}

impl Relay {
    /// Stands before this node's connections. There is one for each `im`.
    pub fn new(im: &Arc<Im>, here: Arc<dyn Listener>) -> Arc<Self> {
        let _ = im.here.set(here.clone());
        Arc::new(Self { im: Arc::downgrade(im), here })
    }
}

/// What this node itself tells.
impl Listener for Relay {
    fn hear(&self, hint: Hint) {
        // What was committed a while ago may have been found in the store meanwhile.
        if self.note(&hint) {
            self.here.hear(hint);
        }
    }
}

impl Relay {
    /// Whoever is here hears it now; `false` when they did before.
    fn note(&self, hint: &Hint) -> bool {
        self.im.upgrade().is_none_or(|im| im.told.note(hint))
    }
}

/// What other nodes tell.
#[async_trait]
impl Peer for Relay {
    fn hear(&self, _from: NodeId, hint: Hint) {
        let Some(im) = self.im.upgrade() else { return };
        // A double, or one that came so late that it was found in the store meanwhile.
        if !im.told.note(&hint) {
            return;
        }
        match &hint.event {
            // Each node draws its own tickets: who came to the next life of the room here must not hear of this one.
            Event::Chatroom(news) if matches!(news.what, ChatroomNews::Ended { .. }) => {
                im.room_ended_elsewhere(&hint.audience.app, news.id);
            }
            Event::Chatroom(news) => {
                im.note_owners(&hint.audience.app, news);
                self.here.hear(hint);
            }
            Event::Message(message) if hint.audience.room.is_some() => {
                let (app, message) = (hint.audience.app.clone(), message.clone());
                self.here.hear(hint);
                im.room_was_told(&app, &message);
            }
            Event::ProveAgain => {
                for user in &hint.audience.users {
                    im.forget(&hint.audience.app, &Stale::Person(user.clone()));
                }
                self.here.hear(hint);
            }
            _ => self.here.hear(hint),
        }
    }

    fn learn(&self, from: NodeId, tidings: Tidings) {
        let Some(im) = self.im.upgrade() else { return };
        match tidings {
            Tidings::Stale(app, what) => im.forget(&app, &what),
            Tidings::Person(news) => im.learn_person(from, *news),
            Tidings::Desk(app) => im.desk_elsewhere(&app),
        }
    }

    fn missed(&self, from: NodeId) {
        if let Some(im) = self.im.upgrade() {
            im.forget_all();
            im.node_missed(from);
        }
    }

    fn missed_hints(&self, _from: NodeId) {
        if let Some(im) = self.im.upgrade() {
            im.forget_all();
        }
    }

    fn gone(&self, node: NodeId) {
        if let Some(im) = self.im.upgrade() {
            im.node_gone(node);
        }
    }

    fn lost(&self, node: NodeId) {
        if let Some(im) = self.im.upgrade() {
            im.lost.note(node, im.now());
        }
    }

    async fn answer(&self, from: NodeId, question: Question) -> Option<String> {
        match question {
            Question::Poll(request) => self.here.poll(request).await,
            Question::Ended(app, room) => {
                self.im.upgrade()?.end_room_for_others(&app, room).await;
                Some("true".to_owned())
            }
            other => self.im.upgrade()?.answer(from, &other),
        }
    }
}
