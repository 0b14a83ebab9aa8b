//! The pre-send hook: who decides about messages before they are taken.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Done, Json},
    call::Call,
    input::Body,
    operation::{Operation, Tag},
    webhooks::FormName,
};
use crate::model::{Code, Fault, Kind, Scope, pre_send::PreSend};

pub(super) fn operations() -> Vec<Operation> {
    let of = |operation: Operation| operation.of(Tag::Webhooks).needs(Scope::Webhooks);
    vec![
        of(Operation::get("/v1/pre-send-hook", read)).named("readPreSendHook").says("The pre-send hook").fails(&[Code::NotFound]),
        of(Operation::put("/v1/pre-send-hook", set))
            .named("setPreSendHook")
            .says("Sets who decides about messages before they are taken")
            .explains(
                "Asked once about each message of a visitor, agent or user, never about those of back ends and never about \
                 signals of the moment. docs/WEBHOOKS.md says how it answers. The secret is in the answer only when \
                 there was no hook before.",
            )
            .sends(json!({
                "url": "https://shop.example/hooks/review", "timeout_millis": 1500, "without_answer": "pass", "kinds": ["group"]
            }))
            .audited(),
        of(Operation::delete("/v1/pre-send-hook", remove))
            .named("deletePreSendHook")
            .fails(&[Code::NotFound])
            .says("Nobody is asked any more")
            .audited(),
        of(Operation::post("/v1/pre-send-hook/rotate", rotate))
            .named("rotatePreSendSecret")
            .fails(&[Code::NotFound])
            .says("Makes a new secret for the pre-send hook")
            .explains("Shown this once. For 24 hours requests carry a signature of the old one too.")
            .audited(),
    ]
}

/// What to do with messages while there is no answer.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WithoutAnswer {
    /// Take them.
    Pass,
    /// Refuse them with `unavailable`; clients may send them again.
    Refuse,
}

/// The pre-send hook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HookForm {
    /// Who is asked: `https`, a public address.
    #[schema(max_length = 2048)]
    url: String,
    /// How long to wait for the answer: 100 to 3,000 milliseconds.
    #[schema(minimum = 100, maximum = 3000)]
    timeout_millis: u16,
    without_answer: WithoutAnswer,
    /// Which kinds of conversation it is asked about; all when empty.
    #[serde(default)]
    #[schema(max_items = 20)]
    kinds: Vec<Kind>,
    /// How it is asked.
    #[serde(default)]
    form: FormName,
}

/// The pre-send hook.
#[derive(Serialize, ToSchema)]
struct HookView {
    /// Who is asked.
    url: String,
    /// How long to wait for the answer, in milliseconds.
    timeout_millis: u16,
    without_answer: WithoutAnswer,
    /// Which kinds of conversation it is asked about; all when empty.
    kinds: Vec<Kind>,
    /// How it is asked.
    form: FormName,
    /// What requests are signed with. Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A secret of the pre-send hook, shown once.
#[derive(Serialize, ToSchema)]
struct PreSendSecret {
    /// What requests are signed with: `whsec_` and base 64 of 32 bytes.
    secret: String,
}

impl HookView {
    fn of(hook: PreSend, secret: Option<String>) -> Self {
        let PreSend { url, timeout_millis, pass_without_answer, kinds, form } = hook;
        let without_answer = if pass_without_answer { WithoutAnswer::Pass } else { WithoutAnswer::Refuse };
        Self { url, timeout_millis, without_answer, kinds, form: form.into(), secret }
    }
}

async fn read(call: Call, (): ()) -> Result<Json<HookView>, Fault> {
    Ok(Json(HookView::of(call.backend().pre_send().await?, None)))
}

async fn set(call: Call, Body(form): Body<HookForm>) -> Result<Json<HookView>, Fault> {
    let HookForm { url, timeout_millis, without_answer, kinds, form } = form;
    let pass_without_answer = matches!(without_answer, WithoutAnswer::Pass);
    let hook = PreSend { url, timeout_millis, pass_without_answer, kinds, form: form.into() };
    let (hook, secret) = call.backend().set_pre_send(hook).await?;
    Ok(Json(HookView::of(hook, secret.map(|secret| secret.reveal()))))
}

async fn remove(call: Call, (): ()) -> Result<Done, Fault> {
    call.backend().remove_pre_send().await?;
    Ok(Done)
}

async fn rotate(call: Call, (): ()) -> Result<Json<PreSendSecret>, Fault> {
    let secret = call.backend().rotate_pre_send_secret().await?;
    Ok(Json(PreSendSecret { secret: secret.reveal() }))
}
