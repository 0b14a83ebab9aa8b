//! The HTTP side: every address of the server, and what all answers have in common.
//!
//! Floor 5. Handlers parse, call the domain, render; policy is never here. This file alone lists addresses. Nothing
//! below `http/` knows the store, the bus or a wire protocol.

pub mod api;
pub mod assets;
mod check;
mod compat;
pub mod console;
mod crowd;
pub mod demo;
pub mod error;
pub mod extract;
mod files;
pub mod guard;
pub mod headers;
pub mod health;
pub mod listen;
mod metrics;
pub mod page;
pub mod poll;
pub mod rong;
pub mod socket;

use std::sync::Arc;

use actix_web::{
    App, Error, Route,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard as when,
    middleware::from_fn,
    web::{self, Data, ServiceConfig, resource},
};

use self::health::Health;
use crate::{config::Config, gateway::Gateway, im::Im, telemetry::Figures};

/// What handlers reach, each as `web::Data<…>`.
#[derive(Clone)]
pub struct Parts {
    /// The settings, with addresses as they were bound.
    pub config: Arc<Config>,
    /// What is counted.
    pub figures: Arc<Figures>,
    /// Whether the server takes new work.
    pub health: Arc<Health>,
    /// The domain.
    pub im: Arc<Im>,
    /// How many visitors each network made lately.
    pub mints: Arc<page::widget::Mints>,
    /// What back ends' requests share.
    pub api: Arc<api::Api>,
    /// The same for the server API of the compatible protocol.
    pub server_api: Arc<rong::api::ServerApi>,
    /// Who is connected here.
    pub gateway: Arc<Gateway>,
}

/// The public listener's addresses. Each is a `resource`, so that a wrong method is 405, not 404.
fn addresses(cfg: &mut ServiceConfig) {
    cfg.service(resource("/health").route(read().to(health::health)))
        .service(resource("/ready").route(read().to(health::ready)))
        .service(resource("/probe").route(read().to(check::probe)))
        .service(resource("/check").route(read().to(check::page)))
        .service(resource("/assets/{hash}/{name}").route(read().to(assets::serve)))
        .configure(widget_addresses)
        .configure(compat_addresses)
        .service(resource("/ws").route(web::get().to(socket::plain)))
        .service(resource("/poll").route(web::post().to(poll::begin)))
        .service(resource("/poll/{id}").route(web::post().to(poll::next)))
        .service(resource("/files").route(web::post().to(files::upload)))
        .service(resource("/files/{token}/{name}").route(read().to(files::serve)))
        .configure(console_addresses)
        .configure(rong::addresses)
        .configure(api::addresses)
        .configure(rong::api::addresses);
}

/// The visitors' part. `{site}.js` before `{site}`: a key has no dot.
fn widget_addresses(cfg: &mut ServiceConfig) {
    cfg.service(resource("/w/{site}.js").route(read().to(page::widget::launcher)))
        .service(resource("/w/{site}").route(read().to(page::widget::frame)))
        .service(resource("/w/{site}/session").route(web::post().to(page::widget::session)));
}

/// For pages that were written for the original widget.
fn compat_addresses(cfg: &mut ServiceConfig) {
    cfg.service(resource("/compat/rong-widget.js").route(read().to(compat::adapter)))
        .service(resource("/compat/frame").route(read().to(compat::frame)))
        .service(resource("/compat/desk").route(read().to(compat::desk)))
        .service(resource("/compat/connect-check").route(read().to(compat::connect_check)))
        .service(resource("/compat/api-test").route(read().to(compat::api_test)))
        .service(resource("/compat/runner").route(read().to(compat::runner)));
}

/// The agents' part. Its API takes JSON with the word of a page (O4).
fn console_addresses(cfg: &mut ServiceConfig) {
    let under_another_name = resource("/console{rest:.*}").guard(when::fn_guard(console::name::is_other));
    cfg.service(under_another_name.route(read().to(console::name::lead)))
        .service(resource("/console").route(read().to(console::inbox::start)))
        .service(resource("/console/setup").route(read().to(console::setup::page)))
        .service(resource("/console/login").route(read().to(console::login::page)))
        .service(resource("/console/inbox/{view}").route(read().to(console::inbox::list)))
        .service(resource("/console/inbox/{view}/{conversation}").route(read().to(console::inbox::conversation)))
        .service(resource("/console/api/setup/check").route(web::post().to(console::setup::check)))
        .service(resource("/console/api/setup").route(web::post().to(console::setup::finish)))
        .service(resource("/console/api/login").route(web::post().to(console::login::sign_in)))
        .service(resource("/console/api/logout").route(web::post().to(console::login::sign_out)))
        .service(resource("/console/api/language").route(web::post().to(console::preferences::language)));
}

/// A route for GET and HEAD.
fn read() -> Route {
    web::route().guard(when::Any(when::Get()).or(when::Head()))
}

/// The public listener's application.
pub fn app(
    parts: &Parts,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    App::new()
        .app_data(Data::from(Arc::clone(&parts.config)))
        .app_data(Data::from(Arc::clone(&parts.figures)))
        .app_data(Data::from(Arc::clone(&parts.health)))
        .app_data(Data::from(Arc::clone(&parts.im)))
        .app_data(Data::from(Arc::clone(&parts.mints)))
        .app_data(Data::from(Arc::clone(&parts.api)))
        .app_data(Data::from(Arc::clone(&parts.server_api)))
        .app_data(Data::from(Arc::clone(&parts.gateway)))
        .wrap(from_fn(guard::watch))
        .configure(addresses)
}
