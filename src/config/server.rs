//! Where the server listens and how the world reaches it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Network, check::Report};

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What browsers call this server: scheme, host and port. Empty: `http://<listen>`.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Threads that serve connections; 0: one per core.
    pub workers: usize,
    /// A stop may take this long at most.
    pub stop_secs: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            workers: 0,
            stop_secs: 25,
        }
    }
}

impl Server {
    /// Fills in what follows from the address that was bound.
    pub fn bound_to(&mut self, address: SocketAddr) {
        self.listen = address;
        if self.public_url.is_empty() {
            self.public_url = format!("http://{address}");
        }
    }

    /// The origin under which browsers know this server, such as `https://chat.example.com`.
    pub fn origin(&self) -> String {
        let url = if self.public_url.is_empty() { format!("http://{}", self.listen) } else { self.public_url.clone() };
        Url::parse(&url).map_or(url, |url| url.origin().ascii_serialization())
    }

    /// The same for sockets: `wss://chat.example.com`.
    pub fn socket_origin(&self) -> String {
        self.origin().replacen("http", "ws", 1)
    }

    /// Whether browsers reach this server over TLS.
    pub fn is_https(&self) -> bool {
        self.origin().starts_with("https://")
    }

    /// How many threads serve connections.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            count => count,
        }
    }

    pub(super) fn check(&self, report: &mut Report) {
        report.range("server.workers", self.workers, 0, 256);
        report.range("server.stop_secs", self.stop_secs, 1, 30);
        if self.public_url.is_empty() {
            if self.listen.ip().is_unspecified() {
                report.warn(
                    "server.listen",
                    self.listen,
                    "set server.public_url too, or browsers are sent to an address that is none",
                );
            }
            return;
        }
        match Url::parse(&self.public_url) {
            Ok(url) if is_bare(&url) => self.check_scheme(&url, report),
            _ => report.refuse(
                "server.public_url",
                &self.public_url,
                "write scheme, host and perhaps port, such as https://chat.example.com",
            ),
        }
    }

    fn check_scheme(&self, url: &Url, report: &mut Report) {
        if url.scheme() == "http" && !is_loopback(url) {
            report.warn(
                "server.public_url",
                &self.public_url,
                "without https browsers keep no visitor cookie inside other pages, and everybody on the way can read along",
            );
        }
    }
}

fn is_bare(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_browsers_read_it() {
        for url in ["https://chat.example.com", "HTTPS://Chat.Example.com/", "https://chat.example.com:443"] {
            let server = Server { public_url: url.to_owned(), ..Server::default() };
            assert_eq!(server.origin(), "https://chat.example.com");
            assert_eq!(server.socket_origin(), "wss://chat.example.com");
            assert!(server.is_https());
        }
    }

    #[test]
    fn without_a_public_address_the_bound_one_counts() {
        let mut server = Server::default();
        server.bound_to("127.0.0.1:4321".parse().unwrap());
        assert_eq!(server.origin(), "http://127.0.0.1:4321");
        assert!(!server.is_https());
    }
}
