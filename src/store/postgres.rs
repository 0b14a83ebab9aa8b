//! The engine for several servers: PostgreSQL 15 or newer, which all nodes share.
//!
//! One task per node keeps messages and receipts, a batch in each transaction (`batcher`); everything else has a
//! transaction of its own from a small pool. Rows are locked in a fixed order: apps, conversations, times, participants,
//! files, webhooks, each by their ids. What two transactions could do to each other in spite of that ends one of them,
//! which is tried again.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{PgConnection, postgres::PgPool};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    task::JoinHandle,
};

use self::{
    batcher::{Job, Waiting},
    engine::Engine,
    session::Session,
};
use super::{Result, StoreError};

mod agents;
mod answers;
mod api_keys;
mod app_secrets;
mod append;
mod attributes;
mod audit;
mod batcher;
mod broadcasts;
mod changes;
mod chatrooms;
mod connect;
mod contacts;
mod conversations;
mod desk;
mod directed;
mod engine;
mod error;
mod files;
mod finding;
mod found;
mod groups;
mod hidden;
mod inbox;
mod inspect;
mod loaded;
mod loan;
mod logins;
mod members;
mod messages;
mod migrate;
pub(super) mod moving;
mod names;
mod open;
mod options;
mod outbox;
mod own;
mod people;
mod pre_send;
mod public_services;
mod readership;
mod restraints;
mod retention;
mod rights;
mod rows;
mod sealing;
mod service;
mod session;
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
mod words;
mod written;

pub use inspect::{Inspection, inspect};
pub use open::OpenError;
pub use options::{Company, PostgresOptions};
pub use stats::PostgresStats;

/// Jobs that may wait for the batcher.
const QUEUE: usize = 4096;
/// A store in a PostgreSQL database.
pub struct PostgresStore {
    engine: Engine,
    pool: PgPool,
    /// Taken by [`close`](super::Store::close).
    jobs: mpsc::Sender<Job>,
    /// Takes draws to the task that counts.
    counting: mpsc::Sender<tallies::Asked>,
    /// Other servers that hear of each other may be on this database.
    has_company: bool,
    stats: Arc<PostgresStats>,
    epoch: u64,
    patience: Duration,
    /// Woken after commits that recorded something in the outbox.
    news: Arc<Notify>,
    /// Names this node where it claims work.
    claimant: i64,
    /// Ended once, by [`close`](super::Store::close).
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl PostgresStore {
    /// Figures for metrics.
    pub fn stats(&self) -> Arc<PostgresStats> {
        self.stats.clone()
    }

    /// How many damaged records were met since the start (D8).
    pub fn damaged(&self) -> u64 {
        self.stats.damaged.load(Ordering::Relaxed)
    }

    fn session<'c>(&self, conn: &'c mut PgConnection) -> Session<'c> {
        self.stats.work.fetch_add(1, Ordering::Relaxed);
        Session { conn, epoch: self.epoch, stats: self.stats.clone(), recorded: false }
    }

    /// Hands a job to the batcher and waits for its answer.
    async fn queue<W, A>(&self, work: W, job: impl FnOnce(Box<Waiting<W, A>>) -> Job) -> Result<A> {
        let (reply, answer) = oneshot::channel();
        let job = job(Box::new(Waiting { work, reply }));
        self.jobs.send_timeout(job, self.patience).await.map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => StoreError::Unavailable("too much waits already".to_owned()),
            mpsc::error::SendTimeoutError::Closed(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("stats", &self.stats).finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is stopping".to_owned())
}

#[cfg(test)]
mod tests;
