//! How several servers on one database hear of each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Secret, Store, check::Report};

/// `[bus]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bus {
    /// Empty: there are no others. Otherwise `nats://user:password@host:port`, several with commas between.
    pub url: Secret,
    /// A file of NATS credentials; empty: what the address says.
    pub credentials: PathBuf,
}

impl Bus {
    /// The file of credentials, if one is named.
    pub fn credentials(&self) -> Option<PathBuf> {
        Some(self.credentials.clone()).filter(|file| !file.as_os_str().is_empty())
    }

    pub(super) fn check(&self, store: &Store, report: &mut Report) {
        let Some(text) = self.url.reveal() else { return };
        let urls: Result<Vec<Url>, _> = text.split(',').map(|part| Url::parse(part.trim())).collect();
        let known = |url: &Url| {
            let behind = [Some(url.path()), url.query(), url.fragment()];
            // Such a sign behind the host began as a part of the password.
            let is_whole = !behind.iter().flatten().any(|part| part.contains('@'));
            ["nats", "tls"].contains(&url.scheme()) && url.host().is_some() && is_whole
        };
        let Some(urls) = urls.ok().filter(|urls| urls.iter().all(known)) else {
            report.refuse(
                "bus.url",
                "(not shown)",
                "write nats://user:password@host:port or tls://…, several with commas between; \
                 write %2C for a comma, %2F for /, %40 for @, %23 for #, %3F for ? in a password",
            );
            return;
        };
        if store.url.reveal().is_none() {
            report.refuse(
                "bus.url",
                "(not shown)",
                "several servers need one PostgreSQL: set store.url too, or leave bus.url empty",
            );
        }
        let here = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if urls.iter().any(|url| url.scheme() == "nats" && !here(url)) {
            report.warn(
                "bus.url",
                "(not shown)",
                "unless that server asks for TLS, somebody on the way can read along; tls:// insists on it",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(bus: &str, store: &str) -> Report {
        let mut report = Report::default();
        let store = Store { url: store.into() };
        Bus { url: bus.into(), ..Bus::default() }.check(&store, &mut report);
        report
    }

    const DATABASE: &str = "postgres://localhost/chat";

    #[test]
    fn an_address_is_refused_or_warned_about_and_never_shown() {
        for url in [
            "http://a:hunter2@b",
            "hunter2",
            "nats:",
            "nats://ok,hunter2",
            "nats://a:hunter2@",
            "nats://a:1,hunter2@b",
            "nats://a:1/hunter2@b",
        ] {
            let report = checked(url, DATABASE);
            assert_eq!(report.errors.len(), 1, "{url}");
            assert!(report.errors[0].contains("%2C for a comma"), "{:?}", report.errors);
            assert!(!report.errors[0].contains("hunter2"), "{:?}", report.errors);
        }
        let far = checked("nats://parlor:hunter2@bus.example:4222", DATABASE);
        assert!(far.errors.is_empty() && far.warnings.len() == 1, "{far:?}");
        assert!(!format!("{far:?}{:?}", Secret::from("hunter2")).contains("hunter2"));
        for near in ["", "nats://localhost:4222", "tls://a:b@bus.example,tls://c.example", "nats://token@127.0.0.1"] {
            let report = checked(near, DATABASE);
            assert_eq!((report.errors, report.warnings), (vec![], vec![]), "{near}");
        }
    }

    #[test]
    fn a_bus_needs_a_database_that_others_reach() {
        let report = checked("nats://localhost:4222", "");
        assert!(report.errors[0].contains("store.url"), "{report:?}");
    }
}
