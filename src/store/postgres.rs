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

use async_trait::async_trait;
use rand::RngCore;
use sqlx::{Connection, PgConnection, Row, postgres::PgPool, query};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    task::JoinHandle,
};

use self::{
    batcher::{Append, Batcher, Job, Mark, Waiting},
    engine::Engine,
    session::{Session, glancing, reading, writing},
};
use super::{
    AgentAccount, Appended, DeskCounts, GroupStep, Idle, Login, NewGroup, NewLogin, NewMessage, NewService, NewTicket,
    Replaced, Result, Store, StoreError, TokenHash, Transition, Watermarks,
};
use crate::model::{
    App, AppKey, Content, Conversation, ConversationId, Features, Handle, Kind, Message, MessageUid, Millis, Mine,
    Person, Seq, Site, SiteKey, UserId,
    command::{History, List, Page},
    conversation::{Context, Keeping, Rating, Unread},
    site::{Look, Origin},
};

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
mod loaded;
mod logins;
mod members;
mod messages;
mod migrate;
pub(super) mod moving;
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
mod service;
mod session;
mod shared;
mod statistics;
mod stats;
mod tallies;
mod tenancy;
mod times;
mod upstreams;
mod users;
mod words;
mod written;

pub use stats::PostgresStats;

/// Jobs that may wait for the batcher.
const QUEUE: usize = 4096;
/// How often counts by day are added up.
const UPKEEP: Duration = Duration::from_mins(5);

/// How to reach a store.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`. Holds a password: it is never shown.
    pub url: String,
    /// Most connections of this node, besides the one that keeps messages.
    pub connections: u32,
    /// How long a verb waits for a place in the queue or a connection.
    pub patience: Duration,
    /// Which other servers may use the database.
    pub company: Company,
}

/// Which other servers may use a database that somebody opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Whoever does: for commands, which make apps, sites, accounts and tokens beside servers.
    Any,
    /// None: this server hears of no other.
    Nobody,
    /// Those that hear of each other, as this one does.
    Nodes,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// The usual ones for a server at this address.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), connections: 8, patience: Duration::from_secs(5), company: Company::Any }
    }
}

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
    #[error("the database at {0} does not exist; make it with createdb")]
    NoDatabase(String),
    /// The server is too old.
    #[error("PostgreSQL {0} is too old; version 15 or newer is needed")]
    TooOld(String),
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

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    engine: Engine,
    pool: PgPool,
    /// Taken by [`close`](Store::close).
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
    /// Ended once, by [`close`](Store::close).
    running: Mutex<Vec<JoinHandle<()>>>,
}

/// What is known of a database without opening it as a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Host, port and database.
    pub place: String,
    /// The server's version.
    pub server: String,
    /// Its schema; nothing when the database is empty.
    pub schema: Option<i64>,
    /// The newest schema that this program knows.
    pub known_schema: i64,
    /// Settings with which an answered message may be lost.
    pub problems: Vec<String>,
}

/// Looks at a database and changes nothing. Must run on a thread with a runtime.
pub async fn inspect(options: &PostgresOptions) -> std::result::Result<Inspection, OpenError> {
    let connect = connect::options_of(&options.url)?;
    let mut conn = connect::first(&connect, options.patience).await?;
    let schema = migrate::version(&mut conn).await?;
    let row = query(
        "select current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes')",
    )
    .fetch_one(&mut conn)
    .await?;
    let problems = ["fsync", "full_page_writes"]
        .iter()
        .zip(1..)
        .filter(|(_, column)| row.try_get::<&str, _>(*column).is_ok_and(|value| value == "off"))
        .map(|(name, _)| format!("{name} is off: a crash of the server's machine may lose or damage data"))
        .collect();
    let found = Inspection {
        place: connect::place(&connect),
        server: row.try_get(0)?,
        schema,
        known_schema: migrate::newest(),
        problems,
    };
    conn.close().await?;
    Ok(found)
}

impl PostgresStore {
    /// Opens the store; makes its tables when the database is empty, brings them up to date when they are older.
    pub async fn open(options: PostgresOptions) -> std::result::Result<Self, OpenError> {
        let engine = Engine::start()?;
        let handle = engine.handle();
        let begin = async {
            let mut connect = connect::options_of(&options.url)?;
            if options.company == Company::Nodes {
                // What others may miss is noted from now on.
                connect = connect.options([("parlor.nodes", "on")]);
            }
            let mut conn = connect::first(&connect, options.patience).await?;
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

    /// Figures for metrics.
    pub fn stats(&self) -> Arc<PostgresStats> {
        self.stats.clone()
    }

    fn session<'c>(&self, conn: &'c mut PgConnection) -> Session<'c> {
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

/// Keeps counts short. Ends with the pool.
async fn upkeep(pool: PgPool, stats: Arc<PostgresStats>, epoch: u64) {
    loop {
        tokio::select! {
            () = pool.close_event() => return,
            () = tokio::time::sleep(UPKEEP) => {}
        }
        let work = async {
            let mut transaction = pool.begin().await?;
            let mut session = Session { conn: &mut transaction, epoch, stats: stats.clone(), recorded: false };
            statistics::add_up(&mut session).await?;
            changes::forget(&mut session).await?;
            tallies::forget(&mut session).await?;
            answers::forget_claims(&mut session).await?;
            files::forget_uploads(&mut session).await?;
            transaction.commit().await?;
            Ok::<_, error::Trouble>(())
        };
        if let Err(trouble) = work.await {
            tracing::warn!(error = %StoreError::from(trouble), "Counts could not be added up; the next look tries again");
        }
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

#[async_trait]
impl Store for PostgresStore {
    async fn create_app(&self, app: App) -> Result<()> {
        writing!(self, s => tenancy::create_app(s, &app))
    }

    async fn app(&self, key: &AppKey) -> Result<Option<App>> {
        glancing!(self, s => tenancy::app(s, key))
    }

    async fn set_features(&self, app: &AppKey, features: Features) -> Result<()> {
        writing!(self, s => tenancy::set_features(s, app, &features))
    }

    async fn apps(&self) -> Result<Vec<App>> {
        glancing!(self, s => tenancy::apps(s))
    }

    async fn create_site(&self, site: Site) -> Result<()> {
        writing!(self, s => tenancy::create_site(s, &site))
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>> {
        glancing!(self, s => tenancy::site(s, key))
    }

    async fn sites(&self, app: &AppKey) -> Result<Vec<Site>> {
        glancing!(self, s => tenancy::sites(s, app))
    }

    async fn update_site(
        &self,
        app: &AppKey,
        site: &SiteKey,
        name: String,
        origins: Vec<Origin>,
        look: Look,
    ) -> Result<()> {
        writing!(self, s => tenancy::update_site(s, app, site, (&name, &origins, &look)))
    }

    async fn save_user(&self, app: &AppKey, person: Person, at: Millis) -> Result<()> {
        // Most people come back unchanged: a read costs no fsync.
        if self.user(app, &person.id).await?.as_ref() == Some(&person) {
            return Ok(());
        }
        writing!(self, s => people::save_user(s, app, &person, at)).map(drop)
    }

    async fn user(&self, app: &AppKey, id: &UserId) -> Result<Option<Person>> {
        glancing!(self, s => people::user(s, app, id))
    }

    async fn create_agent(&self, account: AgentAccount, at: Millis) -> Result<()> {
        writing!(self, s => people::create_agent(s, &account, at))
    }

    async fn agent_by_email(&self, email: &str) -> Result<Option<AgentAccount>> {
        glancing!(self, s => people::agent_by_email(s, email))
    }

    async fn count_agents(&self) -> Result<u64> {
        glancing!(self, s => people::count_agents(s))
    }

    async fn set_password(&self, app: &AppKey, agent: &UserId, password_hash: String) -> Result<()> {
        writing!(self, s => people::set_password(s, app, agent, &password_hash))
    }

    async fn create_login(&self, app: &AppKey, login: NewLogin) -> Result<()> {
        writing!(self, s => logins::create_login(s, app, &login))
    }

    async fn login(&self, token: TokenHash, now: Millis) -> Result<Option<Login>> {
        glancing!(self, s => logins::login(s, token, now))
    }

    async fn extend_login(&self, token: TokenHash, expires_at: Millis) -> Result<()> {
        writing!(self, s => logins::extend_login(s, token, expires_at))
    }

    async fn end_login(&self, token: TokenHash) -> Result<()> {
        writing!(self, s => users::end_login(s, token))
    }

    async fn put_setup_code(&self, code: TokenHash, expires_at: Millis) -> Result<()> {
        writing!(self, s => logins::put_setup_code(s, code, expires_at))
    }

    async fn check_setup_code(&self, code: TokenHash, now: Millis, take: bool) -> Result<bool> {
        if take {
            writing!(self, s => logins::take_setup_code(s, code, now))
        } else {
            glancing!(self, s => logins::check_setup_code(s, code, now))
        }
    }

    async fn pair_conversation(
        &self,
        app: &AppKey,
        kind: Kind,
        a: &UserId,
        b: &UserId,
        id: ConversationId,
        at: Millis,
    ) -> Result<Conversation> {
        if let Some(known) = reading!(self, s => conversations::find_pair(s, app, kind, (a, b)))? {
            return Ok(known);
        }
        writing!(self, s => conversations::pair(s, app, kind, (a, b), (id, at)))
    }

    async fn create_group(&self, app: &AppKey, new: NewGroup) -> Result<Conversation> {
        writing!(self, s => groups::create(s, app, &new))
    }

    async fn change_group(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        step: GroupStep,
        at: Millis,
    ) -> Result<Conversation> {
        writing!(self, s => groups::change(s, app, conversation, &step, at))
    }

    async fn banned(&self, app: &AppKey, conversation: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        glancing!(self, s => groups::banned(s, app, conversation, users))
    }

    async fn begin_service(&self, app: &AppKey, new: NewService) -> Result<Conversation> {
        writing!(self, s => service::begin(s, app, &new))
    }

    async fn open_service(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<Conversation>> {
        reading!(self, s => service::open_service(s, app, visitor, site))
    }

    async fn transition(&self, app: &AppKey, transition: Transition) -> Result<Conversation> {
        writing!(self, s => service::transition(s, app, &transition))
    }

    async fn set_context(&self, app: &AppKey, conversation: ConversationId, context: Context) -> Result<()> {
        writing!(self, s => service::set_context(s, app, conversation, &context))
    }

    async fn rate(&self, app: &AppKey, conversation: ConversationId, rating: Rating) -> Result<Conversation> {
        writing!(self, s => service::rate(s, app, conversation, &rating))
    }

    async fn create_ticket(&self, app: &AppKey, ticket: NewTicket) -> Result<()> {
        writing!(self, s => service::create_ticket(s, app, &ticket))
    }

    async fn conversation_by_handle(&self, app: &AppKey, kind: Kind, handle: &Handle) -> Result<Option<Conversation>> {
        reading!(self, s => conversations::by_handle(s, app, kind, handle))
    }

    async fn conversation(&self, app: &AppKey, id: ConversationId) -> Result<Option<Conversation>> {
        reading!(self, s => conversations::conversation(s, app, id))
    }

    async fn conversations_of(&self, app: &AppKey, user: &UserId, list: &List) -> Result<Vec<Conversation>> {
        reading!(self, s => own::conversations_of(s, app, user, list))
    }

    async fn conversation_for(&self, app: &AppKey, id: ConversationId, user: &UserId) -> Result<Option<Conversation>> {
        reading!(self, s => own::conversation_for(s, app, id, user))
    }

    async fn keep(&self, app: &AppKey, conversation: ConversationId, user: &UserId, change: Keeping) -> Result<Mine> {
        writing!(self, s => own::keep(s, app, conversation, user, change))
    }

    async fn unread(&self, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Result<Unread> {
        glancing!(self, s => own::unread(s, app, user, kinds))
    }

    async fn desk_view(&self, app: &AppKey, agent: &UserId, list: &List) -> Result<Vec<Conversation>> {
        reading!(self, s => desk::desk_view(s, app, agent, list))
    }

    async fn desk_counts(&self, app: &AppKey, agent: &UserId) -> Result<DeskCounts> {
        glancing!(self, s => desk::desk_counts(s, app, agent))
    }

    async fn queue_position(&self, app: &AppKey, conversation: ConversationId) -> Result<Option<u64>> {
        glancing!(self, s => desk::queue_position(s, app, conversation))
    }

    async fn idle_services(&self, before: Millis, limit: u16) -> Result<Vec<Idle>> {
        glancing!(self, s => desk::idle_services(s, before, limit))
    }

    async fn append(&self, app: &AppKey, new: NewMessage) -> Result<Appended> {
        self.queue(Append { app: app.clone(), new, copy: None }, Job::Append).await
    }

    async fn page(&self, app: &AppKey, query: &History) -> Result<Page> {
        reading!(self, s => messages::page(s, app, query))
    }

    async fn page_for(&self, app: &AppKey, reader: &UserId, query: &History) -> Result<Page> {
        reading!(self, s => hidden::page_for(s, app, reader, query))
    }

    async fn delete_for(&self, app: &AppKey, conversation: ConversationId, user: &UserId, seqs: &[Seq]) -> Result<()> {
        writing!(self, s => hidden::delete_for(s, app, conversation, user, seqs))
    }

    async fn replace_content(
        &self,
        app: &AppKey,
        uid: MessageUid,
        content: Content,
        at: Millis,
    ) -> Result<Option<Replaced>> {
        writing!(self, s => hidden::replace_content(s, app, uid, &content, at))
    }

    async fn mark(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        user: &UserId,
        delivered: Option<Seq>,
        read: Option<Seq>,
        at: Millis,
    ) -> Result<Watermarks> {
        let mark = Mark { app: app.clone(), conversation, user: user.clone(), delivered, read, at };
        self.queue(mark, Job::Mark).await
    }

    async fn message(&self, app: &AppKey, uid: MessageUid) -> Result<Option<Message>> {
        glancing!(self, s => messages::message(s, app, uid))
    }

    async fn installation(&self) -> Result<u64> {
        let drawn = rand::random::<i64>();
        writing!(self, s => tenancy::installation(s, drawn))
    }

    async fn changes(&self, since: Option<super::changes::Place>) -> Result<super::changes::Changes> {
        glancing!(self, s => changes::changes(s, since))
    }

    async fn ready(&self) -> Result<()> {
        let probe = async { writing!(self, s => probe(s)) };
        let late = |_| StoreError::Unavailable("a commit takes too long".to_owned());
        tokio::time::timeout(self.patience, probe).await.map_err(late)?
    }

    async fn close(&self) {
        // Whoever closes second waits here for the first.
        let mut running = self.running.lock().await;
        if running.is_empty() {
            return;
        }
        let _ = self.jobs.send(Job::Close).await;
        let tasks = std::mem::take(&mut *running);
        self.engine.run(self.pool.close()).await;
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "A task of the store panicked");
            }
        }
    }
}

/// Whether a commit can be made.
async fn probe(s: &mut Session<'_>) -> error::Work<()> {
    query("update meta set value = value + 1 where name = 'probe'").execute(&mut *s.conn).await?;
    Ok(())
}

impl PostgresStore {
    /// How many damaged records were met since the start (D8).
    pub fn damaged(&self) -> u64 {
        self.stats.damaged.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
