//! The app and its switches, and the record of who changed what.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Json, Listing},
    call::Call,
    cursor::{self, PageQuery},
    input::{Body, Query},
    operation::{Operation, Tag},
};
use crate::model::{App, AppKey, AuditEntry, Fault, Features, Millis, Scope};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/app", read)
            .named("readApp")
            .of(Tag::App)
            .needs(Scope::Read)
            .says("The app and its switches"),
        Operation::patch("/v1/app", change)
            .named("changeApp")
            .of(Tag::App)
            .needs(Scope::App)
            .says("Changes switches of the app")
            .explains("Switches that are left out stay as they are.")
            .sends(json!({ "features": { "history": false, "chatroom_idle_secs": 7200 } }))
            .audited(),
        Operation::get("/v1/audit", audit)
            .named("listAudit")
            .of(Tag::App)
            .needs(Scope::App)
            .says("Who changed what, newest first")
            .explains("Kept for 400 days. Nobody can change it."),
    ]
}

/// An app.
#[derive(Serialize, ToSchema)]
struct AppView {
    /// Its public key.
    key: AppKey,
    /// Its name, as agents see it.
    name: String,
    features: FeaturesView,
    created_at: Millis,
}

macro_rules! features {
    ($($(#[doc = $meaning:literal])* $name:ident: $type:ty;)*) => {
        /// An app's switches.
        #[derive(Serialize, ToSchema)]
        struct FeaturesView {
            $($(#[doc = $meaning])* $name: $type,)*
        }

        /// Switches to set.
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct FeaturesChange {
            $($(#[doc = $meaning])* $name: Option<$type>,)*
        }

        impl From<Features> for FeaturesView {
            fn from(features: Features) -> Self {
                let Features { $($name),* } = features;
                Self { $($name),* }
            }
        }

        impl FeaturesChange {
            fn over(self, old: &Features) -> Features {
                Features { $($name: self.$name.unwrap_or(old.$name.clone())),* }
            }
        }
    };
}

features! {
    /// A user may be connected several times at once. Off: the newest connection ends the older ones.
    multi_device: bool;
    /// Users have their list of conversations and their history on the server.
    history: bool;
    /// Members of a chatroom may page back further than what joining gave them.
    chatroom_history: bool;
    /// Seconds for which a user's token lives; 0: until it is revoked. At most ten years.
    user_token_secs: u32;
    /// A chatroom in which nobody spoke for so many seconds ends: 5 to 604800.
    chatroom_idle_secs: u32;
    /// Who lost their last connection stays in their chatrooms for so many seconds: 0 to 3600.
    chatroom_keep_secs: u32;
    /// In private users hear only from those on their list, which the app's back end keeps.
    whitelist: bool;
    /// Messages sent by back ends reach the app's own webhooks too.
    echo_back_end: bool;
    /// The server API of the compatible protocol answers, once the app has a secret (`/v1/secrets`).
    compatible_api: bool;
    /// Requests there may come again with a signature of any age. On for code that signs once per process.
    compatible_repeats: bool;
    /// Seconds by which a request's time there may be off: 30 to 3600.
    compatible_skew_secs: u32;
}

/// What to change of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppChange {
    features: FeaturesChange,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
struct AuditView {
    at: Millis,
    /// `key:ID`, `agent:ID`, or `operator` at the server's command line.
    who: String,
    /// The operation, such as `createKey`.
    what: String,
    /// To what it was done; empty when it is the app.
    target: String,
    /// The network address it came from; empty at the command line.
    address: String,
    /// As in the answer's `x-request-id`; empty at the command line.
    request_id: String,
    /// It was begun, and the server stopped or failed before it could say whether it was done.
    unsure: bool,
}

impl From<&App> for AppView {
    fn from(app: &App) -> Self {
        Self {
            key: app.key.clone(),
            name: app.name.clone(),
            features: app.features.clone().into(),
            created_at: app.created_at,
        }
    }
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { number: _, at, who, what, target, address, request_id, unsure } = entry;
        Self { at, who, what, target, address, request_id, unsure }
    }
}

async fn read(call: Call, (): ()) -> Result<Json<AppView>, Fault> {
    Ok(Json(AppView::from(&*call.backend().app().await?)))
}

async fn change(call: Call, Body(change): Body<AppChange>) -> Result<Json<AppView>, Fault> {
    let backend = call.backend();
    let features = change.features.over(&backend.app().await?.features);
    Ok(Json(AppView::from(&*backend.set_features(features).await?)))
}

async fn audit(call: Call, Query(page): Query<PageQuery>) -> Result<Listing<AuditView>, Fault> {
    let limit = page.limit()?;
    let mut entries = call.backend().audit(page.place()?, limit + 1).await?;
    let more = entries.len() > usize::from(limit);
    entries.truncate(limit.into());
    let next = entries.last().filter(|_| more).map(|last| cursor::after(&last.number));
    Ok(Listing { items: entries.into_iter().map(AuditView::from).collect(), next })
}
