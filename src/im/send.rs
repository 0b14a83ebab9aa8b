//! The one path that every message takes: check, find the place, keep it, tell everybody.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    Im,
    conversation::Route,
    deliver::{Outgoing, closed},
    desk::Control,
    error::not_found,
    rights::{may_write, recipients},
    turn::Turn,
};
use crate::model::{
    AppKey, Caller, Code, ConnectionId, Content, Fault, Kind, ObjectName, Role, SiteKey, UserId,
    command::{Send, Sent, Target},
    content::names,
    person::{MAX_MARKS, has_tower_of_marks},
};

impl Im {
    /// Sends a message. Returns when it is durable; a retry with the same client id returns the first result.
    pub async fn send(&self, caller: &Caller, connection: Option<ConnectionId>, send: Send) -> Result<Sent, Fault> {
        self.send_in_turn(caller, connection, send, Turn::default()).await
    }

    /// As [`Im::send`], for clients that send again before the first answer came: sends that begin in the order of
    /// their turns are kept in that order.
    pub async fn send_in_turn(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        send: Send,
        turn: Turn,
    ) -> Result<Sent, Fault> {
        self.check_content(&send.content)?;
        if is_ours_alone(&send.content) {
            return Err(for_the_server(&send.content));
        }
        if let Some(room) = self.chatrooms.meant(&caller.app, &send.to) {
            return self.say_in_room(caller, connection, &room, send, turn).await;
        }
        if let Some(led) = self.led_for(caller).await? {
            return self.send_up(caller, &led, connection, send).await;
        }
        if let Some((site, control)) = self.control_meant(caller, &send).await? {
            return self.control(caller, connection, &site, control, send).await;
        }
        if matches!(send.to, Target::Desk | Target::DeskOf(_)) {
            self.own_files(caller, &send.content).await?;
        }
        let route = match &send.to {
            Target::Conversation(id) => {
                let route = self.route(caller, *id).await?;
                if route.kind == Kind::Chatroom {
                    // Inside through another node; this one does not remember the room.
                    let room = self.remembered(&caller.app, *id).await?;
                    let room = self.room_of_member(caller, room.handle.as_ref().ok_or_else(not_found)?).await?;
                    return self.say_in_room(caller, connection, &room, send, turn).await;
                }
                route
            }
            Target::User(user) => self.private_route(caller, user, &send.content.name).await?,
            Target::Group(kind, handle) => self.route_by_handle(caller, *kind, handle).await?,
            Target::Chatroom(handle) => {
                let room = self.room_of_member(caller, handle).await?;
                return self.say_in_room(caller, connection, &room, send, turn).await;
            }
            Target::Desk | Target::DeskOf(_) => match self.desk_route(caller, &send).await? {
                super::desk::DeskRoute::Open(route) => route,
                super::desk::DeskRoute::Repeated(sent) => return Ok(sent),
            },
        };
        may_write(caller, &route, &send.content.name, self.clock.now())?;
        self.may_say(caller, route.kind, send.content.name.as_str()).await?;
        self.not_blocked(&caller.app, &caller.person, route.kind, &route.participants).await?;
        self.may_write_to_service(caller, &route).await?;
        let mut outgoing = Outgoing { turn, ..Outgoing::by(caller, connection, send) };
        outgoing.only = recipients(&route, caller.id(), outgoing.only)?;
        self.heed(caller, &route, &mut outgoing).await?;
        if outgoing.flags.stored {
            let route = self.follow_availability(caller, route).await?;
            self.keep_moderated(&route, outgoing).await
        } else if route.stage.as_ref().is_some_and(|stage| !stage.is_open()) {
            Err(closed())
        } else {
            self.pass_moderated(&route, outgoing).await
        }
    }

    /// What a message to a desk asks of it, and of which site's desk, when it is no message to be kept.
    async fn control_meant(&self, caller: &Caller, send: &Send) -> Result<Option<(SiteKey, Control)>, Fault> {
        let control = Control::of(&send.content);
        if control.is_none() && !is_reserved(&send.content) {
            return Ok(None);
        }
        let Some(site) = self.desk_meant(caller, &send.to).await? else { return Ok(None) };
        let control = control.ok_or_else(|| for_the_server(&send.content))?;
        Ok(Some((site, control)))
    }

    pub(super) fn check_content(&self, content: &Content) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct Text {
            content: String,
        }
        if content.name.as_str() != names::TEXT {
            return Ok(());
        }
        let text: Text = content
            .view()
            .ok_or_else(|| Fault::new(Code::BadRequest, "an RC:TxtMsg needs the text in `content.content`"))?;
        if text.content.trim().is_empty() {
            return Err(Fault::new(Code::BadRequest, "the text is empty; write something first"));
        }
        if has_tower_of_marks(&text.content) {
            return Err(Fault::new(
                Code::BadRequest,
                format!("a character of the text has more than {MAX_MARKS} marks"),
            ));
        }
        let (chars, max) = (text.content.chars().count(), self.settings.max_text_chars);
        if chars > max {
            let message = format!("the text has {chars} characters; the limit is {max}");
            return Err(Fault::new(Code::TooLarge, message));
        }
        Ok(())
    }

    async fn private_route(&self, caller: &Caller, user: &UserId, name: &ObjectName) -> Result<Arc<Route>, Fault> {
        if caller.person.role == Role::Visitor {
            return Err(Fault::new(Code::Forbidden, "visitors write to the desk: use `desk: true`"));
        }
        // Whoever has a conversation with somebody had every right to begin it; whether they may write now is asked later.
        if let Some(id) = self.finds.private(&caller.app, caller.id(), user) {
            return self.route_of(&caller.app, id).await;
        }
        let other = self.store.user(&caller.app, user).await?;
        if other.as_ref().is_some_and(|person| person.role == Role::System)
            && let Some(service) = self.service_of(&caller.app, user, caller.id()).await?
        {
            self.may_say(caller, service.kind, name.as_str()).await?;
            return self.pair_route(&caller.app, service.kind, caller.id(), user).await;
        }
        if !other.is_some_and(|person| matches!(person.role, Role::User | Role::Agent)) {
            return Err(Fault::new(Code::NotFound, "no such user"));
        }
        if user == caller.id() {
            return Err(Fault::new(Code::BadRequest, "a private conversation needs somebody else"));
        }
        self.may_say(caller, Kind::Private, name.as_str()).await?;
        self.not_blocked(&caller.app, &caller.person, Kind::Private, std::slice::from_ref(user)).await?;
        let route = self.pair_route(&caller.app, Kind::Private, caller.id(), user).await?;
        self.finds.remember_private(&caller.app, caller.id(), user, route.id);
        Ok(route)
    }

    /// The way to the conversation of this kind between two users; it is made when missing.
    pub(super) async fn pair_route(
        &self,
        app: &AppKey,
        kind: Kind,
        a: &UserId,
        b: &UserId,
    ) -> Result<Arc<Route>, Fault> {
        let (id, now) = (self.mint_conversation_id(), self.clock.now());
        let conversation = self.store.pair_conversation(app, kind, a, b, id, now).await?;
        if conversation.id == id {
            self.publish_conversation(app, conversation.clone());
        }
        self.route_of(app, conversation.id).await
    }
}

fn for_the_server(content: &Content) -> Fault {
    Fault::new(Code::Forbidden, format!("`{}` is sent by the server only", content.name))
}

/// Contents that tell what the server did: from anybody else they would be lies.
fn is_ours_alone(content: &Content) -> bool {
    matches!(content.name.as_str(), names::RECALLED | names::DELETED | names::GROUP_NOTICE | names::DISCUSSION_NOTICE)
}

/// Contents by which the server speaks to visitors: from anybody else they would be lies.
pub(super) fn is_reserved(content: &Content) -> bool {
    matches!(
        content.name.as_str(),
        names::INFO
            | names::HANDSHAKE_RESPONSE
            | names::CHANGE_MODE_RESPONSE
            | names::STATUS_UPDATE
            | names::TERMINATE
            | names::PULL_LEAVE_MESSAGE
            | "RC:CsPullEva"
    )
}
