//! The visitor's control messages: handshake, asking for a person, leaving, rating, leaving a message.
//!
//! Source: spec "Customer-service flow" §2–§7. Fields are read leniently, as §6 asks: existing clients misspell them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{house::Note, left};
use crate::{
    im::{Im, deliver::Outgoing},
    model::{
        Caller, Code, ConnectionId, Content, Conversation, ConversationId, Fault, Person, Role, SiteKey, Stage,
        command::{Send, Sent, Target},
        content::names,
        conversation::{Context, EndedBy, Rating},
        person::display_name,
    },
    store::{NewTicket, Transition},
};

/// A content by which a visitor steers the service instead of saying something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::im) enum Control {
    Handshake,
    ChangeMode,
    Suspend,
    Evaluate,
    LeaveMessage,
}

impl Control {
    /// The control behind a content's name; both spellings of the change of mode count (§6 bug 3).
    pub(in crate::im) fn of(content: &Content) -> Option<Self> {
        Some(match content.name.as_str() {
            names::HANDSHAKE => Self::Handshake,
            names::CHANGE_MODE | names::CHANGE_MODE_NEW => Self::ChangeMode,
            names::SUSPEND => Self::Suspend,
            names::EVALUATE => Self::Evaluate,
            names::LEAVE_MESSAGE | names::CONTACT => Self::LeaveMessage,
            _ => return None,
        })
    }
}

impl Im {
    /// Does what a visitor's control message asks. Old `sid`s are answered and ignored (§8).
    pub(in crate::im) async fn control(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        site: &SiteKey,
        control: Control,
        send: Send,
    ) -> Result<Sent, Fault> {
        let open = self.store.open_service(&caller.app, caller.id(), site).await?;
        let conversation = match control {
            Control::Handshake => self.handshake(caller, site, open, &send.content).await?,
            Control::ChangeMode => self.change_mode(caller, site, open).await?,
            Control::Suspend => self.suspend(caller, open, &send).await?,
            Control::Evaluate => self.evaluate(caller, site, &send).await?,
            Control::LeaveMessage => return self.leave_message(caller, connection, site, send).await,
        };
        let at = self.clock.now();
        Ok(Sent { uid: self.uids.mint(at), conversation, seq: None, at, replaced: false })
    }

    /// `RC:CsHs` → `RC:CsHsR`, then who serves now.
    async fn handshake(
        &self,
        caller: &Caller,
        site: &SiteKey,
        open: Option<Conversation>,
        content: &Content,
    ) -> Result<ConversationId, Fault> {
        let asked: Handshake = content.view().unwrap_or_default();
        let caller = self.named(caller, &asked).await?;
        let context = asked.context();
        let conversation = match open {
            Some(open) => {
                self.store.set_context(&caller.app, open.id, context).await?;
                self.conversation(&caller, open.id).await?
            }
            None => self.begin(&caller, site, context).await?,
        };
        let answer = json!({
            "status": 1,
            "msg": "",
            "data": {
                "uid": caller.id(),
                "sid": conversation.id,
                "pid": caller.app,
                "serviceType": "2",
                "isblack": "0",
                "notAutoCha": "0",
                "robotSessionNoEva": "1",
                "humanSessionNoEva": "0",
                "needTypSts": 1,
                "evaConf": { "evaEntryPoint": 3, "evaType": 1, "reportResolveStatus": 1 },
                "leaveMsgConf": { "type": 0, "defaultConf": left::form() },
            },
        });
        self.tell_visitor(&caller.app, caller.id(), conversation.id, names::HANDSHAKE_RESPONSE, &answer);
        self.tell_who_serves(&caller, &conversation);
        Ok(conversation.id)
    }

    /// Keeps what a handshake tells about the visitor, where another service answers it.
    pub(in crate::im) async fn note_handshake(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        content: &Content,
    ) -> Result<(), Fault> {
        let asked: Handshake = content.view().unwrap_or_default();
        self.named(caller, &asked).await?;
        Ok(self.store.set_context(&caller.app, conversation, asked.context()).await?)
    }

    /// A visitor may say their name; it proves nothing (V4), and the first one stays. A user's is their app's to give.
    async fn named(&self, caller: &Caller, asked: &Handshake) -> Result<Caller, Fault> {
        let name = asked.name().filter(|_| caller.person.role == Role::Visitor && caller.person.name.is_empty());
        let Some(name) = name else { return Ok(caller.clone()) };
        let person = Person { name, ..caller.person.clone() };
        self.store.save_user(&caller.app, person.clone(), self.clock.now()).await?;
        Ok(Caller { person, ..caller.clone() })
    }

    /// `RC:CsCha` → `RC:CsChaR` with 1 switched or in line, 2 nobody online, 4 a person answers already (§4).
    async fn change_mode(
        &self,
        caller: &Caller,
        site: &SiteKey,
        open: Option<Conversation>,
    ) -> Result<ConversationId, Fault> {
        let conversation = match open {
            Some(open) => open,
            None => self.begin(caller, site, Context::default()).await?,
        };
        let route = self.route(caller, conversation.id).await?;
        self.follow_availability(caller, route).await?;
        let conversation = self.conversation(caller, conversation.id).await?;
        let status = match conversation.service.as_ref().map(|service| &service.stage) {
            Some(Stage::Human { .. }) => 4,
            Some(Stage::Queued { .. }) => 1,
            _ => 2,
        };
        let answer = json!({ "code": 200, "msg": "", "data": { "status": status } });
        self.tell_visitor(&caller.app, caller.id(), conversation.id, names::CHANGE_MODE_RESPONSE, &answer);
        self.tell_who_serves(caller, &conversation);
        Ok(conversation.id)
    }

    /// `RC:CsUpdate` with 2 a person or 3 nobody; with nobody also `RC:CsPLM`. In line there is nothing to tell yet.
    fn tell_who_serves(&self, caller: &Caller, conversation: &Conversation) {
        let Some(service) = &conversation.service else { return };
        let status = match service.stage {
            Stage::Human { .. } => "2",
            Stage::Offline { .. } => "3",
            Stage::Queued { .. } | Stage::Ended { .. } => return,
        };
        let update = json!({ "serviceStatus": status, "sid": conversation.id });
        self.tell_visitor(&caller.app, caller.id(), conversation.id, names::STATUS_UPDATE, &update);
        if status == "3" {
            let ask = json!({ "content": "Nobody is in right now. Leave a message." });
            self.tell_visitor(&caller.app, caller.id(), conversation.id, names::PULL_LEAVE_MESSAGE, &ask);
        }
    }

    /// `RC:CsSp`: the visitor ends the conversation.
    async fn suspend(&self, caller: &Caller, open: Option<Conversation>, send: &Send) -> Result<ConversationId, Fault> {
        let named = session_of(send);
        let Some(open) = open.filter(|open| named.is_none_or(|sid| sid == open.id)) else {
            return named.ok_or_else(|| Fault::new(Code::NotFound, "there is no open conversation"));
        };
        let agent = open.service.as_ref().and_then(|service| service.stage.agent().cloned());
        self.finish(&caller.app, open.id, agent, EndedBy::VisitorClosed, None).await?;
        Ok(open.id)
    }

    /// `RC:CsEva`: keeps the rating of the named conversation, or of the newest one.
    pub(in crate::im) async fn evaluate(
        &self,
        caller: &Caller,
        site: &SiteKey,
        send: &Send,
    ) -> Result<ConversationId, Fault> {
        let asked: Evaluation = send.content.view().unwrap_or_default();
        let Some(id) = self.rated_conversation(caller, site, send).await? else {
            return Err(Fault::new(Code::NotFound, "there is no conversation to rate"));
        };
        let Some(rating) = asked.rating(self.clock.now())? else { return Ok(id) };
        let rated = self.store.rate(&caller.app, id, rating).await?;
        let rated = self.complete(&caller.app, rated).await?;
        self.publish_conversation(&caller.app, rated);
        Ok(id)
    }

    async fn rated_conversation(
        &self,
        caller: &Caller,
        site: &SiteKey,
        send: &Send,
    ) -> Result<Option<ConversationId>, Fault> {
        if let Some(id) = session_of(send) {
            let route = self.route(caller, id).await?;
            return Ok(Some(route.id));
        }
        Ok(self.store.episodes(&caller.app, caller.id(), site, 1).await?.pop())
    }

    /// `RC:CsLm` and `RC:CsContact`: kept as a message and as a ticket, confirmed by a note.
    async fn leave_message(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        site: &SiteKey,
        send: Send,
    ) -> Result<Sent, Fault> {
        let content = left::read(&send.content)?;
        let to_desk = Send { to: Target::DeskOf(site.clone()), content, ..send };
        let route = match self.desk_route(caller, &to_desk).await? {
            super::DeskRoute::Open(route) => route,
            super::DeskRoute::Repeated(sent) => return Ok(sent),
        };
        let answers = to_desk.content.body().to_owned();
        let before = self.store.conversation(&caller.app, route.id).await?.map(|c| c.head.seq);
        let sent = self.keep_moderated(&route, Outgoing::by(caller, connection, to_desk)).await?;
        let is_new = sent.seq > before;
        if is_new {
            self.stay_offline(caller, &route).await?;
            let ticket = NewTicket { conversation: route.id, answers, at: sent.at };
            self.store.create_ticket(&caller.app, ticket).await?;
            let conversation = self.conversation(caller, route.id).await?;
            self.note(&caller.app, &conversation, Note::MessageLeft, None).await?;
        }
        Ok(sent)
    }

    /// Who leaves a message does not stand in line any more.
    async fn stay_offline(&self, caller: &Caller, route: &crate::im::conversation::Route) -> Result<(), Fault> {
        let Some(Stage::Queued { since }) = route.stage else { return Ok(()) };
        let at = self.clock.now();
        let to = Stage::Offline { since };
        let left = Transition { conversation: route.id, from: &["queued"], only_agent: None, to, at };
        match self.store.transition(&caller.app, left).await {
            Ok(conversation) => self.stage_changed(&caller.app, conversation).await.map(|_| ()),
            Err(crate::store::StoreError::WrongStage) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The conversation a control message names: its `sid`, or where it was sent to.
fn session_of(send: &Send) -> Option<ConversationId> {
    #[derive(Deserialize)]
    struct Named {
        sid: Option<String>,
    }
    let sid = send.content.view::<Named>().and_then(|named| named.sid).and_then(|sid| sid.parse().ok());
    match send.to {
        Target::Conversation(id) => sid.or(Some(id)),
        Target::User(_) | Target::Group(..) | Target::Chatroom(_) | Target::Desk | Target::DeskOf(_) => sid,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Handshake {
    #[serde(rename = "userInfo")]
    user: Option<UserInfo>,
    #[serde(rename = "requestInfo")]
    request: Option<RequestInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    #[serde(rename = "nickName")]
    nick_name: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestInfo {
    page: Option<String>,
    title: Option<String>,
    referrer: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    device: Option<String>,
}

impl Handshake {
    fn name(&self) -> Option<String> {
        let user = self.user.as_ref()?;
        [&user.name, &user.nick_name].into_iter().flatten().find_map(|name| display_name(name))
    }

    fn context(self) -> Context {
        let request = self.request.unwrap_or_default();
        Context {
            page: request.page.as_deref().and_then(origin_and_path),
            title: request.title.as_deref().and_then(|title| line(title, 200)),
            referrer: request.referrer.as_deref().and_then(origin_and_path),
            language: request.language.as_deref().and_then(|tag| line(tag, 35)),
            time_zone: request.time_zone.as_deref().and_then(|zone| line(zone, 64)),
            device: request.device.as_deref().and_then(|device| line(device, 100)),
        }
    }
}

/// An address without query and fragment: they often hold secrets (E8).
fn origin_and_path(address: &str) -> Option<String> {
    let mut url = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    line(url.as_str(), 500)
}

fn line(text: &str, max_chars: usize) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(max_chars).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Both the documented names and those the web SDK really sends (§6 bug 1); numbers may come as text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Evaluation {
    #[serde(alias = "humanValue")]
    source: Value,
    #[serde(alias = "sugest")]
    suggest: Option<String>,
    #[serde(alias = "isRobotResolved")]
    isresolve: Value,
    tag: Option<String>,
}

impl Evaluation {
    fn rating(&self, at: crate::model::Millis) -> Result<Option<Rating>, Fault> {
        let Some(stars) = number(&self.source) else { return Ok(None) };
        let stars = u8::try_from(stars).ok().filter(|stars| (1..=5).contains(stars));
        let stars = stars.ok_or_else(|| Fault::new(Code::BadRequest, "`source` must be 1 to 5 stars"))?;
        let tags =
            self.tag.as_deref().unwrap_or_default().split(',').filter_map(|tag| line(tag, 60)).take(10).collect();
        let text: String =
            self.suggest.as_deref().unwrap_or_default().chars().filter(|c| *c != '\0').take(2000).collect();
        let solved = match number(&self.isresolve) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => self.isresolve.as_bool(),
        };
        Ok(Some(Rating { stars, tags, text: text.trim().to_owned(), solved, at }))
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e8_addresses_lose_what_may_be_secret() {
        let kept = origin_and_path("https://u:p@shop.example/a?token=1#x");
        assert_eq!(kept.as_deref(), Some("https://shop.example/a"));
        assert_eq!(origin_and_path("javascript:alert(1)"), None);
    }

    #[test]
    fn a_rating_is_read_from_every_spelling() {
        let at = crate::model::Millis::new(0);
        for body in
            [r#"{"source":4,"suggest":"x","isresolve":1}"#, r#"{"humanValue":"4","sugest":"x","isRobotResolved":true}"#]
        {
            let asked: Evaluation = serde_json::from_str(body).unwrap();
            let rating = asked.rating(at).unwrap().unwrap();
            assert_eq!((rating.stars, rating.text.as_str(), rating.solved), (4, "x", Some(true)));
        }
    }

    #[test]
    fn six_stars_are_refused() {
        let asked: Evaluation = serde_json::from_str(r#"{"source":6}"#).unwrap();
        assert!(asked.rating(crate::model::Millis::new(0)).is_err());
    }
}
