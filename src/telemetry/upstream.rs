//! Figures of the sessions at services that lead apps' conversations.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// How the sessions do. Handles are cheap to clone and shared.
#[derive(Debug, Clone, Default)]
pub struct UpstreamFigures {
    /// Connections that stand now.
    pub sessions: Gauge,
    entered: Counter,
    lost: Family<Why, Counter>,
}

/// Why a connection does not stand: one of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    why: &'static str,
}

impl UpstreamFigures {
    /// Counts a connection that was let in.
    pub fn entered(&self) {
        self.entered.inc();
    }

    /// Counts a connection that ended, or did not come to stand. `why` is one of a closed set.
    pub fn lost(&self, why: &'static str) {
        self.lost.get_or_create(&Why { why }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("upstream_sessions", "Connections to other services now", self.sessions.clone());
        registry.register("upstream_connects", "Connections to other services", self.entered.clone());
        registry.register("upstream_losses", "Connections to other services that ended or failed", self.lost.clone());
    }
}
