//! Figures of the engine, for metrics.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::store::histogram::{Histogram, batches, commits, micros};

/// Figures since the start.
#[derive(Debug)]
pub struct PostgresStats {
    /// Commits of messages and receipts.
    pub commits: AtomicU64,
    /// Jobs in them.
    pub jobs: AtomicU64,
    /// Time from `begin` to the answer to `commit`, in microseconds.
    pub commit_micros: Histogram,
    /// Jobs per commit.
    pub batch: Histogram,
    /// New messages kept.
    pub messages: AtomicU64,
    /// Transactions that failed or whose outcome is not known.
    pub failed_commits: AtomicU64,
    /// Transactions that were tried again.
    pub retries: AtomicU64,
    /// Everything that was asked or told: reads, writes, batches, and each try anew.
    pub work: AtomicU64,
    /// Damaged records met while reading (D8).
    pub damaged: AtomicU64,
}

impl Default for PostgresStats {
    fn default() -> Self {
        Self {
            commits: AtomicU64::new(0),
            jobs: AtomicU64::new(0),
            commit_micros: commits(),
            batch: batches(),
            messages: AtomicU64::new(0),
            work: AtomicU64::new(0),
            failed_commits: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
        }
    }
}

impl PostgresStats {
    pub(super) fn committed(&self, jobs: usize, took: Duration) {
        let jobs = u64::try_from(jobs).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(jobs, Ordering::Relaxed);
        self.commit_micros.add(micros(took));
        self.batch.add(jobs);
    }
}
