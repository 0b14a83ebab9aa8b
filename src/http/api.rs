//! REST v1: the door for an app's own back ends, under `/v1`.
//!
//! # How to add an endpoint
//!
//! 1. What it does is a method of [`Backend`](crate::im::backend::Backend), in `src/im/backend/SUBJECT.rs`. All checks of
//!    values are there; nothing is checked here but form.
//! 2. Its handler goes into `src/http/api/SUBJECT.rs` and is thin: take apart → `call.backend().…` → show.
//!
//!    ```ignore
//!    /// A lamp to make.
//!    #[derive(Deserialize, ToSchema)]
//!    #[serde(deny_unknown_fields)]                     // always (A6)
//!    pub(super) struct NewLamp { /// Its name.
//!        name: String }
//!
//!    async fn create(call: Call, Body(new): Body<NewLamp>) -> Result<Created<LampView>, Fault> {
//!        let lamp = call.backend().create_lamp(&new.name).await?;
//!        Ok(Created::at(format!("/v1/lamps/{}", lamp.id), lamp.into()))
//!    }
//!
//!    pub(super) fn operations() -> Vec<Operation> {
//!        vec![
//!            Operation::post("/v1/lamps", create).named("createLamp").of(Tag::Lamps).needs(Scope::App)
//!                .says("Makes a lamp").sends(json!({ "name": "Hall" })).fails(&[Code::LimitReached]).audited(),
//!        ]
//!    }
//!    ```
//!
//!    A handler takes `call` and one of `()`, `At<Id>` or `At<(Id, Id)>`, `Query<T>`,
//!    `Body<T>`, or a tuple of them: `(At(id), Body(change)): (At<SiteKey>, Body<Change>)`. Ids in
//!    addresses are types with `Segment`. It answers `Json`, `Created`,
//!    `Listing` or `Done`. Parameters, bodies and answers are described in the OpenAPI
//!    document from these types and their doc comments; `.sends(…)` is the example of the body and a test checks that
//!    the body's type takes it. Errors every operation can have are added by the frame, others are named by `.fails(…)`.
//! 3. The subject's `operations()` is listed in `operations` below; a new `Tag` in its enum.
//! 4. `UPDATE_OPENAPI=1 cargo test --lib openapi` rewrites `docs/openapi.json`.
//! 5. `tests/it/api/isolation.rs` names every operation: add a line. It is then also called without a key, with a key
//!    that lacks the scope, with a revoked one, and with an unknown field.
//!
//! What the frame (`serve`) does for every operation: the key or signature, the scope, the rate, the body's size,
//! time, type, depth and form, `Idempotency-Key` on every POST, the audit record of those marked `.audited()` (changes
//! of keys, switches, tokens, moderation and the like), errors from the one table, headers. For messages the
//! idempotency key doubles as client id, so that it holds even when the first answer was lost: pass `call.client_id()`.

pub(super) mod answer;
mod app;
mod broadcasts;
mod call;
mod chatroom_rights;
mod chatrooms;
mod contacts;
mod conversations;
mod credentials;
mod cursor;
mod deliveries;
mod exports;
mod files;
mod groups;
mod house;
mod idempotency;
pub(super) mod input;
pub(super) mod json;
mod keys;
mod messages;
mod moderation;
mod openapi;
pub(super) mod operation;
mod ping;
mod pre_send;
pub(super) mod rates;
mod reference;
mod restraints;
mod schemas;
mod search;
mod secrets;
mod serve;
mod shape;
mod statistics;
mod users;
mod webhooks;

use std::{collections::BTreeMap, rc::Rc};

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    guard as when,
    http::Method,
    web::{self, ServiceConfig, resource},
};

use self::operation::Operation;

/// What all operations share: how much was asked for, and what is at work.
#[derive(Debug, Default)]
pub struct Api {
    rates: rates::Rates,
    running: idempotency::Running,
}

/// Every operation.
fn operations() -> Vec<Operation> {
    [
        ping::operations(),
        app::operations(),
        keys::operations(),
        secrets::operations(),
        house::operations(),
        conversations::operations(),
        users::operations(),
        restraints::operations(),
        contacts::operations(),
        search::operations(),
        exports::operations(),
        moderation::operations(),
        statistics::operations(),
        webhooks::operations(),
        deliveries::operations(),
        pre_send::operations(),
        chatrooms::operations(),
        chatroom_rights::operations(),
        messages::operations(),
        files::operations(),
        groups::operations(),
        broadcasts::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The addresses under `/v1`.
pub(super) fn addresses(cfg: &mut ServiceConfig) {
    let mut by_path = BTreeMap::<_, Vec<_>>::new();
    for operation in operations() {
        by_path.entry(operation.path).or_default().push(Rc::new(operation));
    }
    for (path, operations) in by_path {
        let mut here = resource(path);
        for operation in operations {
            let route = match operation.method {
                Method::GET => super::read(),
                ref method => web::route().guard(when::Method(method.clone())),
            };
            here = here.route(route.to(move |request: HttpRequest, payload: Body| {
                let operation = Rc::clone(&operation);
                async move { serve::serve(&operation, request, payload.0).await }
            }));
        }
        cfg.service(here);
    }
    cfg.service(resource("/v1/openapi.json").route(super::read().to(document)));
    cfg.service(resource("/v1/docs").route(super::read().to(reference::show)));
}

/// A body that nobody has read yet.
struct Body(Payload);

impl actix_web::FromRequest for Body {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self(payload.take())))
    }
}

async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json; charset=utf-8").body(openapi::text())
}
