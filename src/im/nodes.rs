//! What other nodes tell and ask about people, chatrooms and desks: what only memory knows.

#![allow(
    clippy::unused_self,
    clippy::unused_async,
    clippy::needless_pass_by_value,
    reason = "the shape of what nodes tell stands before what is done with it"
)]

use super::Im;
use crate::model::{
    AppKey, ConversationId, NodeId, Question,
    node::{PersonNews, RoomNews},
};

impl Im {
    /// Somebody stands otherwise at another node than before.
    pub(super) fn learn_person(&self, _from: NodeId, _news: PersonNews) {}

    /// Something happened in a chatroom at another node.
    pub(super) fn learn_room(&self, _from: NodeId, _news: RoomNews) {}

    /// A chatroom ended: another node's look or request ended it, and this node found out by a hint or in the store. May
    /// be said more than once. Everybody inside here must hear of it.
    pub(super) fn room_ended_elsewhere(&self, _app: &AppKey, _room: ConversationId) {}

    /// The desk of an app may look different: something happened at another node.
    pub(super) fn desk_elsewhere(&self, app: &AppKey) {
        self.dirty.apps.insert(app.clone());
        self.dirty.changed.notify_one();
    }

    /// What this node believes of another one's people may be wrong.
    pub(super) fn node_missed(&self, _from: NodeId) {}

    /// A node is not there any more.
    pub(super) fn node_gone(&self, _node: NodeId) {}

    /// What this node answers; long-poll requests go to the gateway.
    pub(super) async fn answer(&self, _from: NodeId, _question: Question) -> Option<String> {
        None
    }
}
