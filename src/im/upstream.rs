//! Apps whose conversations are led by another service: what visitors say goes there, what is said there is copied here.
//!
//! The domain knows no protocol: [`Carrier`] has the connections. What a visitor says is acknowledged when the other
//! service has it and the copy is durable, with the id and the time that it has there. Nothing is handed up twice: what
//! leaves is noted before, and an unknown outcome is settled by reading back what the other service has.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Im,
    conversation::Route,
    deliver::{Outgoing, closed},
    desk::Control,
    error::not_found,
    remembered::Remembered,
    send::is_reserved,
};
use crate::{
    model::{
        AppKey, Caller, ClientId, Code, ConnectionId, Content, Conversation, ConversationId, Fault, Kind, Message,
        Millis, Person, Role, Seq, Stage, Upstream, UserId,
        command::{History, Send as Say, Sent, Target},
        content::names,
        conversation::{Context, EndedBy},
        upstream::Peer,
    },
    store::NewService,
};

mod mirror;

pub use mirror::Word;

/// How long somebody who reads back waits for what is new upstream.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who carries words between visitors and the service that leads their app's conversations.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Hands up a message. Returns when it is there and copied here. Unless the fault is temporary it is not there, and
    /// never will be.
    async fn say(&self, visitor: &Caller, led: &Arc<Led>, message: Upward) -> Result<Sent, Fault>;
    /// Hands up what is not kept. Returns when it is there.
    async fn pass(&self, visitor: &Caller, led: &Arc<Led>, content: Content) -> Result<(), Fault>;
    /// Takes a message back there.
    async fn recall(&self, visitor: &Caller, led: &Arc<Led>, uid: String, sent_at: Millis) -> Result<(), Fault>;
    /// Hands up a signal of the moment if the visitor's session stands. Nobody hears what came of it.
    fn hint(&self, visitor: &Caller, content: Content);
    /// Sees to it that the visitor's session stands. With a time, waits so long for what is new to be copied.
    async fn open(&self, visitor: &Caller, led: &Arc<Led>, within: Option<Duration>);
    /// Whether the other service answered when it was last asked.
    fn is_reachable(&self, app: &AppKey) -> bool;
}

/// A message on its way up.
#[derive(Debug, Clone)]
pub struct Upward {
    /// Where it is said here.
    pub conversation: ConversationId,
    /// The visitor's own id of it.
    pub client_id: ClientId,
    /// What it says.
    pub content: Content,
    /// What the visitor wrote, when that is not `content`.
    pub original: Option<Content>,
    /// The connection that knows already.
    pub except: Option<ConnectionId>,
}

/// Where an app's conversations are led, and the sealed secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Led {
    /// Where.
    pub upstream: Upstream,
    /// The app's secret there, see [`super::backend::upstream::open_secret`].
    pub secret: Vec<u8>,
}

impl Led {
    /// The other service as one of those who take part here: a desk speaks with one voice.
    pub fn desk(&self) -> Person {
        let id = self.upstream.peer.id();
        Person { id: there(id), name: String::new(), role: Role::Agent, portrait: None }
    }
}

/// The id here of somebody who is known there. Nobody here has an id of that form.
fn there(id: &str) -> UserId {
    let whole = format!("~{id}");
    whole.parse().unwrap_or_else(|_| {
        let digest = HEXLOWER.encode(&Sha256::digest(id));
        format!("~~{}", digest.get(..40).unwrap_or_default())
            .parse()
            .expect("42 visible ASCII characters are a user id")
    })
}

/// Upstreams by app, for a moment: most apps have none.
#[derive(Debug)]
pub(super) struct Leads(Remembered<AppKey, Option<Arc<Led>>>);

impl Default for Leads {
    fn default() -> Self {
        Self(Remembered::at_most(10_000))
    }
}

impl Leads {
    pub(super) fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.forget(app);
    }
}

impl Im {
    /// The same with somebody who carries words to other services; without, apps that have one are told to wait.
    #[must_use]
    pub fn with_carrier(mut self, carrier: Arc<dyn Carrier>) -> Self {
        self.carrier = Some(carrier);
        self
    }

    /// Where an app's conversations are led, when not here.
    pub async fn led(&self, app: &AppKey) -> Result<Option<Arc<Led>>, Fault> {
        let read = async {
            let led = self.store.upstream(app).await?;
            Ok(led.map(|(upstream, secret)| Arc::new(Led { upstream, secret })))
        };
        self.leads.0.get(app, read).await
    }

    /// Whether visitors of the app are answered elsewhere, and somebody is there; `None` when they are answered here.
    pub(super) async fn answered_elsewhere(&self, app: &AppKey) -> Result<Option<bool>, Fault> {
        let reachable = || self.carrier.as_ref().is_some_and(|carrier| carrier.is_reachable(app));
        Ok(self.led(app).await?.map(|_| reachable()))
    }

    /// Tells visitors that the other service went or came back.
    pub fn upstream_changed(&self, app: &AppKey) {
        self.desk_changed(app);
    }

    /// Where this caller's words go, when they do not stay here.
    pub(super) async fn led_for(&self, caller: &Caller) -> Result<Option<Arc<Led>>, Fault> {
        if caller.person.role == Role::Visitor { self.led(&caller.app).await } else { Ok(None) }
    }

    fn carrier(&self) -> Result<&Arc<dyn Carrier>, Fault> {
        self.carrier.as_ref().ok_or_else(|| {
            Fault::new(Code::UpstreamAway, "this server does not speak to other services now").retry_after(30)
        })
    }

    /// Sends what a visitor says, or asks of the service, to where the app's conversations are led.
    pub(super) async fn send_up(
        &self,
        caller: &Caller,
        led: &Arc<Led>,
        connection: Option<ConnectionId>,
        send: Say,
    ) -> Result<Sent, Fault> {
        if is_reserved(&send.content) {
            let message = format!("`{}` is sent by the server only", send.content.name);
            return Err(Fault::new(Code::Forbidden, message));
        }
        if let Some(control) = Control::of(&send.content).filter(|control| *control != Control::LeaveMessage) {
            return self.steer_up(caller, led, control, send).await;
        }
        if !send.content.files().is_empty() {
            return Err(no_files_up());
        }
        let conversation = match &send.to {
            Target::Conversation(id) => self.route(caller, *id).await?.id,
            Target::Desk | Target::DeskOf(_) => {
                if let Some(open) = self.open_led(caller).await? {
                    open.id
                } else {
                    let site = caller.site.as_ref().ok_or_else(not_found)?;
                    if let Some(sent) = self.sent_before_the_end(caller, site, &send).await? {
                        return Ok(sent);
                    }
                    self.begin_led(caller, led).await?.id
                }
            }
            Target::User(_) | Target::Group(..) | Target::Chatroom(_) => return Err(not_found()),
        };
        let route = self.route(caller, conversation).await?;
        if send.content.name.flags().stored {
            return self.keep_up(caller, led, &route, connection, send).await;
        }
        self.carrier()?.pass(caller, led, send.content).await?;
        Ok(self.passed(route.id))
    }

    async fn keep_up(
        &self,
        caller: &Caller,
        led: &Arc<Led>,
        route: &Route,
        except: Option<ConnectionId>,
        send: Say,
    ) -> Result<Sent, Fault> {
        if let Some(first) = self.kept_before(route.id, Outgoing::by(caller, except, send.clone())).await? {
            return Ok(first);
        }
        if route.stage.as_ref().is_some_and(|stage| !stage.is_open()) {
            return Err(closed());
        }
        let (client_id, written) = (send.client_id.clone(), send.content.clone());
        let content = self.moderate(route, &Outgoing::by(caller, except, send)).await?;
        let original = (content != written).then_some(written);
        let message = Upward { conversation: route.id, client_id, content, original, except };
        self.carrier()?.say(caller, led, message).await
    }

    fn passed(&self, conversation: ConversationId) -> Sent {
        let at = self.clock.now();
        Sent { uid: self.uids.mint(at), conversation, seq: None, at, replaced: false }
    }

    /// Handshake, rating and the like: the other service hears them, and what we keep of them ourselves is kept.
    async fn steer_up(&self, caller: &Caller, led: &Arc<Led>, control: Control, send: Say) -> Result<Sent, Fault> {
        let open = self.open_led(caller).await?;
        let content = send.content.clone();
        let conversation = match (control, open) {
            (Control::Handshake, open) => {
                let open = match open {
                    Some(open) => open,
                    None => self.begin_led(caller, led).await?,
                };
                self.note_handshake(caller, open.id, &content).await?;
                open.id
            }
            (Control::ChangeMode, Some(open)) => open.id,
            (Control::ChangeMode, None) => self.begin_led(caller, led).await?.id,
            (Control::Suspend, Some(open)) => {
                // The other service may be away; the visitor leaves all the same.
                self.hint_up(caller, content);
                let agent = open.service.as_ref().and_then(|service| service.stage.agent().cloned());
                self.finish(&caller.app, open.id, agent, EndedBy::VisitorClosed, None).await?;
                return Ok(self.passed(open.id));
            }
            (Control::Evaluate, _) => {
                let site = caller.site.as_ref().ok_or_else(not_found)?;
                let rated = self.evaluate(caller, site, &send).await?;
                self.hint_up(caller, content);
                return Ok(self.passed(rated));
            }
            (Control::Suspend, None) | (Control::LeaveMessage, _) => return Err(not_found()),
        };
        self.carrier()?.pass(caller, led, content).await?;
        Ok(self.passed(conversation))
    }

    /// The visitor's running conversation, if any.
    pub(super) async fn open_led(&self, visitor: &Caller) -> Result<Option<Conversation>, Fault> {
        let open = match &visitor.site {
            Some(site) => self.store.open_service(&visitor.app, visitor.id(), site).await?,
            None => self.store.open_services(&visitor.app, visitor.id()).await?.into_iter().next(),
        };
        Ok(open)
    }

    /// The visitor's running conversation, begun when there is none. It belongs to the other service's desk from its
    /// first moment, so that no agent here takes it.
    pub(super) async fn begin_led(&self, caller: &Caller, led: &Led) -> Result<Conversation, Fault> {
        let site = match &caller.site {
            Some(site) => self.store.site(site).await?,
            None => self.store.sites(&caller.app).await?.into_iter().next(),
        };
        let site = site.ok_or_else(|| Fault::new(Code::Forbidden, "no site to begin a conversation on"))?;
        let desk = Person { name: site.name.clone(), ..led.desk() };
        self.store.save_user(&caller.app, desk.clone(), self.clock.now()).await?;
        let (id, at) = (self.mint_conversation_id(), self.clock.now());
        let new = NewService {
            id,
            site: site.key,
            visitor: caller.id().clone(),
            stage: Stage::Human { agent: desk.id, since: at },
            context: Context::default(),
            at,
        };
        let begun = self.store.begin_service(&caller.app, new).await?;
        let begun = self.complete(&caller.app, begun).await?;
        if begun.id == id {
            self.publish_conversation(&caller.app, begun.clone());
        }
        Ok(begun)
    }

    /// Hands up a signal of the moment, when somebody carries it.
    pub(super) fn hint_up(&self, caller: &Caller, content: Content) {
        if let Some(carrier) = &self.carrier {
            carrier.hint(caller, content);
        }
    }

    /// That the visitor has read up to a place.
    pub(super) async fn read_up(&self, caller: &Caller, conversation: ConversationId, read: Seq) -> Result<(), Fault> {
        let Some(led) = self.led_for(caller).await? else { return Ok(()) };
        let query = History { before: Some(Seq(read.0.saturating_add(1))), ..History::newest(conversation, 1) };
        let page = self.store.page(&caller.app, &query).await?;
        let Some(newest) = page.messages.into_iter().next() else { return Ok(()) };
        let Some(uid) = self.store.upstream_uid(&caller.app, newest.uid).await? else { return Ok(()) };
        let kind = match led.upstream.peer {
            Peer::Service(_) => Kind::Service,
            Peer::User(_) => Kind::Private,
        };
        let body = json!({ "messageUId": uid, "lastMessageSendTime": newest.at, "type": kind.number() });
        self.hint_up(caller, Content::of(names::READ, &body));
        Ok(())
    }

    /// Takes one of the visitor's messages back where it was led to, before it is taken back here.
    pub(super) async fn recall_up(&self, caller: &Caller, message: &Message) -> Result<(), Fault> {
        let Some(led) = self.led_for(caller).await? else { return Ok(()) };
        let Some(uid) = self.store.upstream_uid(&caller.app, message.uid).await? else { return Ok(()) };
        self.carrier()?.recall(caller, &led, uid, message.at).await
    }

    /// Brings the copy up to date before a visitor reads back. When the other service is away, what is here is shown.
    pub(super) async fn catch_up(&self, caller: &Caller) -> Result<(), Fault> {
        if let Some(led) = self.led_for(caller).await?
            && let Some(carrier) = &self.carrier
        {
            carrier.open(caller, &led, Some(PATIENCE)).await;
        }
        Ok(())
    }

    /// Opens the session of a visitor who came back to a running conversation.
    pub(super) async fn listen_up(&self, caller: &Caller) -> Result<(), Fault> {
        let Some(led) = self.led_for(caller).await? else { return Ok(()) };
        if let Some(carrier) = &self.carrier
            && self.open_led(caller).await?.is_some()
        {
            carrier.open(caller, &led, None).await;
        }
        Ok(())
    }

    /// Whether somebody is here.
    pub fn is_here(&self, app: &AppKey, user: &UserId) -> bool {
        self.is_online(app, user)
    }
}

/// Addresses of our files are for those who may see them here, and nobody there may.
pub(super) fn no_files_up() -> Fault {
    Fault::new(Code::Forbidden, "files cannot be sent to the service that answers here; write a message instead")
}
