//! The server API of the compatible protocol at its original paths: `POST /PATH.json`, form-encoded.
//!
//! Source: compatible protocol, "Server REST API and webhooks". One value per path (`Operation`) makes the route, the
//! table in docs/COMPATIBLE.md and what the tests call. A handler takes a `Call` and a
//! `Form`, translates into verbs of [`Backend`](crate::im::backend::Backend), and shows what they answer
//! under the original names. Values are checked by the domain; here only form is.
//!
//! What the frame (`serve`) does for every path: the signature (A1, A2), the rate, the body's size, the parameters that
//! must be there, one form of answers and refusals.

mod auth;
mod call;
mod chatroom_entries;
mod chatroom_rights;
mod chatrooms;
mod conversations;
mod form;
mod group_rights;
mod groups;
mod history;
mod messages;
mod moderation;
mod not_here;
mod operation;
mod posting;
mod push;
mod rates;
mod refusal;
mod restraints;
mod serve;
mod show;
mod templates;
mod users;
mod zip;

use std::rc::Rc;

use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig, resource},
};

pub(in crate::http) use self::refusal::of_fault;
pub use self::{
    operation::{Listed, Takes},
    rates::Rates,
};

use self::operation::Operation;
use crate::auth::{slip::SlipKey, vault::Vault};

/// What all requests share.
#[derive(Debug)]
pub struct ServerApi {
    rates: Rates,
    /// Signs the addresses of files with history.
    history: SlipKey,
}

impl ServerApi {
    /// With addresses signed for this vault.
    pub fn new(vault: &Vault) -> Self {
        Self { rates: Rates::default(), history: SlipKey::of(vault) }
    }
}

/// The first parts of all paths.
const FAMILIES: [&str; 9] =
    ["user", "message", "statusmessage", "group", "chatroom", "conversation", "sensitiveword", "wordfilter", "push"];

/// Whether a path belongs here.
pub(in crate::http) fn is_ours(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/').and_then(|path| path.strip_suffix(".json")) else { return false };
    FAMILIES.contains(&path.split('/').next().unwrap_or_default())
}

/// Every operation.
fn operations() -> Vec<Operation> {
    [
        users::operations(),
        restraints::operations(),
        messages::operations(),
        templates::operations(),
        history::operations(),
        groups::operations(),
        group_rights::operations(),
        chatrooms::operations(),
        chatroom_rights::operations(),
        chatroom_entries::operations(),
        conversations::operations(),
        moderation::operations(),
        push::operations(),
        not_here::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every path with what it takes, for tests and docs.
pub fn listed() -> Vec<Listed> {
    operations().iter().map(Operation::listed).collect()
}

/// The addresses.
pub(in crate::http) fn addresses(cfg: &mut ServiceConfig) {
    for operation in operations() {
        let path = format!("/{}.json", operation.path);
        let operation = Rc::new(operation);
        cfg.service(resource(path).route(web::post().to(move |request: HttpRequest, body: Body| {
            let operation = Rc::clone(&operation);
            async move { serve::serve(&operation, request, body.0).await }
        })));
    }
    for family in FAMILIES {
        cfg.service(resource(format!("/{family}/{{rest:.*}}.json")).route(web::post().to(serve::nothing_here)));
    }
    cfg.service(resource(history::ADDRESS).route(crate::http::read().to(history::download)));
}

/// A body that nobody has read yet.
struct Body(actix_web::dev::Payload);

impl actix_web::FromRequest for Body {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Ok(Self(payload.take())))
    }
}

#[cfg(test)]
mod tests;
