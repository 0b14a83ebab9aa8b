//! Figures of the bus.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

/// What the bus counts since the start.
#[derive(Debug, Default)]
pub struct NatsStats {
    /// Whether NATS is heard now.
    pub connected: AtomicBool,
    /// Other nodes that are known now.
    pub nodes: AtomicUsize,
    /// What was given to NATS: hints, once per node or subject, and everything else.
    pub sent: AtomicU64,
    /// Letters in which several hints may be.
    pub bundles: AtomicU64,
    /// What came, counted like `sent`.
    pub heard: AtomicU64,
    /// What was not sent, because NATS is away or too slow, or because it is too large.
    pub dropped: AtomicU64,
    /// What came and was of no known kind.
    pub unknown: AtomicU64,
    /// How often something of another node was lost.
    pub missed: AtomicU64,
}
