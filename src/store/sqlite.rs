//! The embedded engine: SQLite in WAL mode with `synchronous=FULL`.
//!
//! One thread writes: it takes whatever waits into one transaction and answers after its fsync. A few
//! threads read, each with a connection of its own. Another moves the log into the database, beside the commit
//! path. The data folder belongs to one process at a time.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

use self::{
    error::Work,
    folder::Folder,
    ledger::Ledger,
    readers::Read,
    rows::View,
    upkeep::Keeper,
    watermarks::Mark,
    writer::{AnyWork, AppendWork, Doable, Job, Other, Task, Writer},
};
use super::{
    AgentAccount, Appended, DeskCounts, GroupStep, Idle, Login, NewGroup, NewLogin, NewMessage, NewService, NewTicket,
    Replaced, Result, Store, StoreError, TokenHash, Transition, Watermarks, uid::Uids,
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
mod watermarks;
mod words;
mod writer;

pub use backup::{Count, Inspection, backup, inspect, restore};
pub use folder::database_in;
pub use stats::{BATCH_BOUNDS, COMMIT_BOUNDS_MICROS, Figures, Histogram, SqliteStats};

/// Jobs that may wait for the writer, and questions that may wait for a reader.
const QUEUE: usize = 4096;

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
    /// Ended once, by [`close`](Store::close) or drop.
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

/// The engine's threads, and the folder that is let go after they have ended.
struct Running {
    /// Taken to end the thread that fills the search index.
    index: Option<std::sync::mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    _folder: Folder,
}

impl Running {
    /// Waits for the threads, which have been told to end.
    fn end(self) {
        drop(self.index);
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or("store").to_owned();
            if thread.join().is_err() {
                tracing::error!(thread = name, "A thread of the store panicked");
            }
        }
    }
}

impl SqliteStore {
    /// Opens the store in a data folder; makes it when it is missing. Brings the schema up to date.
    pub fn open(folder: &Path, options: SqliteOptions) -> std::result::Result<Self, OpenError> {
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
        let uids = Uids::after(options.node, number(&conn, "select max(id) from messages")?);
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
            let forget = forget_reworded(jobs.downgrade());
            let indexer = search::index::Indexer::open(&file, epoch, stats.clone(), forget)?;
            let (stop, stopped) = std::sync::mpsc::channel();
            threads.push(indexer.start(stopped)?);
            let (ask, asked) = mpsc::channel(search::QUEUE);
            threads.push(search::start(&file, asked, epoch, &stats)?);
            (searches, index) = (Some(ask), Some(stop));
        }
        Ok(Self {
            jobs: Some(jobs),
            questions: Some(questions),
            searches,
            stats,
            patience: options.patience,
            news,
            running: Mutex::new(Some(Running { index, threads, _folder: folder })),
        })
    }

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

fn number(conn: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Option<i64>> {
    conn.query_row(sql, [], |row| row.get(0))
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_app(&self, app: App) -> Result<()> {
        self.write(move |ledger| tenancy::create_app(ledger, &app)).await
    }

    async fn app(&self, key: &AppKey) -> Result<Option<App>> {
        let key = key.clone();
        self.read(move |view| tenancy::app(view, &key)).await
    }

    async fn set_features(&self, app: &AppKey, features: Features) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| tenancy::set_features(ledger, &app, &features)).await
    }

    async fn apps(&self) -> Result<Vec<App>> {
        self.read(tenancy::apps).await
    }

    async fn create_site(&self, site: Site) -> Result<()> {
        self.write(move |ledger| tenancy::create_site(ledger, &site)).await
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>> {
        let key = key.clone();
        self.read(move |view| tenancy::site(view, &key)).await
    }

    async fn sites(&self, app: &AppKey) -> Result<Vec<Site>> {
        let app = app.clone();
        self.read(move |view| tenancy::sites(view, &app)).await
    }

    async fn update_site(
        &self,
        app: &AppKey,
        site: &SiteKey,
        name: String,
        origins: Vec<Origin>,
        look: Look,
    ) -> Result<()> {
        let (app, site) = (app.clone(), site.clone());
        self.write(move |ledger| tenancy::update_site(ledger, &app, &site, (&name, &origins, &look))).await
    }

    async fn save_user(&self, app: &AppKey, person: Person, at: Millis) -> Result<()> {
        // Most people come back unchanged: a read costs no fsync.
        if self.user(app, &person.id).await?.as_ref() == Some(&person) {
            return Ok(());
        }
        let app = app.clone();
        self.write(move |ledger| people::save_user(ledger, &app, &person, at)).await
    }

    async fn user(&self, app: &AppKey, id: &UserId) -> Result<Option<Person>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| people::user(view, &app, &id)).await
    }

    async fn create_agent(&self, account: AgentAccount, at: Millis) -> Result<()> {
        self.write(move |ledger| people::create_agent(ledger, &account, at)).await
    }

    async fn agent_by_email(&self, email: &str) -> Result<Option<AgentAccount>> {
        let email = email.to_owned();
        self.read(move |view| people::agent_by_email(view, &email)).await
    }

    async fn count_agents(&self) -> Result<u64> {
        self.read(people::count_agents).await
    }

    async fn set_password(&self, app: &AppKey, agent: &UserId, password_hash: String) -> Result<()> {
        let (app, agent) = (app.clone(), agent.clone());
        self.write(move |ledger| people::set_password(ledger, &app, &agent, &password_hash)).await
    }

    async fn create_login(&self, app: &AppKey, login: NewLogin) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| logins::create_login(ledger, &app, &login)).await
    }

    async fn login(&self, token: TokenHash, now: Millis) -> Result<Option<Login>> {
        self.read(move |view| logins::login(view, token, now)).await
    }

    async fn extend_login(&self, token: TokenHash, expires_at: Millis) -> Result<()> {
        self.write(move |ledger| logins::extend_login(ledger, token, expires_at)).await
    }

    async fn end_login(&self, token: TokenHash) -> Result<()> {
        self.write(move |ledger| Ok(users::end_login(ledger, token)?)).await
    }

    async fn put_setup_code(&self, code: TokenHash, expires_at: Millis) -> Result<()> {
        self.write(move |ledger| logins::put_setup_code(ledger, code, expires_at)).await
    }

    async fn check_setup_code(&self, code: TokenHash, now: Millis, take: bool) -> Result<bool> {
        if take {
            self.write(move |ledger| logins::take_setup_code(ledger, code, now)).await
        } else {
            self.read(move |view| logins::check_setup_code(view, code, now)).await
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
        let (app, a, b) = (app.clone(), a.clone(), b.clone());
        let known = {
            let (app, a, b) = (app.clone(), a.clone(), b.clone());
            self.read(move |view| conversations::find_pair(view, &app, kind, (&a, &b))).await?
        };
        if let Some(known) = known {
            return Ok(known);
        }
        self.need_room()?;
        self.write(move |ledger| conversations::pair(ledger, &app, kind, (&a, &b), (id, at))).await
    }

    async fn create_group(&self, app: &AppKey, new: NewGroup) -> Result<Conversation> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| groups::create(ledger, &app, &new)).await
    }

    async fn change_group(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        step: GroupStep,
        at: Millis,
    ) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| groups::change(ledger, &app, conversation, &step, at)).await
    }

    async fn banned(&self, app: &AppKey, conversation: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        let (app, users) = (app.clone(), users.to_vec());
        self.read(move |view| groups::banned(view, &app, conversation, &users)).await
    }

    async fn begin_service(&self, app: &AppKey, new: NewService) -> Result<Conversation> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| service::begin(ledger, &app, &new)).await
    }

    async fn open_service(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<Conversation>> {
        let (app, visitor, site) = (app.clone(), visitor.clone(), site.clone());
        self.read(move |view| service::open_service(view, &app, &visitor, &site)).await
    }

    async fn transition(&self, app: &AppKey, transition: Transition) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| service::transition(ledger, &app, &transition)).await
    }

    async fn set_context(&self, app: &AppKey, conversation: ConversationId, context: Context) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| service::set_context(ledger, &app, conversation, &context)).await
    }

    async fn rate(&self, app: &AppKey, conversation: ConversationId, rating: Rating) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| service::rate(ledger, &app, conversation, &rating)).await
    }

    async fn create_ticket(&self, app: &AppKey, ticket: NewTicket) -> Result<()> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| service::create_ticket(ledger, &app, &ticket)).await
    }

    async fn conversation_by_handle(&self, app: &AppKey, kind: Kind, handle: &Handle) -> Result<Option<Conversation>> {
        let (app, handle) = (app.clone(), handle.clone());
        self.read(move |view| conversations::by_handle(view, &app, kind, &handle)).await
    }

    async fn conversation(&self, app: &AppKey, id: ConversationId) -> Result<Option<Conversation>> {
        let app = app.clone();
        self.read(move |view| conversations::conversation(view, &app, id)).await
    }

    async fn conversations_of(&self, app: &AppKey, user: &UserId, list: &List) -> Result<Vec<Conversation>> {
        let (app, user, list) = (app.clone(), user.clone(), list.clone());
        self.read(move |view| own::conversations_of(view, &app, &user, &list)).await
    }

    async fn conversation_for(&self, app: &AppKey, id: ConversationId, user: &UserId) -> Result<Option<Conversation>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| own::conversation_for(view, &app, id, &user)).await
    }

    async fn keep(&self, app: &AppKey, conversation: ConversationId, user: &UserId, change: Keeping) -> Result<Mine> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| own::keep(ledger, &app, conversation, &user, change)).await
    }

    async fn unread(&self, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Result<Unread> {
        let (app, user, kinds) = (app.clone(), user.clone(), kinds.to_vec());
        self.read(move |view| own::unread(view, &app, &user, &kinds)).await
    }

    async fn desk_view(&self, app: &AppKey, agent: &UserId, list: &List) -> Result<Vec<Conversation>> {
        let (app, agent, list) = (app.clone(), agent.clone(), list.clone());
        self.read(move |view| desk::desk_view(view, &app, &agent, &list)).await
    }

    async fn desk_counts(&self, app: &AppKey, agent: &UserId) -> Result<DeskCounts> {
        let (app, agent) = (app.clone(), agent.clone());
        self.read(move |view| desk::desk_counts(view, &app, &agent)).await
    }

    async fn queue_position(&self, app: &AppKey, conversation: ConversationId) -> Result<Option<u64>> {
        let app = app.clone();
        self.read(move |view| desk::queue_position(view, &app, conversation)).await
    }

    async fn idle_services(&self, before: Millis, limit: u16) -> Result<Vec<Idle>> {
        self.read(move |view| desk::idle_services(view, before, limit)).await
    }

    async fn append(&self, app: &AppKey, new: NewMessage) -> Result<Appended> {
        self.need_room()?;
        self.queue(AppendWork { app: app.clone(), new }, Job::Append).await
    }

    async fn page(&self, app: &AppKey, query: &History) -> Result<Page> {
        let (app, query) = (app.clone(), query.clone());
        self.read(move |view| messages::page(view, &app, &query)).await
    }

    async fn page_for(&self, app: &AppKey, reader: &UserId, query: &History) -> Result<Page> {
        let (app, reader, query) = (app.clone(), reader.clone(), query.clone());
        self.read(move |view| hidden::page_for(view, &app, &reader, &query)).await
    }

    async fn delete_for(&self, app: &AppKey, conversation: ConversationId, user: &UserId, seqs: &[Seq]) -> Result<()> {
        let (app, user, seqs) = (app.clone(), user.clone(), seqs.to_vec());
        self.write(move |ledger| hidden::delete_for(ledger, &app, conversation, &user, &seqs)).await
    }

    async fn replace_content(
        &self,
        app: &AppKey,
        uid: MessageUid,
        content: Content,
        at: Millis,
    ) -> Result<Option<Replaced>> {
        let app = app.clone();
        self.write(move |ledger| hidden::replace_content(ledger, &app, uid, &content, at)).await
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
        let app = app.clone();
        self.read(move |view| messages::message(view, &app, uid)).await
    }

    async fn installation(&self) -> Result<u64> {
        let drawn = rand::random::<i64>();
        self.write(move |ledger| tenancy::installation(ledger, drawn)).await
    }

    async fn ready(&self) -> Result<()> {
        let probe = self.write(|ledger| Ok(ledger.step("update meta set value = value + 1 where name = 'probe'")?));
        let late = |_| StoreError::Unavailable("a commit takes too long".to_owned());
        tokio::time::timeout(self.patience, probe).await.map_err(late)?
    }

    async fn close(&self) {
        if let (Some(jobs), Some(questions)) = (&self.jobs, &self.questions) {
            let _ = jobs.send(Job::Close).await;
            let _ = questions.send(Read::Close).await;
        }
        if let Some(searches) = &self.searches {
            let _ = searches.send(Read::Close).await;
        }
        // Whoever closes second waits here for the first.
        let mut running = self.running.lock().await;
        if let Some(running) = running.take() {
            let _ = tokio::task::spawn_blocking(|| running.end()).await;
        }
    }
}

#[cfg(test)]
mod tests;
