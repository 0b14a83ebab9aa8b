//! By which name a client reaches this server.

use actix_web::http::header::{self, HeaderMap};

use crate::config::Server;

/// Longest host with its port.
const MAX_HOST: usize = 261;

/// Host and port, and the same with a scheme.
pub(super) struct Reach {
    /// `host[:port]`, without scheme and path.
    pub(super) host: String,
    /// `scheme://host[:port]`.
    pub(super) origin: String,
}

impl Reach {
    /// The name that the client used, so that it finds the server again whatever it is called there; the configured
    /// one when the client's is none.
    pub(super) fn of(headers: &HeaderMap, server: &Server) -> Self {
        let origin = server.origin();
        let (scheme, own) = origin.split_once("://").unwrap_or(("http", &origin));
        let used = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
        let host = used.unwrap_or(own);
        Self { host: host.to_owned(), origin: format!("{scheme}://{host}") }
    }
}

/// A name or address and perhaps a port: nothing that could mean more in an address or a script.
fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (1..=MAX_HOST).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn reach(host: &'static str) -> (String, String) {
        let server = Server { public_url: "https://chat.example".to_owned(), ..Server::default() };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        let reach = Reach::of(&headers, &server);
        (reach.host, reach.origin)
    }

    #[test]
    fn check_08_the_name_that_was_used_counts_when_it_is_one() {
        for host in ["im.example:8443", "127.0.0.1:80", "[::1]:8080", "chat.example"] {
            assert_eq!(reach(host), (host.to_owned(), format!("https://{host}")));
        }
        for host in ["", "a/b", "a?b", "a@b", "a,b", "a b", "a\"b"] {
            assert_eq!(reach(host).0, "chat.example", "{host}");
        }
    }
}
