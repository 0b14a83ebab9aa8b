//! What the house itself says: control messages to a visitor, and notes that stay in the conversation.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    im::Im,
    model::{
        AppKey, Audience, Content, Conversation, ConversationId, Event, Fault, Message, Person, Source, UserId,
        content::{Mentions, names},
    },
    store::{Demand, NewMessage},
};

/// Why a note stands in a conversation. Clients show their own words for it; `message` is for those that cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::im) enum Note {
    /// An agent joined.
    Joined,
    /// The agent ended it.
    EndedByAgent,
    /// The visitor ended it.
    EndedByVisitor,
    /// The visitor was away too long.
    EndedByTimeout,
    /// A left message was taken.
    MessageLeft,
}

impl Note {
    const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::EndedByAgent => "ended_by_agent",
            Self::EndedByVisitor => "ended_by_visitor",
            Self::EndedByTimeout => "ended_by_timeout",
            Self::MessageLeft => "message_left",
        }
    }

    fn words(self, who: &str) -> String {
        match self {
            Self::Joined => format!("{who} joined the conversation"),
            Self::EndedByAgent => format!("{who} ended the conversation"),
            Self::EndedByVisitor => "The visitor ended the conversation".to_owned(),
            Self::EndedByTimeout => "The conversation ended because the visitor was away".to_owned(),
            Self::MessageLeft => "We have your message".to_owned(),
        }
    }
}

impl Im {
    /// Says something to a visitor's connections that is not kept.
    pub(in crate::im) fn tell_visitor(
        &self,
        app: &AppKey,
        visitor: &UserId,
        conversation: ConversationId,
        name: &str,
        body: &Value,
    ) {
        let at = self.clock.now();
        let message = Message {
            uid: self.uids.mint(at),
            conversation,
            seq: None,
            at,
            from: Person::house(),
            client_id: None,
            content: Content::of(name, body),
        };
        let audience = Audience { users: vec![visitor.clone()], ..Audience::of(app.clone()) };
        self.publish(audience, Event::Message(Arc::new(message)));
    }

    /// Keeps a note in the conversation and tells everybody. `who` is the agent it is about.
    pub(super) async fn note(
        &self,
        app: &AppKey,
        conversation: &Conversation,
        note: Note,
        who: Option<&Person>,
    ) -> Result<(), Fault> {
        let name = who.map_or("", |person| person.name.as_str());
        let mut body = json!({ "message": note.words(name), "extra": note.name() });
        if let (Some(person), Some(fields)) = (who, body.as_object_mut()) {
            fields.insert(
                "user".to_owned(),
                json!({ "id": person.id, "name": person.name, "portrait": person.portrait }),
            );
        }
        let new = NewMessage {
            conversation: conversation.id,
            from: Person::house(),
            client_id: None,
            content: Content::of(names::INFO, &body),
            counted: false,
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at: self.clock.now(),
            demand: Demand::Nothing,
            source: Source::House,
            original: None,
        };
        let appended = self.store.append(app, new).await?;
        let users = conversation.participants.iter().map(|p| p.person.id.clone()).collect();
        let audience = Audience { users, ..Audience::of(app.clone()) };
        self.publish(audience, Event::Message(Arc::new(appended.message)));
        Ok(())
    }
}
