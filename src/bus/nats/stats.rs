//! Figures of the bus.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

/// What the bus counts since the start.
#[derive(Debug, Default)]
pub struct NatsStats {
    /// Whether NATS is heard now.
    pub connected: AtomicBool,
    /// Other nodes that are known now.
    pub nodes: AtomicUsize,
    /// Letters given to NATS.
    pub sent: AtomicU64,
    /// Letters that came.
    pub heard: AtomicU64,
    /// Letters that were not sent, because NATS is away or too slow, or because they are too large.
    pub dropped: AtomicU64,
    /// Letters that came and were of no known kind.
    pub unknown: AtomicU64,
    /// How often something of another node was lost.
    pub missed: AtomicU64,
}
