//! Conversations: the desk's own, everybody's lists, messages, people; answering, assigning, ending.

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Created, Json, Listing},
    call::Call,
    cursor::{self, PageQuery},
    input::{At, Body, Query},
    operation::{Operation, Tag},
    shape::{ConversationView, MessageView, PersonView},
};
use crate::{
    im::backend::conversations::{ConversationsPage, Desk},
    model::{
        Code, Content, ConversationId, Fault, Kind, MessageUid, Millis, Scope, Seq, UserId, command::History,
        conversation::Participant,
    },
};

pub(super) fn operations() -> Vec<Operation> {
    let about = |operation: Operation| operation.of(Tag::Conversations);
    vec![
        about(Operation::get("/v1/conversations", list))
            .named("listConversations")
            .needs(Scope::Read)
            .says("A page of the desk's conversations")
            .explains("Those waiting come longest wait first, all others newest change first."),
        about(Operation::get("/v1/conversations/{conversation}", read))
            .named("readConversation")
            .needs(Scope::Read)
            .says("One conversation of any kind"),
        about(Operation::get("/v1/conversations/{conversation}/people", people))
            .named("listConversationPeople")
            .needs(Scope::Read)
            .says("Who takes part, and how far each has read"),
        about(Operation::get("/v1/conversations/{conversation}/messages", messages))
            .named("listConversationMessages")
            .needs(Scope::Read)
            .says("A page of its messages, in both directions")
            .explains("Also those that participants threw away for themselves. What was taken back is gone for everybody."),
        about(Operation::get("/v1/messages", messages_between))
            .named("listMessages")
            .needs(Scope::Read)
            .says("A page of the messages of a conversation that you name as you know it")
            .explains(
                "One between two people by both of their ids (`kind` `private`, `system`, `app_service` or \
                 `public_service`, `user` and `target`), a group, discussion or chatroom by your own id of it (`kind` and \
                 `target`). The page is as in `listConversationMessages`.",
            )
            .fails(&[Code::NotFound]),
        about(Operation::post("/v1/conversations/{conversation}/messages", say))
            .named("sendConversationMessage")
            .needs(Scope::Messages)
            .says("Says something in a service conversation, as the agent who has it, as a robot or as the house")
            .sends(json!({ "agent": "a7m2k4x9p3d5w8qz", "type": "RC:TxtMsg", "content": { "content": "It is on its way." } }))
            .fails(&[Code::ConversationClosed, Code::ClientIdReused]),
        about(Operation::post("/v1/conversations/{conversation}/assign", assign))
            .named("assignConversation")
            .needs(Scope::Conversations)
            .says("Gives a service conversation to an agent, whoever has it now")
            .sends(json!({ "agent": "a7m2k4x9p3d5w8qz" }))
            .fails(&[Code::ConversationClosed]),
        about(Operation::post("/v1/conversations/{conversation}/end", end))
            .named("endConversation")
            .needs(Scope::Conversations)
            .says("Ends a service conversation")
            .explains("Ending what has ended is no error."),
        about(Operation::get("/v1/users/{user}/conversations", of_user))
            .named("listUserConversations")
            .needs(Scope::Read)
            .says("A page of somebody's own list: pinned ones first, then newest change first"),
    ]
}

/// Which of the desk's conversations.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DeskView {
    Waiting,
    Ended,
    All,
}

/// Which page of the desk's conversations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DeskQuery {
    /// Those that nobody has, those that ended, or all; without it all.
    #[param(inline)]
    view: Option<DeskView>,
    /// Only those open with this agent; then without `view`.
    #[param(min_length = 1, max_length = 64)]
    agent: Option<String>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Newest,
    Oldest,
}

/// Which page of messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct MessagesQuery {
    /// `newest` first and back into the past, or `oldest` first and forward; without it `newest`.
    #[param(inline)]
    order: Option<Order>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before, in the same order.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// Which conversation, and which page of its messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct BetweenQuery {
    /// What the conversation is.
    #[param(inline)]
    kind: Kind,
    /// One of the two, in conversations between two.
    #[param(min_length = 1, max_length = 64)]
    user: Option<String>,
    /// The other one's id, or your id of the group, discussion or chatroom.
    #[param(min_length = 1, max_length = 64)]
    target: String,
    /// `newest` first and back into the past, or `oldest` first and forward; without it `newest`.
    #[param(inline)]
    order: Option<Order>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before, in the same order.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// Somebody in a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Participant)]
struct ParticipantView {
    #[serde(flatten)]
    person: PersonView,
    /// Whether one of their devices is connected.
    online: bool,
    /// Every message up to this place has reached one of their devices.
    delivered: u64,
    /// Every message up to this place was seen.
    read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<Millis>,
    /// Messages that they have not read.
    unread: u64,
}

impl From<Participant> for ParticipantView {
    fn from(it: Participant) -> Self {
        Self {
            person: it.person.into(),
            online: it.online,
            delivered: it.delivered.0,
            read: it.read.0,
            read_at: it.read_at,
            unread: it.unread,
        }
    }
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    /// The agent who says it, and has the conversation.
    agent: Option<UserId>,
    /// The robot that says it, whoever has the conversation. Without agent and robot the house leaves a note:
    /// `RC:InfoNtf`.
    robot: Option<UserId>,
    /// What kind of content, such as `RC:TxtMsg`.
    #[schema(min_length = 1, max_length = 32)]
    r#type: String,
    /// The content, an object of that kind.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
}

/// Who shall have it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    agent: UserId,
}

/// What became of a message.
#[derive(Serialize, ToSchema)]
#[schema(as = Sent)]
struct SentView {
    uid: MessageUid,
    conversation: ConversationId,
    /// Its place; absent when its kind is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    at: Millis,
}

async fn list(call: Call, Query(query): Query<DeskQuery>) -> Result<Listing<ConversationView>, Fault> {
    let desk = match (query.view, query.agent) {
        (Some(_), Some(_)) => return Err(Fault::new(Code::BadRequest, "give `view` or `agent`, not both")),
        (None, Some(agent)) => {
            Desk::With(agent.parse::<UserId>().map_err(|error| Fault::new(Code::BadRequest, error.to_string()))?)
        }
        (Some(DeskView::Waiting), None) => Desk::Waiting,
        (Some(DeskView::Ended), None) => Desk::Ended,
        (Some(DeskView::All) | None, None) => Desk::All,
    };
    let (limit, place) = (cursor::limit(query.limit)?, cursor::place(query.cursor.as_deref())?);
    Ok(listing(call.backend().desk_conversations(desk, place, limit).await?))
}

fn listing((conversations, more): ConversationsPage) -> Listing<ConversationView> {
    let next = conversations.last().filter(|_| more).map(|last| cursor::after(&(last.changed_at, last.id)));
    Listing { items: conversations.into_iter().map(Into::into).collect(), next }
}

async fn read(call: Call, At(id): At<ConversationId>) -> Result<Json<ConversationView>, Fault> {
    Ok(Json(call.backend().conversation(id).await?.into()))
}

async fn people(call: Call, At(id): At<ConversationId>) -> Result<Listing<ParticipantView>, Fault> {
    Ok(Listing::whole(call.backend().conversation(id).await?.participants))
}

async fn messages(
    call: Call,
    (At(id), Query(query)): (At<ConversationId>, Query<MessagesQuery>),
) -> Result<Listing<MessageView>, Fault> {
    page(&call, id, query).await
}

async fn messages_between(call: Call, Query(query): Query<BetweenQuery>) -> Result<Listing<MessageView>, Fault> {
    let BetweenQuery { kind, user, target, order, limit, cursor } = query;
    let user = user.as_deref().map(str::parse::<UserId>).transpose();
    let user = user.map_err(|error| Fault::new(Code::BadRequest, format!("`user`: {error}")))?;
    let id = call.backend().conversation_named(kind, user.as_ref(), &target).await?;
    page(&call, id, MessagesQuery { order, limit, cursor }).await
}

async fn page(call: &Call, id: ConversationId, query: MessagesQuery) -> Result<Listing<MessageView>, Fault> {
    let limit = cursor::limit(query.limit)?;
    let place = cursor::place::<u64>(query.cursor.as_deref())?.map(Seq);
    let back = query.order.unwrap_or_default() == Order::Newest;
    let (before, after) = if back { (place, None) } else { (None, place.or(Some(Seq(0)))) };
    let page = call.backend().history(History { before, after, ..History::newest(id, limit) }).await?;
    let mut found = page.messages;
    if back {
        found.reverse();
    }
    let next = found.last().filter(|_| page.more).and_then(|last| last.seq).map(|seq| cursor::after(&seq.0));
    Ok(Listing { items: found.into_iter().map(Into::into).collect(), next })
}

async fn say(
    call: Call,
    (At(id), Body(saying)): (At<ConversationId>, Body<Saying>),
) -> Result<Created<SentView>, Fault> {
    let name = saying.r#type.parse().map_err(Fault::from)?;
    let content = Content::new(name, saying.content)?;
    let (backend, client_id) = (call.backend(), call.client_id());
    let sent = match (&saying.agent, &saying.robot) {
        (Some(agent), None) => backend.say_as_agent(id, agent, client_id, content).await?,
        (None, Some(robot)) => backend.say_as_robot(id, robot, client_id, content).await?,
        (None, None) => backend.leave_note(id, client_id, content).await?,
        (Some(_), Some(_)) => return Err(Fault::new(Code::BadRequest, "give `agent` or `robot`, not both")),
    };
    let view = SentView { uid: sent.uid, conversation: sent.conversation, seq: sent.seq.map(|seq| seq.0), at: sent.at };
    Ok(Created::at(format!("/v1/conversations/{id}/messages"), view))
}

async fn assign(
    call: Call,
    (At(id), Body(to)): (At<ConversationId>, Body<Assignment>),
) -> Result<Json<ConversationView>, Fault> {
    Ok(Json(call.backend().assign(id, &to.agent).await?.into()))
}

async fn end(call: Call, At(id): At<ConversationId>) -> Result<Json<ConversationView>, Fault> {
    Ok(Json(call.backend().end(id).await?.into()))
}

async fn of_user(
    call: Call,
    (At(user), Query(page)): (At<UserId>, Query<PageQuery>),
) -> Result<Listing<ConversationView>, Fault> {
    let limit = page.limit()?;
    Ok(listing(call.backend().conversations_of(&user, page.place()?, limit).await?))
}
