//! How to open a store in a data folder.

use std::{fmt, sync::Arc, time::Duration};

/// What to do when the kernel failed to bring data to the disk (D4). Given the cause.
pub type SyncFailure = Arc<dyn Fn(&str) + Send + Sync>;

/// How to open a store.
#[derive(Clone)]
pub struct SqliteOptions {
    /// This node's number, 0–4094; part of every message id.
    pub node: u16,
    /// Free bytes below which no new messages are taken. `None`: 5 % of the disk, at most 1 GiB. 0: no reserve.
    pub reserve_bytes: Option<u64>,
    /// Threads that read.
    pub readers: usize,
    /// Largest page cache of the writer, in KiB.
    pub cache_kib: u32,
    /// How long a verb waits for a place in the writer's or readers' queue.
    pub patience: Duration,
    /// Called when an fsync failed. The default logs and aborts the process: asking again would hide the loss.
    pub on_sync_failure: SyncFailure,
    /// Do not claim the folder: a server may be at work in it, and stays its owner. For commands that make apps, sites,
    /// accounts and tokens; message ids are the owner's alone.
    pub beside_a_server: bool,
    /// Most pages of 4 KiB that the database may have; for tests of a full disk.
    pub max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            node: 0,
            reserve_bytes: None,
            readers: 2,
            cache_kib: 16 * 1024,
            patience: Duration::from_secs(5),
            on_sync_failure: Arc::new(|cause| {
                tracing::error!(cause, "The disk did not take what was written; stopping at once");
                std::process::abort();
            }),
            beside_a_server: false,
            max_pages: None,
        }
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("node", &self.node)
            .field("reserve_bytes", &self.reserve_bytes)
            .field("readers", &self.readers)
            .field("cache_kib", &self.cache_kib)
            .finish_non_exhaustive()
    }
}
