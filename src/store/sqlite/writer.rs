//! The writer: one thread, one connection, group commit.
//!
//! It takes whatever waits into one transaction, commits with an fsync, and only then answers. It never waits on
//! purpose: the fsync of one batch is the time in which the next one gathers.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::Instant,
};

use rusqlite::ErrorCode;
use tokio::sync::{Notify, mpsc, oneshot};

use super::{
    SyncFailure,
    append::{Placed, append},
    error::{Trouble, Work, is_sync_failure, told},
    ledger::Ledger,
    stats::SqliteStats,
    upkeep::checkpoint,
    watermarks::{Mark, mark},
};
use crate::{
    model::{AppKey, Message},
    store::{Appended, NewMessage, Result, StoreError, Watermarks},
};

/// Most jobs in one commit.
const MOST: usize = 1024;

/// Something to write.
pub(super) enum Job {
    /// A message, the hot path.
    Append(Box<Task<AppendWork>>),
    /// A receipt, nearly as hot.
    Mark(Box<Task<Mark>>),
    /// Everything else.
    Other(Box<dyn Other>),
    /// No more jobs will be taken; those that wait are still done.
    Close,
}

/// A piece of work, its outcome once done, and who waits for it.
pub(super) struct Task<W: Doable> {
    work: W,
    outcome: Option<Result<W::Done>>,
    reply: oneshot::Sender<Result<W::Answer>>,
}

/// Work that can be tried, and tried again when its transaction was rolled back.
pub(super) trait Doable {
    type Done;
    type Answer;
    fn attempt(&self, ledger: &mut Ledger) -> Work<Self::Done>;
    fn answer(self, done: Self::Done) -> Self::Answer;
}

impl<W: Doable> Task<W> {
    pub(super) fn new(work: W) -> (Self, oneshot::Receiver<Result<W::Answer>>) {
        let (reply, answer) = oneshot::channel();
        (Self { work, outcome: None, reply }, answer)
    }

    /// Fails only when the transaction is spoiled for everybody.
    fn attempt(&mut self, ledger: &mut Ledger) -> rusqlite::Result<()> {
        self.outcome = Some(match self.work.attempt(ledger) {
            Ok(done) => Ok(done),
            Err(Trouble::Refused(error)) => Err(error),
            Err(Trouble::Engine(error)) => return Err(error),
        });
        Ok(())
    }

    /// Answers after the commit. Nobody may be waiting any more; the work is done all the same.
    fn finish(self) {
        let Self { work, outcome, reply } = self;
        let outcome = outcome.unwrap_or_else(|| Err(StoreError::Unavailable("the job was not tried".to_owned())));
        let _ = reply.send(outcome.map(|done| work.answer(done)));
    }

    fn fail(self, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// A message to keep.
pub(super) struct AppendWork {
    pub(super) app: AppKey,
    pub(super) new: NewMessage,
}

impl Doable for AppendWork {
    type Done = Placed;
    type Answer = Appended;

    fn attempt(&self, ledger: &mut Ledger) -> Work<Placed> {
        append(ledger, &self.app, &self.new)
    }

    fn answer(self, placed: Placed) -> Appended {
        let new = self.new;
        match placed {
            Placed::Repeated(first) => Appended { message: *first, repeated: true },
            Placed::New { uid, seq, at } => Appended {
                message: Message {
                    uid,
                    conversation: new.conversation,
                    seq: Some(seq),
                    at,
                    from: new.from,
                    client_id: new.client_id,
                    content: new.content,
                },
                repeated: false,
            },
        }
    }
}

impl Doable for Mark {
    type Done = Watermarks;
    type Answer = Watermarks;

    fn attempt(&self, ledger: &mut Ledger) -> Work<Watermarks> {
        mark(ledger, self)
    }

    fn answer(self, done: Watermarks) -> Watermarks {
        done
    }
}

/// Work of any shape. Runs in a savepoint, with all heads written before.
pub(super) struct AnyWork<F>(pub(super) F);

impl<T, F: Fn(&mut Ledger) -> Work<T>> Doable for AnyWork<F> {
    type Done = T;
    type Answer = T;

    fn attempt(&self, ledger: &mut Ledger) -> Work<T> {
        ledger.write_heads()?;
        ledger.in_savepoint(|ledger| (self.0)(ledger))
    }

    fn answer(self, done: T) -> T {
        done
    }
}

/// A task whose type is not known here.
pub(super) trait Other: Send {
    fn attempt(&mut self, ledger: &mut Ledger) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>);
    fn fail(self: Box<Self>, error: StoreError);
}

impl<W> Other for Task<W>
where
    W: Doable + Send,
    W::Done: Send,
    W::Answer: Send,
{
    fn attempt(&mut self, ledger: &mut Ledger) -> rusqlite::Result<()> {
        Task::attempt(self, ledger)
    }

    fn finish(self: Box<Self>) {
        Task::finish(*self);
    }

    fn fail(self: Box<Self>, error: StoreError) {
        Task::fail(*self, error);
    }
}

impl Job {
    fn attempt(&mut self, ledger: &mut Ledger) -> rusqlite::Result<()> {
        match self {
            Self::Append(task) => task.attempt(ledger),
            Self::Mark(task) => task.attempt(ledger),
            Self::Other(task) => task.attempt(ledger),
            Self::Close => Ok(()),
        }
    }

    /// Answers; tells whether a message was added.
    fn finish(self) -> bool {
        match self {
            Self::Append(task) => {
                let added = matches!(task.outcome, Some(Ok(Placed::New { .. })));
                task.finish();
                return added;
            }
            Self::Mark(task) => task.finish(),
            Self::Other(task) => task.finish(),
            Self::Close => {}
        }
        false
    }

    fn fail(self, error: StoreError) {
        match self {
            Self::Append(task) => task.fail(error),
            Self::Mark(task) => task.fail(error),
            Self::Other(task) => task.fail(error),
            Self::Close => {}
        }
    }
}

/// Why a batch was not written.
enum Failure {
    /// A job spoiled the transaction.
    Job(rusqlite::Error),
    /// The transaction itself failed.
    Commit(rusqlite::Error),
}

/// The writer thread's state.
pub(super) struct Writer {
    pub(super) ledger: Ledger,
    pub(super) stats: Arc<SqliteStats>,
    pub(super) on_sync_failure: SyncFailure,
    /// Woken after commits that recorded something in the outbox.
    pub(super) news: Arc<Notify>,
    /// Whether this process owns the folder, and so leaves one file behind.
    pub(super) owner: bool,
    /// Called after every commit; brings the log into the database when it has grown too long.
    pub(super) after_commit: Box<dyn FnMut(&Ledger) + Send>,
}

impl Writer {
    /// Starts the thread. It ends when every sender is gone or a [`Job::Close`] came, after all jobs are done.
    pub(super) fn start(mut self, mut jobs: mpsc::Receiver<Job>) -> std::io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("store-writer".into()).spawn(move || {
            let mut batch = Vec::with_capacity(MOST);
            while jobs.blocking_recv_many(&mut batch, MOST) > 0 {
                if batch.iter().any(|job| matches!(job, Job::Close)) {
                    jobs.close();
                }
                self.commit(&mut batch);
            }
            self.shut();
        })
    }

    fn commit(&mut self, batch: &mut Vec<Job>) {
        let begun = Instant::now();
        let done = self.attempt(batch).and_then(|()| self.ledger.step("commit").map_err(Failure::Commit));
        match done {
            Ok(()) => {
                self.stats.committed(batch.len(), begun.elapsed());
                let added = batch.drain(..).map(Job::finish).filter(|added| *added).count();
                if std::mem::take(&mut self.ledger.recorded) {
                    self.news.notify_one();
                }
                self.stats.messages.fetch_add(u64::try_from(added).unwrap_or(0), Ordering::Relaxed);
            }
            Err(failure) => self.fail(batch, &failure),
        }
        self.ledger.age();
        (self.after_commit)(&self.ledger);
    }

    fn attempt(&mut self, batch: &mut [Job]) -> std::result::Result<(), Failure> {
        self.ledger.begin().map_err(Failure::Commit)?;
        for job in batch {
            job.attempt(&mut self.ledger).map_err(Failure::Job)?;
        }
        self.ledger.write_heads().map_err(Failure::Job)
    }

    /// Nothing of the batch was written. When a job is to blame, each gets a chance of its own, so that none fails
    /// for its neighbour's sake; on a full disk those that need no room, such as ending a login, still work.
    fn fail(&mut self, batch: &mut Vec<Job>, failure: &Failure) {
        let (Failure::Job(error) | Failure::Commit(error)) = failure;
        self.stats.failed_commits.fetch_add(1, Ordering::Relaxed);
        self.roll_back();
        if is_sync_failure(error) {
            (self.on_sync_failure)(&error.to_string());
        }
        let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        if is_full {
            // The log can begin anew, and then takes what needs no other room.
            checkpoint(&self.ledger.conn, &self.stats, &self.on_sync_failure);
        }
        if batch.len() > 1 && (is_full || matches!(failure, Failure::Job(_))) {
            for job in std::mem::take(batch) {
                self.commit(&mut vec![job]);
            }
            return;
        }
        tracing::error!(%error, jobs = batch.len(), "A commit failed; nothing of it was written");
        for job in batch.drain(..) {
            job.fail(told(error));
        }
    }

    fn roll_back(&mut self) {
        if !self.ledger.conn.is_autocommit()
            && let Err(error) = self.ledger.conn.execute_batch("rollback")
        {
            tracing::error!(%error, "A rollback failed");
        }
        self.ledger.forget_all();
    }

    fn shut(self) {
        let Ledger { conn, .. } = self.ledger;
        conn.flush_prepared_statement_cache();
        if !self.owner {
            return;
        }
        if let Err(error) = conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())) {
            if is_sync_failure(&error) {
                (self.on_sync_failure)(&error.to_string());
            }
            tracing::warn!(%error, "The last checkpoint failed; the next start repeats it");
        }
    }
}
