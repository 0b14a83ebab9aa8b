//! Deliveries: what became of each notice towards a webhook, and trying again.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ObjectBuilder, RefOr, Type, schema::Schema},
};

use super::{
    answer::{Json, Listing},
    call::Call,
    cursor,
    input::{At, Body, Query, Segment},
    operation::{Operation, Tag},
};
use crate::model::{
    ConversationId, Fault, Millis, Scope, Topic, WebhookId,
    webhook::{Attempt, Delivery, DeliveryList, DeliveryState, Outcome},
};

pub(super) fn operations() -> Vec<Operation> {
    let of = |operation: Operation| operation.of(Tag::Webhooks).needs(Scope::Webhooks);
    vec![
        of(Operation::get("/v1/webhooks/{webhook}/deliveries", list))
            .named("listDeliveries")
            .says("What became of the notices of a webhook, newest first")
            .explains("Delivered ones are kept for 3 days, parked ones for 30."),
        of(Operation::get("/v1/webhooks/{webhook}/deliveries/{sequence}", read))
            .named("readDelivery")
            .says("One delivery and its attempts"),
        of(Operation::post("/v1/webhooks/{webhook}/deliveries/{sequence}/replay", replay))
            .named("replayDelivery")
            .says("Delivers a notice again")
            .explains("Also goes on with one that was parked. The notice keeps its id."),
        of(Operation::post("/v1/webhooks/{webhook}/replay", replay_parked))
            .named("replayParked")
            .says("Goes on with what was parked")
            .explains("Notices since an instant, oldest first, 1,000 at most. Ask again while `replayed` is 1,000.")
            .sends(json!({ "since": 1_790_000_000_000_i64 })),
    ]
}

/// A delivery's place among the notices of its webhook.
struct Sequence(u64);

impl FromStr for Sequence {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Segment for Sequence {
    const MEANING: &'static str = "The place among the webhook's notices.";

    fn schema() -> RefOr<Schema> {
        Schema::from(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0))).into()
    }
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    /// Only those in this state.
    state: Option<DeliveryState>,
    /// Only notices of this instant or later.
    since: Option<Millis>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

/// One notice on its way.
#[derive(Serialize, ToSchema)]
struct DeliveryView {
    /// Its place among the webhook's notices.
    sequence: u64,
    /// The notice's id: `webhook-id` of every request.
    id: String,
    topic: Topic,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// When it happened.
    at: Millis,
    state: DeliveryState,
    /// How often it was tried since it was recorded or last replayed.
    attempts: u32,
    /// When it is tried next. Absent while it waits behind another of its conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Millis>,
    /// What came of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// A delivery and its attempts.
#[derive(Serialize, ToSchema)]
struct Tried {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Oldest first.
    tried: Vec<AttemptView>,
}

/// One request.
#[derive(Serialize, ToSchema)]
struct AttemptView {
    /// When it began.
    at: Millis,
    /// How long it took.
    millis: u32,
    outcome: Outcome,
}

/// Since when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Since {
    /// Only notices of this instant or later.
    since: Millis,
}

/// How many go on.
#[derive(Serialize, ToSchema)]
struct Replayed {
    /// So many notices are on their way again.
    replayed: u64,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { sequence, id, topic, conversation, at, state, attempts, due_at, outcome } = delivery;
        Self { sequence, id: id.to_string(), topic, conversation, at, state, attempts, due_at, outcome }
    }
}

impl From<Attempt> for AttemptView {
    fn from(Attempt { at, millis, outcome }: Attempt) -> Self {
        Self { at, millis, outcome }
    }
}

async fn list(
    call: Call,
    (At(id), Query(query)): (At<WebhookId>, Query<DeliveryQuery>),
) -> Result<Listing<DeliveryView>, Fault> {
    let (limit, before) = (cursor::limit(query.limit)?, cursor::place(query.cursor.as_deref())?);
    let list = DeliveryList { state: query.state, since: query.since, before, limit };
    let page = call.backend().deliveries(&id, list).await?;
    let last = page.deliveries.last().map(|delivery| delivery.sequence);
    let next = last.filter(|_| page.more).map(|sequence| cursor::after(&sequence));
    Ok(Listing { next, ..Listing::whole(page.deliveries) })
}

async fn read(call: Call, At((id, Sequence(sequence))): At<(WebhookId, Sequence)>) -> Result<Json<Tried>, Fault> {
    let (delivery, attempts) = call.backend().delivery(&id, sequence).await?;
    Ok(Json(Tried { delivery: delivery.into(), tried: attempts.into_iter().map(Into::into).collect() }))
}

async fn replay(
    call: Call,
    At((id, Sequence(sequence))): At<(WebhookId, Sequence)>,
) -> Result<Json<DeliveryView>, Fault> {
    Ok(Json(call.backend().replay(&id, sequence).await?.into()))
}

async fn replay_parked(
    call: Call,
    (At(id), Body(Since { since })): (At<WebhookId>, Body<Since>),
) -> Result<Json<Replayed>, Fault> {
    let replayed = call.backend().replay_parked(&id, since).await?;
    Ok(Json(Replayed { replayed }))
}
