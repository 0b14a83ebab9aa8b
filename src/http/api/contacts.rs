//! Whom users do not hear, whom alone, and how they keep their conversations.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::{
    answer::{Json, Listing},
    call::Call,
    input::{At, Body, Segment},
    operation::{Operation, Tag},
};
use crate::model::{Contacts, ConversationId, Fault, Mine, Person, Scope, UserId};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/users/{user}/contacts/{list}", read)
            .named("listContacts")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("Who is on a user's list, by id")
            .explains("At most the first 1,000."),
        Operation::patch("/v1/users/{user}/contacts/{list}", change)
            .named("changeContacts")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Puts others on a user's list, and takes some off")
            .explains(
                "Who is on `blocked` cannot write to the user in private. In apps with the switch `whitelist` only who is on \
                 `allowed` can.",
            )
            .sends(json!({ "add": ["mallory"] })),
        Operation::get("/v1/users/{user}/conversations/{conversation}/settings", kept)
            .named("readSettings")
            .of(Tag::Users)
            .needs(Scope::Read)
            .says("How a user keeps a conversation"),
        Operation::patch("/v1/users/{user}/conversations/{conversation}/settings", keep)
            .named("changeSettings")
            .of(Tag::Users)
            .needs(Scope::Users)
            .says("Pins or mutes a conversation for a user")
            .explains("The user's devices hear it as if another one of theirs had done it.")
            .sends(json!({ "pinned": true, "muted": false })),
    ]
}

/// One of a user's lists.
#[derive(Clone, Copy)]
struct Which(Contacts);

const LISTS: [(&str, Contacts); 2] = [("blocked", Contacts::Blocked), ("allowed", Contacts::Allowed)];

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = LISTS.iter().find(|(name, _)| *name == text);
        known.map(|(_, list)| Self(*list)).ok_or_else(|| "a list is `blocked` or `allowed`".to_owned())
    }
}

impl Segment for Which {
    const MEANING: &'static str = "Which list.";

    fn schema() -> RefOr<Schema> {
        let names = LISTS.iter().map(|(name, _)| *name);
        Schema::from(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))).into()
    }
}

/// Somebody on a list.
#[derive(Serialize, ToSchema)]
struct ContactView {
    id: UserId,
    /// The name shown; empty when nobody gave one.
    name: String,
}

impl From<Person> for ContactView {
    fn from(person: Person) -> Self {
        Self { id: person.id, name: person.name }
    }
}

/// What to change of a list: first `add`, then `remove`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactsChange {
    #[serde(default)]
    #[schema(max_items = 20)]
    add: Vec<UserId>,
    #[serde(default)]
    #[schema(max_items = 20)]
    remove: Vec<UserId>,
}

/// What to change of how a user keeps a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingsChange {
    /// Stands before all others in their list.
    pinned: Option<bool>,
    /// Makes no sound, and its unread messages are counted apart.
    muted: Option<bool>,
}

/// How a user keeps a conversation.
#[derive(Serialize, ToSchema)]
struct SettingsView {
    pinned: bool,
    muted: bool,
    /// It is out of their list until the next message.
    removed: bool,
    /// Messages they have not read.
    unread: u64,
}

impl From<Mine> for SettingsView {
    fn from(mine: Mine) -> Self {
        Self { pinned: mine.pinned, muted: mine.muted, removed: mine.removed, unread: mine.unread }
    }
}

async fn read(call: Call, At((user, list)): At<(UserId, Which)>) -> Result<Listing<ContactView>, Fault> {
    Ok(Listing::whole(call.backend().contacts(list.0, &user).await?))
}

async fn change(
    call: Call,
    (At((user, list)), Body(change)): (At<(UserId, Which)>, Body<ContactsChange>),
) -> Result<Listing<ContactView>, Fault> {
    let backend = call.backend();
    backend.set_contacts(list.0, &user, &change.add, true).await?;
    backend.set_contacts(list.0, &user, &change.remove, false).await?;
    Ok(Listing::whole(backend.contacts(list.0, &user).await?))
}

async fn kept(call: Call, At((user, id)): At<(UserId, ConversationId)>) -> Result<Json<SettingsView>, Fault> {
    Ok(Json(call.backend().kept_by(&user, id).await?.into()))
}

async fn keep(
    call: Call,
    (At((user, id)), Body(change)): (At<(UserId, ConversationId)>, Body<SettingsChange>),
) -> Result<Json<SettingsView>, Fault> {
    Ok(Json(call.backend().keep_for(&user, id, change.pinned, change.muted).await?.into()))
}
