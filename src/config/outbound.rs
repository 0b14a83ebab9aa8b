//! Requests that the server itself makes to customers' systems.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Network, check::Report};

/// `[outbound]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Plain `http` is allowed beside `https`.
    pub allow_http: bool,
    /// Ports beside 80 and 443.
    #[serde(deserialize_with = "numbers_or_texts")]
    pub ports: Vec<u16>,
    /// Addresses that may be reached although they are not public, such as those of an intranet.
    pub networks: Vec<Network>,
    /// A connection must stand by then.
    pub connect_secs: u64,
    /// A whole request must be over by then.
    pub total_secs: u64,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { allow_http: false, ports: Vec::new(), networks: Vec::new(), connect_secs: 3, total_secs: 10 }
    }
}

impl Outbound {
    pub(super) fn check(&self, report: &mut Report) {
        report.range("outbound.connect_secs", self.connect_secs, 1, 30);
        report.range("outbound.total_secs", self.total_secs, 1, 60);
        if self.allow_http {
            report.warn("outbound.allow_http", true, "whoever sits on the way reads messages and could change answers");
        }
        if !self.networks.is_empty() {
            let networks: Vec<String> = self.networks.iter().map(ToString::to_string).collect();
            let what = "whoever owns an app can make the server ask these addresses";
            report.warn("outbound.networks", networks.join(","), what);
        }
    }
}

/// The environment knows only texts.
fn numbers_or_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Number(u16),
        Text(String),
    }
    let read = |port| match port {
        Port::Number(number) => Ok(number),
        Port::Text(text) => text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is not a port"))),
    };
    Vec::<Port>::deserialize(deserializer)?.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_as_numbers_and_as_texts() {
        let read = |text: &str| toml::from_str::<Outbound>(text).map(|outbound| outbound.ports);
        assert_eq!(read("ports = [8443, \"9443\"]").unwrap(), [8443, 9443]);
        assert!(read("ports = [\"https\"]").is_err());
    }

    #[test]
    fn opening_the_guard_is_legal_but_warned_about() {
        let mut report = Report::default();
        let outbound =
            Outbound { allow_http: true, networks: vec!["10.0.0.0/8".parse().unwrap()], ..Outbound::default() };
        outbound.check(&mut report);
        assert_eq!((report.errors.len(), report.warnings.len()), (0, 2));
    }
}
