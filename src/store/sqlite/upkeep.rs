//! Work beside the commit path: moving the log into the database, and watching the free space.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    OpenError, SyncFailure, backup::beside, connect, error::is_sync_failure, ledger::Ledger, stats::SqliteStats,
};

/// The log is moved into the database when it holds this many pages (4 KiB each) …
const PAGES: u64 = 1024;
/// … and by the writer itself when it outgrew this: commits so fast that the other connection never catches up
/// would let it grow without end.
const TOO_MANY_PAGES: u64 = 16 * 1024;
/// … or when it holds anything and this much time has passed.
const EVERY: Duration = Duration::from_secs(30);
/// How often the free space is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How the thread is reached.
pub(super) struct Upkeep {
    pub(super) thread: thread::JoinHandle<()>,
    pub(super) wake: SyncSender<()>,
}

/// What the thread needs.
pub(super) struct Keeper {
    conn: Connection,
    folder: PathBuf,
    reserve: u64,
    stats: Arc<SqliteStats>,
    on_sync_failure: SyncFailure,
}

impl Keeper {
    pub(super) fn new(
        file: &Path,
        reserve_bytes: Option<u64>,
        stats: Arc<SqliteStats>,
        on_sync_failure: SyncFailure,
    ) -> Result<Self, OpenError> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let reserve = match reserve_bytes {
            Some(bytes) => bytes,
            None => (fs4::total_space(&folder)? / 20).min(1 << 30),
        };
        let keeper = Self { conn: connect::checkpointer(file)?, folder, reserve, stats, on_sync_failure };
        keeper.look_at_space();
        Ok(keeper)
    }

    /// Starts the thread. It ends when the sender is gone.
    pub(super) fn start(self) -> std::io::Result<Upkeep> {
        let (wake, woken) = sync_channel(1);
        let thread = thread::Builder::new().name("store-upkeep".into()).spawn(move || self.run(&woken))?;
        Ok(Upkeep { thread, wake })
    }

    fn run(&self, woken: &Receiver<()>) {
        let mut last = Instant::now();
        let mut done_at = 0;
        loop {
            let long = match woken.recv_timeout(TICK) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.look_at_space();
            let commits = self.stats.commits();
            if commits != done_at && (long || last.elapsed() >= EVERY) {
                checkpoint(&self.conn, &self.stats, &self.on_sync_failure);
                (last, done_at) = (Instant::now(), commits);
            }
        }
    }

    fn look_at_space(&self) {
        if self.reserve == 0 {
            return;
        }
        let low = match fs4::available_space(&self.folder) {
            Ok(free) => free < self.reserve,
            Err(error) => {
                tracing::warn!(%error, "The free space could not be read");
                return;
            }
        };
        if self.stats.low_on_space.swap(u64::from(low), Ordering::Relaxed) != u64::from(low) {
            if low {
                tracing::error!(reserve.bytes = self.reserve, "The disk's reserve is used up: no new messages");
            } else {
                tracing::info!("There is room on the disk again");
            }
        }
    }
}

/// Moves what it can of the log into the database, without keeping anybody waiting.
pub(super) fn checkpoint(conn: &Connection, stats: &SqliteStats, on_sync_failure: &SyncFailure) {
    match conn.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())) {
        Ok(()) => {
            stats.checkpoints.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) if is_sync_failure(&error) => on_sync_failure(&error.to_string()),
        Err(error) => tracing::warn!(%error, "A checkpoint failed; the next one repeats it"),
    }
}

/// Leaves one file behind. SQLite removes the log with the last connection, unless that one may only read, or two were
/// closed at the same moment. What stays in it is found at the next start.
pub(super) fn end_log(file: &Path) {
    if !beside(file, "-wal").exists() {
        return;
    }
    let ended =
        connect::checkpointer(file).and_then(|conn| conn.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())));
    if let Err(error) = ended {
        tracing::warn!(%error, "The database's log could not be ended; the next start does it");
    }
}

/// What the writer does after each commit: wakes the thread when the log is long, helps when it is far too long.
pub(super) fn after_commit(
    wake: SyncSender<()>,
    stats: Arc<SqliteStats>,
    on_sync_failure: SyncFailure,
) -> Box<dyn FnMut(&Ledger) + Send> {
    let mut asked_at = 0;
    Box::new(move |ledger| {
        let pages = stats.wal_pages.load(Ordering::Relaxed);
        // The log begins anew after a complete checkpoint.
        if pages < asked_at {
            asked_at = 0;
        }
        if pages >= asked_at + PAGES {
            let _ = wake.try_send(());
            asked_at = pages;
        }
        if pages >= TOO_MANY_PAGES && ledger.conn.is_autocommit() {
            checkpoint(&ledger.conn, &stats, &on_sync_failure);
        }
    })
}
