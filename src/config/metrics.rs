//! Figures for Prometheus.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[metrics]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Whether `/metrics` is served.
    pub enabled: bool,
    /// Its own address, never the public one; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8082) }
    }
}

impl Metrics {
    pub(super) fn check(&self, report: &mut Report) {
        if self.enabled && !self.listen.ip().is_loopback() {
            report.warn("metrics.listen", self.listen, "everybody who reaches this address reads the figures");
        }
    }
}
