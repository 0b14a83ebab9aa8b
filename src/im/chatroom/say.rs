//! What is said in a chatroom: who may, how much at once, and in which order it is told.

use std::{
    slice,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    ChatroomFigures,
    flood::Weight,
    line::{ALONE_MS, PATIENCE_MS},
    room::Room,
    rules::Rules,
};
use crate::{
    im::{Im, conversation::Route, deliver::Outgoing, rights::recipients, turn::Turn},
    model::{
        AppKey, Audience, Caller, ClientId, Code, ConnectionId, Content, Event, Fault, Kind, Message, Source,
        chatroom::{Right, Rule},
        command::{Send, Sent},
        content::names,
    },
    store::Demand,
};

impl Im {
    /// Sends a member's message. Everything is looked at with every message (Z3).
    pub(in crate::im) async fn say_in_room(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        room: &Arc<Room>,
        send: Send,
        turn: Turn,
    ) -> Result<Sent, Fault> {
        if !room.is_inside(caller.id()) && !self.is_inside_elsewhere(caller, &room.handle).await {
            return Err(super::not_in_chatroom());
        }
        if send.content.name.as_str() == names::ATTRIBUTE_NOTICE {
            let message =
                format!("`{}` comes with a change of attributes; set `notify` there", names::ATTRIBUTE_NOTICE);
            return Err(Fault::new(Code::Forbidden, message));
        }
        let (rules, now) = (self.may_write_in(room, caller).await?, self.clock.now());
        self.may_say(caller, Kind::Chatroom, send.content.name.as_str()).await?;
        let weight = self.weight_of(&caller.app, &rules, caller.id(), &send.content).await?;
        if !room.takes(caller.id(), weight, now) {
            self.chatrooms.refused.fetch_add(1, Ordering::Relaxed);
            return Err(too_much(weight));
        }
        room.stopped.store(rules.holds(Rule::Stopped), Ordering::Relaxed);
        let route = Route::of_room(room.id);
        let mut outgoing = Outgoing { turn, demand: Demand::Open, ..Outgoing::by(caller, connection, send) };
        outgoing.only = recipients(&route, caller.id(), outgoing.only)?;
        if outgoing.flags.stored {
            self.keep_moderated(&route, outgoing).await
        } else {
            self.pass_moderated(&route, outgoing).await
        }
    }

    /// The room's rules, if a member may write by them now. Who is blocked goes, though nobody told this node to put them
    /// out.
    pub(super) async fn may_write_in(&self, room: &Arc<Room>, caller: &Caller) -> Result<Arc<Rules>, Fault> {
        let (rules, now) = (self.rules_of(&room.app, &room.handle).await?, self.clock.now());
        if rules.has(caller.id(), Right::Blocked, now) {
            for user in self.put_out_here(room, slice::from_ref(caller.id())) {
                self.after_leaving(room, &user).await?;
            }
            return Err(super::not_in_chatroom());
        }
        rules.may_write(caller.id(), now)?;
        Ok(rules)
    }

    /// Says something in the name of somebody, inside or not.
    pub(in crate::im) async fn say_as_back_end(
        &self,
        room: &Arc<Room>,
        from: &Caller,
        content: Content,
        (client_id, stored): (Option<ClientId>, Option<bool>),
    ) -> Result<Sent, Fault> {
        room.touch(self.clock.now());
        let mut flags = content.name.flags();
        flags.stored = stored.unwrap_or(flags.stored);
        let outgoing = Outgoing {
            app: from.app.clone(),
            from: from.person.clone(),
            client_id,
            content,
            original: None,
            flags,
            only: Vec::new(),
            hears: None,
            demand: Demand::Open,
            source: Source::Api,
            except: None,
            echo: true,
            turn: Turn::default(),
        };
        self.deliver(&Route::of_room(room.id), outgoing).await
    }

    /// Tells a room what was said: kept messages in their order.
    pub(in crate::im) fn tell_room(&self, audience: Audience, message: Arc<Message>) {
        let Some(room) = self.chatrooms.by_id(&audience.app, message.conversation) else { return };
        match message.seq {
            // Where nobody is inside nothing is heard of what other nodes tell.
            Some(_) if self.presence.is_shared() && room.count() == 0 => {
                room.note_kept();
                self.tell_message(&room, audience, message);
            }
            Some(place) => {
                room.note_kept();
                let when = (self.clock.now(), self.room_patience());
                room.line.put(place.0, (audience, message), when, |(to, what)| self.tell_message(&room, to, what));
                self.chatrooms.note_held(&room);
            }
            None => self.tell_message(&room, audience, message),
        }
    }

    /// Another node tells a room what was said through it.
    pub(in crate::im) fn room_was_told(&self, app: &AppKey, message: &Message) {
        if let (Some(room), Some(place)) = (self.chatrooms.by_id(app, message.conversation), message.seq) {
            let when = (self.clock.now(), self.room_patience());
            room.line.pass(place.0, when, |(to, what)| self.tell_message(&room, to, what));
            self.chatrooms.note_held(&room);
        }
    }

    /// How long a message in a room waits for those before it, in milliseconds.
    fn room_patience(&self) -> i64 {
        if self.bus.is_deaf() { ALONE_MS } else { PATIENCE_MS }
    }

    /// Waits until something is held back in a room, and for as long as it is to be held.
    pub(in crate::im) async fn wait_for_held(&self) {
        self.chatrooms.held.changed.notified().await;
        let patience = self.room_patience().unsigned_abs();
        tokio::time::sleep(Duration::from_millis(patience)).await;
    }

    /// Tells what was held back in rooms long enough.
    pub fn tell_held(&self) {
        let when = (self.clock.now(), self.room_patience());
        for room in self.chatrooms.take_held() {
            room.line.run(when, |(audience, message)| self.tell_message(&room, audience, message));
            self.chatrooms.note_held(&room);
        }
    }

    /// Tells it, unless the back end stopped that.
    pub(super) fn tell_message(&self, room: &Room, audience: Audience, message: Arc<Message>) {
        if !room.stopped.load(Ordering::Relaxed) {
            self.publish(audience, Event::Message(message));
        }
    }

    /// Figures for metrics.
    pub fn chatroom_figures(&self) -> ChatroomFigures {
        let rooms = self.chatrooms.all();
        ChatroomFigures {
            rooms: rooms.len(),
            members: rooms.iter().map(|room| room.count()).sum(),
            refused: self.chatrooms.refused.load(Ordering::Relaxed),
        }
    }
}

fn too_much(weight: Weight) -> Fault {
    let message = match weight {
        Weight::Low => "too much is said in this chatroom now, and messages of this type come last; try again",
        Weight::Usual | Weight::Free => "too much is said in this chatroom now; try again in a moment",
    };
    Fault::new(Code::RateLimited, message).retry_after(1)
}
