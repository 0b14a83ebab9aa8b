//! Sign-in and sign-out.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::{
    csrf::{AtTheDoor, Inside},
    page::{self, Page},
    refusal,
    session::{self, Agent},
};
use crate::{
    auth::Token,
    http::extract::{Client, Json},
    im::Im,
    model::{Code, Fault},
};

/// What both doors print.
pub(super) struct Door {
    /// This server as its agents know it.
    pub(super) host: String,
    pub(super) version: &'static str,
}

impl Door {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let origin = session::server(request).origin();
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned();
        Self { host, version: env!("CARGO_PKG_VERSION") }
    }
}

#[derive(Template)]
#[template(path = "console/login.html")]
struct LoginPage {
    page: Page,
    door: Door,
    login: Login,
}

struct Login {
    /// The app's name, when there is no doubt which.
    house: Option<String>,
    needs_setup: bool,
}

/// `GET /console/login`
pub async fn page(request: HttpRequest, agent: Result<Agent, Fault>, im: Data<Im>) -> Result<HttpResponse, Fault> {
    if agent.is_ok() {
        return Ok(refusal::see(next_of(&request)));
    }
    let secret = door_secret(&request);
    let mut page = Page::new("login", "console-login-page", &["eye"], page::locale(&request));
    page.carry(&json!({ "next": next_of(&request) }), Some(&secret), |key| {
        key.starts_with("console-login-") || key.starts_with("console-door-") || is_common(key)
    });
    let apps = im.apps().await?;
    let house = if let [only] = apps.as_slice() { Some(only.name.clone()) } else { None };
    let login = Login { house, needs_setup: im.needs_setup().await? };
    let whole = LoginPage { page, door: Door::of(&request), login };
    let mut answer = whole.page.answer(&request, StatusCode::OK, &whole)?;
    keep_door_secret(&mut answer, &request, &secret);
    Ok(answer)
}

/// Texts that every door's scripts need.
pub(super) fn is_common(key: &str) -> bool {
    matches!(key, "console-unreachable" | "console-trouble")
}

/// The secret of this visit: the cookie's, so that two tabs agree, or a new one.
pub(super) fn door_secret(request: &HttpRequest) -> String {
    session::door_secret(request).unwrap_or_else(|| Token::random(&mut rand::rng()).reveal().to_owned())
}

pub(super) fn keep_door_secret(answer: &mut HttpResponse, request: &HttpRequest, secret: &str) {
    let cookie = session::door_cookie(secret, session::server(request));
    answer.add_cookie(&cookie).expect("a cookie of plain ASCII is a header");
}

/// Where to go after sign-in: a page of the console and nothing else.
fn next_of(request: &HttpRequest) -> &str {
    let next = request.query_string().split('&').find_map(|part| part.strip_prefix("next=")).unwrap_or_default();
    let plain = next.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_'));
    if plain && next.starts_with("/console/inbox/") { next } else { "/console" }
}

/// The request's body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    email: String,
    password: String,
}

/// `POST /console/api/login`
pub async fn sign_in(
    request: HttpRequest,
    _: AtTheDoor,
    client: Client,
    body: Json<Credentials>,
    im: Data<Im>,
) -> Result<HttpResponse, Fault> {
    let Json(Credentials { email, password }) = body;
    let (_, token) = im.sign_in(&email, password, &client.network.to_string()).await?;
    let cookie = session::agent_cookie(&token, session::server(&request));
    Ok(HttpResponse::Ok().cookie(cookie).json(json!({})))
}

/// `POST /console/api/logout`: ends this login; its sockets close within 5 s.
pub async fn sign_out(
    request: HttpRequest,
    _: Inside,
    agent: Result<Agent, Fault>,
    im: Data<Im>,
) -> Result<HttpResponse, Fault> {
    match agent {
        Ok(agent) => im.sign_out(&agent.signed_in).await?,
        Err(fault) if fault.code == Code::Unauthorized => {}
        Err(fault) => return Err(fault),
    }
    let cookie = session::no_agent_cookie(session::server(&request));
    Ok(HttpResponse::Ok().cookie(cookie).json(json!({})))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn after_sign_in_only_pages_of_the_console_follow() {
        let next = |query: &str| {
            let request = TestRequest::get().uri(&format!("/console/login?next={query}")).to_http_request();
            next_of(&request).to_owned()
        };
        assert_eq!(next("/console/inbox/mine/c0a"), "/console/inbox/mine/c0a");
        for bad in ["//evil.example", "/console/inbox/..%2f", "https://evil.example", "/console/inbox/@evil", ""] {
            assert_eq!(next(bad), "/console", "{bad}");
        }
    }
}
