//! Messages to everybody, and the accounts that speak to many.

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Created, Json, Listing},
    call::Call,
    cursor,
    input::{At, Body, Query},
    operation::{Operation, Tag},
    shape::PersonView,
};
use crate::{
    im::backend::broadcasts::{Account, BroadcastCall},
    model::{Broadcast, BroadcastId, Code, Content, Fault, Kind, Millis, ObjectName, PublicService, Scope, UserId},
};

pub(super) fn operations() -> Vec<Operation> {
    let about = |operation: Operation| operation.of(Tag::Broadcasts);
    vec![
        about(Operation::post("/v1/broadcasts", broadcast).named("createBroadcast"))
            .needs(Scope::Messages)
            .says("Begins to send a message to every user; from a public service, to those who follow it")
            .explains(
                "It goes on in the background, also after a restart, and reaches everybody once. Users who are made \
                 later do not get it.",
            )
            .sends(json!({ "type": "RC:TxtMsg", "content": { "content": "We are back at noon" } }))
            .fails(&[Code::NotFound, Code::TooLarge, Code::ClientIdReused])
            .audited(),
        about(Operation::get("/v1/broadcasts/{broadcast}", progress).named("readBroadcast"))
            .needs(Scope::Read)
            .says("How far a message to everybody got"),
        about(Operation::get("/v1/public-services", services).named("listPublicServices"))
            .needs(Scope::Read)
            .says("Public services, by id"),
        about(Operation::get("/v1/public-services/{account}", service).named("readPublicService"))
            .needs(Scope::Read)
            .says("A public service"),
        about(Operation::put("/v1/public-services/{account}", save_service).named("savePublicService"))
            .needs(Scope::Users)
            .says("Makes a public service, or changes what is known of it")
            .explains(
                "Every user has an `app_service`; a `public_service` is followed by those who want to. The kind stays.",
            )
            .sends(json!({ "kind": "public_service", "name": "News", "about": "What is new, once a week" }))
            .fails(&[Code::AlreadyExists])
            .audited(),
        about(Operation::put("/v1/system-senders/{account}", save_sender).named("saveSystemSender"))
            .needs(Scope::Users)
            .says("Makes a sender of system messages, or renames one")
            .sends(json!({ "name": "Shipping" }))
            .fails(&[Code::AlreadyExists])
            .audited(),
        about(Operation::put("/v1/robots/{account}", save_robot).named("saveRobot"))
            .needs(Scope::Users)
            .says("Makes a robot, or renames one")
            .explains(
                "A robot answers at the desk (`sendConversationMessage`) and sends messages like anybody else \
                 (`sendMessage`). It has no token and hears by webhook.",
            )
            .sends(json!({ "name": "Halden helper" }))
            .fails(&[Code::AlreadyExists])
            .audited(),
    ]
}

/// A message to everybody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBroadcast)]
struct BroadcastForm {
    /// A public service or a system sender; the app itself without it.
    from: Option<UserId>,
    /// Its type, such as `RC:TxtMsg`.
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    r#type: ObjectName,
    /// Its body, of at most 128 KB.
    #[schema(value_type = Object)]
    content: Box<RawValue>,
    /// Only who is connected hears it, and it is not kept.
    #[serde(default)]
    online_only: bool,
}

/// A message to everybody, and how far it got.
#[derive(Serialize, ToSchema)]
#[schema(as = Broadcast)]
struct BroadcastView {
    id: BroadcastId,
    from: PersonView,
    online_only: bool,
    created_at: Millis,
    /// Users whom it was sent to.
    sent: u64,
    /// Users whom it could not be sent to, or who are not connected and need not be.
    passed_over: u64,
    /// When everybody had had their turn; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Millis>,
}

impl From<Broadcast> for BroadcastView {
    fn from(broadcast: Broadcast) -> Self {
        Self {
            id: broadcast.id,
            from: broadcast.from.into(),
            online_only: broadcast.online_only,
            created_at: broadcast.created_at,
            sent: broadcast.sent,
            passed_over: broadcast.passed_over,
            finished_at: broadcast.finished_at,
        }
    }
}

/// A public service to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PublicServiceChange)]
struct ServiceForm {
    /// `app_service` or `public_service`.
    kind: Kind,
    /// Its name: 1 to 64 characters.
    name: String,
    /// Address of a picture.
    #[schema(max_length = 512)]
    portrait: Option<String>,
    /// What it says about itself.
    #[serde(default)]
    #[schema(max_length = 500)]
    about: String,
}

/// A system sender or a robot to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChange)]
struct SenderForm {
    /// Its name: 1 to 64 characters.
    name: String,
    /// Address of a picture.
    #[schema(max_length = 512)]
    portrait: Option<String>,
}

/// A public service.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicService)]
struct ServiceView {
    #[serde(flatten)]
    person: PersonView,
    kind: Kind,
    about: String,
}

impl From<PublicService> for ServiceView {
    fn from(service: PublicService) -> Self {
        Self { person: service.person.into(), kind: service.kind, about: service.about }
    }
}

/// Which public services.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ServicesQuery {
    /// Their id or name holds this.
    #[param(max_length = 64)]
    search: Option<String>,
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    cursor: Option<String>,
}

async fn broadcast(call: Call, Body(form): Body<BroadcastForm>) -> Result<Created<BroadcastView>, Fault> {
    let asked = BroadcastCall {
        from: form.from,
        content: Content::new(form.r#type, form.content)?,
        client_id: Some(call.client_id()),
        online_only: form.online_only,
        any_sender: false,
    };
    let begun = call.backend().broadcast(asked).await?;
    Ok(Created::at(format!("/v1/broadcasts/{}", begun.id), begun.into()))
}

async fn progress(call: Call, At(id): At<BroadcastId>) -> Result<Json<BroadcastView>, Fault> {
    Ok(Json(call.backend().broadcast_progress(&id).await?.into()))
}

async fn services(call: Call, Query(query): Query<ServicesQuery>) -> Result<Listing<ServiceView>, Fault> {
    let after: Option<UserId> = cursor::place(query.cursor.as_deref())?;
    let words = query.search.unwrap_or_default();
    let found = call.backend().public_services(&words, after.as_ref(), cursor::limit(query.limit)?).await?;
    let next = found.accounts.last().filter(|_| found.more).map(|last| cursor::after(&last.person.id));
    Ok(Listing { items: found.accounts.into_iter().map(ServiceView::from).collect(), next })
}

async fn service(call: Call, At(account): At<UserId>) -> Result<Json<ServiceView>, Fault> {
    Ok(Json(call.backend().public_service(&account).await?.into()))
}

async fn save_service(
    call: Call,
    (At(account), Body(form)): (At<UserId>, Body<ServiceForm>),
) -> Result<Json<ServiceView>, Fault> {
    let known = Account { name: form.name, portrait: form.portrait };
    Ok(Json(call.backend().save_public_service(&account, form.kind, known, &form.about).await?.into()))
}

async fn save_sender(
    call: Call,
    (At(account), Body(form)): (At<UserId>, Body<SenderForm>),
) -> Result<Json<PersonView>, Fault> {
    let known = Account { name: form.name, portrait: form.portrait };
    Ok(Json(call.backend().save_system_sender(&account, known).await?.into()))
}

async fn save_robot(
    call: Call,
    (At(account), Body(form)): (At<UserId>, Body<SenderForm>),
) -> Result<Json<PersonView>, Fault> {
    let known = Account { name: form.name, portrait: form.portrait };
    Ok(Json(call.backend().save_robot(&account, known).await?.into()))
}
