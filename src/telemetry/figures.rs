//! The few figures that matter, by their Prometheus names.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    collector::Collector,
    encoding::{EncodeLabelSet, EncodeLabelValue, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::{HookFigures, UpstreamFigures};

/// Every figure, and the registry they are read from. Handles are cheap to clone and shared.
#[derive(Debug)]
pub struct Figures {
    registry: Registry,
    /// Connections now, sockets and long-polls.
    pub connections: Gauge,
    /// Visitors who wait for an agent now, all apps.
    pub waiting_visitors: Gauge,
    /// Connections closed because they read too slowly.
    pub slow_disconnects: Counter,
    /// From a message's arrival to its frames lying in the receivers' queues.
    pub deliver_seconds: Histogram,
    /// Frames that wait for slow clients now, all connections.
    pub queued_frames: Gauge,
    /// Handlers that panicked. Any is a mistake of ours.
    pub panics: Counter,
    /// How deliveries to webhooks go.
    pub hooks: HookFigures,
    /// How sessions at other services go.
    pub upstream: UpstreamFigures,
    http_requests: Family<Request, Counter<u64, AtomicU64>>,
}

/// Labels of one HTTP request; closed sets only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    surface: &'static str,
    class: Class,
}

/// First digit of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Class {
    Success,
    Redirect,
    Refused,
    Broken,
}

impl Default for Figures {
    fn default() -> Self {
        let mut figures = Self {
            registry: Registry::with_prefix("parlor"),
            connections: Gauge::default(),
            waiting_visitors: Gauge::default(),
            slow_disconnects: Counter::default(),
            // 0.1 ms to 6.5 s.
            deliver_seconds: Histogram::new(exponential_buckets(0.0001, 2.0, 17)),
            queued_frames: Gauge::default(),
            panics: Counter::default(),
            hooks: HookFigures::default(),
            upstream: UpstreamFigures::default(),
            http_requests: Family::default(),
        };
        figures.register();
        figures
    }
}

impl Figures {
    /// Counts one answered HTTP request. `surface` is one of a closed set.
    pub fn count_request(&self, surface: &'static str, status: u16) {
        let class = match status {
            ..300 => Class::Success,
            300..400 => Class::Redirect,
            400..500 => Class::Refused,
            500.. => Class::Broken,
        };
        self.http_requests.get_or_create(&Request { surface, class }).inc();
    }

    /// Adds figures that another part keeps.
    pub fn add(&mut self, others: Box<dyn Collector>) {
        self.registry.register_collector(others);
    }

    /// All figures as Prometheus reads them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }

    fn register(&mut self) {
        let Self { registry, .. } = self;
        self.hooks.register(registry);
        self.upstream.register(registry);
        registry.register("connections", "Connections now", self.connections.clone());
        registry.register("waiting_visitors", "Visitors who wait for an agent", self.waiting_visitors.clone());
        registry.register("slow_disconnects", "Connections closed as too slow", self.slow_disconnects.clone());
        registry.register_with_unit(
            "deliver",
            "From a message's arrival to its frames in the receivers' queues",
            Unit::Seconds,
            self.deliver_seconds.clone(),
        );
        registry.register("queued_frames", "Frames that wait for slow clients", self.queued_frames.clone());
        registry.register("panics", "Handlers that panicked", self.panics.clone());
        registry.register("http_requests", "HTTP requests answered", self.http_requests.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_carry_their_units_and_totals() {
        let figures = Figures::default();
        figures.count_request("widget", 200);
        figures.slow_disconnects.inc();
        figures.deliver_seconds.observe(0.001);
        let text = figures.text();
        for line in [
            "parlor_slow_disconnects_total 1",
            "parlor_deliver_seconds_count 1",
            "parlor_connections 0",
            "parlor_http_requests_total{surface=\"widget\",class=\"Success\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
