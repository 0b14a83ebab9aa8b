//! Which engine keeps the data.

use serde::{Deserialize, Serialize};

use super::{Secret, check::Report};

/// `[store]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Empty: the embedded one, in the data folder. Otherwise `postgres://user:password@host:port/database`.
    pub url: Secret,
}

impl Store {
    pub(super) fn check(&self, report: &mut Report) {
        let Some(text) = self.url.reveal() else { return };
        let known = ["postgres", "postgresql"];
        let refuse = |report: &mut Report| {
            report.refuse("store.url", "(not shown)", "write postgres://user:password@host:port/database");
        };
        let Ok(url) = url::Url::parse(text) else { return refuse(report) };
        if !known.contains(&url.scheme()) {
            return refuse(report);
        }
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let socket = names.iter().any(|name| name == "host");
        let sealed = url.query_pairs().any(|(name, value)| name == "sslmode" && value == "verify-full");
        let here = matches!(url.host_str(), None | Some("" | "localhost" | "127.0.0.1" | "[::1]"));
        if !sealed && !socket && !here {
            report.warn(
                "store.url",
                "(not shown)",
                "without ?sslmode=verify-full somebody on the way to the database can read along or pose as it",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str) -> Report {
        let mut report = Report::default();
        Store { url: url.into() }.check(&mut report);
        report
    }

    #[test]
    fn an_address_is_refused_or_warned_about_and_never_shown() {
        for url in ["mysql://a:hunter2@b/c", "hunter2", "postgres//x"] {
            let report = checked(url);
            assert_eq!(report.errors.len(), 1, "{url}");
            assert!(!report.errors[0].contains("hunter2"), "{:?}", report.errors);
        }
        let far = checked("postgres://parlor:hunter2@db.example:5432/chat");
        assert!(far.errors.is_empty() && far.warnings.len() == 1, "{far:?}");
        assert!(!format!("{far:?}{:?}", Secret::from("hunter2")).contains("hunter2"));
        for near in [
            "",
            "postgres://parlor@localhost/chat",
            "postgres://parlor@localhost/chat?host=/run/postgresql",
            "postgres://parlor@db.example/chat?sslmode=verify-full",
        ] {
            let report = checked(near);
            assert_eq!((report.errors, report.warnings), (vec![], vec![]), "{near}");
        }
    }
}
