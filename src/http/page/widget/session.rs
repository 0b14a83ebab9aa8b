//! `POST /w/{site}/session`: makes a visitor at their first act, or finds the one who was here before.
//!
//! The credential is a cookie that no script can read. Where browsers refuse it, the frame asks again with
//! `keep: "storage"` and keeps the token in its own, partitioned storage (V1).

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use moka::{policy::EvictionPolicy, sync::Cache};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Token,
    config::{Config, Limits, Network, Server},
    http::extract::{Client, Json, SameOrigin},
    im::Im,
    model::{Code, Fault, Person, SiteKey},
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
    mints.check(client.network, &config.limits)?;
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

/// Counts new visitors per network (security §13). Bounded in memory.
#[derive(Debug)]
pub struct Mints {
    minute: Cache<Network, Arc<AtomicU32>>,
    day: Cache<Network, Arc<AtomicU32>>,
}

/// An IPv6 /48 may hold many households: it gets as much as this many of them (security §13).
const HOUSEHOLDS: u32 = 10;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for Mints {
    fn default() -> Self {
        // The oldest go first: a cache that prefers what is asked for often would never count newcomers when it is full.
        let window = |length| {
            Cache::builder().max_capacity(100_000).eviction_policy(EvictionPolicy::lru()).time_to_live(length).build()
        };
        Self { minute: window(MINUTE), day: window(DAY) }
    }
}

impl Mints {
    fn check(&self, network: Network, limits: &Limits) -> Result<(), Fault> {
        self.check_one(network, limits, 1)?;
        network.around().map_or(Ok(()), |around| self.check_one(around, limits, HOUSEHOLDS))
    }

    fn check_one(&self, network: Network, limits: &Limits, times: u32) -> Result<(), Fault> {
        let windows = [
            (&self.minute, limits.visitors_per_network_minute, MINUTE),
            (&self.day, limits.visitors_per_network_day, DAY),
        ];
        for (counts, most, window) in windows {
            if count(counts, network) >= most.saturating_mul(times) {
                let wait = u32::try_from(window.as_secs()).unwrap_or(u32::MAX);
                return Err(Fault::new(Code::RateLimited, "Too many new visitors from your network. Try again later.")
                    .retry_after(wait));
            }
        }
        Ok(())
    }
}

fn count<K: Hash + Eq + Send + Sync + 'static>(counts: &Cache<K, Arc<AtomicU32>>, key: K) -> u32 {
    counts.get_with(key, Arc::default).fetch_add(1, Ordering::Relaxed)
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

    #[test]
    fn new_visitors_of_one_network_are_bounded() {
        let (mints, limits) = (Mints::default(), Limits { visitors_per_network_minute: 2, ..Limits::default() });
        let network = Network::of_client("192.0.2.1".parse().unwrap());
        assert!(mints.check(network, &limits).is_ok() && mints.check(network, &limits).is_ok());
        assert_eq!(mints.check(network, &limits).unwrap_err().code, Code::RateLimited);
        assert!(mints.check(Network::of_client("192.0.2.2".parse().unwrap()), &limits).is_ok());
    }

    #[test]
    fn many_households_of_one_ipv6_customer_are_bounded_together() {
        let (mints, limits) = (Mints::default(), Limits { visitors_per_network_minute: 2, ..Limits::default() });
        let household = |n: u16| Network::of_client(format!("2001:db8:1:{n:x}::1").parse().unwrap());
        let made = (0..100).filter(|n| mints.check(household(*n), &limits).is_ok()).count();
        assert_eq!(made, 20);
    }
}
