//! The things of the product as back ends see them. Shared by the subjects; what one subject alone shows is in its own file.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::model::{
    self, ClientId, ConversationId, Handle, Kind, MessageUid, Millis, Role, Service, SiteKey, UserId,
    conversation::{Context, EndedBy, Rating},
};

/// Somebody as others see them.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(in crate::http) struct PersonView {
    pub(in crate::http) id: UserId,
    /// The name shown; empty when nobody gave one.
    name: String,
    role: Role,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    portrait: Option<String>,
}

impl From<model::Person> for PersonView {
    fn from(person: model::Person) -> Self {
        let model::Person { id, name, role, portrait } = person;
        Self { id, name, role, portrait }
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(in crate::http) struct MessageView {
    uid: MessageUid,
    conversation: ConversationId,
    /// Its place in the conversation: 1, 2, 3 … Absent for messages that are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// When the server took it.
    at: Millis,
    from: PersonView,
    /// The sender's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    /// What kind of content, such as `RC:TxtMsg`.
    r#type: String,
    /// The content, as it was sent.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
}

impl From<model::Message> for MessageView {
    fn from(message: model::Message) -> Self {
        Self {
            uid: message.uid,
            conversation: message.conversation,
            seq: message.seq.map(|seq| seq.0),
            at: message.at,
            from: message.from.into(),
            client_id: message.client_id,
            r#type: message.content.name.to_string(),
            content: message.content.raw().to_owned(),
        }
    }
}

/// A conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(in crate::http) struct ConversationView {
    pub(in crate::http) id: ConversationId,
    kind: Kind,
    /// Your own id of a group, discussion or chatroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Handle>,
    /// The name of a group, discussion or chatroom.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The place of the newest message.
    head: u64,
    created_at: Millis,
    /// When it last changed: a message, its stage.
    pub(in crate::http) changed_at: Millis,
    /// The newest message that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<MessageView>,
    /// Service conversations only: where it stands at the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceView>,
}

impl From<model::Conversation> for ConversationView {
    fn from(conversation: model::Conversation) -> Self {
        Self {
            id: conversation.id,
            kind: conversation.kind,
            handle: conversation.handle,
            name: conversation.group.map(|group| group.name),
            head: conversation.head.seq.0,
            created_at: conversation.created_at,
            changed_at: conversation.changed_at,
            last: conversation.last.map(Into::into),
            service: conversation.service.map(Into::into),
        }
    }
}

/// Where a service conversation stands at the desk.
#[derive(Serialize, ToSchema)]
#[schema(as = Service)]
pub(in crate::http) struct ServiceView {
    /// The site where it began.
    site: SiteKey,
    /// Who asks.
    visitor: UserId,
    stage: StageName,
    /// Since when it is in this stage.
    since: Millis,
    /// The agent who has or had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<Ending>,
    /// Since when the visitor's newest words are unanswered.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<Millis>,
    context: ContextView,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<RatingView>,
}

/// Where it stands: nobody has it and the visitor waits, nobody has it and nobody was online, an agent has it, it is over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Stage)]
enum StageName {
    Queued,
    Offline,
    Human,
    Ended,
}

/// Who or what ended it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Ending {
    VisitorClosed,
    VisitorTimeout,
    AgentClosed,
}

/// What the visitor's browser told. Nothing of it is proof of anything.
#[derive(Serialize, ToSchema)]
#[schema(as = Context)]
struct ContextView {
    /// Page address, without query and fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Where the visitor came from, without query and fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// Browser and system in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

/// A visitor's rating.
#[derive(Serialize, ToSchema)]
#[schema(as = Rating)]
struct RatingView {
    /// Stars, 1 to 5.
    stars: u8,
    tags: Vec<String>,
    text: String,
    /// Whether the question is solved, if answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    solved: Option<bool>,
    at: Millis,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        let stage = service.stage;
        Self {
            site: service.site,
            visitor: service.visitor,
            since: stage.since(),
            agent: stage.agent().cloned(),
            ended_by: match &stage {
                model::Stage::Ended { by, .. } => Some((*by).into()),
                _ => None,
            },
            stage: (&stage).into(),
            waiting_since: service.waiting_since,
            context: service.context.into(),
            rating: service.rating.map(Into::into),
        }
    }
}

impl From<&model::Stage> for StageName {
    fn from(stage: &model::Stage) -> Self {
        match stage {
            model::Stage::Queued { .. } => Self::Queued,
            model::Stage::Offline { .. } => Self::Offline,
            model::Stage::Human { .. } => Self::Human,
            model::Stage::Ended { .. } => Self::Ended,
        }
    }
}

impl From<EndedBy> for Ending {
    fn from(by: EndedBy) -> Self {
        match by {
            EndedBy::VisitorClosed => Self::VisitorClosed,
            EndedBy::VisitorTimeout => Self::VisitorTimeout,
            EndedBy::AgentClosed => Self::AgentClosed,
        }
    }
}

impl From<Context> for ContextView {
    fn from(context: Context) -> Self {
        let Context { page, title, referrer, language, time_zone, device } = context;
        Self { page, title, referrer, language, time_zone, device }
    }
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        let Rating { stars, tags, text, solved, at } = rating;
        Self { stars, tags, text, solved, at }
    }
}
