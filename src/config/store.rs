//! Which engine keeps the data.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Secret, check::Report};

/// `[store]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Empty: the embedded one, in the data folder. Otherwise `postgres://user:password@host:port/database`.
    pub url: Secret,
}

/// What a password must not hold as it is, and how it is written.
const WRITE: &str = "write postgres://user:password@host:port/database, with one host; \
                     write %2F for /, %40 for @, %23 for #, %3F for ? in a password";
const ONE_HOST: &str = "name one host only; what leads to the primary after a failover is not ours (docs/CLUSTER.md)";
/// The parameters that are known, beside `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// How a connection may be sealed.
const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

impl Store {
    pub(super) fn check(&self, report: &mut Report) {
        let Some(text) = self.url.reveal() else { return };
        match parts(text) {
            Err(why) => report.refuse("store.url", "(not shown)", &why),
            Ok(url) if is_open_to_others(&url) => report.warn(
                "store.url",
                "(not shown)",
                "without ?sslmode=verify-full somebody on the way to the database can read along or pose as it",
            ),
            Ok(_) => {}
        }
    }
}

/// Says what is wrong with the address of a PostgreSQL, and never what it holds: there may be a password in it.
pub fn check_store_address(text: &str) -> Result<(), String> {
    parts(text).map(drop)
}

fn parts(text: &str) -> Result<Url, String> {
    let known = |url: &Url| ["postgres", "postgresql"].contains(&url.scheme()) && text.contains("://");
    let Some(url) = Url::parse(text).ok().filter(known) else {
        return Err(if names_several(text) { ONE_HOST } else { WRITE }.to_owned());
    };
    // What stands behind the host and has such a sign began as a part of the password.
    if [Some(url.path()), url.query()].iter().flatten().any(|part| part.contains('@')) || url.fragment().is_some() {
        return Err(WRITE.to_owned());
    }
    check_parameters(&url)?;
    if url.host_str().is_some_and(|host| host.contains(',')) { Err(ONE_HOST.to_owned()) } else { Ok(url) }
}

fn check_parameters(url: &Url) -> Result<(), String> {
    for (name, value) in url.query_pairs() {
        let is_option = name.strip_prefix("options[").is_some_and(|rest| rest.ends_with(']'));
        if !is_option && !PARAMETERS.contains(&&*name) {
            let known = PARAMETERS.join(", ");
            // Beside a password that stands there it may be a part of it.
            return Err(if url.query_pairs().any(|(name, _)| name == "password") {
                format!("a parameter is not known here; known are {known}; write %26 for & in a password")
            } else {
                format!("the parameter {name} is not known here; known are {known}")
            });
        }
        if matches!(&*name, "host" | "hostaddr") && value.contains(',') {
            return Err(ONE_HOST.to_owned());
        }
        if matches!(&*name, "sslmode" | "ssl-mode") && !MODES.contains(&&*value.to_ascii_lowercase()) {
            return Err(format!("{name} must be one of {}", MODES.join(", ")));
        }
    }
    Ok(())
}

/// Whether more than one host stands where one belongs.
fn names_several(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let before = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match before.rsplit_once('@') {
        Some((_, hosts)) => hosts.contains(','),
        // With one further on, the comma may be a part of the password.
        None => !text.contains('@') && before.contains(','),
    }
}

/// Whether others may be on the way there, and nothing proves who answers.
fn is_open_to_others(url: &Url) -> bool {
    let last = |names: [&str; 2]| url.query_pairs().filter(|(name, _)| names.contains(&&**name)).last();
    let is_sealed = last(["sslmode", "ssl-mode"]).is_some_and(|(_, mode)| mode.eq_ignore_ascii_case("verify-full"));
    let host = last(["host", "hostaddr"]).map_or_else(|| url.host_str().unwrap_or_default().into(), |(_, host)| host);
    let is_socket = host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    !is_sealed && !is_socket && !matches!(&*host, "" | "localhost" | "127.0.0.1" | "[::1]" | "::1")
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
    #[test]
    fn what_would_be_misread_is_refused_with_what_to_write_and_never_shown() {
        for url in [
            "postgres://parlor:12/hunter2@db.example/chat",
            "postgres://parlor:12?hunter2@db.example/chat",
            "postgres://parlor:12#hunter2@db.example/chat",
            "postgres://parlor:hun/ter2@db.example/chat",
            "postgres://parlor:hun,ter/2@db.example/chat",
            "postgres:parlor",
        ] {
            let report = checked(url);
            assert_eq!(report.errors.len(), 1, "{url}");
            assert!(report.errors[0].contains("%2F for /"), "{:?}", report.errors);
            assert!(!report.errors[0].contains("ter2") && !report.errors[0].contains("12"), "{:?}", report.errors);
        }
        for url in ["postgres://p:a%2F%40%23%3Fb@localhost/chat", "postgres://p:a@b@localhost/chat"] {
            assert!(checked(url).errors.is_empty(), "{url}");
        }
    }

    #[test]
    fn a_parameter_that_would_be_ignored_is_refused_by_name() {
        for name in ["target_session_attrs", "channel_binding", "sslmod"] {
            let report = checked(&format!("postgres://parlor@localhost/chat?{name}=hunter2"));
            assert!(report.errors.len() == 1 && report.errors[0].contains(name), "{:?}", report.errors);
            assert!(!report.errors[0].contains("hunter2"), "{:?}", report.errors);
        }
        let report = checked("postgres://localhost/chat?user=parlor&password=hunt&er2=1");
        assert!(report.errors.len() == 1 && !report.errors[0].contains("er2"), "{:?}", report.errors);
        for name in PARAMETERS.into_iter().chain(["options[search_path]"]) {
            let value = if name.starts_with("ssl") { "verify-full" } else { "1" };
            let report = checked(&format!("postgres://parlor@localhost/chat?{name}={value}"));
            assert!(report.errors.is_empty(), "{name}: {:?}", report.errors);
        }
    }

    #[test]
    fn one_host_and_a_known_mode() {
        for url in [
            "postgres://parlor@a,b/chat",
            "postgres://parlor:hunter2@a:1,b:2/chat",
            "postgres://a:1,b:2/chat",
            "postgres://parlor@localhost/chat?host=a,b",
        ] {
            let report = checked(url);
            assert!(report.errors.len() == 1 && report.errors[0].contains("one host only"), "{url} {report:?}");
        }
        for name in ["sslmode", "ssl-mode"] {
            let report = checked(&format!("postgres://parlor@db.example/chat?{name}=verify_full"));
            assert!(report.errors.len() == 1 && report.errors[0].contains("verify-ca, verify-full"), "{report:?}");
            let report = checked(&format!("postgres://parlor@db.example/chat?{name}=VERIFY-FULL"));
            assert_eq!((report.errors, report.warnings), (vec![], vec![]), "{name}");
        }
        let far = checked("postgres://parlor@localhost/chat?host=db.example");
        assert!(far.errors.is_empty() && far.warnings.len() == 1, "{far:?}");
    }
}
