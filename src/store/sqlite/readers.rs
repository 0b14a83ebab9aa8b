//! The readers: a few threads, each with a read-only connection of its own.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::{connect, rows::View, stats::SqliteStats};

/// Asks, and answers whoever waits.
pub(super) type Question = Box<dyn FnOnce(&View<'_>) + Send>;

/// Something to read.
pub(super) enum Read {
    /// A question.
    Question(Question),
    /// No more questions will be taken; those that wait are still answered.
    Close,
}

/// Starts the threads. They end when every sender is gone or a [`Read::Close`] came, after all questions are answered.
pub(super) fn start(
    file: &Path,
    threads: usize,
    questions: mpsc::Receiver<Read>,
    epoch: u64,
    stats: &Arc<SqliteStats>,
) -> Result<Vec<thread::JoinHandle<()>>, super::OpenError> {
    let questions = Arc::new(Mutex::new(questions));
    (0..threads.max(1))
        .map(|number| {
            let conn = connect::reader(file)?;
            let (questions, stats) = (questions.clone(), stats.clone());
            let run = move || {
                while let Some(question) = next(&questions) {
                    answer(&conn, epoch, &stats, question);
                }
            };
            let started: io::Result<_> = thread::Builder::new().name(format!("store-reader-{number}")).spawn(run);
            Ok(started?)
        })
        .collect()
}

/// One reader waits for the queue, the others for that reader.
pub(super) fn next(questions: &Mutex<mpsc::Receiver<Read>>) -> Option<Question> {
    let mut questions = questions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    loop {
        match questions.blocking_recv()? {
            Read::Question(question) => return Some(question),
            Read::Close => questions.close(),
        }
    }
}

/// A question sees one state of the store, whatever is written meanwhile.
pub(super) fn answer(conn: &Connection, epoch: u64, stats: &SqliteStats, question: Question) {
    let step = |sql| conn.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    if let Err(error) = step("begin") {
        tracing::error!(%error, "A reader could not begin");
    }
    question(&View { conn, epoch, stats });
    if let Err(error) = step("commit") {
        tracing::error!(%error, "A reader could not finish");
    }
}
