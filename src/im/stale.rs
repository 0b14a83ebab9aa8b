//! What the domain remembers, and forgets when it has changed: here, and on every other node.
//!
//! Whoever changes something that is remembered calls [`Im::stale`], and nothing else: one place knows which memories
//! hold it.

use super::{Im, nodes::ANSWER_TIME};
use crate::model::{AppKey, Question, Stale, Tidings};

impl Im {
    /// Something that is remembered of an app has changed: every node looks anew. When this returns they do, as far as
    /// they can be reached: what was decided holds for the next message, whichever node takes it.
    pub(super) async fn stale(&self, app: &AppKey, what: Stale) {
        self.forget(app, &what);
        self.stale_elsewhere(app, what).await;
    }

    /// Has every other node look anew, as [`Self::stale`] does; this one knows already.
    pub(super) async fn stale_elsewhere(&self, app: &AppKey, what: Stale) {
        self.hint_stale(app, what.clone());
        if !self.bus.is_deaf() {
            self.bus.ask_all(Question::Forget(app.clone(), what), ANSWER_TIME).await;
        }
    }

    /// Has every other node look anew, soon: nobody waits for it.
    pub(super) fn hint_stale(&self, app: &AppKey, what: Stale) {
        self.bus.announce(Tidings::Stale(app.clone(), what));
    }

    /// Forgets everything that others may have changed unheard.
    pub(super) fn forget_all(&self) {
        self.apps.forget_all();
        self.ears.forget_all();
        self.lexicons.forget_all();
        self.pre_sends.forget_all();
        self.leads.forget_all();
        self.routes.forget_all();
        self.lists.forget_all();
        self.terms.forget_all();
        self.chatrooms.forget_all_rules();
        if self.presence.is_shared() {
            self.chatrooms.doubt_all();
        }
    }

    /// Forgets on this node what has changed.
    pub(super) fn forget(&self, app: &AppKey, what: &Stale) {
        match what {
            Stale::App => {
                self.apps.forget(app);
                self.ears.forget(app);
                self.lexicons.forget(app);
                self.pre_sends.forget(app);
                self.leads.forget(app);
                self.chatrooms.forget_types(app);
            }
            Stale::Conversation(id) => self.routes.forget(app, *id),
            Stale::Contacts(user) => self.lists.forget(app, user),
            Stale::Person(user) => self.terms.forget(app, user),
            Stale::RoomRules(handle) => {
                self.chatrooms.forget_rules(app, handle.as_ref());
                if self.presence.is_shared() {
                    self.chatrooms.doubt(app, handle.as_ref());
                }
            }
        }
    }
}
