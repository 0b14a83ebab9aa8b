//! Who answers: an agent takes a conversation, and ends it.

use serde_json::json;

use super::house::Note;
use crate::{
    im::{Im, error::not_found},
    model::{
        AppKey, Caller, Code, Conversation, ConversationId, Fault, Person, Stage, UserId, content::names,
        conversation::EndedBy,
    },
    store::{StoreError, Transition},
};

impl Im {
    /// An agent takes a waiting conversation. Of several at once exactly one gets it.
    pub async fn accept(&self, caller: &Caller, id: ConversationId) -> Result<Conversation, Fault> {
        Self::require_agent(caller)?;
        let at = self.clock.now();
        let to = Stage::Human { agent: caller.id().clone(), since: at };
        let taken = Transition { conversation: id, from: &["queued", "offline"], only_agent: None, to, at };
        let conversation = match self.store.transition(&caller.app, taken).await {
            Err(StoreError::WrongStage) => return self.why_not_accepted(caller, id).await,
            other => other?,
        };
        self.taken(&caller.app, conversation, &caller.person).await?;
        self.conversation(caller, id).await
    }

    /// Tells everybody that an agent has a conversation now, and leaves a note.
    pub(in crate::im) async fn taken(
        &self,
        app: &AppKey,
        conversation: Conversation,
        agent: &Person,
    ) -> Result<(), Fault> {
        let conversation = self.stage_changed(app, conversation).await?;
        if let Some(visitor) = visitor_of(&conversation) {
            let update = json!({ "serviceStatus": "2", "sid": conversation.id });
            self.tell_visitor(app, &visitor, conversation.id, names::STATUS_UPDATE, &update);
        }
        self.note(app, &conversation, Note::Joined, Some(agent)).await
    }

    /// Taking what is mine already is no error; what another has is.
    async fn why_not_accepted(&self, caller: &Caller, id: ConversationId) -> Result<Conversation, Fault> {
        let conversation = self.conversation(caller, id).await?;
        let stage = conversation.service.as_ref().map(|service| &service.stage);
        match stage {
            Some(Stage::Human { agent, .. }) if agent == caller.id() => Ok(conversation),
            Some(Stage::Human { agent, .. }) => {
                let name = conversation.participant(agent).map_or("another agent", |p| p.person.name.as_str());
                Err(Fault::new(Code::AlreadyTaken, format!("{name} took it")))
            }
            Some(_) => Err(Fault::new(Code::ConversationClosed, "this conversation has ended")),
            None => Err(not_found()),
        }
    }

    /// The agent who has a conversation ends it. Ending what has ended is no error.
    pub async fn end(&self, caller: &Caller, id: ConversationId) -> Result<Conversation, Fault> {
        Self::require_agent(caller)?;
        let conversation = self.conversation(caller, id).await?;
        let stage = conversation.service.as_ref().map(|service| service.stage.clone()).ok_or_else(not_found)?;
        let agent = match &stage {
            Stage::Ended { .. } => return Ok(conversation),
            Stage::Human { agent, .. } if agent != caller.id() => {
                return Err(Fault::new(Code::Forbidden, "another agent has this conversation"));
            }
            Stage::Human { agent, .. } => Some(agent.clone()),
            // A left message that needs no answer may be put away by anybody.
            Stage::Queued { .. } | Stage::Offline { .. } => None,
        };
        self.finish(&caller.app, id, agent, EndedBy::AgentClosed, Some(&caller.person)).await?;
        self.conversation(caller, id).await
    }

    /// Ends a conversation, tells the visitor's clients and leaves a note.
    pub(in crate::im) async fn finish(
        &self,
        app: &AppKey,
        id: ConversationId,
        agent: Option<UserId>,
        by: EndedBy,
        who: Option<&Person>,
    ) -> Result<(), Fault> {
        let at = self.clock.now();
        let ended = Transition {
            conversation: id,
            from: &["queued", "offline", "human"],
            only_agent: agent.clone(),
            to: Stage::Ended { at, by, agent },
            at,
        };
        let conversation = match self.store.transition(app, ended).await {
            // It moved on meanwhile; whoever moved it has told everybody.
            Err(StoreError::WrongStage) => return Ok(()),
            other => other?,
        };
        let conversation = self.stage_changed(app, conversation).await?;
        let note = match by {
            EndedBy::AgentClosed => Note::EndedByAgent,
            EndedBy::VisitorClosed => Note::EndedByVisitor,
            EndedBy::VisitorTimeout => Note::EndedByTimeout,
        };
        self.note(app, &conversation, note, who).await?;
        if by != EndedBy::VisitorClosed
            && let Some(visitor) = visitor_of(&conversation)
        {
            let end = json!({ "code": 0, "msg": "", "sid": id });
            self.tell_visitor(app, &visitor, id, names::TERMINATE, &end);
        }
        Ok(())
    }
}

fn visitor_of(conversation: &Conversation) -> Option<UserId> {
    conversation.service.as_ref().map(|service| service.visitor.clone())
}
