//! How a request proves for which app it speaks (A1; compatible protocol, "Transport and authentication").

use actix_web::http::header::HeaderMap;

use super::refusal::Refusal;
use crate::{
    auth::app_secret::JoinedSignature,
    config::{Config, Server},
    http::extract::Client,
    im::app_secrets::{JoinedProof, wrong},
    model::{AppKey, Millis},
};

/// The four headers, without and with their prefix.
const PLAIN: [&str; 4] = ["app-key", "nonce", "timestamp", "signature"];
const PREFIXED: [&str; 4] = ["rc-app-key", "rc-nonce", "rc-timestamp", "rc-signature"];

/// What a request says about itself, each part checked for its form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    app: AppKey,
    nonce: String,
    timestamp: String,
    at: Millis,
    signature: JoinedSignature,
}

impl Credentials {
    /// Reads the headers: each once, all of one kind.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let (plain, prefixed) =
            (PLAIN.map(|name| headers.contains_key(name)), PREFIXED.map(|name| headers.contains_key(name)));
        let names = match (plain.contains(&true), prefixed.contains(&true)) {
            (true, true) => return Err(refused("the headers are named with `RC-` or without, not both")),
            (false, true) => PREFIXED,
            _ => PLAIN,
        };
        let [app, nonce, timestamp, signature] = names.map(|name| one(headers, name));
        let (app, nonce, timestamp, signature) = (app?, nonce?, timestamp?, signature?);
        let is_nonce = (1..=64).contains(&nonce.len())
            && nonce.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'));
        if !is_nonce {
            return Err(refused("`Nonce` is 1 to 64 letters, digits or `._+-`"));
        }
        let at = instant(timestamp)
            .ok_or_else(|| refused("`Timestamp` is 10 digits for seconds or 13 for milliseconds since 1970"))?;
        let signature = JoinedSignature::parse(signature)
            .ok_or_else(|| refused("`Signature` is SHA-1 in 40 lower-case hex digits"))?;
        // An id that cannot be one is answered like one that nobody has (A7).
        let app = app.parse().map_err(|_| Refusal::from(wrong()))?;
        Ok(Self { app, nonce: nonce.to_owned(), timestamp: timestamp.to_owned(), at, signature })
    }

    /// As the domain checks it.
    pub(super) fn proof(&self) -> JoinedProof<'_> {
        let Self { app, nonce, timestamp, at, signature } = self;
        JoinedProof { app, nonce, timestamp, at: *at, signature: *signature }
    }
}

/// Exactly 10 or 13 digits without a leading zero: no character can slide between nonce and time.
fn instant(text: &str) -> Option<Millis> {
    if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        10 => Some(Millis::new(number * 1000)),
        13 => Some(Millis::new(number)),
        _ => None,
    }
}

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut values = headers.get_all(name);
    let value = values.next().ok_or_else(|| refused(&format!("the header `{name}` is missing")))?;
    if values.next().is_some() {
        return Err(refused(&format!("the header `{name}` came more than once")));
    }
    value.to_str().map_err(|_| refused(&format!("the header `{name}` is not ASCII")))
}

fn refused(text: &str) -> Refusal {
    Refusal::new(401, 1004, text)
}

/// Refuses what travelled in the clear: this signature would work for whoever listened (A1). A request from this machine
/// needs no TLS; a trusted proxy says by which scheme it was asked, or is asked by the public one.
pub(super) fn check_transport(
    peer: Option<std::net::SocketAddr>,
    headers: &HeaderMap,
    config: &Config,
) -> Result<Client, Refusal> {
    let client = Client::of(peer, headers, &config.server);
    if client.address.is_loopback() || came_by_tls(peer, headers, &config.server) {
        return Ok(client);
    }
    Err(Refusal::new(403, 1007, "requests of this form are taken over TLS only, or from this machine"))
}

fn came_by_tls(peer: Option<std::net::SocketAddr>, headers: &HeaderMap, server: &Server) -> bool {
    let Some(peer) = peer.map(|peer| peer.ip().to_canonical()) else { return false };
    if !server.trusted_proxies.iter().any(|network| network.contains(peer)) {
        return false;
    }
    match headers.get("x-forwarded-proto") {
        Some(scheme) => scheme.as_bytes().eq_ignore_ascii_case(b"https"),
        None => server.is_https(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const SIGNATURE: &str = "97fd8aa237f93a3d8820a65aa59a2251484fd815";

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn read(change: &[(&str, &str)]) -> Result<Credentials, String> {
        let usual = [("app-key", "halden"), ("nonce", "14314"), ("timestamp", "1790000000"), ("signature", SIGNATURE)];
        let kept = usual.into_iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name));
        let list: Vec<_> = kept.chain(change.iter().copied().filter(|(_, value)| !value.is_empty())).collect();
        Credentials::of(&headers(&list)).map_err(|refusal| format!("{} {}", refusal.status, refusal.code))
    }

    #[test]
    fn a1_seconds_and_milliseconds_are_read_under_either_name() {
        assert_eq!(read(&[]).unwrap().at, Millis::new(1_790_000_000_000));
        assert_eq!(read(&[("timestamp", "1790000000123")]).unwrap().at, Millis::new(1_790_000_000_123));
        let list = PREFIXED.into_iter().zip(["halden", "1", "1790000000", SIGNATURE]).collect::<Vec<_>>();
        assert!(Credentials::of(&headers(&list)).is_ok());
    }

    #[test]
    fn a1_each_part_has_its_form() {
        let long = "n".repeat(65);
        let refused = [
            ("timestamp", "0790000000"),
            ("timestamp", "17900000001"),
            ("timestamp", "+790000000"),
            ("timestamp", "179000000x"),
            ("timestamp", ""),
            ("nonce", "with space"),
            ("nonce", &long),
            ("nonce", ""),
            ("signature", "97FD8AA237F93A3D8820A65AA59A2251484FD815"),
            ("signature", "97fd"),
            ("app-key", "NOT a key"),
            ("app-key", ""),
        ];
        for change in refused {
            assert_eq!(read(&[change]).unwrap_err(), "401 1004", "{change:?}");
        }
    }

    #[test]
    fn a1_nothing_is_doubled_or_mixed() {
        assert_eq!(read(&[("nonce", "1"), ("nonce", "2")]).unwrap_err(), "401 1004");
        assert_eq!(read(&[("rc-nonce", "1")]).unwrap_err(), "401 1004");
    }

    proptest! {
        #[test]
        fn t1_headers_of_any_kind_are_read_or_refused(
            app in "[ -~]{0,40}", nonce in "[ -~]{0,80}", at in "[0-9+. ]{0,20}", signature in "[0-9a-fG]{0,45}",
        ) {
            let list = [("app-key", app.as_str()), ("nonce", &nonce), ("timestamp", &at), ("signature", &signature)];
            if let Ok(read) = Credentials::of(&headers(&list)) {
                prop_assert!(matches!(read.timestamp.len(), 10 | 13) && read.nonce.len() <= 64);
            }
        }
    }

    #[test]
    fn a1_what_travelled_in_the_clear_is_refused() {
        let mut config = Config::default();
        config.server.trusted_proxies = vec!["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let passes = |peer: &str, list: &[(&str, &str)], config: &Config| {
            let peer = Some(std::net::SocketAddr::new(peer.parse().unwrap(), 1));
            check_transport(peer, &headers(list), config).is_ok()
        };
        let far = ("x-forwarded-for", "198.51.100.7");
        assert!(passes("127.0.0.1", &[], &config) && passes("::1", &[], &config), "this machine");
        assert!(!passes("198.51.100.7", &[], &config));
        assert!(!passes("198.51.100.7", &[("x-forwarded-proto", "https")], &config), "said by a stranger");
        assert!(passes("10.0.0.1", &[far, ("x-forwarded-proto", "https")], &config));
        assert!(!passes("10.0.0.1", &[far, ("x-forwarded-proto", "http")], &config));
        assert!(!passes("127.0.0.1", &[far], &config), "a proxy on this machine, asked in the clear");
        config.server.public_url = "https://chat.example".to_owned();
        assert!(passes("10.0.0.1", &[far], &config), "the only way in is TLS");
    }
}
