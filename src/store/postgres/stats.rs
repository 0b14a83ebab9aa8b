//! Figures of the engine, for metrics.

use std::sync::atomic::AtomicU64;

/// Figures since the start.
#[derive(Debug, Default)]
pub struct PostgresStats {
    /// Commits of messages and receipts.
    pub commits: AtomicU64,
    /// Jobs in them.
    pub jobs: AtomicU64,
    /// New messages kept.
    pub messages: AtomicU64,
    /// Transactions that failed or whose outcome is not known.
    pub failed_commits: AtomicU64,
    /// Transactions that were tried again.
    pub retries: AtomicU64,
    /// Damaged records met while reading (D8).
    pub damaged: AtomicU64,
}
