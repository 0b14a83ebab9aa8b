//! Is anybody there, and is this key alive?

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::Json,
    call::Call,
    operation::{Operation, Tag},
};
use crate::model::{AppKey, Fault, KeyId, Millis, Scope};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/ping", ping)
            .named("ping")
            .of(Tag::App)
            .says("Says which app the key speaks for and what it may do")
            .explains("The first call: it shows that the key works. `now` is the server's time, against which signed requests are checked."),
    ]
}

/// The key at work.
#[derive(Serialize, ToSchema)]
struct Pong {
    app: AppKey,
    key: KeyId,
    scopes: Vec<Scope>,
    now: Millis,
}

async fn ping(call: Call, (): ()) -> Result<Json<Pong>, Fault> {
    let key = call.key();
    Ok(Json(Pong {
        app: call.app().clone(),
        key: key.id.clone(),
        scopes: key.scopes.clone(),
        now: call.backend().now(),
    }))
}
