//! Who may write and come into chatrooms, and which rooms and messages are treated in a special way.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Done, Listing},
    call::Call,
    input::{Body, Query},
    operation::{Operation, Tag},
};
use crate::model::{
    Code, Fault, Handle, Millis, ObjectName, Scope, UserId,
    chatroom::{Entitled, Priority, Right, Rule},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/chatroom-rights", list)
            .named("listChatroomRights")
            .of(Tag::Chatrooms)
            .needs(Scope::Read)
            .says("Who is gagged, blocked, allowed or protected in a chatroom, or gagged in all of them"),
        Operation::post("/v1/chatroom-rights", give)
            .named("giveChatroomRight")
            .of(Tag::Chatrooms)
            .needs(Scope::Moderation)
            .says("Gags, blocks, allows or protects users")
            .explains(
                "`gagged`: may not write, in one chatroom or in all when none is named. `blocked`: is put out and may not \
                 come back. `allowed`: may write while the chatroom is silenced. `protected` (at most 5): may write then \
                 too, is never held back in a flood, and stays when disconnected. All of it outlives the chatroom.",
            )
            .sends(json!({ "chatroom": "lobby", "right": "gagged", "users": ["bob"], "minutes": 60 }))
            .fails(&[Code::LimitReached, Code::NotFound])
            .audited(),
        Operation::post("/v1/chatroom-rights/remove", take)
            .named("removeChatroomRight")
            .fails(&[Code::NotFound])
            .of(Tag::Chatrooms)
            .needs(Scope::Moderation)
            .says("Takes such a right back")
            .sends(json!({ "chatroom": "lobby", "right": "gagged", "users": ["bob"] }))
            .audited(),
        Operation::get("/v1/chatroom-rules", rules)
            .named("listChatroomRules")
            .of(Tag::Chatrooms)
            .needs(Scope::Read)
            .says("The chatrooms that are silenced, stopped or kept alive"),
        Operation::post("/v1/chatroom-rules", set_rule)
            .named("setChatroomRule")
            .of(Tag::Chatrooms)
            .needs(Scope::Chatrooms)
            .says("Silences chatrooms, stops passing messages on, or keeps them alive")
            .sends(json!({ "rule": "kept_alive", "chatrooms": ["lobby"], "on": true }))
            .fails(&[Code::LimitReached])
            .audited(),
        Operation::get("/v1/chatroom-types", types)
            .named("listChatroomTypes")
            .of(Tag::Chatrooms)
            .needs(Scope::Read)
            .says("The message types that are refused first, or never, in a flood"),
        Operation::post("/v1/chatroom-types", set_types)
            .named("setChatroomTypes")
            .of(Tag::Chatrooms)
            .needs(Scope::Chatrooms)
            .says("Puts message types on one of these lists, or takes them off")
            .sends(json!({ "priority": "low", "types": ["app:like"], "on": true }))
            .fails(&[Code::LimitReached]),
    ]
}

macro_rules! words {
    ($(#[doc = $meaning:literal])* $name:ident of $of:ident { $($word:ident),* }) => {
        $(#[doc = $meaning])*
        #[derive(Clone, Copy, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        enum $name {
            $($word),*
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$word => Self::$word),*
                }
            }
        }
    };
}

words! {
    /// What users may or may not.
    RightForm of Right { Gagged, Blocked, Allowed, Protected }
}
words! {
    /// What holds for a whole chatroom.
    RuleForm of Rule { Silenced, Stopped, KeptAlive }
}
words! {
    /// How messages of a type are treated in a flood.
    PriorityForm of Priority { Low, High }
}

/// Which right.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RightQuery {
    /// Where; without it in all chatrooms (`gagged` only).
    #[param(min_length = 1, max_length = 64)]
    chatroom: Option<String>,
    /// Which.
    #[param(inline)]
    right: RightForm,
}

/// A right to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GiveForm {
    /// Where; without it in all chatrooms (`gagged` only).
    chatroom: Option<Handle>,
    #[schema(inline)]
    right: RightForm,
    /// 1 to 100 users.
    #[schema(min_items = 1, max_items = 100)]
    users: Vec<UserId>,
    /// For so many minutes, 1 to 43,200; for `gagged` and `blocked`, and required there.
    #[schema(minimum = 1, maximum = 43_200)]
    minutes: Option<u32>,
}

/// A right to take back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeForm {
    /// Where; without it in all chatrooms (`gagged` only).
    chatroom: Option<Handle>,
    #[schema(inline)]
    right: RightForm,
    /// 1 to 100 users.
    #[schema(min_items = 1, max_items = 100)]
    users: Vec<UserId>,
}

/// Somebody with a right.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatroomEntitled)]
struct EntitledView {
    user: UserId,
    /// Until then; absent: until it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
}

impl From<Entitled> for EntitledView {
    fn from(who: Entitled) -> Self {
        Self { user: who.user, until: who.until }
    }
}

/// Which rule.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RuleQuery {
    /// Which.
    #[param(inline)]
    rule: RuleForm,
}

/// A rule to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleChange {
    #[schema(inline)]
    rule: RuleForm,
    /// 1 to 100 chatrooms.
    #[schema(min_items = 1, max_items = 100)]
    chatrooms: Vec<Handle>,
    /// From now on, or no more.
    on: bool,
}

/// Which list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct TypesQuery {
    /// Which.
    #[param(inline)]
    priority: PriorityForm,
}

/// Message types to put on a list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TypesChange {
    #[schema(inline)]
    priority: PriorityForm,
    /// 1 to 20 types, such as `app:like`.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 20)]
    types: Vec<ObjectName>,
    /// On it, or off it.
    on: bool,
}

async fn list(call: Call, Query(query): Query<RightQuery>) -> Result<Listing<EntitledView>, Fault> {
    let handle = query.chatroom.map(|text| text.parse::<Handle>()).transpose();
    let handle = handle.map_err(|error| Fault::new(Code::BadRequest, error.to_string()))?;
    Ok(Listing::whole(call.backend().chatroom_right(handle.as_ref(), query.right.into()).await?))
}

async fn give(call: Call, Body(form): Body<GiveForm>) -> Result<Done, Fault> {
    let GiveForm { chatroom, right, users, minutes } = form;
    call.backend().give_chatroom_right(chatroom.as_ref(), right.into(), &users, minutes).await?;
    Ok(Done)
}

async fn take(call: Call, Body(form): Body<TakeForm>) -> Result<Done, Fault> {
    call.backend().take_chatroom_right(form.chatroom.as_ref(), form.right.into(), &form.users).await?;
    Ok(Done)
}

async fn rules(call: Call, Query(query): Query<RuleQuery>) -> Result<Listing<Handle>, Fault> {
    Ok(Listing::whole(call.backend().chatrooms_under(query.rule.into()).await?))
}

async fn set_rule(call: Call, Body(form): Body<RuleChange>) -> Result<Done, Fault> {
    call.backend().set_chatroom_rule(form.rule.into(), &form.chatrooms, form.on).await?;
    Ok(Done)
}

async fn types(call: Call, Query(query): Query<TypesQuery>) -> Result<Listing<String>, Fault> {
    let found = call.backend().chatroom_priority(query.priority.into()).await?;
    Ok(Listing::whole(found.iter().map(ToString::to_string)))
}

async fn set_types(call: Call, Body(form): Body<TypesChange>) -> Result<Done, Fault> {
    call.backend().set_chatroom_priority(form.priority.into(), &form.types, form.on).await?;
    Ok(Done)
}
