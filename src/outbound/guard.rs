//! Which URLs and addresses may be asked (N1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::{self, Network};

/// Longest URL that is taken, in bytes.
const MAX_URL: usize = 2048;

/// Why a request was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a URL, without a host, or endless.
    #[error("this is not a URL such as https://example.com/hook, of at most {MAX_URL} characters")]
    NoUrl,
    /// Neither `https` nor, where that is allowed, `http`.
    #[error("only https URLs are asked; the operator may allow http (`outbound.allow_http`)")]
    Scheme,
    /// A name or password stands in the URL.
    #[error("a URL with a name or password in it is not asked")]
    Credentials,
    /// A port that is neither usual nor configured.
    #[error("only ports 80 and 443 are asked; the operator may allow others (`outbound.ports`)")]
    Port,
    /// The host is, or leads to, an address that is not public.
    #[error("the host leads to an address that is not public; the operator may allow it (`outbound.networks`)")]
    Address,
}

/// The rules: what may be asked.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow_http: bool,
    ports: Vec<u16>,
    networks: Vec<Network>,
}

impl Guard {
    /// The rules as the operator wants them.
    pub fn new(settings: &config::Outbound) -> Self {
        Self { allow_http: settings.allow_http, ports: settings.ports.clone(), networks: settings.networks.clone() }
    }

    /// Reads a URL and checks all that can be said without asking for the host's addresses. Numbers in any writing
    /// (hexadecimal, octal, one number) are addresses here, for the parser makes them so.
    pub fn url(&self, text: &str) -> Result<Url, Refusal> {
        if text.len() > MAX_URL {
            return Err(Refusal::NoUrl);
        }
        let url = Url::parse(text).map_err(|_| Refusal::NoUrl)?;
        if !(url.scheme() == "https" || self.allow_http && url.scheme() == "http") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Refusal::NoUrl)?;
        if !matches!(port, 80 | 443) && !self.ports.contains(&port) {
            return Err(Refusal::Port);
        }
        match url.host() {
            None => Err(Refusal::NoUrl),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.address(address.into()),
            Some(Host::Ipv6(address)) => self.address(address.into()),
        }?;
        Ok(url)
    }

    /// Whether this address may be asked.
    pub fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.names(address) || is_public(address) { Ok(()) } else { Err(Refusal::Address) }
    }

    /// Whether the operator named this address.
    pub(super) fn names(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// Whether packets to this address leave for the public network and reach one host there.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// IANA's IPv4 special-purpose registry; everything in it counts as not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // "This network", private, loopback, and from multicast upwards.
        (0 | 10 | 127 | 224.., ..)
            // Carrier-grade NAT.
            | (100, 64..=127, _)
            // Link-local; the metadata services of clouds live here.
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocol assignments, documentation, 6to4 relays.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            // Benchmarking, documentation.
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Only `2000::/3` is global unicast. That leaves out loopback, unique local, link-local, multicast, mapped IPv4 and
/// NAT64; what hides an IPv4 address inside (6to4, Teredo) and documentation are left out here.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match a {
        // Protocol assignments, with Teredo and benchmarking; documentation.
        0x2001 => b < 0x0200 || b == 0x0db8,
        // 6to4.
        0x2002 => true,
        // Documentation.
        0x3fff => b < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open() -> Guard {
        Guard { allow_http: true, ports: vec![8443], networks: Vec::new() }
    }

    #[test]
    fn n1_addresses_that_are_not_public_are_refused() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Guard::default().address(address), Err(Refusal::Address), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_asked() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "2003::1",
        ] {
            assert_eq!(Guard::default().address(text.parse().unwrap()), Ok(()), "{text}");
        }
    }

    #[test]
    fn n1_other_writings_of_an_address_are_the_same_address() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "017700000001",
            "0x7f.0x0.0x0.0x1",
            "127.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "１２７.0.0.1",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "0",
            "169.254.169.254",
        ] {
            assert_eq!(open().url(&format!("http://{host}/")), Err(Refusal::Address), "{host}");
        }
        for host in ["[fe80::1%25eth0]", "[fe80::1%eth0]", "127.0.0.256", "1.2.3.4.5", "", "exa mple.com", "a%00b"] {
            assert_eq!(open().url(&format!("http://{host}/")), Err(Refusal::NoUrl), "{host}");
        }
    }

    #[test]
    fn n1_only_https_on_usual_ports_without_credentials() {
        let strict = Guard::default();
        for (url, refusal) in [
            ("http://example.com/", Refusal::Scheme),
            ("ftp://example.com/", Refusal::Scheme),
            ("file:///etc/passwd", Refusal::Scheme),
            ("gopher://example.com/", Refusal::Scheme),
            ("javascript:alert(1)", Refusal::Scheme),
            ("https://user@example.com/", Refusal::Credentials),
            ("https://:secret@example.com/", Refusal::Credentials),
            ("https://example.com:22/", Refusal::Port),
            ("https://example.com:8443/", Refusal::Port),
            ("example.com/hook", Refusal::NoUrl),
            ("", Refusal::NoUrl),
        ] {
            assert_eq!(strict.url(url), Err(refusal), "{url}");
        }
        assert!(open().url("https://example.com:8443/").is_ok());
        assert_eq!(strict.url(&format!("https://example.com/{}", "x".repeat(MAX_URL))), Err(Refusal::NoUrl));
        for url in ["https://example.com", "https://example.com.:443/a?b=c", "https://例え.jp/hook", "https://8.8.8.8/"]
        {
            assert!(strict.url(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_operator_may_name_networks() {
        let guard = Guard { networks: vec!["10.1.0.0/16".parse().unwrap()], ..Guard::default() };
        assert!(guard.url("https://10.1.2.3/").is_ok());
        assert!(guard.url("https://10.2.0.1/").is_err());
        assert!(guard.url("https://127.0.0.1/").is_err());
    }

    proptest! {
        #[test]
        fn the_guard_never_panics(text in ".{0,80}", host in "[0-9a-fx.:%\\[\\]@/]{0,40}") {
            let _ = open().url(&text);
            let _ = open().url(&format!("http://{host}/"));
        }

        #[test]
        fn a_number_is_judged_like_the_address_it_is(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let written = open().url(&format!("http://{bits}/")).map(drop);
            prop_assert_eq!(written, open().address(address.into()));
        }

        #[test]
        fn an_ipv4_address_in_ipv6_clothes_is_never_public(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            for v6 in [v4.to_ipv6_mapped(), v4.to_ipv6_compatible()] {
                prop_assert!(!is_public_v6(v6));
            }
        }
    }
}
