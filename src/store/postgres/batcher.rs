//! Group commit: one task per node takes whatever waits into one transaction, commits, and only then answers. The commit of
//! one batch is the time in which the next one gathers. While many write, but too few for a batch that is worth its ways to
//! the server, batches begin some milliseconds apart: each costs this node and the server as much as dozens of messages.
//! Whoever writes nearly alone waits for nobody.
//!
//! The task's connection holds a lock on the number of this node, which is part of every message's number: whoever loses
//! the connection loses the number, and nobody else mints with it before the server has ended the old session.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions, query};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

use super::{
    Company, append,
    connect::greet,
    error::{Trouble, Work, is_lost, may_try_again, of_commit},
    loan::{is_late, late},
    names::Names,
    session::Session,
    stats::PostgresStats,
};
use crate::{
    model::{AppKey, ConversationId, Millis, Seq, UserId},
    store::{
        Appended, NewMessage, Result, StoreError, Watermarks,
        uid::{MAX_NODE, Uids},
    },
};

/// Most jobs in one commit.
pub(super) const MOST: usize = 1024;
/// A batch with fewer jobs lets the next one begin at once.
const CROWD: usize = 8;
/// So many jobs begin at once in any case: their batch's own cost is little beside theirs.
const WORTHWHILE: usize = 64;
/// Time from the beginning of a crowd's batch to that of the next one.
const APART: Duration = Duration::from_millis(8);
/// How often it is looked meanwhile whether there are enough.
const STEP: Duration = Duration::from_millis(1);
/// Tries of a batch that surely left nothing behind.
const TRIES: u32 = 4;
/// How often jobs are sent again whose commit was not answered: what was written then is found by the client ids.
const SETTLES: u32 = 3;
/// Pause before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(25);
/// A batch that takes longer is given up with its connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that a batch asks for is found by a key. While a table is young PostgreSQL takes it for tiny and would read all of
/// it, over and over, until its statistics come minutes later. What others may miss is noted with the batch itself, which
/// knows it: the triggers that find it out for everybody else would cost as much as the messages.
const SETTINGS: &str = "select set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
    set_config('enable_mergejoin', 'off', false), set_config('parlor.nodes', 'off', false)";

/// Something to write.
pub(super) enum Job {
    /// A message.
    Append(Box<Waiting<Append, Appended>>),
    /// A receipt.
    Mark(Box<Waiting<Mark, Watermarks>>),
    /// No more jobs will be taken; those that wait are still done.
    Close,
}

/// A piece of work and who waits for it.
pub(super) struct Waiting<W, A> {
    pub(super) work: W,
    pub(super) reply: oneshot::Sender<Result<A>>,
}

/// A message to keep.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) app: AppKey,
    pub(super) new: NewMessage,
    /// It copies one of an upstream.
    pub(super) copy: Option<Copy>,
}

/// What a message copies.
#[derive(Debug)]
pub(super) struct Copy {
    /// The id there.
    pub(super) uid: String,
    /// Whose copy it belongs to.
    pub(super) visitor: UserId,
    /// The time here.
    pub(super) now: Millis,
}

/// A receipt.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) app: AppKey,
    pub(super) conversation: ConversationId,
    pub(super) user: UserId,
    pub(super) delivered: Option<Seq>,
    pub(super) read: Option<Seq>,
    pub(super) at: Millis,
}

/// What became of a job.
pub(super) enum Outcome {
    Append(Box<Result<Appended>>),
    Mark(Result<Watermarks>),
    Close,
}

impl Job {
    /// Whether doing it once more leaves everything as if it had been done once.
    fn may_come_twice(&self) -> bool {
        match self {
            Self::Append(job) => job.work.new.client_id.is_some(),
            Self::Mark(_) | Self::Close => true,
        }
    }

    fn answer(self, outcome: Outcome) {
        // Nobody may be waiting any more; the work is done all the same.
        match (self, outcome) {
            (Self::Append(job), Outcome::Append(answer)) => drop(job.reply.send(*answer)),
            (Self::Mark(job), Outcome::Mark(answer)) => drop(job.reply.send(answer)),
            (Self::Close, _) => {}
            (job, _) => job.fail(StoreError::Unavailable("the job was not tried".to_owned())),
        }
    }

    fn fail(self, error: StoreError) {
        match self {
            Self::Append(job) => drop(job.reply.send(Err(error))),
            Self::Mark(job) => drop(job.reply.send(Err(error))),
            Self::Close => {}
        }
    }
}

impl Outcome {
    /// A message that is kept already.
    pub(super) fn is_repeated(&self) -> bool {
        matches!(self, Self::Append(answer) if answer.as_ref().as_ref().is_ok_and(|appended| appended.repeated))
    }

    /// As the first try would have had it, of which nobody was told: what it wrote is new to everybody. It was another
    /// client's try at worst, of which everybody is told twice.
    fn into_first(mut self) -> Self {
        match &mut self {
            Self::Append(answer) => {
                if let Ok(appended) = answer.as_mut() {
                    appended.repeated = false;
                }
            }
            Self::Mark(Ok(marks)) => marks.moved = true,
            Self::Mark(Err(_)) | Self::Close => {}
        }
        self
    }
}

/// The connection that writes, what mints with it, and what it knows.
struct Seat {
    conn: PgConnection,
    uids: Uids,
    names: Names,
}

impl Seat {
    /// Servers that hear of each other share a lock; one that hears nobody has it for itself.
    async fn is_welcome(&mut self, company: Company) -> Work<bool> {
        let lock = match company {
            Company::Any => return Ok(true),
            Company::Nobody => "select pg_try_advisory_lock(hashtextextended('parlor server ' || current_schema(), 0))",
            Company::Nodes => {
                "select pg_try_advisory_lock_shared(hashtextextended('parlor server ' || current_schema(), 0))"
            }
        };
        Ok(query(lock).fetch_one(&mut self.conn).await?.try_get(0)?)
    }
}

/// The task's state.
pub(super) struct Batcher {
    pub(super) connect: PgConnectOptions,
    pub(super) epoch: u64,
    pub(super) stats: Arc<PostgresStats>,
    /// Woken after commits that recorded something in the outbox.
    pub(super) news: Arc<Notify>,
    seat: Option<Seat>,
    company: Company,
}

impl Batcher {
    pub(super) fn new(connect: PgConnectOptions, epoch: u64, stats: Arc<PostgresStats>, news: Arc<Notify>) -> Self {
        Self { connect, epoch, stats, news, seat: None, company: Company::Any }
    }

    /// Sits down in this company; whether it could. The session of a server that was killed may stand in the way a moment
    /// longer. A connection that is made anew later is in nobody's way who came meanwhile.
    pub(super) async fn joins(&mut self, company: Company, patience: Duration) -> Result<bool> {
        self.company = company;
        let deadline = Instant::now() + patience;
        loop {
            self.sit_down().await?;
            if let Some(seat) = &mut self.seat
                && seat.is_welcome(company).await?
            {
                return Ok(true);
            }
            if let Some(seat) = self.seat.take() {
                drop(seat.conn.close().await);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Takes a number.
    async fn sit_down(&mut self) -> Work<()> {
        if self.seat.is_none() {
            let mut seat = seat(&self.connect, self.company).await?;
            // One that is made anew: whoever came meanwhile stays, and so does this one.
            seat.is_welcome(self.company).await?;
            self.seat = Some(seat);
        }
        Ok(())
    }

    /// Runs until every sender is gone or a [`Job::Close`] came, after all jobs are done.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(MOST);
        let mut earliest = Instant::now();
        while jobs.recv_many(&mut batch, MOST).await > 0 {
            gather(&mut jobs, &mut batch, earliest).await;
            if batch.len() >= CROWD {
                earliest = Instant::now() + APART;
            }
            if batch.iter().any(|job| matches!(job, Job::Close)) {
                jobs.close();
            }
            self.commit(std::mem::take(&mut batch)).await;
        }
        if let Some(seat) = self.seat.take() {
            drop(seat.conn.close().await);
        }
    }

    /// Commits a batch. When a job is to blame, each gets a transaction of its own, so that none fails for its
    /// neighbour's sake. When the answer to the commit is lost, the jobs are done again: who was written finds themselves.
    async fn commit(&mut self, batch: Vec<Job>) {
        let mut batches = VecDeque::from([(batch, 0)]);
        while let Some((batch, lost)) = batches.pop_front() {
            match self.with_tries(&batch).await {
                Ok(outcomes) => {
                    for (job, outcome) in batch.into_iter().zip(outcomes) {
                        job.answer(if lost > 0 { outcome.into_first() } else { outcome });
                    }
                }
                Err(Trouble::Engine(error)) if lost == 0 && batch.len() > 1 && error.as_database_error().is_some() => {
                    tracing::warn!(%error, jobs = batch.len(), "A batch failed; its jobs are tried one by one");
                    batches.extend(batch.into_iter().map(|job| (vec![job], 0)));
                }
                // A server that hangs holds the rows: nothing would come of it.
                Err(Trouble::Unknown(error)) if lost < SETTLES && !is_late(&error) => {
                    tracing::warn!(%error, jobs = batch.len(), "The answer to a commit was lost; it is found out");
                    let (again, others): (Vec<Job>, Vec<Job>) = batch.into_iter().partition(Job::may_come_twice);
                    self.fail(others, Trouble::Unknown(error));
                    if !again.is_empty() {
                        batches.push_front((again, lost + 1));
                    }
                }
                Err(trouble) => self.fail(batch, trouble),
            }
        }
    }

    fn fail(&self, batch: Vec<Job>, trouble: Trouble) {
        if batch.is_empty() {
            return;
        }
        self.stats.failed_commits.fetch_add(1, Ordering::Relaxed);
        let error = StoreError::from(trouble);
        tracing::error!(%error, jobs = batch.len(), "A commit failed");
        for job in batch {
            job.fail(error.clone());
        }
    }

    async fn with_tries(&mut self, batch: &[Job]) -> Work<Vec<Outcome>> {
        let (mut tries, mut pause) = (1, PAUSE);
        loop {
            let outcome = self.attempt(batch).await;
            let Err(trouble) = outcome else { return outcome };
            let lost = match &trouble {
                Trouble::Engine(error) => is_lost(error),
                Trouble::Unknown(_) => true,
                Trouble::Refused(_) => false,
            };
            if lost {
                self.seat = None;
            }
            match trouble {
                Trouble::Engine(error) if tries < TRIES && may_try_again(&error) => {
                    self.stats.retries.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(%error, "A batch left nothing behind and is tried again");
                    tokio::time::sleep(pause).await;
                    (tries, pause) = (tries + 1, pause * 2);
                }
                trouble => return Err(trouble),
            }
        }
    }

    async fn attempt(&mut self, batch: &[Job]) -> Work<Vec<Outcome>> {
        self.sit_down().await?;
        let Some(seat) = &mut self.seat else { return Err(sqlx::Error::WorkerCrashed.into()) };
        let begun = Instant::now();
        let work = async {
            let mut transaction = seat.conn.begin().await?;
            let mut session =
                Session { conn: &mut transaction, epoch: self.epoch, stats: self.stats.clone(), recorded: false };
            let noted = self.company == Company::Nodes;
            let (outcomes, added) = append::all(&mut session, (&mut seat.uids, &mut seat.names), batch, noted).await?;
            let recorded = session.recorded;
            Ok::<_, Trouble>((transaction, outcomes, added, recorded))
        };
        // Without a commit nothing was written.
        let (transaction, outcomes, added, recorded) = match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done?,
            Err(_) => return Err(late().into()),
        };
        match tokio::time::timeout(PATIENCE, transaction.commit()).await {
            Ok(done) => done.map_err(of_commit)?,
            Err(_) => return Err(Trouble::Unknown(late())),
        }
        if recorded {
            self.news.notify_one();
        }
        self.stats.committed(batch.len(), begun.elapsed());
        self.stats.messages.fetch_add(added, Ordering::Relaxed);
        Ok(outcomes)
    }
}

/// Takes what comes until a batch may begin, or until there is enough for one.
async fn gather(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, earliest: Instant) {
    // In steps: whoever waits for jobs is woken by each of them.
    while batch.len() + jobs.len() < WORTHWHILE && Instant::now() < earliest {
        tokio::time::sleep(STEP).await;
    }
    let room = MOST.saturating_sub(batch.len());
    if room > 0 && !jobs.is_empty() {
        jobs.recv_many(batch, room).await;
    }
}

/// Connects and takes the lowest number that no other node has.
async fn seat(connect: &PgConnectOptions, company: Company) -> Work<Seat> {
    let sitting = async {
        let mut conn = connect.connect().await?;
        greet(&mut conn, company).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        query(SETTINGS).execute(&mut conn).await?;
        for node in 0..=MAX_NODE {
            let row = query(
                "select pg_try_advisory_lock(
                  hashtextextended('parlor node ' || current_schema() || ' ' || $1::bigint, 0))",
            )
            .bind(i64::from(node))
            .fetch_one(&mut conn)
            .await?;
            if row.try_get(0)? {
                let highest = query("select max(id) from messages").fetch_one(&mut conn).await?;
                let uids = Uids::after(node, highest.try_get(0)?);
                return Ok(Seat { conn, uids, names: Names::default() });
            }
        }
        Err(StoreError::TooMany("servers").into())
    };
    tokio::time::timeout(PATIENCE, sitting).await.map_err(|_| late())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many wait, and the next batch may begin in 8 ms: how many it has, and how long it waited. Two more come in 3 ms.
    async fn gathered(waiting: usize) -> (usize, Duration) {
        let (sender, mut jobs) = mpsc::channel(MOST);
        for _ in 0..waiting {
            sender.try_send(Job::Close).unwrap();
        }
        let later = async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            for _ in 0..2 {
                sender.try_send(Job::Close).unwrap();
            }
        };
        let (begun, mut batch) = (Instant::now(), Vec::new());
        let gathering = async {
            jobs.recv_many(&mut batch, MOST).await;
            gather(&mut jobs, &mut batch, begun + APART).await;
            begun.elapsed()
        };
        let (took, ()) = tokio::join!(gathering, later);
        (batch.len(), took)
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowds_batches_begin_apart_unless_there_is_enough_for_one() {
        assert_eq!(gathered(10).await, (12, APART));
        assert_eq!(gathered(WORTHWHILE).await, (WORTHWHILE, Duration::ZERO));
        assert_eq!(gathered(WORTHWHILE - 2).await, (WORTHWHILE, Duration::from_millis(3)));
        assert_eq!(gathered(MOST).await, (MOST, Duration::ZERO));
    }
}
