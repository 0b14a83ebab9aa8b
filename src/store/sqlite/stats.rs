//! Figures of the engine, for metrics. Reading them costs nothing on the commit path.

use std::{sync::atomic::AtomicU64, time::Duration};

use crate::store::histogram::{Histogram, batches, commits, micros};

/// Figures since the start.
#[derive(Debug)]
pub struct SqliteStats {
    /// Time from `begin` to the end of the fsync, in microseconds.
    pub commit_micros: Histogram,
    /// Jobs per commit.
    pub batch: Histogram,
    /// New messages kept.
    pub messages: AtomicU64,
    /// Commits that failed.
    pub failed_commits: AtomicU64,
    /// Checkpoints that ran.
    pub checkpoints: AtomicU64,
    /// Pages in the write-ahead log after the newest commit.
    pub wal_pages: AtomicU64,
    /// Damaged records met while reading (D8). Counts meetings: one record read twice counts twice.
    pub damaged: AtomicU64,
    /// Whether the disk's reserve is used up, as 0 or 1.
    pub low_on_space: AtomicU64,
}

impl Default for SqliteStats {
    fn default() -> Self {
        Self {
            commit_micros: commits(),
            batch: batches(),
            messages: AtomicU64::new(0),
            failed_commits: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            wal_pages: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            low_on_space: AtomicU64::new(0),
        }
    }
}

impl SqliteStats {
    /// Commits so far.
    pub fn commits(&self) -> u64 {
        self.batch.figures().count
    }

    pub(super) fn committed(&self, jobs: usize, took: Duration) {
        self.commit_micros.add(micros(took));
        self.batch.add(u64::try_from(jobs).unwrap_or(u64::MAX));
    }
}
