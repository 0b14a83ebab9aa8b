//! Who is signed in: the agents' cookie, and the short-lived one of the doors (O3).

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
    dev::Payload,
    web::Data,
};

use crate::{
    auth::Token,
    config::{Config, Server},
    im::{Im, accounts::AGENT_ABSOLUTE_SECS, accounts::SignedIn},
    model::{Caller, Code, Fault},
};

/// Name of the agents' cookie, without the `__Host-` it has under https.
pub const AGENT_COOKIE: &str = "parlor-a";
const DOOR_COOKIE: &str = "parlor-door";
const DOOR_SECS: i64 = 3600;

/// A signed-in agent.
pub struct Agent {
    pub(super) signed_in: SignedIn,
    /// Their token: the root of the page's word (see `csrf`).
    pub(super) secret: String,
}

impl Agent {
    pub(in crate::http) fn caller(&self) -> &Caller {
        &self.signed_in.caller
    }
}

impl FromRequest for Agent {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let secret = agent_secret(request);
        let im = request.app_data::<Data<Im>>().expect("the application carries the domain").clone();
        Box::pin(async move {
            let unauthorized = || Fault::new(Code::Unauthorized, "sign in first");
            let secret = secret.ok_or_else(unauthorized)?;
            let token = Token::presented(&secret).ok_or_else(unauthorized)?;
            let signed_in = im.authenticate(&token).await?.filter(|it| it.caller.is_agent());
            Ok(Self { signed_in: signed_in.ok_or_else(unauthorized)?, secret })
        })
    }
}

pub(super) fn server(request: &HttpRequest) -> &Server {
    &request.app_data::<Data<Config>>().expect("the application carries its settings").server
}

/// The cookie's value of a signed-in agent, unchecked.
pub(super) fn agent_secret(request: &HttpRequest) -> Option<String> {
    value(request, AGENT_COOKIE)
}

/// The cookie's value of somebody at the door, unchecked.
pub(super) fn door_secret(request: &HttpRequest) -> Option<String> {
    value(request, DOOR_COOKIE).filter(|secret| secret.len() >= 32)
}

fn value(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(&full_name(name, server(request))).map(|cookie| cookie.value().to_owned())
}

fn full_name(name: &str, server: &Server) -> String {
    let prefix = if server.is_https() { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

/// The cookie of a new login.
pub(super) fn agent_cookie(token: &Token, server: &Server) -> Cookie<'static> {
    strict(AGENT_COOKIE, token.reveal().to_owned(), AGENT_ABSOLUTE_SECS, server)
}

/// The cookie of a visit at the door.
pub(super) fn door_cookie(secret: &str, server: &Server) -> Cookie<'static> {
    strict(DOOR_COOKIE, secret.to_owned(), DOOR_SECS, server)
}

/// Takes the agents' cookie away.
pub(super) fn no_agent_cookie(server: &Server) -> Cookie<'static> {
    strict(AGENT_COOKIE, String::new(), 0, server)
}

fn strict(name: &str, value: String, secs: i64, server: &Server) -> Cookie<'static> {
    Cookie::build(full_name(name, server), value)
        .path("/")
        .http_only(true)
        .secure(server.is_https())
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(secs))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o3_the_cookie_is_strict_and_bound_to_the_host_under_https() {
        let token = Token::random(&mut rand::rng());
        let server = Server { public_url: "https://chat.example.com".to_owned(), ..Server::default() };
        let cookie = agent_cookie(&token, &server).to_string();
        assert!(cookie.starts_with("__Host-parlor-a="), "{cookie}");
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let plain = agent_cookie(&token, &Server::default()).to_string();
        assert!(plain.starts_with("parlor-a=") && !plain.contains("Secure"), "{plain}");
    }
}
