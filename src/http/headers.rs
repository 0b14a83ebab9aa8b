//! Response headers by surface (security §12). What a handler does not set is the strictest.

use actix_web::{
    HttpResponseBuilder,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};
use data_encoding::BASE64URL_NOPAD;

use crate::{config::Server, model::site::Origin};

/// On every answer that does not say otherwise: what JSON gets.
pub const STRICT: &[(&str, &str)] = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// Over TLS, browsers never ask without it again.
pub(super) const ONE_YEAR: &str = "max-age=31536000; includeSubDomains";

const NO_FEATURES: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
    fullscreen=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), \
    local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
    publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// A word that only this response knows; scripts and styles carry it.
#[derive(Debug, Clone)]
pub struct Nonce(String);

impl Nonce {
    /// A new one of 128 random bits.
    pub fn random() -> Self {
        Self(BASE64URL_NOPAD.encode(&rand::random::<[u8; 16]>()))
    }

    /// For the template.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The headers of one surface.
#[derive(Debug)]
pub struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Puts them on a response.
    pub fn set(self, answer: &mut HttpResponseBuilder) {
        for header in self.0 {
            answer.insert_header(header);
        }
    }
}

/// The frame page: may be framed by the site's origins only (E2).
pub fn widget_page(nonce: &Nonce, server: &Server, ancestors: &[Origin]) -> Headers {
    let ancestors = ancestors.iter().map(Origin::to_string).collect::<Vec<_>>().join(" ");
    let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors };
    Headers(vec![
        ("content-security-policy", policy(nonce, server, "'none'", &ancestors)),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
        ("cross-origin-embedder-policy", "require-corp".to_owned()),
        ("permissions-policy", NO_FEATURES.to_owned()),
    ])
}

/// The frame of users on a page that was written for the original widget. As [`widget_page`]; pictures of people come
/// from where the page around it says, so they may lie anywhere with TLS or on that page's own origin, and are asked for
/// without credentials.
pub fn compat_frame(nonce: &Nonce, server: &Server, ancestors: &[Origin], page: &str) -> Headers {
    let Headers(mut headers) = widget_page(nonce, server, ancestors);
    let page = Origin::parse(page).map(|origin| origin.to_string()).unwrap_or_default();
    for (name, value) in &mut headers {
        match *name {
            "content-security-policy" => *value = value.replacen("blob:", &format!("blob: https: {page}"), 1),
            "cross-origin-embedder-policy" => "credentialless".clone_into(value),
            _ => {}
        }
    }
    Headers(headers)
}

/// The console and its login: never framed.
pub fn console_page(nonce: &Nonce, server: &Server) -> Headers {
    Headers(vec![
        ("content-security-policy", policy(nonce, server, "'self'", "'none'")),
        ("referrer-policy", "same-origin".to_owned()),
        ("cross-origin-opener-policy", "same-origin".to_owned()),
        ("permissions-policy", NO_FEATURES.to_owned()),
    ])
}

/// A page that shows what an SDK does in the frame of [`runner`]. It frames nothing else and asks nobody itself.
pub fn check_page(nonce: &Nonce, server: &Server) -> Headers {
    let Headers(mut headers) = console_page(nonce, server);
    for (_, value) in headers.iter_mut().filter(|(name, _)| *name == "content-security-policy") {
        value.push_str("; frame-src 'self'");
    }
    Headers(headers)
}

/// The frame in which an SDK runs: of no origin, with these scripts and these servers only. SDKs build functions out of
/// text; where their scripts may run anything, that gives them nothing more.
pub fn runner(nonce: &Nonce, scripts: &[String], servers: &[String]) -> Headers {
    // In a policy a source has no query: it is not part of what is compared.
    let paths: Vec<&str> = scripts.iter().filter_map(|script| script.split('?').next()).collect();
    let (nonce, scripts, servers) = (nonce.as_str(), paths.join(" "), servers.join(" "));
    Headers(vec![
        (
            "content-security-policy",
            format!(
                "sandbox allow-scripts; default-src 'none'; script-src 'nonce-{nonce}' 'unsafe-eval' {scripts}; \
                 connect-src {servers}; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'self'"
            ),
        ),
        ("referrer-policy", "no-referrer".to_owned()),
        ("permissions-policy", NO_FEATURES.to_owned()),
    ])
}

/// Scripts, styles and sounds: the same for everybody, from any page.
pub fn asset(immutable: bool) -> Headers {
    let cache = if immutable { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    Headers(vec![
        ("cache-control", cache.to_owned()),
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
        ("access-control-allow-origin", "*".to_owned()),
    ])
}

/// A page that says what went wrong.
pub(super) fn error_page(nonce: &Nonce) -> Headers {
    Headers(vec![(
        "content-security-policy",
        format!("default-src 'none'; style-src 'nonce-{}'; frame-ancestors 'none'", nonce.as_str()),
    )])
}

fn policy(nonce: &Nonce, server: &Server, form_action: &str, ancestors: &str) -> String {
    let (nonce, socket) = (nonce.as_str(), server.socket_origin());
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' blob:; \
         media-src 'self' blob:; connect-src 'self' {socket}; font-src 'self'; base-uri 'none'; \
         form-action {form_action}; object-src 'none'; frame-ancestors {ancestors}; \
         require-trusted-types-for 'script'"
    )
}

/// Adds to an answer what its handler left out.
pub(super) fn complete(headers: &mut HeaderMap, https: bool) {
    for (name, value) in STRICT {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_only_the_sites_origins_may_frame_the_widget() {
        let origins = ["https://a.example", "https://*.b.example"].map(|text| Origin::parse(text).unwrap());
        let Headers(headers) = widget_page(&Nonce::random(), &Server::default(), &origins);
        assert!(headers[0].1.contains("frame-ancestors https://a.example https://*.b.example;"), "{}", headers[0].1);
        let Headers(headers) = widget_page(&Nonce::random(), &Server::default(), &[]);
        assert!(headers[0].1.contains("frame-ancestors 'none';"));
    }

    #[test]
    fn pages_reach_only_their_own_socket() {
        let server = Server { public_url: "https://chat.example.com".to_owned(), ..Server::default() };
        let Headers(headers) = console_page(&Nonce::random(), &server);
        assert!(headers[0].1.contains("connect-src 'self' wss://chat.example.com;"), "{}", headers[0].1);
    }

    #[test]
    fn an_sdk_runs_without_an_origin() {
        let (scripts, servers) = (["https://cdn.example/a.js?v=1".to_owned()], ["wss://im.example".to_owned()]);
        let Headers(headers) = runner(&Nonce::random(), &scripts, &servers);
        let policy = &headers[0].1;
        assert!(policy.starts_with("sandbox allow-scripts; default-src 'none';"), "{policy}");
        assert!(policy.contains(" https://cdn.example/a.js; connect-src wss://im.example; "), "{policy}");
        assert!(!policy.contains("allow-same-origin") && !policy.contains("unsafe-inline"));
    }

    #[test]
    fn two_nonces_differ() {
        assert_ne!(Nonce::random().as_str(), Nonce::random().as_str());
    }
}
