//! One name for the console: its cookie and its socket belong to the origin of the settings.
//!
//! Who tries Parlor out types `localhost` where the settings say `127.0.0.1`. Their pages would load, but no socket
//! would open (E3), so they are led to the other name first.

use actix_web::{
    HttpRequest, HttpResponse,
    guard::GuardContext,
    http::header::{HOST, LOCATION},
    web::Data,
};

use crate::config::Config;

/// Whether the browser says `localhost` and the settings say `127.0.0.1`, on the same port.
pub fn is_other(context: &GuardContext<'_>) -> bool {
    let host = context.head().headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = host.and_then(|host| host.strip_prefix("localhost"));
    let own = context.app_data::<Data<Config>>().map(|config| config.server.origin());
    let own_port = own.as_deref().and_then(|own| own.strip_prefix("http://127.0.0.1"));
    port.is_some() && port == own_port
}

/// `GET /console…` under the other name: the same page under ours.
pub async fn lead(request: HttpRequest, config: Data<Config>) -> HttpResponse {
    let place = request.uri().path_and_query().map_or("/console", |place| place.as_str());
    HttpResponse::SeeOther().insert_header((LOCATION, format!("{}{place}", config.server.origin()))).finish()
}
