//! The desk's conversations, and everybody's own lists, as the app's back end sees them.

use super::Backend;
use crate::{
    im::{deliver::Outgoing, error::not_found, turn::Turn},
    model::{
        Caller, ClientId, Code, Content, Conversation, ConversationId, Fault, Kind, Millis, Person, Role, Source,
        Stage, UserId,
        command::{List, Send, Sent, Target},
        content::{Flags, names},
        conversation::{EndedBy, View},
    },
    store::{Demand, StoreError, Transition},
};

/// Which of the desk's conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Desk {
    /// Nobody has them: longest wait first.
    Waiting,
    /// Open with this agent, newest change first.
    With(UserId),
    /// Ended, newest change first.
    Ended,
    /// All, newest change first.
    All,
}

/// A page of conversations, and whether there are more.
pub type ConversationsPage = (Vec<Conversation>, bool);

impl Backend<'_> {
    /// A page of the desk's conversations, after the one that last changed at an instant and has an id.
    pub async fn desk_conversations(
        &self,
        desk: Desk,
        before: Option<(Millis, ConversationId)>,
        limit: u16,
    ) -> Result<ConversationsPage, Fault> {
        let (view, agent) = match desk {
            Desk::Waiting => (View::Waiting, Person::house().id),
            Desk::With(agent) => (View::Mine, agent),
            Desk::Ended => (View::Closed, Person::house().id),
            Desk::All => (View::All, Person::house().id),
        };
        let list = List { view: Some(view), before, limit: limit + 1, ..List::default() };
        let found = self.im.store.desk_view(self.app, &agent, &list).await?;
        self.page_of(found, limit).await
    }

    /// A page of a user's own list: pinned ones first, then newest change first.
    pub async fn conversations_of(
        &self,
        user: &UserId,
        before: Option<(Millis, ConversationId)>,
        limit: u16,
    ) -> Result<ConversationsPage, Fault> {
        if self.im.store.user(self.app, user).await?.is_none() {
            return Err(Fault::new(Code::NotFound, "no such user"));
        }
        let list = List { before, limit: limit + 1, ..List::default() };
        let found = self.im.store.conversations_of(self.app, user, &list).await?;
        self.page_of(found, limit).await
    }

    async fn page_of(&self, mut found: Vec<Conversation>, limit: u16) -> Result<ConversationsPage, Fault> {
        let more = found.len() > usize::from(limit);
        found.truncate(limit.into());
        let mut complete = Vec::with_capacity(found.len());
        for conversation in found {
            complete.push(self.im.complete(self.app, conversation).await?);
        }
        Ok((complete, more))
    }

    /// Any conversation of the app.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, Fault> {
        let found = self.im.store.conversation(self.app, id).await?.ok_or_else(not_found)?;
        self.im.complete(self.app, found).await
    }

    /// Says something in a service conversation, as the agent who has it.
    pub async fn say_as_agent(
        &self,
        id: ConversationId,
        agent: &UserId,
        client_id: ClientId,
        content: Content,
    ) -> Result<Sent, Fault> {
        self.service(id).await?;
        let person = self.agent_person(agent).await?;
        let caller = Caller { app: self.app.clone(), person, site: None };
        let send = Send { to: Target::Conversation(id), client_id, content, only: Vec::new() };
        self.im.send(&caller, None, send).await
    }

    /// Leaves a note of the house in a service conversation that has not ended.
    pub async fn leave_note(&self, id: ConversationId, client_id: ClientId, content: Content) -> Result<Sent, Fault> {
        if content.name.as_str() != names::INFO {
            let message = format!("without an agent the house speaks, and it says `{}` only", names::INFO);
            return Err(Fault::new(Code::BadRequest, message));
        }
        self.service(id).await?;
        let route = self.im.route_of(self.app, id).await?;
        let outgoing = Outgoing {
            app: self.app.clone(),
            from: Person::house(),
            client_id: Some(client_id),
            content,
            original: None,
            flags: Flags { stored: true, counted: false },
            only: Vec::new(),
            hears: None,
            demand: Demand::Open,
            source: Source::Api,
            except: None,
            echo: false,
            turn: Turn::default(),
        };
        self.im.deliver(&route, outgoing).await
    }

    /// Gives a service conversation that has not ended to an agent, whoever has it now.
    pub async fn assign(&self, id: ConversationId, agent: &UserId) -> Result<Conversation, Fault> {
        let conversation = self.service(id).await?;
        let person = self.agent_person(agent).await?;
        let stage = conversation.service.as_ref().map(|service| &service.stage);
        if matches!(stage, Some(Stage::Human { agent: has, .. }) if has == agent) {
            return Ok(conversation);
        }
        let at = self.im.clock.now();
        let to = Stage::Human { agent: agent.clone(), since: at };
        let given = Transition { conversation: id, from: &["queued", "offline", "human"], only_agent: None, to, at };
        let conversation = match self.im.store.transition(self.app, given).await {
            Err(StoreError::WrongStage) => {
                return Err(Fault::new(Code::ConversationClosed, "this conversation has ended"));
            }
            other => other?,
        };
        self.im.taken(self.app, conversation, &person).await?;
        self.conversation(id).await
    }

    /// Ends a service conversation. Ending what has ended is no error.
    pub async fn end(&self, id: ConversationId) -> Result<Conversation, Fault> {
        let conversation = self.service(id).await?;
        let stage = conversation.service.as_ref().map(|service| &service.stage);
        let agent = stage.and_then(Stage::agent).cloned();
        let who = match agent.as_ref().and_then(|agent| conversation.participant(agent)) {
            Some(participant) => participant.person.clone(),
            None => Person { name: self.app().await?.name.clone(), ..Person::house() },
        };
        if stage.is_some_and(Stage::is_open) {
            self.im.finish(self.app, id, agent, EndedBy::AgentClosed, Some(&who)).await?;
        }
        self.conversation(id).await
    }

    pub(super) async fn service(&self, id: ConversationId) -> Result<Conversation, Fault> {
        let found = self.conversation(id).await?;
        if found.kind == Kind::Service { Ok(found) } else { Err(not_found()) }
    }

    async fn agent_person(&self, agent: &UserId) -> Result<Person, Fault> {
        let person = self.im.store.user(self.app, agent).await?.filter(|person| person.role == Role::Agent);
        person.ok_or_else(|| Fault::new(Code::NotFound, "no such agent"))
    }
}
