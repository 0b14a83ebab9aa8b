//! What handlers take from a request, checked.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::{Bytes, BytesMut, Data},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::{
    config::{Config, Network, Server},
    model::{Code, Fault},
};

/// A JSON body: right media type, within the limit, in time, nothing unknown in it.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let taken = is_json(request.headers());
        let limit = config(request).limits.body_bytes;
        let mut payload = payload.take();
        Box::pin(async move {
            if !taken {
                return Err(Fault::new(Code::UnsupportedMediaType, "send JSON with Content-Type: application/json"));
            }
            let body = read_body(&mut payload, limit).await?;
            // serde's own words name fields and types, never more of the body than one value's kind.
            serde_json::from_slice(&body).map(Json).map_err(|error| Fault::new(Code::BadRequest, error.to_string()))
        })
    }
}

/// Whether the headers say that the body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// 10 KiB/s at least, with 5 s to begin (W7).
fn deadline(limit: usize) -> Duration {
    Duration::from_secs(5 + limit as u64 / (10 << 10))
}

/// Reads a body within its limit, in time.
pub(super) async fn read_body(payload: &mut Payload, limit: usize) -> Result<Bytes, Fault> {
    let body = tokio::time::timeout(deadline(limit), read(payload, limit));
    body.await.map_err(|_| Fault::new(Code::BadRequest, "the body came too slowly"))?.map(BytesMut::freeze)
}

async fn read(payload: &mut Payload, limit: usize) -> Result<BytesMut, Fault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Fault::new(Code::BadRequest, "the body is broken"))?;
        if body.len() + chunk.len() > limit {
            return Err(Fault::new(Code::TooLarge, format!("the body is larger than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where a request comes from. Proxies are believed only when the settings name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's address.
    pub address: IpAddr,
    /// What limits count it under: IPv4 /32, IPv6 /64.
    pub network: Network,
}

impl Client {
    /// Who is behind a connection.
    pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, server: &Server) -> Self {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let trusted = |address: &IpAddr| server.trusted_proxies.iter().any(|network| network.contains(*address));
        let address = if trusted(&peer) { forwarded_for(headers, trusted).unwrap_or(peer) } else { peer };
        Self { address, network: Network::of_client(address) }
    }
}

/// The last address in `X-Forwarded-For` that is no proxy of ours. What stands before it, the client may have made up.
fn forwarded_for(headers: &HeaderMap, trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let lines: Vec<_> = headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
    let mut nearest = None;
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let address: IpAddr = entry.trim().parse().ok()?;
        nearest = Some(address.to_canonical());
        if !trusted(&address) {
            break;
        }
    }
    nearest
}

impl FromRequest for Client {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request.peer_addr(), request.headers(), &config(request).server)))
    }
}

/// Proof that a page of this server sent the request: state changes ask for it (O4).
#[derive(Debug, Clone, Copy)]
pub struct SameOrigin;

impl SameOrigin {
    /// By `Sec-Fetch-Site`, or by `Origin` from browsers that do not send it.
    pub fn check(headers: &HeaderMap, server: &Server) -> Result<Self, Fault> {
        let text = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or_default());
        let same = match (text("sec-fetch-site"), text("origin")) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => origin == server.origin(),
            (None, None) => false,
        };
        if same { Ok(Self) } else { Err(Fault::new(Code::OriginRefused, "only this server's own pages may ask this")) }
    }
}

impl FromRequest for SameOrigin {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::check(request.headers(), &config(request).server))
    }
}

fn config(request: &HttpRequest) -> &Config {
    request.app_data::<Data<Config>>().expect("the application carries its settings")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn client(peer: &str, forwarded: &'static str) -> String {
        let server = Server { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Server::default() };
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        Client::of(Some(peer), &headers(&[("x-forwarded-for", forwarded)]), &server).address.to_string()
    }

    #[test]
    fn w7_forwarded_addresses_count_only_behind_a_trusted_proxy() {
        assert_eq!(client("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(client("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(client("10.0.0.1", "nonsense"), "10.0.0.1");
    }

    #[test]
    fn o4_only_our_own_pages_change_state() {
        let server = Server::default();
        let passes = |list| SameOrigin::check(&headers(list), &server).is_ok();
        assert!(passes(&[("sec-fetch-site", "same-origin")]));
        assert!(passes(&[("origin", "http://127.0.0.1:8080")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080")]));
        assert!(!passes(&[("origin", "http://127.0.0.1:8081")]));
        assert!(!passes(&[]));
    }
}
