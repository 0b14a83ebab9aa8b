//! Figures of webhooks.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// How deliveries go. Handles are cheap to clone and shared.
#[derive(Debug, Clone)]
pub struct HookFigures {
    /// Notices that wait for their receivers now.
    pub waiting: Gauge,
    /// Notices that were given up and can be replayed.
    pub parked: Gauge,
    seconds: Histogram,
    attempts: Family<What, Counter>,
}

/// What came of an attempt: one of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    outcome: &'static str,
}

impl Default for HookFigures {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            parked: Gauge::default(),
            // 1 ms to 16 s.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            attempts: Family::default(),
        }
    }
}

impl HookFigures {
    /// Counts an attempt. `outcome` is one of a closed set.
    pub fn attempted(&self, outcome: &'static str, took: std::time::Duration) {
        self.attempts.get_or_create(&What { outcome }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("hook_waiting", "Notices that wait for webhooks", self.waiting.clone());
        registry.register("hook_parked", "Notices that were given up", self.parked.clone());
        registry.register("hook_attempts", "Requests to webhooks", self.attempts.clone());
        let help = "One request to a webhook";
        registry.register_with_unit("hook_attempt", help, Unit::Seconds, self.seconds.clone());
    }
}
