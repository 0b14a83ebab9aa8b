//! The last steps of every message, whatever door it came in by: keep it or pass it on, tell those who must hear.

use std::sync::Arc;

use super::{Im, chatroom::no_chatroom, conversation::Route, turn::Turn};
use crate::{
    model::{
        AppKey, Audience, Caller, ClientId, Code, ConnectionId, Content, ConversationId, Event, Fault, Kind, Message,
        Person, Source, UserId,
        command::{Send, Sent},
        content::{Flags, Mentions},
    },
    store::{Demand, NewMessage, StoreError},
};

/// A message whose sender may send it.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) app: AppKey,
    pub(super) from: Person,
    pub(super) client_id: Option<ClientId>,
    pub(super) content: Content,
    /// What the sender wrote, when that is not `content`.
    pub(super) original: Option<Content>,
    /// Kept or passed on; counted or not.
    pub(super) flags: Flags,
    /// Whom it is for besides the sender; empty: everybody inside.
    pub(super) only: Vec<UserId>,
    /// Who hears it now, when that is not everybody whom it is for.
    pub(super) hears: Option<Vec<UserId>>,
    /// What must still hold when it is kept.
    pub(super) demand: Demand,
    pub(super) source: Source,
    /// The connection that knows already.
    pub(super) except: Option<ConnectionId>,
    /// The sender's own devices hear it too.
    pub(super) echo: bool,
    pub(super) turn: Turn,
}

impl Outgoing {
    /// What a connected person sends.
    pub(super) fn by(caller: &Caller, connection: Option<ConnectionId>, send: Send) -> Self {
        Self {
            app: caller.app.clone(),
            from: caller.person.clone(),
            client_id: Some(send.client_id),
            flags: send.content.flags(),
            content: send.content,
            original: None,
            only: send.only,
            hears: None,
            demand: Demand::MayWrite,
            source: Source::of(caller.person.role),
            except: connection,
            echo: true,
            turn: Turn::default(),
        }
    }

    fn audience(&self, route: &Route) -> Audience {
        let mut audience = Audience { except: self.except, ..route.audience(&self.app) };
        if !self.only.is_empty() {
            audience.users.clone_from(&self.only);
            audience.users.push(self.from.id.clone());
        }
        if let Some(hears) = &self.hears {
            audience.users.clone_from(hears);
        }
        if !self.echo {
            audience.users.retain(|user| *user != self.from.id);
        }
        audience
    }
}

impl Im {
    /// Keeps a message or passes it on, as its flags say. Returns when it is durable.
    pub(super) async fn deliver(&self, route: &Route, outgoing: Outgoing) -> Result<Sent, Fault> {
        if outgoing.flags.stored { self.keep(route, outgoing).await } else { Ok(self.pass(route, outgoing).await) }
    }

    /// Keeps what somebody connected sends, as the app wants it.
    pub(super) async fn keep_moderated(&self, route: &Route, mut outgoing: Outgoing) -> Result<Sent, Fault> {
        match self.moderate(route, &outgoing).await {
            Ok(content) if content == outgoing.content => {}
            Ok(content) => outgoing.original = Some(std::mem::replace(&mut outgoing.content, content)),
            // Refused for good: only what was taken before is taken again.
            Err(refusal) if !refusal.code.temporary() => {
                return self.kept_before(route.id, outgoing).await?.ok_or(refusal);
            }
            Err(trouble) => return Err(trouble),
        }
        self.keep(route, outgoing).await
    }

    /// Passes on what somebody connected sends, as the app wants it.
    pub(super) async fn pass_moderated(&self, route: &Route, mut outgoing: Outgoing) -> Result<Sent, Fault> {
        let content = outgoing.content.clone();
        outgoing.content = self.ask_back_end(route, &outgoing, content).await?;
        Ok(self.pass(route, outgoing).await)
    }

    /// Keeps a message and tells everybody who must hear of it.
    pub(super) async fn keep(&self, route: &Route, outgoing: Outgoing) -> Result<Sent, Fault> {
        let mut audience = outgoing.audience(route);
        let (app, new, turn) = self.draft(route.id, outgoing);
        let wrote = new.original.as_ref().unwrap_or(&new.content).clone();
        let appended = match turn.until_in_line(self.store.append(&app, new)).await {
            Err(StoreError::WrongStage) if route.kind == Kind::Chatroom => return Err(no_chatroom()),
            Err(StoreError::WrongStage) => return Err(closed()),
            other => other?,
        };
        let sent = acknowledged(&appended.message, &wrote);
        if !appended.repeated {
            // Who does not know what was made of their words must hear it.
            audience.except = audience.except.filter(|_| !sent.replaced);
            self.tell(route, audience, Arc::new(appended.message));
        }
        Ok(sent)
    }

    fn draft(&self, conversation: ConversationId, outgoing: Outgoing) -> (AppKey, NewMessage, Turn) {
        let new = NewMessage {
            conversation,
            from: outgoing.from,
            client_id: outgoing.client_id,
            counted: outgoing.flags.counted,
            // In a chatroom nothing is unread.
            mentions: if self.chatrooms.knows(conversation) { Mentions::Nobody } else { outgoing.content.mentions() },
            content: outgoing.content,
            original: outgoing.original,
            only: outgoing.only,
            at: self.clock.now(),
            demand: outgoing.demand,
            source: outgoing.source,
        };
        (outgoing.app, new, outgoing.turn)
    }

    /// The first result, when this is a retry of what was kept in a conversation before.
    pub(super) async fn kept_before(
        &self,
        conversation: ConversationId,
        outgoing: Outgoing,
    ) -> Result<Option<Sent>, Fault> {
        let (app, new, _) = self.draft(conversation, Outgoing { demand: Demand::Again, ..outgoing });
        let wrote = new.content.clone();
        match self.store.append(&app, new).await {
            Ok(first) => Ok(Some(acknowledged(&first.message, &wrote))),
            Err(StoreError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn tell(&self, route: &Route, audience: Audience, message: Arc<Message>) {
        match route.kind {
            Kind::Chatroom => self.tell_room(audience, message),
            _ => self.publish(audience, Event::Message(message)),
        }
    }

    /// Tells everybody without keeping it: commands and status messages.
    async fn pass(&self, route: &Route, outgoing: Outgoing) -> Sent {
        let at = self.clock.now();
        let audience = outgoing.audience(route);
        let message = Message {
            uid: self.uids.mint(at),
            conversation: route.id,
            seq: None,
            at,
            from: outgoing.from,
            client_id: outgoing.client_id,
            content: outgoing.content,
        };
        let sent = Sent { uid: message.uid, conversation: route.id, seq: None, at, replaced: false };
        let message = Arc::new(message);
        self.tell(route, audience, message.clone());
        self.tell_passing(&outgoing.app, &message, &outgoing.only, outgoing.source).await;
        sent
    }
}

/// What the sender hears of a kept message.
fn acknowledged(kept: &Message, wrote: &Content) -> Sent {
    let replaced = kept.content != *wrote && !kept.content.is_gone();
    Sent { uid: kept.uid, conversation: kept.conversation, seq: kept.seq, at: kept.at, replaced }
}

pub(super) fn closed() -> Fault {
    Fault::new(Code::ConversationClosed, "this conversation has ended; start a new one")
}
