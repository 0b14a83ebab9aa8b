//! Tells the bus whose events somebody on this node hears.

use std::{fmt, sync::Arc};

use crate::{
    bus::{Bus, Interest, LocalBus},
    model::{Caller, ConversationId, Role},
};

/// Where interests are counted. Without other nodes nobody does.
#[derive(Clone)]
pub(super) struct Ears(Arc<dyn Bus>);

impl Default for Ears {
    fn default() -> Self {
        Self(Arc::new(LocalBus::default()))
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}

impl Ears {
    pub(super) const fn of(bus: Arc<dyn Bus>) -> Self {
        Self(bus)
    }

    /// One connection more or less of this caller.
    pub(super) fn person(&self, caller: &Caller, on: bool) {
        let app = || caller.app.clone();
        self.0.follow(Interest::Person(app(), caller.id().clone()), on);
        match caller.person.role {
            Role::Agent => self.0.follow(Interest::Agents(app()), on),
            Role::Visitor => self.0.follow(Interest::Visitors(app()), on),
            Role::User | Role::Robot | Role::System => {}
        }
    }

    /// A chatroom has its first hearer here, or none any more.
    pub(super) fn room(&self, room: ConversationId, on: bool) {
        self.0.follow(Interest::Room(room), on);
    }
}
