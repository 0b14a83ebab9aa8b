//! `POST /w/{site}/session`: makes a visitor at their first act, or finds the one who was here before.
//!
//! The credential is a cookie that no script can read. Where browsers refuse it, the frame asks again with
//! `keep: "storage"` and keeps the token in its own, partitioned storage (V1).

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Token,
    config::{Config, Limits, Network, Server},
    http::extract::{Client, Json, SameOrigin},
    im::{
        Im,
        tallies::{Care, Counter, Tallies},
    },
    model::{Code, Fault, Person, SiteKey, tally::Rule},
};

/// What the frame asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Where the credential is kept.
    #[serde(default)]
    keep: Keep,
    /// The token kept in storage, if any.
    token: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Keep {
    #[default]
    Cookie,
    Storage,
}

#[derive(Serialize)]
struct Answer<'a> {
    visitor: &'a Person,
    /// Only with `keep: "storage"`, only when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

/// `POST /w/{site}/session`
pub async fn session(
    request: HttpRequest,
    path: Path<String>,
    asked: Json<Asked>,
    (SameOrigin, client): (SameOrigin, Client),
    im: Data<Im>,
    config: Data<Config>,
    mints: Data<Mints>,
) -> Result<HttpResponse, Fault> {
    let site = super::site(&im, &path).await?;
    let Json(asked) = asked;
    let shown = asked.token.as_deref().and_then(Token::presented);
    let shown = shown.or_else(|| visitor_token(&request, &config.server, &site.key));
    if let Some(token) = &shown
        && let Some(known) = im.authenticate_visitor(token, &site.key).await?
    {
        return Ok(HttpResponse::Ok().json(Answer { visitor: &known.caller.person, token: None }));
    }
    mints.check(im.tallies(), client.network, &config.limits).await?;
    let (caller, token) = im.mint_visitor(&site).await?;
    let mut answer = HttpResponse::Ok();
    if asked.keep == Keep::Cookie {
        answer.insert_header((header::SET_COOKIE, cookie(&config.server, &site.key, &token, im.visitor_token_secs())));
    }
    let token = (asked.keep == Keep::Storage).then(|| token.reveal());
    Ok(answer.json(Answer { visitor: &caller.person, token }))
}

/// The visitor's token in this request's cookie.
pub fn visitor_token(request: &HttpRequest, server: &Server, site: &SiteKey) -> Option<Token> {
    let cookie = request.cookie(&cookie_name(server, site))?;
    Token::presented(cookie.value())
}

fn cookie_name(server: &Server, site: &SiteKey) -> String {
    let prefix = if server.is_https() { "__Host-" } else { "" };
    format!("{prefix}parlor-v-{site}")
}

/// Over https the cookie lives in the jar of the page around the frame; loopback development cannot have that.
fn cookie(server: &Server, site: &SiteKey, token: &Token, lives_secs: i64) -> String {
    let reach = if server.is_https() { "SameSite=None; Secure; Partitioned" } else { "SameSite=Lax" };
    let name = cookie_name(server, site);
    format!("{name}={}; Path=/; Max-Age={lives_secs}; HttpOnly; {reach}", token.reveal())
}

/// Counts new visitors per network (security §13).
#[derive(Debug)]
pub struct Mints {
    minute: Counter<Network>,
    day: Counter<Network>,
}

/// An IPv6 /48 may hold many households: it gets as much as this many of them (security §13).
const HOUSEHOLDS: u32 = 10;

const MINUTE: u32 = 60;
const DAY: u32 = 24 * 3600;

impl Default for Mints {
    fn default() -> Self {
        let counter = |kind, secs| Counter::new(kind, Care::Each, 100_000, Duration::from_secs(u64::from(secs)));
        Self { minute: counter("new visitors in a minute", MINUTE), day: counter("new visitors in a day", DAY) }
    }
}

impl Mints {
    /// Counts one, on this server and all others, or says that there were too many.
    async fn check(&self, tallies: &Tallies, network: Network, limits: &Limits) -> Result<(), Fault> {
        let (mut spots, mut waits) = (Vec::with_capacity(4), Vec::with_capacity(4));
        let own = [(network, 1)];
        for (network, times) in own.into_iter().chain(network.around().map(|around| (around, HOUSEHOLDS))) {
            let windows = [
                (&self.minute, limits.visitors_per_network_minute, MINUTE),
                (&self.day, limits.visitors_per_network_day, DAY),
            ];
            for (counter, most, secs) in windows {
                spots.push(tallies.of(counter, &network, Rule::window(most.saturating_mul(times), secs), 1));
                waits.push(secs);
            }
        }
        match tallies.take(&spots).await.refused {
            None => Ok(()),
            Some(place) => {
                let wait = waits.get(place).copied().unwrap_or(DAY);
                let message = "Too many new visitors from your network. Try again later.";
                Err(Fault::new(Code::RateLimited, message).retry_after(wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_over_https_the_cookie_is_partitioned_and_unreadable() {
        let server = Server { public_url: "https://chat.example.com".to_owned(), ..Server::default() };
        let token = Token::presented("0123456789abcdef0123456789abcdef").unwrap();
        let cookie = cookie(&server, &"demo1234".parse().unwrap(), &token, 60);
        assert_eq!(
            cookie,
            "__Host-parlor-v-demo1234=0123456789abcdef0123456789abcdef; Path=/; Max-Age=60; HttpOnly; \
             SameSite=None; Secure; Partitioned"
        );
    }

    #[tokio::test]
    async fn new_visitors_of_one_network_are_bounded() {
        let (mints, limits) = (Mints::default(), Limits { visitors_per_network_minute: 2, ..Limits::default() });
        let (tallies, network) = (Tallies::of_one(), Network::of_client("192.0.2.1".parse().unwrap()));
        for _ in 0..2 {
            mints.check(&tallies, network, &limits).await.unwrap();
        }
        let refused = mints.check(&tallies, network, &limits).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after_secs), (Code::RateLimited, Some(60)));
        mints.check(&tallies, Network::of_client("192.0.2.2".parse().unwrap()), &limits).await.unwrap();
    }

    #[tokio::test]
    async fn new_visitors_of_one_network_are_bounded_by_day_too() {
        let limits = Limits { visitors_per_network_minute: 5, visitors_per_network_day: 3, ..Limits::default() };
        let (mints, tallies) = (Mints::default(), Tallies::of_one());
        let network = Network::of_client("192.0.2.1".parse().unwrap());
        for _ in 0..3 {
            mints.check(&tallies, network, &limits).await.unwrap();
        }
        assert_eq!(mints.check(&tallies, network, &limits).await.unwrap_err().retry_after_secs, Some(24 * 3600));
    }

    #[tokio::test]
    async fn many_households_of_one_ipv6_customer_are_bounded_together() {
        let (mints, limits) = (Mints::default(), Limits { visitors_per_network_minute: 2, ..Limits::default() });
        let tallies = Tallies::of_one();
        let household = |n: u16| Network::of_client(format!("2001:db8:1:{n:x}::1").parse().unwrap());
        let mut made = 0;
        for n in 0..100 {
            made += usize::from(mints.check(&tallies, household(n), &limits).await.is_ok());
        }
        assert_eq!(made, 20);
    }
}
