//! How a client gets in: a token from the server API, the name of a server from navigation, the address of its socket.
//!
//! Source: compatible protocol, "Navigation and choice of server", and the server API, "Transport and authentication".

use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha1::{Digest, Sha1};
use url::form_urlencoded::Serializer;

use crate::model::{Millis, Upstream};

/// The version of the SDK whose manners we have: it reads contents byte for byte.
const SPEAKS: &str = "4.6.4";
/// The function in which navigation wraps its answer.
const WRAPPER: &str = "getServerEndpoint";
/// Most servers that are tried.
const MOST_SERVERS: usize = 8;
/// Longest token that is taken.
const MAX_TOKEN: usize = 1024;

/// A request to the server API.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    /// Where to.
    pub url: String,
    /// Who asks, and the proof.
    pub headers: Vec<(&'static str, String)>,
    /// The form, encoded.
    pub body: String,
}

/// Never prints the signature.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({})", self.url)
    }
}

/// Why a door stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// App key and secret do not belong together.
    #[error("the app key or the secret is wrong")]
    Secret,
    /// The app may not, or is not there.
    #[error("the app is locked, or not known there")]
    App,
    /// The token is not good (any more).
    #[error("the token is not taken")]
    Token,
    /// Not now.
    #[error("it has no time now")]
    Busy,
    /// What came is no answer of this protocol.
    #[error("the answer makes no sense")]
    Unreadable,
}

/// Asks for a token of this user; makes the user when missing.
pub fn ask_token(upstream: &Upstream, secret: &str, user: &str, name: &str, nonce: u64, now: Millis) -> Form {
    let (nonce, at) = (nonce.to_string(), now.get().to_string());
    // At most 18 characters.
    let nonce = nonce.get(..18).unwrap_or(&nonce).to_owned();
    let signature = HEXLOWER.encode(&Sha1::digest(format!("{secret}{nonce}{at}")));
    let body = Serializer::new(String::new()).append_pair("userId", user).append_pair("name", name).finish();
    Form {
        url: format!("{}/user/getToken.json", upstream.api.trim_end_matches('/')),
        headers: vec![
            ("app-key", upstream.app_key.clone()),
            ("nonce", nonce),
            ("timestamp", at),
            ("signature", signature),
        ],
        body,
    }
}

/// Reads the token. Some carry a list of navigation servers behind an `@`, which is not part of it.
pub fn read_token(status: u16, body: &[u8]) -> Result<String, Shut> {
    #[derive(Deserialize)]
    struct Answer {
        code: u16,
        token: Option<String>,
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return Err(without_words(status)) };
    match answer.code {
        200 => {
            let token = answer.token.unwrap_or_default();
            let token = token.split('@').next().unwrap_or_default();
            if token.is_empty() || token.len() > MAX_TOKEN { Err(Shut::Unreadable) } else { Ok(token.to_owned()) }
        }
        1001 | 1004 => Err(Shut::Secret),
        1006 | 1007 | 1009 | 2007 => Err(Shut::App),
        1000 | 1008 | 1050 => Err(Shut::Busy),
        _ => Err(without_words(status)),
    }
}

const fn without_words(status: u16) -> Shut {
    match status {
        401 => Shut::Secret,
        403 => Shut::App,
        429 | 500.. => Shut::Busy,
        _ => Shut::Unreadable,
    }
}

/// Where to ask which server to connect to.
pub fn navigation_url(upstream: &Upstream, token: &str, now: Millis) -> String {
    let query = Serializer::new(String::new())
        .append_pair("appId", &upstream.app_key)
        .append_pair("token", token)
        .append_pair("callBack", WRAPPER)
        .append_pair("v", SPEAKS)
        .append_pair("r", &now.get().to_string())
        .finish();
    format!("{}/navi.js?{query}", upstream.navigation.trim_end_matches('/'))
}

/// Reads the servers, `host[:port]` each, in the order in which they are to be tried.
pub fn read_navigation(status: u16, body: &[u8]) -> Result<Vec<String>, Shut> {
    #[derive(Deserialize)]
    struct Answer {
        code: u16,
        #[serde(default)]
        server: String,
        #[serde(default, rename = "backupServer")]
        backup: String,
    }
    let text = std::str::from_utf8(body).map_err(|_| Shut::Unreadable)?;
    let Ok(answer) = serde_json::from_str::<Answer>(unwrapped(text)) else {
        return Err(match status {
            401 => Shut::Token,
            other => without_words(other),
        });
    };
    match answer.code {
        200 => {}
        401 => return Err(Shut::Token),
        403 => return Err(Shut::App),
        other => return Err(without_words(other)),
    }
    let mut servers: Vec<String> = Vec::new();
    for named in answer.server.split(',').chain(answer.backup.split(',')).map(host_and_port) {
        if !named.is_empty() && !servers.contains(&named) && servers.len() < MOST_SERVERS {
            servers.push(named);
        }
    }
    if servers.is_empty() { Err(Shut::Unreadable) } else { Ok(servers) }
}

fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let Some(inside) = text.strip_prefix(WRAPPER).and_then(|rest| rest.trim_start().strip_prefix('(')) else {
        return text;
    };
    inside.trim_end().trim_end_matches(';').trim_end().trim_end_matches(')')
}

/// A value may carry a scheme and a path; host and port remain.
fn host_and_port(named: &str) -> String {
    let rest = named.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?', '#', '@']).next().unwrap_or_default().to_owned()
}

/// The address of the socket, with the scheme of an HTTP request: it begins as one.
pub fn socket_url(upstream: &Upstream, server: &str, token: &str) -> String {
    let scheme = if upstream.navigation.starts_with("http:") { "http" } else { "https" };
    let query = Serializer::new(String::new())
        .append_pair("appId", &upstream.app_key)
        .append_pair("token", token)
        .append_pair("sdkVer", SPEAKS)
        .append_pair("pid", "")
        .append_pair("apiVer", "normal")
        .append_pair("protocolVer", "3")
        .finish();
    format!("{scheme}://{server}/websocket?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::upstream::Peer;

    fn upstream() -> Upstream {
        Upstream {
            navigation: "https://nav.example/".to_owned(),
            api: "https://api.example/".to_owned(),
            app_key: "k4xyz".to_owned(),
            peer: Peer::Service("KEFU1".to_owned()),
        }
    }

    #[test]
    fn a_token_is_asked_for_with_a_signature() {
        let form = ask_token(&upstream(), "s3cret", "v 1&", "Ann é", 14_314, Millis::new(1_408_706_337));
        assert_eq!(form.url, "https://api.example/user/getToken.json");
        assert_eq!(form.body, "userId=v+1%26&name=Ann+%C3%A9");
        let header = |name| form.headers.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
        assert_eq!((header("app-key"), header("nonce"), header("timestamp")), ("k4xyz", "14314", "1408706337"));
        // printf s3cret143141408706337 | sha1sum
        assert_eq!(header("signature"), SIGNED);
        let long = ask_token(&upstream(), "s", "v", "n", u64::MAX, Millis::new(0));
        assert_eq!(long.headers[1].1.len(), 18);
        assert!(!format!("{form:?}").contains(SIGNED));
    }

    const SIGNED: &str = "fa15a1aac6666398e2e9972da91c389d3b0f30f8";

    #[test]
    fn answers_about_tokens_are_read() {
        let read = |status, body: &str| read_token(status, body.as_bytes());
        assert_eq!(read(200, r#"{"code":200,"userId":"v","token":"abc="}"#), Ok("abc=".to_owned()));
        assert_eq!(read(200, r#"{"code":200,"token":"abc=@one.example;two.example"}"#), Ok("abc=".to_owned()));
        assert_eq!(read(401, r#"{"code":1004,"errorMessage":"x"}"#), Err(Shut::Secret));
        assert_eq!(read(401, "no"), Err(Shut::Secret));
        assert_eq!(read(403, r#"{"code":1006}"#), Err(Shut::App));
        assert_eq!(read(403, r#"{"code":1008}"#), Err(Shut::Busy));
        assert_eq!(read(502, "<html>"), Err(Shut::Busy));
        assert_eq!(read(200, r#"{"code":200}"#), Err(Shut::Unreadable));
        assert_eq!(read(200, "<html>"), Err(Shut::Unreadable));
    }

    #[test]
    fn navigation_names_servers_wrapped_or_bare() {
        let url = navigation_url(&upstream(), "a/b=", Millis::new(5));
        assert_eq!(
            url,
            "https://nav.example/navi.js?appId=k4xyz&token=a%2Fb%3D&callBack=getServerEndpoint&v=4.6.4&r=5"
        );
        let read = |status, body: &str| read_navigation(status, body.as_bytes());
        let wrapped = r#"getServerEndpoint({"code":200,"userId":"v","server":"a.example:8080,b.example","backupServer":"a.example:8080"});"#;
        assert_eq!(read(200, wrapped), Ok(vec!["a.example:8080".to_owned(), "b.example".to_owned()]));
        let bare = r#"{"code":200,"server":"wss://c.example/x","backupServer":""}"#;
        assert_eq!(read(200, bare), Ok(vec!["c.example".to_owned()]));
        assert_eq!(read(401, r#"{"code":401}"#), Err(Shut::Token));
        assert_eq!(read(200, r#"{"code":401}"#), Err(Shut::Token));
        assert_eq!(read(403, r#"{"code":403}"#), Err(Shut::App));
        assert_eq!(read(503, ""), Err(Shut::Busy));
        assert_eq!(read(200, r#"{"code":200,"server":""}"#), Err(Shut::Unreadable));
    }

    #[test]
    fn the_socket_has_the_scheme_of_navigation() {
        let url = socket_url(&upstream(), "a.example:8080", "t=");
        assert!(url.starts_with("https://a.example:8080/websocket?appId=k4xyz&token=t%3D&sdkVer=4.6.4&"), "{url}");
        let plain = Upstream { navigation: "http://nav.example".to_owned(), ..upstream() };
        assert!(socket_url(&plain, "a.example", "t").starts_with("http://a.example/websocket?"));
    }
}
