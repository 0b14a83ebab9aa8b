//! What happens in chatrooms without anybody asking: people who do not come back are let go, silent rooms end, old
//! messages are forgotten, the back end is told.

use std::sync::Arc;

use super::room::Room;
use crate::{
    im::{Im, nodes::ANSWER_TIME},
    model::{
        AppKey, Audience, ConversationId, Event, Fault, Handle, Millis, Question,
        chatroom::{Chatroom, ChatroomEvent, ChatroomNews, Lifetime, Right, Rule},
    },
    store::chatrooms::DueChatroom,
};

/// Messages of a room that are kept for those who join.
const KEPT: u16 = 1000;
/// After so many new ones the oldest are forgotten.
const TRIM_EVERY: u32 = 200;
/// Rooms looked at in one go.
const MOST_DUE: u16 = 200;
/// A room nobody is in is remembered for so long.
const REMEMBERED_SECS: i64 = 60;

impl Im {
    /// One look at all chatrooms.
    pub async fn look_after_chatrooms(&self) -> Result<(), Fault> {
        self.tell_held();
        let now = self.clock.now();
        let rooms = self.chatrooms.all();
        for room in &rooms {
            self.let_absent_go(room, now).await?;
        }
        if self.presence.is_shared() {
            self.look_with_others(&rooms, now).await?;
        }
        for room in &rooms {
            self.look_after_room(room, now).await?;
        }
        for due in self.store.due_chatrooms(now, MOST_DUE).await? {
            self.look_at_due(due, now).await?;
        }
        Ok(())
    }

    async fn look_after_room(&self, room: &Arc<Room>, now: Millis) -> Result<(), Fault> {
        if self.presence.is_shared() {
            self.keep_from_ending_elsewhere(room).await?;
        } else {
            for user in room.owners_due(now) {
                if room.takes_owner(&user) {
                    self.drop_attributes_of(room, &user).await?;
                }
            }
            self.tell_moves(room, true).await;
        }
        if room.takes_trim(TRIM_EVERY) {
            self.store.trim_chatroom(&room.app, room.id, KEPT).await?;
        }
        if let Some(active_at) = room.let_go(now.plus_secs(-REMEMBERED_SECS)) {
            self.chatrooms.forget(room);
            if matches!(room.lifetime(), Lifetime::Idle(_)) {
                let due_at = self.due_at(&room.app, room.lifetime(), active_at).await?;
                self.store.postpone_chatroom(&room.app, room.id, due_at).await?;
            }
        }
        Ok(())
    }

    async fn let_absent_go(&self, room: &Arc<Room>, now: Millis) -> Result<(), Fault> {
        if !room.has_absent() {
            return Ok(());
        }
        let keep = self.keep_secs(&room.app).await?;
        let rules = self.rules_of(&room.app, &room.handle).await?;
        for user in room.expire(now.plus_secs(-keep), |user| rules.has(user, Right::Protected, now)) {
            self.after_leaving(room, &user).await?;
        }
        Ok(())
    }

    /// Ends a room whose time has come, or looks again later.
    async fn look_at_due(&self, DueChatroom { app, room }: DueChatroom, now: Millis) -> Result<(), Fault> {
        let kept_alive = self.rules_of(&app, &room.handle).await?.holds(Rule::KeptAlive);
        if !kept_alive && let Lifetime::Until(_) = room.lifetime {
            return self.end_room(&app, room.id, &room.handle, "due").await.map(drop);
        }
        let idle = Lifetime::Idle(if let Lifetime::Idle(secs) = room.lifetime { secs } else { None });
        let active_at = if kept_alive { now } else { self.last_active(&app, &room) };
        let due_at = self.due_at(&app, idle, active_at).await?;
        if due_at > now {
            return Ok(self.store.postpone_chatroom(&app, room.id, due_at).await?);
        }
        self.end_room(&app, room.id, &room.handle, "idle").await.map(drop)
    }

    /// When somebody last spoke or came. What happened before the start is only half known: it counts as just now then.
    fn last_active(&self, app: &AppKey, room: &Chatroom) -> Millis {
        let known = self.chatrooms.by_id(app, room.id).map_or(self.chatrooms.started_at, |known| known.active_at());
        known.max(room.changed_at)
    }

    /// Ends a room; `false` when it had ended.
    pub(in crate::im) async fn end_room(
        &self,
        app: &AppKey,
        id: ConversationId,
        handle: &Handle,
        how: &str,
    ) -> Result<bool, Fault> {
        if !self.store.end_chatroom(app, id, self.clock.now()).await? {
            return Ok(false);
        }
        let room = self.chatrooms.by_id(app, id);
        if let Some(room) = &room {
            self.room_is_over(room);
        }
        if self.has_other_nodes() {
            self.bus.ask_all(Question::Ended(app.clone(), id), ANSWER_TIME).await;
        }
        if self.presence.is_shared() {
            // Those inside may all be at other nodes; every node draws its own ticket.
            let what = ChatroomNews::Ended { ticket: 0 };
            let event = Event::Chatroom(Arc::new(ChatroomEvent { id, handle: handle.clone(), what }));
            self.publish(Audience { room: Some(id), ..Audience::of(app.clone()) }, event);
        }
        if let Some(room) = &room {
            self.tell_moves(room, true).await;
        }
        self.tell_ended(app, id, handle, how).await;
        Ok(true)
    }

    /// Another node ends a room. The back end hears who came and went here before it hears of the end.
    pub(in crate::im) async fn end_room_for_others(&self, app: &AppKey, id: ConversationId) {
        if let Some(room) = self.chatrooms.by_id(app, id) {
            self.room_is_over(&room);
            self.tell_moves(&room, true).await;
        }
    }

    /// Forgets a room that has ended and tells those who are in it through this node, once.
    pub(in crate::im) fn room_is_over(&self, room: &Arc<Room>) {
        let Some(users) = room.end() else { return };
        self.chatrooms.forget(room);
        for user in &users {
            self.chatrooms.give_back(&room.app, user, room.id);
        }
        let ticket = self.chatrooms.ticket();
        self.tell_here(room.audience(None), room.event(ChatroomNews::Ended { ticket }));
    }

    /// Other nodes know of what happens in a room here only by when it is due: a quarter of its time before it would be, that
    /// is moved on.
    async fn keep_from_ending_elsewhere(&self, room: &Arc<Room>) -> Result<(), Fault> {
        if !matches!(room.lifetime(), Lifetime::Idle(_)) {
            return Ok(());
        }
        let active_at = room.active_at();
        let due_at = self.due_at(&room.app, room.lifetime(), active_at).await?;
        let quarter = due_at.since(active_at) / 4;
        if room.takes_due(due_at, quarter) {
            let later = due_at.plus_secs(quarter / 1000 + 1);
            self.store.postpone_chatroom(&room.app, room.id, later).await?;
        }
        Ok(())
    }

    /// When to look whether a room has ended that was active at this instant.
    pub(in crate::im) async fn due_at(
        &self,
        app: &AppKey,
        lifetime: Lifetime,
        active_at: Millis,
    ) -> Result<Millis, Fault> {
        let secs = match lifetime {
            Lifetime::Until(at) => return Ok(at),
            Lifetime::Idle(Some(secs)) => secs,
            Lifetime::Idle(None) => self.features(app).await?.chatroom_idle_secs,
        };
        Ok(active_at.plus_secs(secs.into()))
    }

    /// When attributes go whose owner is not inside.
    pub(super) async fn grace_over(&self, app: &AppKey, now: Millis) -> Result<Millis, Fault> {
        Ok(now.plus_secs(self.keep_secs(app).await?))
    }

    pub(super) async fn keep_secs(&self, app: &AppKey) -> Result<i64, Fault> {
        Ok(self.features(app).await?.chatroom_keep_secs.into())
    }

    /// Remembers a room that was found in the store.
    pub(super) async fn remember_room(&self, app: &AppKey, found: Chatroom) -> Result<Arc<Room>, Fault> {
        let now = self.clock.now();
        let attributes = self.store.attributes(app, found.id, &[]).await?;
        let owners = attributes.list.into_iter().filter(|one| one.auto_delete).map(|one| one.by).collect();
        let due = self.grace_over(app, now).await?;
        // A room that was not remembered has been silent for a while: it stays as old as it is.
        let active_at = found.changed_at.max(self.chatrooms.started_at);
        Ok(self.chatrooms.remember(Room::new(app.clone(), found, owners, active_at, due)))
    }
}
