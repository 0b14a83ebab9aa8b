//! What the app's back end hears of its chatrooms. Comings and goings are told together, about once a second: ten
//! thousand joins are not ten thousand notices.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    moves::{How, Move},
    room::Room,
};
use crate::{
    im::Im,
    model::{
        AppKey, ConversationId, Handle, Notice, UserId,
        chatroom::{Attribute, AttributeKey, ChatroomEvent, ChatroomNews},
        event::{Audience, Event},
        notice::Topic,
    },
};

impl Im {
    pub(super) async fn tell_created(&self, room: &Room) {
        let notice = about(&room.handle, room.id, json!({ "name": room.view().name }));
        self.tell_back_end(&room.app, room.id, Topic::ChatroomCreated, &notice).await;
    }

    /// Tells who came and went, if many did or `all` is asked for.
    pub(super) async fn tell_moves(&self, room: &Room, all: bool) {
        if all || !self.presence.is_shared() {
            self.tell_these_moves(room, &room.take_moves(all)).await;
        }
    }

    /// Tells who came and went.
    pub(super) async fn tell_these_moves(&self, room: &Room, moves: &[Move]) {
        for run in moves.chunk_by(|a, b| a.how == b.how) {
            let Some(Move { how, .. }) = run.first() else { continue };
            let users: Vec<&UserId> = run.iter().map(|one| &one.user).collect();
            let (topic, body) = match how {
                How::Joined => (Topic::ChatroomJoined, json!({ "users": users })),
                How::Quit => (Topic::ChatroomLeft, json!({ "users": users, "how": "quit" })),
                How::Away => (Topic::ChatroomLeft, json!({ "users": users, "how": "away" })),
                How::PutOut => (Topic::ChatroomLeft, json!({ "users": users, "how": "put_out" })),
            };
            self.tell_back_end(&room.app, room.id, topic, &about(&room.handle, room.id, body)).await;
        }
    }

    pub(super) async fn tell_ended(&self, app: &AppKey, id: ConversationId, handle: &Handle, how: &str) {
        let notice = about(handle, id, json!({ "how": how }));
        self.tell_back_end(app, id, Topic::ChatroomEnded, &notice).await;
    }

    /// Tells members and back end that attributes changed.
    pub(super) async fn tell_attributes(
        &self,
        room: &Arc<Room>,
        audience: Audience,
        by: &UserId,
        version: u64,
        (set, removed): (Vec<Attribute>, Vec<AttributeKey>),
    ) {
        let pairs: Vec<Value> = set.iter().map(|one| json!({ "key": one.key, "value": one.value })).collect();
        let body = json!({ "by": by, "version": version, "set": pairs, "removed": removed });
        self.publish(audience, room.event(ChatroomNews::Attributes { version, set, removed }));
        let notice = about(&room.handle, room.id, body);
        self.tell_back_end(&room.app, room.id, Topic::ChatroomAttributeChanged, &notice).await;
    }

    async fn tell_back_end(&self, app: &AppKey, id: ConversationId, topic: Topic, body: &Value) {
        let notice = Notice::new(topic, self.clock.now(), body).about(id);
        self.notify_back_end(app, notice).await;
    }
}

impl Room {
    /// News of this room for its members.
    pub(in crate::im) fn event(&self, what: ChatroomNews) -> Event {
        let (id, handle) = (self.id, self.handle.clone());
        Event::Chatroom(Arc::new(ChatroomEvent { id, handle, what }))
    }
}

/// A notice's body: the room first.
fn about(handle: &Handle, id: ConversationId, mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("chatroom".to_owned(), json!(handle));
        fields.insert("conversation".to_owned(), json!(id));
    }
    body
}
