//! `/websocket`: where clients of the compatible protocol open their connections.

use actix_web::{
    HttpResponse,
    http::{StatusCode, Uri, header, header::HeaderMap},
};
use url::form_urlencoded;

use super::reach::Reach;
use crate::{config::Server, gateway::rong::Ticket};

/// The address.
pub const PATH: &str = "/websocket";

/// `GET /websocket` without an upgrade.
pub fn plain() -> HttpResponse {
    HttpResponse::build(StatusCode::UPGRADE_REQUIRED)
        .insert_header((header::UPGRADE, "websocket"))
        .insert_header(("access-control-allow-origin", "*"))
        .content_type("text/plain; charset=utf-8")
        .body("this address speaks WebSocket")
}

/// What the client says of itself. A value that is missing is empty: the refusal is the server's first frame.
pub fn ticket(uri: &Uri, headers: &HeaderMap, server: &Server) -> Ticket {
    let mut ticket = Ticket {
        app: String::new(),
        token: String::new(),
        sdk_version: String::new(),
        origin: Reach::of(headers, server).origin,
    };
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match &*name {
            "appId" => ticket.app = value.into_owned(),
            "token" => ticket.token = value.into_owned(),
            "sdkVer" => ticket.sdk_version = value.into_owned(),
            _ => {}
        }
    }
    ticket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_09_a_client_needs_no_more_than_its_four_parameters() {
        let uri = Uri::from_static("/websocket?appId=halden&token=a%2Bb%2F%3D&sdkVer=2.5.3&apiVer=123456");
        let ticket = ticket(&uri, &HeaderMap::new(), &Server::default());
        assert_eq!((&*ticket.app, &*ticket.token, &*ticket.sdk_version), ("halden", "a+b/=", "2.5.3"));
        assert!(!format!("{ticket:?}").contains("a+b"));
    }
}
