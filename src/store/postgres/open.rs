//! Opening a database: schema, who else may use it, tasks, and why it may fail.

use std::sync::Arc;

use rand::RngCore;
use sqlx::{Connection, Row, query};
use tokio::sync::{Mutex, Notify, mpsc};

use super::{
    Company, PostgresOptions, PostgresStats, PostgresStore, QUEUE, batcher::Batcher, connect, engine::Engine, migrate,
    moving, tallies, upkeep::upkeep,
};
use crate::store::StoreError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none.
    #[error("the store's address is not of the form postgres://user:password@host:port/database")]
    BadUrl,
    /// Nobody answers there.
    #[error("PostgreSQL cannot be reached at {place}: {cause}")]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What happened.
        cause: String,
    },
    /// The user may not.
    #[error("PostgreSQL at {place} refuses the user {user}: wrong password, or it lets nobody in from here")]
    Refused {
        /// Host, port and database.
        place: String,
        /// Whom.
        user: String,
    },
    /// The database is missing.
    #[error("the database at {0} does not exist; make it with createdb --encoding=UTF8 --template=template0")]
    NoDatabase(String),
    /// The server is too old.
    #[error("PostgreSQL {0} is too old; version 15 or newer is needed")]
    TooOld(String),
    /// The database cannot hold every text.
    #[error("the database's encoding is {0}; make it with createdb --encoding=UTF8 --template=template0")]
    Encoding(String),
    /// A replica, or a server that was told not to write.
    #[error(
        "this PostgreSQL server is read-only (a replica, or default_transaction_read_only is on); name the primary"
    )]
    ReadOnly,
    /// The data was written by a newer program.
    #[error("the data has schema version {found}, this program knows up to {known}; use the newer program")]
    Newer {
        /// The data's version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// Another server keeps messages there.
    #[error("another server uses the database at {0}; stop it first, or give bus.url to every server")]
    InUse(String),
    /// The schema holds tables of another program.
    #[error("the schema holds tables that are not Parlor's; use an empty database")]
    NotOurs,
    /// `parlor migrate` did not come to its end.
    #[error(
        "only a part of the data was moved into the database; run `parlor migrate` again until it says that all is there"
    )]
    HalfMoved,
    /// PostgreSQL failed.
    #[error("PostgreSQL failed: {0}")]
    Postgres(#[from] sqlx::Error),
    /// Threads could not be started.
    #[error("the store's threads could not be started: {0}")]
    Io(#[from] std::io::Error),
    /// The engine could not start.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl PostgresStore {
    /// Opens the store; makes its tables when the database is empty, brings them up to date when they are older.
    pub async fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let engine = Engine::start()?;
        let handle = engine.handle();
        let begin = async {
            let connect = connect::options_of(&options.url)?;
            let mut conn = connect::first(&connect, options.company, options.patience).await?;
            migrate::migrate(&mut conn).await?;
            if moving::is_half(&mut conn).await? {
                return Err(OpenError::HalfMoved);
            }
            let epoch = query("select value from meta where name = 'epoch'").fetch_one(&mut conn).await?;
            let epoch = u64::try_from(epoch.try_get::<i64, _>(0)?).unwrap_or(1);
            conn.close().await?;
            let (stats, news) = (Arc::new(PostgresStats::default()), Arc::new(Notify::new()));
            let mut batcher = Batcher::new(connect.clone(), epoch, stats.clone(), news.clone());
            if options.company != Company::Any && !batcher.joins(options.company, options.patience).await? {
                return Err(OpenError::InUse(connect::place(&connect)));
            }
            let (jobs, queued) = mpsc::channel(QUEUE);
            let pool = connect::pool(connect, &options);
            let (counting, asked) = mpsc::channel(tallies::QUEUE);
            let tasks = [
                handle.spawn(batcher.run(queued)),
                handle.spawn(upkeep(pool.clone(), stats.clone(), epoch)),
                handle.spawn(tallies::run(pool.clone(), asked)),
            ];
            Ok((pool, jobs, counting, stats, news, epoch, tasks))
        };
        let (pool, jobs, counting, stats, news, epoch, tasks) = engine.run(begin).await?;
        Ok(Self {
            engine,
            pool,
            jobs,
            counting,
            has_company: options.company == Company::Nodes,
            stats,
            epoch,
            patience: options.patience,
            news,
            // Not zero, which nobody is.
            claimant: i64::try_from(rand::rng().next_u64() >> 1).unwrap_or(1).max(1),
            running: Mutex::new(tasks.into()),
        })
    }
}
