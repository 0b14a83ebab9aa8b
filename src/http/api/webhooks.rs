//! Webhooks: where a back end hears of what happens.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Created, Done, Json, Listing},
    call::Call,
    input::{At, Body},
    operation::{Operation, Tag},
};
use crate::{
    im::backend::webhooks::{WebhookChange, WebhookWish},
    model::{Code, Fault, Millis, Scope, Topic, Webhook, WebhookId, webhook::Form},
};

pub(super) fn operations() -> Vec<Operation> {
    let of = |operation: Operation| operation.of(Tag::Webhooks).needs(Scope::Webhooks);
    vec![
        of(Operation::get("/v1/webhooks", list).named("listWebhooks").says("The app's webhooks, oldest first")),
        of(Operation::post("/v1/webhooks", create))
            .named("createWebhook")
            .says("Makes a webhook")
            .explains(
                "The answer is the only one that shows the secret. Requests are signed as Standard Webhooks are; \
                 docs/WEBHOOKS.md says how to check that. An app has at most 10 webhooks.",
            )
            .sends(json!({ "url": "https://shop.example/hooks/chat", "topics": ["message.sent"] }))
            .fails(&[Code::LimitReached])
            .audited(),
        of(Operation::get("/v1/webhooks/{webhook}", read).named("readWebhook").says("One webhook")),
        of(Operation::patch("/v1/webhooks/{webhook}", change))
            .named("changeWebhook")
            .says("Changes a webhook")
            .explains(
                "What is left out stays. Its receiver gets a new chance: failures and pauses are forgotten, and what waits \
                 is tried again.",
            )
            .sends(json!({ "enabled": true }))
            .audited(),
        of(Operation::delete("/v1/webhooks/{webhook}", delete))
            .named("deleteWebhook")
            .says("Ends a webhook")
            .explains("What was not delivered yet never is.")
            .audited(),
        of(Operation::post("/v1/webhooks/{webhook}/rotate", rotate))
            .named("rotateWebhookSecret")
            .says("Makes a new secret")
            .explains("Shown this once. For 24 hours requests carry a signature of the old one too.")
            .audited(),
        of(Operation::post("/v1/webhooks/{webhook}/test", test))
            .named("testWebhook")
            .says("Sends a test notice")
            .explains("With the topic `webhook.test`, whatever the webhook wants to hear of."),
    ]
}

/// How notices and questions are written and signed.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeForm)]
pub(super) enum FormName {
    /// As docs/WEBHOOKS.md says, signed as Standard Webhooks are.
    #[default]
    Standard,
    /// As callbacks of the RongCloud server API, signed with the app's shared secret. docs/COMPATIBLE.md says what it can
    /// tell.
    Compatible,
}

impl From<Form> for FormName {
    fn from(form: Form) -> Self {
        match form {
            Form::Standard => Self::Standard,
            Form::Compatible => Self::Compatible,
        }
    }
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Standard => Self::Standard,
            FormName::Compatible => Self::Compatible,
        }
    }
}

/// A webhook.
#[derive(Serialize, ToSchema)]
struct WebhookView {
    id: WebhookId,
    /// Where the notices go.
    url: String,
    /// What it is for, in your words.
    description: String,
    /// What it hears of; everything when empty.
    topics: Vec<Topic>,
    form: FormName,
    /// Whether it hears of anything now.
    enabled: bool,
    /// The receiver answered 410 and was switched off for it.
    gone: bool,
    /// How many notices were recorded for it: the `sequence` of the newest.
    sequence: u64,
    /// Requests that failed in a row.
    failures: u32,
    /// Nothing is tried until then, because too much failed or the receiver asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until: Option<Millis>,
    created_at: Millis,
    changed_at: Millis,
}

/// A webhook, with its secret for once.
#[derive(Serialize, ToSchema)]
struct MadeWebhook {
    /// What requests are signed with: `whsec_` and base 64 of 32 bytes.
    secret: String,
    #[serde(flatten)]
    view: WebhookView,
}

/// A secret, shown once.
#[derive(Serialize, ToSchema)]
struct NewSecret {
    /// What requests are signed with: `whsec_` and base 64 of 32 bytes.
    secret: String,
}

/// A notice that was recorded.
#[derive(Serialize, ToSchema)]
struct Recorded {
    /// Its place among the webhook's notices.
    sequence: u64,
}

/// A webhook to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookForm {
    /// Where the notices go: `https`, a public address.
    #[schema(max_length = 2048)]
    url: String,
    /// What it is for: at most 200 characters.
    #[serde(default)]
    description: String,
    /// What it hears of; everything when empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    topics: Vec<Topic>,
    /// How it hears it; stays as it is.
    #[serde(default)]
    form: FormName,
    /// Whether it hears of anything; without it, yes.
    enabled: Option<bool>,
}

/// What to change of a webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookPatch {
    /// Where the notices go.
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// What it hears of; everything when empty.
    #[schema(max_items = 100)]
    topics: Option<Vec<Topic>>,
    /// Whether it hears of anything.
    enabled: Option<bool>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let Webhook {
            id,
            url,
            description,
            topics,
            form,
            enabled,
            gone,
            sequence,
            failures,
            paused_until,
            created_at,
            changed_at,
        } = webhook;
        let form = form.into();
        Self {
            id,
            url,
            description,
            topics,
            form,
            enabled,
            gone,
            sequence,
            failures,
            paused_until,
            created_at,
            changed_at,
        }
    }
}

async fn list(call: Call, (): ()) -> Result<Listing<WebhookView>, Fault> {
    Ok(Listing::whole(call.backend().webhooks().await?))
}

async fn create(call: Call, Body(form): Body<WebhookForm>) -> Result<Created<MadeWebhook>, Fault> {
    let WebhookForm { url, description, topics, form, enabled } = form;
    let wish = WebhookWish { url, description, topics, form: form.into(), enabled: enabled.unwrap_or(true) };
    let (made, secret) = call.backend().create_webhook(wish).await?;
    let made = MadeWebhook { secret: secret.reveal(), view: made.into() };
    Ok(Created::at(format!("/v1/webhooks/{}", made.view.id), made))
}

async fn read(call: Call, At(id): At<WebhookId>) -> Result<Json<WebhookView>, Fault> {
    Ok(Json(call.backend().webhook(&id).await?.into()))
}

async fn change(
    call: Call,
    (At(id), Body(patch)): (At<WebhookId>, Body<WebhookPatch>),
) -> Result<Json<WebhookView>, Fault> {
    let WebhookPatch { url, description, topics, enabled } = patch;
    let change = WebhookChange { url, description, topics, enabled };
    Ok(Json(call.backend().update_webhook(&id, change).await?.into()))
}

async fn delete(call: Call, At(id): At<WebhookId>) -> Result<Done, Fault> {
    call.backend().delete_webhook(&id).await?;
    Ok(Done)
}

async fn rotate(call: Call, At(id): At<WebhookId>) -> Result<Json<NewSecret>, Fault> {
    let secret = call.backend().rotate_webhook_secret(&id).await?;
    Ok(Json(NewSecret { secret: secret.reveal() }))
}

async fn test(call: Call, At(id): At<WebhookId>) -> Result<Json<Recorded>, Fault> {
    let sequence = call.backend().test_webhook(&id).await?;
    Ok(Json(Recorded { sequence }))
}
