//! What comes down from another service: copied in its order, with its ids and times, and told to the visitor.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Led, Upward, there};
use crate::{
    im::{Im, recall::notice},
    model::{
        Audience, Caller, ClientId, Content, Conversation, ConversationId, Event, Fault, Message, Millis, Person,
        Source, UserId,
        command::{History, Sent},
        content::{Mentions, names},
        conversation::EndedBy,
        person::display_name,
        upstream::{Pending, Seat},
    },
    store::{Demand, NewMessage, StoreError, upstreams::Mirrored},
};

/// A message as the other service tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Who wrote it, by their id there.
    pub from: String,
    /// The visitor did.
    pub own: bool,
    /// What it says.
    pub content: Content,
    /// Its id there: 1–64 characters.
    pub uid: String,
    /// Its time there.
    pub at: Millis,
}

impl Im {
    /// How far a visitor's copy has come.
    pub async fn seat(&self, visitor: &Caller) -> Result<Seat, Fault> {
        Ok(self.store.seat(&visitor.app, visitor.id()).await?)
    }

    /// Notes that a message is about to leave. Durable when it returns.
    pub async fn leaves(&self, visitor: &Caller, message: &Upward) -> Result<(), Fault> {
        let pending = Pending {
            conversation: message.conversation,
            client_id: message.client_id.clone(),
            name: message.content.name.clone(),
            digest: Pending::digest_of(&message.content),
            at: self.clock.now(),
        };
        Ok(self.store.put_pending(&visitor.app, visitor.id(), pending).await?)
    }

    /// Notes that a message that left did not arrive.
    pub async fn did_not_arrive(&self, visitor: &Caller, client_id: &ClientId) -> Result<(), Fault> {
        Ok(self.store.drop_pending(&visitor.app, visitor.id(), client_id).await?)
    }

    /// What became of a message, when it was handed up before.
    pub async fn handed_up(&self, visitor: &Caller, message: &Upward) -> Result<Option<Sent>, Fault> {
        let new = Self::own_copy(visitor, message, self.clock.now(), Demand::Again);
        match self.store.append(&visitor.app, new).await {
            Ok(first) => Ok(Some(sent(&first.message, message))),
            Err(StoreError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a message of the other service is here already.
    pub async fn is_copied(&self, visitor: &Caller, uid: &str) -> Result<bool, Fault> {
        Ok(self.store.mirror_of(&visitor.app, uid).await?.is_some())
    }

    /// Copies a message that the other service took from us.
    pub async fn arrived(&self, visitor: &Caller, message: &Upward, uid: String, at: Millis) -> Result<Sent, Fault> {
        let new = Self::own_copy(visitor, message, at, Demand::Nothing);
        let now = self.clock.now();
        let copy = Mirrored { new, uid, visitor: visitor.id().clone(), now };
        let copied = self.store.mirror(&visitor.app, copy).await?;
        let sent = sent(&copied.message, message);
        if !copied.repeated {
            let except = message.except.filter(|_| !sent.replaced);
            let audience = Audience { except, ..self.hearers(visitor, copied.message.conversation).await? };
            self.publish(audience, Event::Message(copied.message.into()));
        }
        Ok(sent)
    }

    fn own_copy(visitor: &Caller, message: &Upward, at: Millis, demand: Demand) -> NewMessage {
        NewMessage {
            conversation: message.conversation,
            from: visitor.person.clone(),
            client_id: Some(message.client_id.clone()),
            counted: message.content.name.flags().counted,
            content: message.content.clone(),
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at,
            demand,
            source: Source::Widget,
            original: message.original.clone(),
        }
    }

    /// Copies, or does, what the other service tells. Doing so twice is harmless.
    pub async fn hear(&self, visitor: &Caller, led: &Led, word: Word) -> Result<(), Fault> {
        let name = word.content.name.clone();
        if word.content.is_recalled() {
            self.recalled_there(visitor, &word).await?;
        } else if name.flags().stored {
            return self.copy(visitor, led, word).await;
        } else if !word.own {
            self.heard_in_passing(visitor, led, &word).await?;
        }
        if !word.own && !name.is_status() {
            self.store.heard_until(&visitor.app, visitor.id(), word.at).await?;
        }
        Ok(())
    }

    async fn copy(&self, visitor: &Caller, led: &Led, word: Word) -> Result<(), Fault> {
        if self.is_copied(visitor, &word.uid).await? {
            return Ok(());
        }
        let pending = if word.own { self.seat(visitor).await?.pending } else { None };
        let pending = pending.filter(|pending| is_it(pending, &word));
        let conversation = match &pending {
            Some(pending) => pending.conversation,
            None => self.running(visitor, led).await?.id,
        };
        let from = if word.own { visitor.person.clone() } else { self.speaker(visitor, led, &word).await? };
        let new = NewMessage {
            conversation,
            from,
            client_id: pending.map(|pending| pending.client_id),
            counted: word.content.name.flags().counted,
            content: elsewhere(&word.content, &led.upstream.api),
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at: word.at,
            demand: Demand::Nothing,
            source: if word.own { Source::Widget } else { Source::Client },
            original: None,
        };
        let now = self.clock.now();
        let copy = Mirrored { new, uid: word.uid, visitor: visitor.id().clone(), now };
        let copied = self.store.mirror(&visitor.app, copy).await?;
        if !copied.repeated {
            let audience = self.hearers(visitor, conversation).await?;
            self.publish(audience, Event::Message(copied.message.into()));
        }
        Ok(())
    }

    /// The visitor's running conversation; the other service may speak first.
    async fn running(&self, visitor: &Caller, led: &Led) -> Result<Conversation, Fault> {
        match self.open_led(visitor).await? {
            Some(open) => Ok(open),
            None => self.begin_led(visitor, led).await,
        }
    }

    async fn hearers(&self, visitor: &Caller, conversation: ConversationId) -> Result<Audience, Fault> {
        Ok(self.route_of(&visitor.app, conversation).await?.audience(&visitor.app))
    }

    /// Who speaks there: the person whom the content names, or the desk.
    async fn speaker(&self, visitor: &Caller, led: &Led, word: &Word) -> Result<Person, Fault> {
        #[derive(Deserialize)]
        struct Named {
            user: Option<User>,
        }
        #[derive(Deserialize)]
        struct User {
            id: String,
            #[serde(default)]
            name: String,
        }
        let desk = led.desk();
        let named = word.content.view::<Named>().and_then(|named| named.user);
        let id = named.as_ref().map_or(desk.id, |user| there(&user.id));
        let known = self.store.user(&visitor.app, &id).await?;
        let name = named.and_then(|user| display_name(&user.name));
        match (known, name) {
            (Some(known), None) => Ok(known),
            (Some(known), Some(name)) if known.name == name => Ok(known),
            (_, name) => {
                let person = Person { id, name: name.unwrap_or_default(), ..led.desk() };
                self.store.save_user(&visitor.app, person.clone(), self.clock.now()).await?;
                Ok(person)
            }
        }
    }

    /// What is not kept: who types, who has read, how the service stands.
    async fn heard_in_passing(&self, visitor: &Caller, led: &Led, word: &Word) -> Result<(), Fault> {
        let Some(open) = self.open_led(visitor).await? else { return Ok(()) };
        match word.content.name.as_str() {
            names::TYPING => {
                let person = self.speaker(visitor, led, word).await?;
                let audience = Audience { users: vec![visitor.id().clone()], ..Audience::of(visitor.app.clone()) };
                self.publish(audience, Event::Typing { conversation: open.id, person, on: true });
            }
            names::READ => self.read_there(visitor, led, &open, &word.content).await?,
            names::TERMINATE => self.ended_there(visitor, &open, &word.content).await?,
            name => self.tell_visitor(&visitor.app, visitor.id(), open.id, name, &in_our_words(&word.content, open.id)),
        }
        Ok(())
    }

    /// The other side has read what the visitor wrote.
    async fn read_there(
        &self,
        visitor: &Caller,
        led: &Led,
        open: &Conversation,
        content: &Content,
    ) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct Read {
            #[serde(rename = "lastMessageSendTime", default)]
            until: Value,
        }
        let until = content.view::<Read>().map(|read| read.until).unwrap_or_default();
        let Some(until) = until.as_i64().or_else(|| until.as_str()?.parse().ok()) else { return Ok(()) };
        let before_at = Some(Millis::new(until.saturating_add(1)));
        let query = History { before_at, ..History::newest(open.id, 1) };
        let page = self.store.page(&visitor.app, &query).await?;
        let Some(read) = page.messages.first().and_then(|message| message.seq) else { return Ok(()) };
        let (desk, now): (UserId, _) = (led.desk().id, self.clock.now());
        if !open.has(&desk) {
            return Ok(());
        }
        let marks = self.store.mark(&visitor.app, open.id, &desk, None, Some(read), now).await?;
        if marks.moved {
            let (delivered, read) = (marks.delivered, marks.read);
            let event = Event::Receipt { conversation: open.id, user: desk, delivered, read, at: now };
            self.publish(self.hearers(visitor, open.id).await?, event);
        }
        Ok(())
    }

    /// The service is over; with another code it only changes hands.
    async fn ended_there(&self, visitor: &Caller, open: &Conversation, content: &Content) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct End {
            #[serde(default)]
            code: Value,
        }
        let code = content.view::<End>().map(|end| end.code).unwrap_or_default();
        if code.as_i64().or_else(|| code.as_str()?.parse().ok()).unwrap_or(0) != 0 {
            let told = in_our_words(content, open.id);
            self.tell_visitor(&visitor.app, visitor.id(), open.id, names::TERMINATE, &told);
            return Ok(());
        }
        let agent = open.service.as_ref().and_then(|service| service.stage.agent().cloned());
        let who = agent.as_ref().and_then(|agent| open.participant(agent)).map(|desk| desk.person.clone());
        self.finish(&visitor.app, open.id, agent, EndedBy::AgentClosed, who.as_ref()).await
    }

    /// A message was taken back there.
    async fn recalled_there(&self, visitor: &Caller, word: &Word) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct Recalled {
            #[serde(rename = "messageUId")]
            uid: String,
        }
        let Some(Recalled { uid }) = word.content.view() else { return Ok(()) };
        let Some(copy) = self.store.mirror_of(&visitor.app, &uid).await? else { return Ok(()) };
        let Some(message) = self.store.message(&visitor.app, copy).await?.filter(|copy| !copy.content.is_gone()) else {
            return Ok(());
        };
        let route = self.route_of(&visitor.app, message.conversation).await?;
        if !route.has(visitor.id()) {
            return Ok(());
        }
        let audience = route.audience(&visitor.app);
        self.replace(audience, copy, notice(&route, &message, &message.from)).await.map(|_| ())
    }

    /// What a client of that service says first, for a visitor who said nothing of the kind in this session.
    pub async fn first_words(&self, visitor: &Caller) -> Result<Content, Fault> {
        let open = self.open_led(visitor).await?;
        let context = open.and_then(|open| open.service).map(|service| service.context).unwrap_or_default();
        let body = json!({
            "userInfo": { "userId": visitor.id(), "name": visitor.person.name, "nickName": visitor.person.name },
            "requestInfo": { "page": context.page, "referrer": context.referrer },
        });
        Ok(Content::of(names::HANDSHAKE, &body))
    }
}

/// What the sender hears of a message.
fn sent(kept: &Message, wrote: &Upward) -> Sent {
    let first = wrote.original.as_ref().unwrap_or(&wrote.content);
    let replaced = kept.content != *first && !kept.content.is_gone();
    Sent { uid: kept.uid, conversation: kept.conversation, seq: kept.seq, at: kept.at, replaced }
}

/// Whether this is what was on its way up: the visitor's words reach that service by us alone, one after the other.
fn is_it(pending: &Pending, word: &Word) -> bool {
    pending.name == word.content.name && pending.digest == Pending::digest_of(&word.content)
}

/// The same with our id of the conversation in the place of the service's session.
fn in_our_words(content: &Content, conversation: ConversationId) -> Value {
    let mut fields: Map<String, Value> = content.view().unwrap_or_default();
    if fields.contains_key("sid") {
        fields.insert("sid".to_owned(), conversation.to_string().into());
    }
    if let Some(Value::Object(data)) = fields.get_mut("data")
        && data.contains_key("sid")
    {
        data.insert("sid".to_owned(), conversation.to_string().into());
    }
    Value::Object(fields)
}

/// A path that names a file there must not name one of ours.
fn elsewhere(content: &Content, base: &str) -> Content {
    if content.files().is_empty() {
        return content.clone();
    }
    let Some(mut fields) = content.view::<Map<String, Value>>() else { return content.clone() };
    for name in ["imageUri", "fileUrl", "remoteUrl", "sightUrl"] {
        if let Some(Value::String(path)) = fields.get_mut(name)
            && path.starts_with('/')
        {
            *path = format!("{base}{path}");
        }
    }
    let rewritten = Content::of(content.name.as_str(), &fields);
    if rewritten.files().is_empty() { rewritten } else { content.emptied() }
}
