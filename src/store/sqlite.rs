//! The embedded engine: SQLite in WAL mode with `synchronous=FULL`.
//!
//! One thread writes: it takes whatever waits into one transaction and answers after its fsync. A few
//! threads read, each with a connection of its own. Another moves the log into the database, beside the commit
//! path. The data folder belongs to one process at a time.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::{Mutex, Notify, mpsc, oneshot};

use self::{
    error::Work,
    ledger::Ledger,
    open::Running,
    readers::Read,
    rows::View,
    writer::{AnyWork, Doable, Job, Other, Task},
};
use super::{Result, StoreError};

mod agents;
mod answers;
mod api_keys;
mod app_secrets;
mod append;
mod attributes;
mod audit;
mod backup;
mod broadcasts;
mod cache;
mod chatrooms;
mod connect;
mod contacts;
mod conversations;
mod desk;
mod directed;
mod error;
mod files;
mod finding;
mod folder;
mod groups;
mod head;
mod hidden;
mod inbox;
mod ledger;
mod logins;
mod members;
mod messages;
mod migrate;
mod moments;
pub(super) mod moving;
mod open;
mod options;
mod outbox;
mod own;
mod people;
mod pre_send;
mod public_services;
mod readers;
mod readership;
mod restraints;
mod retention;
mod rights;
mod rows;
mod search;
mod service;
mod shared;
mod statistics;
mod stats;
mod tallies;
mod tenancy;
mod times;
mod upkeep;
mod upstreams;
mod users;
mod verbs;
mod watermarks;
mod words;
mod writer;

pub use backup::{Count, Inspection, backup, inspect, restore};
pub use folder::database_in;
pub use open::OpenError;
pub use options::{SqliteOptions, SyncFailure};
pub use stats::SqliteStats;

/// Jobs that may wait for the writer, and questions that may wait for a reader.
const QUEUE: usize = 4096;

/// A store in a data folder.
pub struct SqliteStore {
    /// Taken when the store is dropped, so that the writer ends.
    jobs: Option<mpsc::Sender<Job>>,
    questions: Option<mpsc::Sender<Read>>,
    /// Nobody searches in a store that is open beside a server.
    searches: Option<mpsc::Sender<Read>>,
    stats: Arc<SqliteStats>,
    patience: Duration,
    /// Woken after commits that recorded something in the outbox.
    news: Arc<Notify>,
    /// Ended once, by [`close`](super::Store::close) or drop.
    running: Mutex<Option<Running>>,
}

/// Reads how many jobs wait for the writer of one store.
pub struct QueueDepth(Option<mpsc::WeakSender<Job>>);

impl QueueDepth {
    /// Jobs now; none when the store is closed.
    pub fn now(&self) -> usize {
        let jobs = self.0.as_ref().and_then(mpsc::WeakSender::upgrade);
        jobs.map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
    }
}

impl fmt::Debug for QueueDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QueueDepth").field(&self.now()).finish()
    }
}

impl SqliteStore {
    /// Figures for metrics.
    pub fn stats(&self) -> Arc<SqliteStats> {
        self.stats.clone()
    }

    /// How many damaged records were met since the start (D8).
    pub fn damaged(&self) -> u64 {
        self.stats.damaged.load(Ordering::Relaxed)
    }

    /// How many jobs wait for the writer, for metrics. Keeps nothing alive.
    pub fn queue_depth(&self) -> QueueDepth {
        QueueDepth(self.jobs.as_ref().map(mpsc::Sender::downgrade))
    }

    /// Runs work in the writer's next commit.
    async fn write<T: Send + 'static>(&self, work: impl Fn(&mut Ledger) -> Work<T> + Send + 'static) -> Result<T> {
        self.queue(AnyWork(work), |task| Job::Other(task as Box<dyn Other>)).await
    }

    async fn queue<W: Doable + 'static>(&self, work: W, job: impl FnOnce(Box<Task<W>>) -> Job) -> Result<W::Answer> {
        let (task, answer) = Task::new(work);
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        enqueue(jobs, job(Box::new(task)), self.patience).await?;
        answer.await.map_err(|_| closed())?
    }

    /// Asks the next free reader.
    async fn read<T: Send + 'static>(&self, question: impl FnOnce(&View<'_>) -> Work<T> + Send + 'static) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let questions = self.questions.as_ref().ok_or_else(closed)?;
        let ask = Read::Question(Box::new(move |view: &View<'_>| {
            let _ = reply.send(question(view).map_err(StoreError::from));
        }));
        enqueue(questions, ask, self.patience).await?;
        answer.await.map_err(|_| closed())?
    }

    /// Refuses what adds messages while the disk's reserve is used up (D4).
    fn need_room(&self) -> Result<()> {
        if self.stats.low_on_space.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(StoreError::Full) }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.jobs = None;
        self.questions = None;
        self.searches = None;
        if let Some(running) = self.running.get_mut().take() {
            running.end();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("stats", &self.stats).finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is stopping".to_owned())
}

async fn enqueue<T>(queue: &mpsc::Sender<T>, item: T, patience: Duration) -> Result<()> {
    let item = match queue.try_send(item) {
        Ok(()) => return Ok(()),
        Err(mpsc::error::TrySendError::Closed(_)) => return Err(closed()),
        Err(mpsc::error::TrySendError::Full(item)) => item,
    };
    queue.send_timeout(item, patience).await.map_err(|error| match error {
        mpsc::error::SendTimeoutError::Timeout(_) => StoreError::Unavailable("too much waits already".to_owned()),
        mpsc::error::SendTimeoutError::Closed(_) => closed(),
    })
}

#[cfg(test)]
mod tests;
