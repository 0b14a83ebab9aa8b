//! Opening a data folder: schema, threads, and why it may fail.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};

use tokio::sync::{Mutex, Notify, mpsc};

use super::{
    QUEUE, SqliteOptions, SqliteStats, SqliteStore, connect,
    folder::{self, Folder},
    ledger::Ledger,
    migrate,
    readers::{self, Read},
    search,
    upkeep::{self, Keeper},
    writer::{AnyWork, Job, Task, Writer},
};
use crate::{
    model::Millis,
    store::{records::first_number, uid::Uids},
};

/// Why a store could not be opened, copied or put back.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data folder.
    #[error("another process uses the data folder {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// The data was written by a newer program.
    #[error("the data has schema version {found}, this program knows up to {known}; use the newer program")]
    Newer {
        /// The data's version.
        found: i32,
        /// This program's version.
        known: i32,
    },
    /// The file is a database of another program.
    #[error("the file is not a Parlor database")]
    NotOurs,
    /// The file failed SQLite's own check.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A file is in the way.
    #[error("{} exists already; it is never overwritten unasked", .0.display())]
    Exists(PathBuf),
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system failed.
    #[error("the data folder failed: {0}")]
    Io(#[from] std::io::Error),
}

impl SqliteStore {
    /// Opens the store in a data folder; makes it when it is missing. Brings the schema up to date.
    pub fn open(folder: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let folder = if options.beside_a_server { Folder::visit(folder)? } else { Folder::take(folder)? };
        let file = folder.database();
        folder::make_file(&file)?;
        let mut conn = connect::writer(&file)?;
        migrate::check(&conn)?;
        connect::begin_writing(&conn, options.cache_kib)?;
        migrate::migrate(&mut conn)?;
        folder::sync_entry(&file)?;
        if let Some(pages) = options.max_pages {
            conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        let stats = Arc::new(SqliteStats::default());
        let epoch = number(&conn, "select value from meta where name = 'epoch'")?.unwrap_or(1);
        let epoch = u64::try_from(epoch).unwrap_or(1);
        let sealed = number(&conn, "select max(value) from meta where name = 'sealed'")?;
        let highest = sealed.map(|until| first_number(Millis::new(until)) - 1);
        let uids = Uids::after(options.node, number(&conn, "select max(id) from messages")?.max(highest));
        // Numbers are never older than the times of their messages.
        let newest = number(&conn, "select max(recalled_at) from messages where recalled_at is not null")?
            .map_or(uids.newest(), |recalled| recalled.max(uids.newest()));
        let pages = stats.clone();
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
            pages.wal_pages.store(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;

        let sync_failure = options.on_sync_failure;
        let keeper = Keeper::new(&file, options.reserve_bytes, stats.clone(), sync_failure.clone())?;
        let (questions, asked) = mpsc::channel(QUEUE);
        let mut threads = readers::start(&file, options.readers, asked, epoch, &stats)?;
        let upkeep = keeper.start()?;
        threads.push(upkeep.thread);
        let news = Arc::new(Notify::new());
        let writer = Writer {
            ledger: Ledger::new(conn, uids, newest, epoch, stats.clone()),
            stats: stats.clone(),
            news: news.clone(),
            owner: !options.beside_a_server,
            after_commit: upkeep::after_commit(upkeep.wake, stats.clone(), sync_failure.clone()),
            on_sync_failure: sync_failure,
        };
        let (jobs, queued) = mpsc::channel(QUEUE);
        threads.push(writer.start(queued)?);
        let (mut searches, mut index) = (None, None);
        if !options.beside_a_server {
            let (ask, stop) = start_search(&file, epoch, &stats, &jobs, &mut threads)?;
            (searches, index) = (Some(ask), Some(stop));
        }
        Ok(Self {
            jobs: Some(jobs),
            questions: Some(questions),
            searches,
            stats,
            patience: options.patience,
            news,
            running: Mutex::new(Some(Running { index, threads, folder })),
        })
    }
}

/// The engine's threads, and the folder that is let go after they have ended.
pub(super) struct Running {
    /// Taken to end the thread that fills the search index.
    index: Option<std::sync::mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    folder: Folder,
}

impl Running {
    /// Waits for the threads, which have been told to end.
    pub(super) fn end(self) {
        drop(self.index);
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or("store").to_owned();
            if thread.join().is_err() {
                tracing::error!(thread = name, "A thread of the store panicked");
            }
        }
        if self.folder.is_ours() {
            upkeep::end_log(&self.folder.database());
        }
    }
}

/// Starts what fills the search index and what asks it. Questions go to the first; the second is dropped to end it.
fn start_search(
    file: &Path,
    epoch: u64,
    stats: &Arc<SqliteStats>,
    jobs: &mpsc::Sender<Job>,
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<(mpsc::Sender<Read>, std::sync::mpsc::Sender<()>), OpenError> {
    let forget = forget_reworded(jobs.downgrade());
    let indexer = search::index::Indexer::open(file, epoch, stats.clone(), forget)?;
    let (stop, stopped) = std::sync::mpsc::channel();
    threads.push(indexer.start(stopped)?);
    let (ask, asked) = mpsc::channel(search::QUEUE);
    threads.push(search::start(file, asked, epoch, stats)?);
    Ok((ask, stop))
}

/// Tells the writer that the search index knows of these changes.
fn forget_reworded(jobs: mpsc::WeakSender<Job>) -> search::index::Forget {
    Box::new(move |up_to| {
        let forget = AnyWork(move |ledger: &mut Ledger| {
            Ok(ledger.conn.prepare_cached("delete from reworded where id <= ?1")?.execute([up_to])?)
        });
        let (task, _) = Task::new(forget);
        // A store that closes keeps the list: the next start does the same again.
        if let Some(jobs) = jobs.upgrade() {
            let _ = jobs.blocking_send(Job::Other(Box::new(task)));
        }
    })
}

fn number(conn: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Option<i64>> {
    conn.query_row(sql, [], |row| row.get(0))
}
