//! The demo page.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[demo]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Demo {
    /// Whether the demo page is served, and a demo app and site are made on first start.
    pub enabled: bool,
    /// Its own address, so that embedding is cross-origin; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Demo {
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8081) }
    }
}

impl Demo {
    pub(super) fn check(&self, report: &mut Report) {
        if self.enabled && !self.listen.ip().is_loopback() {
            report.warn("demo.listen", self.listen, "the demo page of a made-up company is open to the network");
        }
    }
}
