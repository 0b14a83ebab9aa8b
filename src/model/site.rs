//! Tenants and the places where they embed the widget.

use serde::{Deserialize, Serialize};

use super::{AppKey, Features, Millis, SiteKey};

/// One tenant: users, agents, sites, features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct App {
    /// Its public key.
    pub key: AppKey,
    /// Its name, shown to agents.
    pub name: String,
    /// What it may do, and how.
    pub features: Features,
    /// When it was made.
    pub created_at: Millis,
}

/// One embedding of an app on a website.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its public key; part of the pasted line.
    pub key: SiteKey,
    /// The app it belongs to.
    pub app: AppKey,
    /// Its name, shown to visitors ("Chat with Halden").
    pub name: String,
    /// Pages on these origins may embed the widget; 1–50.
    pub origins: Vec<Origin>,
    /// How it looks and speaks.
    pub look: Look,
    /// When it was made.
    pub created_at: Millis,
}

/// A site's appearance and words. A fixed set of checked values (B6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// The one colour the owner chose, `#rrggbb`.
    pub colour: String,
    /// Language when the visitor's own is not offered, such as `en` or `zh-CN`.
    pub language: String,
    /// Whether the "Chat by Parlor" line is shown.
    pub credit: bool,
    /// Quick questions on the home screen, at most 6.
    pub quick_questions: Vec<String>,
}

impl Default for Look {
    fn default() -> Self {
        Self { colour: "#225743".to_owned(), language: "en".to_owned(), credit: true, quick_questions: Vec::new() }
    }
}

/// A page origin that may embed a site: scheme, host and port, in ASCII form (E1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
    /// `https://*.host`: any subdomain.
    wildcard: bool,
}

/// Most origins a site may list.
pub const MAX_ORIGINS: usize = 50;

/// A text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin; write scheme and host, such as https://shop.example or https://*.shop.example")]
pub struct InvalidOrigin(String);

impl Origin {
    /// Reads `https://host`, `http://host:port` or `https://*.host`. Paths, credentials and odd schemes are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.chars().take(120).collect());
        let (text_without_star, wildcard) = match text.strip_prefix("https://*.") {
            Some(host) => (format!("https://{host}"), true),
            None => (text.to_owned(), false),
        };
        let url = url::Url::parse(&text_without_star).map_err(|_| invalid())?;
        let host = url.host_str().ok_or_else(invalid)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let plain = url.username().is_empty() && url.password().is_none();
        let known = matches!(url.scheme(), "http" | "https");
        let has_header_signs =
            host.bytes().any(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':')));
        if !bare || !plain || !known || has_header_signs || (wildcard && !host.contains('.')) {
            return Err(invalid());
        }
        Ok(Self { scheme: url.scheme().to_owned(), host: host.to_owned(), port: url.port(), wildcard })
    }

    /// Whether a browser's `Origin` value is this origin, or below it when it is a wildcard. Exact, never by prefix.
    pub fn matches(&self, other: &str) -> bool {
        let Ok(other) = Self::parse(other) else { return false };
        if other.wildcard || other.scheme != self.scheme || other.port != self.port {
            return false;
        }
        if self.wildcard {
            other.host.strip_suffix(&self.host).is_some_and(|head| head.len() > 1 && head.ends_with('.'))
        } else {
            other.host == self.host
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let star = if self.wildcard { "*." } else { "" };
        write!(f, "{}://{star}{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_a_look_alike_host_does_not_match() {
        let origin = Origin::parse("https://a.com").unwrap();
        assert!(origin.matches("https://a.com"));
        for other in [
            "https://a.com.evil.net",
            "https://evila.com",
            "http://a.com",
            "https://a.com:444",
            "null",
            "https://x.a.com",
        ] {
            assert!(!origin.matches(other), "{other}");
        }
    }

    #[test]
    fn e1_a_wildcard_matches_subdomains_only() {
        let origin = Origin::parse("https://*.a.com").unwrap();
        assert!(origin.matches("https://x.a.com") && origin.matches("https://y.x.a.com"));
        assert!(
            !origin.matches("https://a.com")
                && !origin.matches("https://evila.com")
                && !origin.matches("https://.a.com")
        );
    }

    #[test]
    fn e2_header_signs_are_refused() {
        for text in [
            "https://a.com;x",
            "https://a.com b",
            "https://a.com,b",
            "https://a.com/path",
            "javascript:x",
            "*",
            "https://*.com",
            "https://u:p@a.com",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn e1_origins_are_kept_in_ascii_form() {
        assert_eq!(Origin::parse("https://Bücher.example/").unwrap().to_string(), "https://xn--bcher-kva.example");
        assert_eq!(Origin::parse("http://127.0.0.1:8081").unwrap().to_string(), "http://127.0.0.1:8081");
    }
}
