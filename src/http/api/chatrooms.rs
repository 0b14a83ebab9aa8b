//! Chatrooms: making and ending them, who is inside, their attributes, and speaking in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Done, Json, Listing},
    call::Call,
    cursor::{self, PageQuery},
    input::{At, Body, Query},
    operation::{Operation, Tag},
    shape::PersonView,
};
use crate::{
    im::backend::chatrooms::Saying,
    model::{
        Code, Content, ConversationId, Fault, Handle, MessageUid, Millis, Scope, UserId,
        chatroom::{
            Attribute, AttributeKey, Attributes, ChatroomView, Lifetime, Order, RemoveAttributes, SetAttributes,
        },
    },
};

pub(super) fn operations() -> Vec<Operation> {
    let about = |operation: Operation| operation.of(Tag::Chatrooms).fails(&[Code::NoChatroom]);
    vec![
        Operation::get("/v1/chatrooms", list)
            .named("listChatrooms")
            .of(Tag::Chatrooms)
            .needs(Scope::Read)
            .says("The app's chatrooms, by handle"),
        Operation::put("/v1/chatrooms/{chatroom}", put)
            .named("putChatroom")
            .of(Tag::Chatrooms)
            .needs(Scope::Chatrooms)
            .says("Makes a chatroom, or gives another name and end to one that is there")
            .explains("Joining an unknown chatroom makes it too; this gives it a name and an end of its own.")
            .sends(json!({ "name": "The talk", "idle_secs": 7200 }))
            .fails(&[Code::LimitReached]),
        about(Operation::get("/v1/chatrooms/{chatroom}", read))
            .named("readChatroom")
            .needs(Scope::Read)
            .says("A chatroom, with up to 500 of those inside"),
        about(Operation::delete("/v1/chatrooms/{chatroom}", end))
            .named("endChatroom")
            .needs(Scope::Chatrooms)
            .says("Ends a chatroom")
            .explains(
                "Its messages and attributes are gone. Gags, blocks and rules stay for the next one with its handle.",
            ),
        about(Operation::post("/v1/chatrooms/{chatroom}/inside", inside))
            .named("findChatroomMembers")
            .needs(Scope::Read)
            .says("Which of up to 1,000 users are inside")
            .sends(json!({ "users": ["alice", "bob"] })),
        about(Operation::get("/v1/chatrooms/{chatroom}/attributes", attributes))
            .named("listChatroomAttributes")
            .needs(Scope::Read)
            .says("A chatroom's attributes"),
        about(Operation::post("/v1/chatrooms/{chatroom}/attributes", set))
            .named("setChatroomAttributes")
            .needs(Scope::Chatrooms)
            .says("Sets up to 10 attributes in the name of a user, who need not be inside")
            .sends(json!({ "by": "alice", "attributes": { "seat": "3" }, "force": true }))
            .fails(&[Code::AttributesFull, Code::AttributeTaken]),
        about(Operation::post("/v1/chatrooms/{chatroom}/attributes/remove", remove))
            .named("removeChatroomAttributes")
            .needs(Scope::Chatrooms)
            .says("Removes attributes in the name of a user")
            .sends(json!({ "by": "alice", "keys": ["seat"] }))
            .fails(&[Code::NoAttribute, Code::AttributeTaken]),
        Operation::post("/v1/chatroom-messages", say)
            .named("sendChatroomMessage")
            .fails(&[Code::NotFound])
            .of(Tag::Chatrooms)
            .needs(Scope::Messages)
            .says("Says something in up to 10 chatrooms, or in all of them")
            .explains("The sender need not be inside. Gags and floods do not hold it up. It keeps the rooms alive.")
            .sends(json!({
                "from": "alice", "chatrooms": ["lobby"], "type": "RC:TxtMsg", "content": { "content": "Welcome." }
            })),
    ]
}

/// A chatroom.
#[derive(Serialize, ToSchema)]
#[schema(as = Chatroom)]
struct RoomView {
    /// Its conversation.
    id: ConversationId,
    handle: Handle,
    /// Empty when it was made by joining.
    name: String,
    /// How many people are inside.
    count: usize,
    /// When it was made, anew if it had ended before.
    created_at: Millis,
}

impl From<ChatroomView> for RoomView {
    fn from(room: ChatroomView) -> Self {
        let ChatroomView { id, handle, name, count, created_at } = room;
        Self { id, handle, name, count, created_at }
    }
}

/// A chatroom to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoomForm {
    /// At most 64 characters.
    #[schema(max_length = 64)]
    name: Option<String>,
    /// It ends after so many seconds without messages and joins: 5 to 604800. Without it: as the app has it.
    #[schema(minimum = 5, maximum = 604_800)]
    idle_secs: Option<u32>,
    /// It ends then, whatever happens; instead of `idle_secs`.
    ends_at: Option<Millis>,
}

/// In which order members come.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum OrderForm {
    Newest,
    Oldest,
}

/// Whom to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct MembersQuery {
    /// So many members: 0 to 500; without it none.
    #[param(maximum = 500)]
    members: Option<u16>,
    /// Who came last first, or who came first; without it `newest`.
    #[param(inline)]
    order: Option<OrderForm>,
}

/// Somebody in a chatroom.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomMember)]
struct MemberView {
    #[serde(flatten)]
    person: PersonView,
    joined_at: Millis,
}

/// A chatroom and some of those inside.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomInfo)]
struct InfoView {
    #[serde(flatten)]
    room: RoomView,
    members: Vec<MemberView>,
}

/// Whom to look for.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatroomUsers)]
#[serde(deny_unknown_fields)]
struct Users {
    /// 1 to 1,000 users.
    #[schema(min_items = 1, max_items = 1000)]
    users: Vec<UserId>,
}

/// Who is inside.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomInside)]
struct InsideView {
    /// Each user that was asked for, in their order.
    users: Vec<UserInside>,
}

/// Whether somebody is inside.
#[derive(Serialize, ToSchema)]
struct UserInside {
    user: UserId,
    inside: bool,
}

/// One attribute.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomAttribute)]
struct AttributeView {
    key: String,
    value: String,
    /// Who set it.
    by: UserId,
    /// It goes when who set it leaves.
    auto_delete: bool,
    at: Millis,
}

impl From<Attribute> for AttributeView {
    fn from(one: Attribute) -> Self {
        let Attribute { key, value, by, auto_delete, at } = one;
        Self { key: key.to_string(), value, by, auto_delete, at }
    }
}

/// A chatroom's attributes.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomAttributes)]
struct AttributesView {
    /// How often they changed.
    version: u64,
    list: Vec<AttributeView>,
}

/// Attributes to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttributesForm {
    /// In whose name.
    by: UserId,
    /// Values of at most 4,096 characters by key; a key has 1 to 128 letters, digits and `+ = _ -`.
    #[schema(value_type = BTreeMap<String, String>)]
    attributes: BTreeMap<AttributeKey, String>,
    /// They go when that user leaves.
    auto_delete: Option<bool>,
    /// Also over what others set.
    force: Option<bool>,
    /// Tell the room by `RC:chrmKVNotiMsg` too, with this `extra`.
    notify: Option<String>,
}

/// Attributes to remove.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeysForm {
    /// In whose name.
    by: UserId,
    /// Which: 1 to 10.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 10)]
    keys: Vec<AttributeKey>,
    /// Also what others set.
    force: Option<bool>,
    /// Tell the room by `RC:chrmKVNotiMsg` too, with this `extra`.
    notify: Option<String>,
}

/// How often attributes changed.
#[derive(Serialize, ToSchema)]
struct AttributesVersion {
    version: u64,
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoomMessage {
    /// In whose name.
    from: UserId,
    /// In which chatrooms: 1 to 10; without it in all of them.
    #[schema(max_items = 10)]
    chatrooms: Option<Vec<Handle>>,
    /// What kind of content, such as `RC:TxtMsg`.
    #[schema(min_length = 1, max_length = 32)]
    r#type: String,
    /// The content, an object of that kind.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
    /// Kept for those who join later, whatever its type says.
    stored: Option<bool>,
}

/// Where it was said.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomMessageSent)]
struct SaidView {
    /// In how many chatrooms.
    count: usize,
    /// In which of those that were named; absent when it was said in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    chatrooms: Option<Vec<SaidIn>>,
}

/// What became of a message in one chatroom.
#[derive(Serialize, ToSchema)]
struct SaidIn {
    chatroom: Handle,
    /// The message's id; absent when it was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<MessageUid>,
    /// The code of the error; absent when it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

async fn list(call: Call, Query(page): Query<PageQuery>) -> Result<Listing<RoomView>, Fault> {
    let limit = page.limit()?;
    let after: Option<Handle> = page.place()?;
    let found = call.backend().chatrooms(after.as_ref(), limit).await?;
    let more = found.len() == usize::from(limit);
    let next = found.last().filter(|_| more).map(|last| cursor::after(&last.handle));
    Ok(Listing { items: found.into_iter().map(RoomView::from).collect(), next })
}

async fn put(call: Call, (At(handle), Body(form)): (At<Handle>, Body<RoomForm>)) -> Result<Json<RoomView>, Fault> {
    let lifetime = match (form.idle_secs, form.ends_at) {
        (secs, None) => Lifetime::Idle(secs),
        (None, Some(at)) => Lifetime::Until(at),
        (Some(_), Some(_)) => return Err(Fault::new(Code::BadRequest, "give `idle_secs` or `ends_at`, not both")),
    };
    let name = form.name.unwrap_or_default();
    let (room, _) = call.backend().create_chatroom(&handle, &name, lifetime).await?;
    Ok(Json(room.into()))
}

async fn read(
    call: Call,
    (At(handle), Query(query)): (At<Handle>, Query<MembersQuery>),
) -> Result<Json<InfoView>, Fault> {
    let order = match query.order {
        Some(OrderForm::Oldest) => Order::Oldest,
        Some(OrderForm::Newest) | None => Order::Newest,
    };
    let info = call.backend().chatroom(&handle, query.members.unwrap_or(0), order).await?;
    let member = |one: crate::model::chatroom::ChatroomMember| MemberView {
        person: one.person.into(),
        joined_at: one.joined_at,
    };
    Ok(Json(InfoView { room: info.room.into(), members: info.members.into_iter().map(member).collect() }))
}

async fn end(call: Call, At(handle): At<Handle>) -> Result<Done, Fault> {
    call.backend().end_chatroom(&handle).await?;
    Ok(Done)
}

async fn inside(call: Call, (At(handle), Body(form)): (At<Handle>, Body<Users>)) -> Result<Json<InsideView>, Fault> {
    let found = call.backend().are_in_chatroom(&handle, &form.users).await?;
    let users = found.into_iter().map(|(user, inside)| UserInside { user, inside }).collect();
    Ok(Json(InsideView { users }))
}

async fn attributes(call: Call, At(handle): At<Handle>) -> Result<Json<AttributesView>, Fault> {
    let Attributes { version, list } = call.backend().chatroom_attributes(&handle, &[]).await?;
    Ok(Json(AttributesView { version, list: list.into_iter().map(AttributeView::from).collect() }))
}

async fn set(
    call: Call,
    (At(chatroom), Body(form)): (At<Handle>, Body<AttributesForm>),
) -> Result<Json<AttributesVersion>, Fault> {
    let set = SetAttributes {
        chatroom,
        attributes: form.attributes.into_iter().collect(),
        auto_delete: form.auto_delete.unwrap_or(false),
        force: form.force.unwrap_or(false),
        notify: form.notify,
    };
    let version = call.backend().set_chatroom_attributes(&form.by, set).await?;
    Ok(Json(AttributesVersion { version }))
}

async fn remove(
    call: Call,
    (At(chatroom), Body(form)): (At<Handle>, Body<KeysForm>),
) -> Result<Json<AttributesVersion>, Fault> {
    let KeysForm { by, keys, force, notify } = form;
    let remove = RemoveAttributes { chatroom, keys, force: force.unwrap_or(false), notify };
    let version = call.backend().remove_chatroom_attributes(&by, remove).await?;
    Ok(Json(AttributesVersion { version }))
}

async fn say(call: Call, Body(form): Body<RoomMessage>) -> Result<Json<SaidView>, Fault> {
    let content = Content::new(form.r#type.parse()?, form.content)?;
    let how = Saying { client_id: Some(call.client_id()), stored: form.stored };
    let Some(handles) = form.chatrooms else {
        let count = call.backend().say_in_every_chatroom(&form.from, &content, &how).await?;
        return Ok(Json(SaidView { count, chatrooms: None }));
    };
    let sent = call.backend().say_in_chatrooms(&form.from, &handles, &content, &how).await?;
    let said: Vec<SaidIn> = sent
        .into_iter()
        .map(|(chatroom, outcome)| match outcome {
            Ok(sent) => SaidIn { chatroom, uid: Some(sent.uid), error: None },
            Err(fault) => SaidIn { chatroom, uid: None, error: Some(fault.code.name()) },
        })
        .collect();
    Ok(Json(SaidView { count: said.iter().filter(|one| one.uid.is_some()).count(), chatrooms: Some(said) }))
}
