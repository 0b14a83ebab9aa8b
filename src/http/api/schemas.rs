//! The schemas of ids and names from the model, and which of them stand in addresses.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::input::Segment;
use crate::model::{
    AppKey, BroadcastId, ClientId, ConversationId, Handle, KeyId, Kind, MessageUid, Millis, Role, Scope, SecretId,
    SiteKey, Topic, UserId, WebhookId,
    webhook::{DeliveryState, Outcome},
};

fn text(meaning: &str, pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(meaning)).pattern(Some(pattern))
}

macro_rules! ids {
    ($($id:ty, $name:literal, $meaning:literal, $pattern:literal;)*) => {
        $(
            impl PartialSchema for $id {
                fn schema() -> RefOr<Schema> {
                    Schema::from(text($meaning, $pattern)).into()
                }
            }

            impl ToSchema for $id {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }
            }

            impl Segment for $id {
                const MEANING: &'static str = $meaning;

                fn schema() -> RefOr<Schema> {
                    <Self as PartialSchema>::schema()
                }
            }
        )*
    };
}

ids! {
    AppKey, "AppKey", "The app's public key.", "^[a-z0-9]{4,32}$";
    SiteKey, "SiteKey", "A site's public key.", "^[a-z0-9]{4,32}$";
    KeyId, "KeyId", "The public part of a back end's key.", "^[a-z0-9]{4,32}$";
    SecretId, "SecretId", "A shared secret's id.", "^[a-z0-9]{4,32}$";
    UserId, "UserId", "A user's id in the app, chosen by you: 1 to 64 visible ASCII characters.", "^[!-~]{1,64}$";
    Handle, "Handle", "Your own id of a group, discussion or chatroom: 1 to 64 visible ASCII characters.", "^[!-~]{1,64}$";
    ClientId, "ClientId", "The sender's own id of a message: 1 to 64 visible ASCII characters.", "^[!-~]{1,64}$";
    WebhookId, "WebhookId", "A webhook's id.", "^[a-z0-9]{4,32}$";
    ConversationId, "ConversationId", "A conversation's id.", "^c[0-9a-hjkmnp-tv-z]{26}$";
    BroadcastId, "BroadcastId", "A message to everybody.", "^[a-z0-9]{4,32}$";
    MessageUid, "MessageUid", "A message's id.", "^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$";
}

impl PartialSchema for Millis {
    fn schema() -> RefOr<Schema> {
        let meaning = "Milliseconds since 1970-01-01 UTC.";
        Schema::from(ObjectBuilder::new().schema_type(Type::Integer).description(Some(meaning))).into()
    }
}

impl ToSchema for Millis {
    fn name() -> Cow<'static, str> {
        "Millis".into()
    }
}

fn one_of<'a>(meaning: &str, names: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    let names: Vec<_> = names.into_iter().collect();
    Schema::from(ObjectBuilder::new().schema_type(Type::String).description(Some(meaning)).enum_values(Some(names)))
        .into()
}

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        let table: Vec<_> =
            Self::ALL.iter().map(|scope| format!("`{}`: {}", scope.name(), scope.meaning().trim())).collect();
        one_of(&table.join("\n\n"), Self::ALL.iter().map(|scope| scope.name()))
    }
}

impl ToSchema for Scope {
    fn name() -> Cow<'static, str> {
        "Scope".into()
    }
}

impl PartialSchema for Role {
    fn schema() -> RefOr<Schema> {
        one_of("What somebody is in the app.", ["visitor", "user", "agent", "robot", "system"])
    }
}

impl ToSchema for Role {
    fn name() -> Cow<'static, str> {
        "Role".into()
    }
}

impl PartialSchema for Kind {
    fn schema() -> RefOr<Schema> {
        one_of(
            "What a conversation is.",
            ["private", "discussion", "group", "chatroom", "service", "system", "app_service", "public_service"],
        )
    }
}

impl ToSchema for Kind {
    fn name() -> Cow<'static, str> {
        "Kind".into()
    }
}

macro_rules! named {
    ($($type:ty, $name:literal, $meaning:literal;)*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    one_of($meaning, Self::ALL.iter().map(|one| one.name()))
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }
            }
        )*
    };
}

named! {
    Topic, "Topic", "What a notice is about. docs/WEBHOOKS.md says what each means.";
    DeliveryState, "DeliveryState", "How far a notice got: it waits and will be tried, has arrived, or was given up.";
    Outcome, "Outcome", "What came of a request. Nothing else of the answer is kept.";
}
