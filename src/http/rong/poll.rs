//! Long polling of the compatible protocol. The HTTP status means nothing to its clients: every answer is 200. Only later
//! clients learn by another one that their session is over.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Bytes, Data, Query},
};
use serde::Deserialize;

use super::{navi::open, socket};
use crate::{
    config::Config,
    gateway::{
        Gateway,
        rong::poll::{self, LOST, Post},
    },
    http::extract::Client,
};

/// What a poll names. Further parameters only keep it out of caches.
#[derive(Deserialize)]
pub struct Listen {
    #[serde(rename = "sessionid", default)]
    session: String,
}

/// What a request names that brings a frame.
#[derive(Deserialize)]
pub struct Say {
    #[serde(rename = "sessionid", default)]
    session: String,
    #[serde(default)]
    header: String,
    #[serde(rename = "messageid", default)]
    id: String,
    #[serde(default)]
    topic: String,
    #[serde(rename = "targetid", default)]
    target: String,
}

/// `GET /websocket` without an upgrade: a session begins.
pub async fn begin(request: HttpRequest, client: Client, gateway: Data<Gateway>, config: Data<Config>) -> HttpResponse {
    let ticket = socket::ticket(request.uri(), request.headers(), &config.server);
    if ticket.token.is_empty() {
        return socket::plain();
    }
    answer("", gateway.into_inner().begin_compatible_poll(ticket, client.network).await)
}

/// `GET /pullmsg.js`: waits for something to tell.
pub async fn listen(asked: Query<Listen>, gateway: Data<Gateway>) -> HttpResponse {
    answer(&asked.session, gateway.listen_compatible(&asked.session).await)
}

/// `POST /websocket`: a frame of the client.
pub async fn say(asked: Query<Say>, body: Bytes, gateway: Data<Gateway>) -> HttpResponse {
    let post = Post {
        session: &asked.session,
        // What is no number is no frame that there is.
        header: asked.header.parse().unwrap_or(0),
        id: asked.id.parse().unwrap_or(0),
        topic: &asked.topic,
        target: &asked.target,
    };
    answer(&asked.session, gateway.hear_compatible(post, &body).await)
}

fn answer(session: &str, body: String) -> HttpResponse {
    let over = poll::is_later(session) && body == LOST;
    open(if over { StatusCode::GONE } else { StatusCode::OK }).content_type("text/plain; charset=utf-8").body(body)
}
