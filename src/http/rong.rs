//! What clients and back ends of the compatible protocol ask over HTTP, `docs/COMPATIBLE.md`.

pub mod api;
mod form;
pub mod navi;
pub mod poll;
mod reach;
pub mod socket;
pub mod upload;

use actix_web::{
    Route, guard,
    web::{ServiceConfig, get, post, resource, route},
};

/// The addresses that clients ask.
pub(super) fn addresses(cfg: &mut ServiceConfig) {
    cfg.service(resource("/navi.js").route(get().to(navi::navi)))
        .service(resource("/cometnavi.js").route(get().to(navi::navi)))
        .service(resource("/ping").route(get().to(navi::ping)))
        .service(resource("/message/exist.js").route(get().to(navi::exist)))
        .service(resource("/upload").route(post().to(upload::upload)).route(options().to(upload::allow)))
        .service(resource("/websocket").route(get().to(poll::begin)).route(post().to(poll::say)))
        .service(resource("/pullmsg.js").route(get().to(poll::listen)));
}

fn options() -> Route {
    route().guard(guard::Options())
}
