//! Carrying hints between those who make events and those who hold connections, and what nodes tell each other.
//!
//! Floor 2. The store is the truth; a hint that is lost, doubled or late changes nothing but delay (D5).

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;

use crate::model::{AppKey, Audience, ConversationId, Hint, NodeId, Question, Tidings, UserId};

#[cfg(test)]
mod conformance;
pub mod nats;

/// Takes hints on this node.
#[async_trait]
pub trait Listener: Send + Sync + 'static {
    /// Passes a hint on to whoever must hear of it. Must not block.
    fn hear(&self, hint: Hint);

    /// Whether anybody here would hear what is told to this audience. When in doubt, yes.
    fn wants(&self, _audience: &Audience) -> bool {
        true
    }

    /// Whoever is here may have missed what nobody can find any more: they come again, and say from where. Must not block.
    fn start_over(&self) {}

    /// What a request for a long-poll session that lives here comes to; `None` when there is no such session.
    async fn poll(&self, _request: String) -> Option<String> {
        None
    }
}

/// Takes what comes from other nodes. Nothing here may block. A hint comes once for all who hear it, with its whole
/// audience, however many subjects carried it.
#[async_trait]
pub trait Peer: Send + Sync + 'static {
    /// A hint. It may come twice, late, out of order, or never.
    fn hear(&self, from: NodeId, hint: Hint);

    /// Tidings, in the order in which the node told them, as long as none is lost.
    fn learn(&self, from: NodeId, tidings: Tidings);

    /// Something in between was lost, or the node is new: what it told before may be wrong.
    fn missed(&self, from: NodeId);

    /// Hints in between were lost, and nothing else: what is remembered of the store may be wrong.
    fn missed_hints(&self, from: NodeId);

    /// The node has stopped, or has not been heard of for too long. Never said while this node hears nobody at all.
    fn gone(&self, node: NodeId);

    /// Besides [`Peer::gone`]: the node said no good-bye. It may live where it is not heard, and not hear what is told here.
    fn lost(&self, _node: NodeId) {}

    /// What this node answers, as JSON; `None` when it has nothing to say.
    async fn answer(&self, from: NodeId, question: Question) -> Option<String>;
}

/// Whose events reach a node: those that somebody there hears.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Interest {
    /// One person's.
    Person(AppKey, UserId),
    /// Those of all agents of an app.
    Agents(AppKey),
    /// Those of all visitors of an app.
    Visitors(AppKey),
    /// Those of a chatroom.
    Room(ConversationId),
}

/// Carries hints to every node that holds a connection of their audience. Without other nodes most of it does nothing.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Sends a hint on its way, to this node's own connections too. Never blocks, never fails: the store heals what is
    /// lost.
    fn publish(&self, hint: Hint);

    /// Sends a hint to this node's own connections only: other nodes tell theirs by themselves.
    fn publish_here(&self, hint: Hint) {
        self.publish(hint);
    }

    /// This node among others; `None` when there are none by design.
    fn node(&self) -> Option<NodeId> {
        None
    }

    /// Whether nothing of other nodes is heard now.
    fn is_deaf(&self) -> bool {
        false
    }

    /// Tells every other node. Never blocks, never fails.
    fn announce(&self, _tidings: Tidings) {}

    /// Says that somebody here hears such events from now on, or nobody any more. Counted: each `true` needs its `false`.
    fn follow(&self, _interest: Interest, _on: bool) {}

    /// Asks all other nodes and waits until every known one has answered, or for so long.
    async fn ask_all(&self, _question: Question, _within: Duration) -> Vec<(NodeId, String)> {
        Vec::new()
    }

    /// Asks one node; `None` when there is no answer in time.
    async fn ask(&self, _node: NodeId, _question: Question, _within: Duration) -> Option<String> {
        None
    }
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

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, hint: Hint) {
        if let Some(listener) = self.listener.get() {
            listener.hear(hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_single_node_hears_itself_and_nobody_else() {
        let (bus, heard) = (LocalBus::default(), conformance::Recorder::default());
        bus.connect(Arc::new(heard.clone()));
        conformance::a_hint_is_heard_here_before_publish_returns(&bus, &heard);
        conformance::alone_nobody_answers(&bus).await;
    }
}
