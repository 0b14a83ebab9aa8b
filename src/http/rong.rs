//! What clients and back ends of the compatible protocol ask over HTTP, `docs/COMPATIBLE.md`.

pub mod api;
pub mod navi;
pub mod poll;
mod reach;
pub mod socket;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The addresses that clients ask.
pub(super) fn addresses(cfg: &mut ServiceConfig) {
    cfg.service(resource("/navi.js").route(get().to(navi::navi)))
        .service(resource("/cometnavi.js").route(get().to(navi::navi)))
        .service(resource("/ping").route(get().to(navi::ping)))
        .service(resource("/message/exist.js").route(get().to(navi::exist)))
        .service(resource("/websocket").route(get().to(poll::begin)).route(post().to(poll::say)))
        .service(resource("/pullmsg.js").route(get().to(poll::listen)));
}
