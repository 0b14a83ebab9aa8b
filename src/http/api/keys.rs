//! The app's keys, managed by a key with the scope `app`.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Created, Done, Listing},
    call::Call,
    input::{At, Body},
    operation::{Operation, Tag},
};
use crate::{
    im::backend::keys::{MadeKey, NewKey},
    model::{ApiKey, Code, Fault, KeyId, Millis, Scope},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/keys", list).named("listKeys").of(Tag::App).needs(Scope::App).says("The app's keys"),
        Operation::post("/v1/keys", create)
            .named("createKey")
            .of(Tag::App)
            .needs(Scope::App)
            .says("Makes a key")
            .explains(
                "The answer is the only one that ever shows the whole key. A key gives no scope that it lacks itself. To \
                 rotate: make the new key, let your back ends use it, revoke the old one; both work meanwhile.",
            )
            .sends(json!({ "name": "Billing", "scopes": ["read", "messages"], "lives_secs": 31_536_000 }))
            .fails(&[Code::LimitReached])
            .audited(),
        Operation::delete("/v1/keys/{key}", revoke)
            .named("revokeKey")
            .of(Tag::App)
            .needs(Scope::App)
            .says("Revokes a key, at once")
            .audited(),
    ]
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyView {
    id: KeyId,
    /// What its owner calls it.
    name: String,
    scopes: Vec<Scope>,
    created_at: Millis,
    /// From then on it opens nothing; absent: until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Millis>,
    /// When it was last used, to within an hour; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Millis>,
}

/// A key, with its secret for once.
#[derive(Serialize, ToSchema)]
struct MadeKeyView {
    /// The whole key: what a bearer shows. Its last part, after the second `_`, is what requests are signed with.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    /// What you call it: 1 to 64 characters.
    name: String,
    /// What it may do: at least one.
    #[schema(min_items = 1, max_items = 20)]
    scopes: Vec<Scope>,
    /// Seconds until it expires: 60 to ten years. Without it the key lives until it is revoked.
    #[schema(minimum = 60, maximum = 315_360_000)]
    lives_secs: Option<u32>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id, app: _, name, scopes, created_at, expires_at, last_used_at } = key;
        Self { id, name, scopes, created_at, expires_at, last_used_at }
    }
}

async fn list(call: Call, (): ()) -> Result<Listing<KeyView>, Fault> {
    Ok(Listing::whole(call.backend().keys().await?))
}

async fn create(call: Call, Body(form): Body<KeyForm>) -> Result<Created<MadeKeyView>, Fault> {
    let new = NewKey { name: form.name, scopes: form.scopes, lives_secs: form.lives_secs };
    let MadeKey { key, full } = call.backend().create_key(new, Some(call.key())).await?;
    let made = MadeKeyView { key: full.reveal(), view: key.into() };
    Ok(Created::at(format!("/v1/keys/{}", made.view.id), made))
}

async fn revoke(call: Call, At(key): At<KeyId>) -> Result<Done, Fault> {
    call.backend().revoke_key(&key).await?;
    Ok(Done)
}
