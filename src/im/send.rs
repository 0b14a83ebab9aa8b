//! The one path that every message takes: check, find the place, keep it, tell everybody.

use std::sync::Arc;

use serde::Deserialize;

use super::{Im, conversation::Route, desk::Control, error::not_found, turn::Turn};
use crate::{
    model::{
        Audience, Caller, Code, ConnectionId, Content, ConversationId, Event, Fault, Kind, Message, Millis, ObjectName,
        Role, Source, Stage, UserId,
        command::{Send, Sent, Target},
        content::names,
        conversation::Group,
        person::{MAX_MARKS, has_tower_of_marks},
    },
    store::{Demand, NewMessage, StoreError},
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
            let message = format!("`{}` is sent by the server only", send.content.name);
            return Err(Fault::new(Code::Forbidden, message));
        }
        if caller.person.role == Role::Visitor {
            if is_reserved(&send.content) {
                let message = format!("`{}` is sent by the server only", send.content.name);
                return Err(Fault::new(Code::Forbidden, message));
            }
            if let Some(control) = Control::of(&send.content) {
                return self.control(caller, connection, control, send).await;
            }
        }
        let route = match &send.to {
            Target::Conversation(id) => self.route(caller, *id).await?,
            Target::User(user) => self.private_route(caller, user, &send.content.name).await?,
            Target::Desk => match self.desk_route(caller, &send).await? {
                super::desk::DeskRoute::Open(route) => route,
                super::desk::DeskRoute::Repeated(sent) => return Ok(sent),
            },
        };
        may_write(caller, &route, &send.content.name, self.clock.now())?;
        self.may_say(caller, route.kind, send.content.name.as_str()).await?;
        self.not_blocked(caller, route.kind, &route.participants).await?;
        if send.content.name.flags().stored {
            let route = self.follow_availability(caller, route).await?;
            self.keep(caller, connection, &route, send, turn).await
        } else if route.stage.as_ref().is_some_and(|stage| !stage.is_open()) {
            Err(closed())
        } else {
            Ok(self.pass(caller, connection, &route, send))
        }
    }

    /// Keeps a message and tells everybody who must hear of it.
    pub(super) async fn keep(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        route: &Route,
        send: Send,
        turn: Turn,
    ) -> Result<Sent, Fault> {
        let demand = if route.group.is_some() { Demand::MayWrite } else { Demand::Inside };
        let new = match self.moderate(caller, route, &send.content).await {
            Ok(content) => self.draft(caller, route.id, &send, content, demand),
            // Refused for good: only what was taken before is taken again.
            Err(refusal) if !refusal.code.temporary() => {
                return self.sent_before(caller, route.id, &send).await?.ok_or(refusal);
            }
            Err(trouble) => return Err(trouble),
        };
        let appended = match turn.until_in_line(self.store.append(&caller.app, new)).await {
            Err(StoreError::WrongStage) => {
                return Err(closed());
            }
            other => other?,
        };
        let sent = acknowledged(&appended.message, &send.content);
        if !appended.repeated {
            // Who does not know what was made of their words must hear it.
            let except = connection.filter(|_| !sent.replaced);
            let audience = Audience { except, ..route.audience(&caller.app) };
            self.publish(audience, Event::Message(Arc::new(appended.message)));
        }
        Ok(sent)
    }

    fn draft(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        send: &Send,
        content: Content,
        demand: Demand,
    ) -> NewMessage {
        NewMessage {
            conversation,
            from: caller.person.clone(),
            client_id: Some(send.client_id.clone()),
            counted: content.name.flags().counted,
            mentions: content.mentions(),
            original: (content != send.content).then(|| send.content.clone()),
            content,
            at: self.clock.now(),
            demand,
            source: Source::of(caller.person.role),
        }
    }

    /// The first result, when this is a retry of what was kept in a conversation before.
    pub(super) async fn sent_before(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        send: &Send,
    ) -> Result<Option<Sent>, Fault> {
        let new = self.draft(caller, conversation, send, send.content.clone(), Demand::Again);
        match self.store.append(&caller.app, new).await {
            Ok(first) => Ok(Some(acknowledged(&first.message, &send.content))),
            Err(StoreError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells everybody without keeping it: commands and status messages.
    fn pass(&self, caller: &Caller, connection: Option<ConnectionId>, route: &Route, send: Send) -> Sent {
        let at = self.clock.now();
        let message = Message {
            uid: self.uids.mint(at),
            conversation: route.id,
            seq: None,
            at,
            from: caller.person.clone(),
            client_id: Some(send.client_id),
            content: send.content,
        };
        let sent = Sent { uid: message.uid, conversation: route.id, seq: None, at, replaced: false };
        let audience = Audience { except: connection, ..route.audience(&caller.app) };
        self.publish(audience, Event::Message(Arc::new(message)));
        sent
    }

    fn check_content(&self, content: &Content) -> Result<(), Fault> {
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
        let other = self.store.user(&caller.app, user).await?;
        if !other.is_some_and(|person| matches!(person.role, Role::User | Role::Agent)) {
            return Err(Fault::new(Code::NotFound, "no such user"));
        }
        if user == caller.id() {
            return Err(Fault::new(Code::BadRequest, "a private conversation needs somebody else"));
        }
        self.may_say(caller, Kind::Private, name.as_str()).await?;
        self.not_blocked(caller, Kind::Private, std::slice::from_ref(user)).await?;
        let id = self.mint_conversation_id();
        let now = self.clock.now();
        let conversation = self.store.pair_conversation(&caller.app, Kind::Private, caller.id(), user, id, now).await?;
        if conversation.id == id {
            self.publish_conversation(&caller.app, conversation.clone());
        }
        self.route(caller, conversation.id).await
    }
}

/// What the sender hears of a kept message.
fn acknowledged(kept: &Message, wrote: &Content) -> Sent {
    let replaced = kept.content != *wrote && !kept.content.is_recalled();
    Sent { uid: kept.uid, conversation: kept.conversation, seq: kept.seq, at: kept.at, replaced }
}

/// Contents that tell what the server did: from anybody else they would be lies.
fn is_ours_alone(content: &Content) -> bool {
    matches!(content.name.as_str(), names::RECALLED | names::DELETED | names::GROUP_NOTICE | names::DISCUSSION_NOTICE)
}

fn closed() -> Fault {
    Fault::new(Code::ConversationClosed, "this conversation has ended; start a new one")
}

/// Contents by which the server speaks to visitors: from anybody else they would be lies.
fn is_reserved(content: &Content) -> bool {
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

/// Who may read may not always write: in a service conversation only the visitor and the agent who has it.
fn may_write(caller: &Caller, route: &Route, name: &ObjectName, now: Millis) -> Result<(), Fault> {
    if let Some(group) = &route.group {
        return may_write_in_group(caller, route, group, name, now);
    }
    let allowed = match (&route.kind, &route.stage) {
        (Kind::Service, Some(Stage::Human { agent, .. })) if caller.is_agent() => agent == caller.id(),
        (Kind::Service, Some(Stage::Queued { .. } | Stage::Offline { .. })) if caller.is_agent() => false,
        _ => route.has(caller.id()),
    };
    match allowed {
        true => Ok(()),
        false if caller.is_agent() => Err(Fault::new(Code::Forbidden, "take the conversation first, then answer")),
        false => Err(not_found()),
    }
}

/// Silenced members may still answer who read what.
fn may_write_in_group(
    caller: &Caller,
    route: &Route,
    group: &Group,
    name: &ObjectName,
    now: Millis,
) -> Result<(), Fault> {
    if !route.has(caller.id()) {
        return Err(not_found());
    }
    if group.dismissed_at.is_some() {
        return Err(Fault::new(Code::ConversationClosed, "this group was dismissed"));
    }
    let member = route.member(caller.id());
    let silenced = member.is_silenced(now) || (group.silenced && !member.owner && !member.allowed);
    if silenced && !matches!(name.as_str(), "RC:RRRspMsg" | "RC:ReadNtf") {
        return Err(Fault::new(Code::Silenced, "you may not write in this group now"));
    }
    Ok(())
}
