//! Carrying hints between those who make events and those who hold connections.
//!
//! Floor 2. The store is the truth; a hint that is lost, doubled or late changes nothing but delay (D5).

use std::sync::{Arc, OnceLock};

use crate::model::Hint;

/// Takes hints on this node.
pub trait Listener: Send + Sync + 'static {
    /// Passes a hint on to whoever must hear of it. Must not block.
    fn hear(&self, hint: Hint);
}

/// Carries hints to every node that holds a connection of their audience.
pub trait Bus: Send + Sync + 'static {
    /// Sends a hint on its way. Never blocks, never fails: the store heals what is lost.
    fn publish(&self, hint: Hint);
}

/// The bus of a single node: calls the listener at once.
#[derive(Default)]
pub struct LocalBus {
    listener: OnceLock<Arc<dyn Listener>>,
}

impl LocalBus {
    /// Names the one listener. Later calls are ignored.
    pub fn connect(&self, listener: Arc<dyn Listener>) {
        let _ = self.listener.set(listener);
    }
}

impl Bus for LocalBus {
    fn publish(&self, hint: Hint) {
        if let Some(listener) = self.listener.get() {
            listener.hear(hint);
        }
    }
}
