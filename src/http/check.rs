//! The connection check: a page that connects with given credentials and shows everything that arrives (REQ 1.7), and
//! the probe by which a client learns that the network is back (REQ 1.12).

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use askama::Template;

use super::{
    assets,
    headers::{self, Nonce},
    page,
};
use crate::config::Config;

#[derive(Template)]
#[template(path = "check/page.html")]
struct CheckPage<'a> {
    nonce: &'a str,
    icon: String,
    style: String,
    script: String,
}

/// `GET /check`: nothing in it is secret; what somebody types stays in their browser.
pub(super) async fn page(request: HttpRequest, config: Data<Config>) -> HttpResponse {
    let nonce = Nonce::random();
    let shown = CheckPage {
        nonce: nonce.as_str(),
        icon: assets::url("icon.svg"),
        style: assets::url("check.css"),
        script: assets::url("check.js"),
    };
    let html = shown.render().expect("a template without conditions renders");
    let mut answer = HttpResponse::Ok();
    headers::console_page(&nonce, &config.server).set(&mut answer);
    page::html(&request, answer, html)
}

/// `GET /probe`: answers from any page, touches nothing.
pub(super) async fn probe() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .body("ok")
}
