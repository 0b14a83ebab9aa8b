//! The index of words and the figures of each day: a file of their own beside the database, filled behind the commits.
//!
//! It holds nothing that is not in the database: when it is missing, damaged, or of another epoch, it is made anew. It
//! says up to which message it goes, in the same transaction that brought it there, so that a crash loses nothing.
//! Triggers note messages whose content changed or went; those leave the index within a moment, and no search shows
//! them before that, since every hit is read from the database.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rusqlite::{Connection, Row, params};

use super::{
    super::{OpenError, connect, folder, stats::SqliteStats},
    daily::{self, Counted, Tally},
};
use crate::{
    model::{
        Content,
        fold::{Marks, fold},
        search::text_of,
    },
    store::grams,
};

/// The form of the index; another one is made anew.
const VERSION: i64 = 2;
/// How often new commits are looked for.
const TICK: Duration = Duration::from_millis(250);
/// Messages brought in with one transaction.
const BATCH: i64 = 500;

/// Begins tokens that tell where a message stands rather than what it says: no letter looks like it.
const PLACE: char = '\u{e000}';

/// A word that stands for all messages of a conversation.
pub(super) fn in_conversation(row: i64) -> String {
    format!("{PLACE}c{row}")
}

/// A word that stands for all messages of an app.
pub(super) fn in_app(row: i64) -> String {
    format!("{PLACE}a{row}")
}

/// A word that stands for all messages in an app's conversations of one kind.
pub(super) fn of_kind(app: i64, kind: i64) -> String {
    format!("{PLACE}k{kind}a{app}")
}

/// A word that stands for all messages of one sender.
pub(super) fn by_sender(row: i64) -> String {
    format!("{PLACE}u{row}")
}

/// The index's file in a data folder.
pub(in crate::store::sqlite) fn file_in(folder: &Path) -> PathBuf {
    folder.join("search.db")
}

/// Removes messages from the list of what changed, up to this entry.
pub(in crate::store::sqlite) type Forget = Box<dyn Fn(i64) + Send>;

/// Fills the index.
pub(in crate::store::sqlite) struct Indexer {
    /// Reads the database, with the index attached.
    main: Connection,
    index: Connection,
    stats: Arc<SqliteStats>,
    forget: Forget,
}

impl Indexer {
    /// Opens the index of a database of this epoch; makes it anew when it does not fit.
    pub(in crate::store::sqlite) fn open(
        database: &Path,
        epoch: u64,
        stats: Arc<SqliteStats>,
        forget: Forget,
    ) -> Result<Self, OpenError> {
        let file = file_in(database.parent().unwrap_or(Path::new(".")));
        let main = connect::reader(database)?;
        let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
        let index = match fitting(&file, epoch) {
            Ok(Some(index)) => index,
            found => {
                if let Err(error) = found {
                    tracing::warn!(%error, "The search index cannot be read and is made anew");
                }
                anew(&file, epoch)?
            }
        };
        Ok(Self { main, index, stats, forget })
    }

    /// Starts the thread. It ends when the sender is gone.
    pub(in crate::store::sqlite) fn start(self, stop: Receiver<()>) -> io::Result<thread::JoinHandle<()>> {
        thread::Builder::new().name("store-index".into()).spawn(move || self.run(&stop))
    }

    fn run(mut self, stop: &Receiver<()>) {
        let mut done_at = None;
        loop {
            let commits = self.stats.commits();
            let mut more = false;
            if done_at != Some(commits) {
                match self.step() {
                    Ok(full) => more = full,
                    Err(error) => tracing::warn!(%error, "The search index could not be filled; it tries again"),
                }
                done_at = Some(commits).filter(|_| !more);
            }
            let pause = if more { Duration::ZERO } else { TICK };
            if stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Brings in what is new and takes out what changed; tells whether there may be more.
    pub(super) fn step(&mut self) -> rusqlite::Result<bool> {
        let transaction = self.index.transaction()?;
        let changed: Vec<(i64, i64)> = self
            .main
            .prepare_cached("select id, message_id from reworded order by id limit ?1")?
            .query_map([BATCH], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (_, message) in &changed {
            transaction.prepare_cached("delete from grams where rowid = ?1")?.execute([message])?;
        }
        let from = up_to(&transaction)?;
        let again = "select m.id, m.name, m.body, m.conversation_id, c.app_id, c.kind, m.sender_id, m.sent_at, 0, 0
            from messages m
            join conversations c on c.id = m.conversation_id
            where m.id = ?1
              and m.id <= ?2
            limit ?3";
        for (_, message) in &changed {
            take_in(&self.main, &transaction, again, [*message, from, 1], |_| {})?;
        }
        let new = "select m.id, m.name, m.body, m.conversation_id, c.app_id, c.kind, m.sender_id, m.sent_at,
              u.role = 'agent', c.created_at
            from messages m
            join conversations c on c.id = m.conversation_id
            join users u on u.id = m.sender_id
            where m.id > ?1
              and m.id <= ?2
            order by m.id
            limit ?3";
        let mut tally = Tally::default();
        let (count, last) =
            take_in(&self.main, &transaction, new, [from, i64::MAX, BATCH], |counted| tally.add(counted))?;
        tally.write(&transaction)?;
        if let Some(last) = last {
            transaction.execute("update state set value = ?1 where name = 'up_to'", [last])?;
        }
        transaction.commit()?;
        if let Some((last, _)) = changed.last() {
            (self.forget)(*last);
        }
        Ok(count == BATCH || !changed.is_empty())
    }
}

/// Puts the messages of a question into the index; how many, and the last one.
fn take_in(
    main: &Connection,
    index: &Connection,
    sql: &str,
    values: [i64; 3],
    mut count_in: impl FnMut(Counted),
) -> rusqlite::Result<(i64, Option<i64>)> {
    let mut statement = main.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let (mut count, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        (count, last) = (count + 1, Some(id));
        let it = counted(row)?;
        count_in(it);
        let (name, body) = (row.get_ref(1)?.as_str()?, row.get::<_, String>(2)?);
        let Some(text) = Content::from_stored(name, body).ok().as_ref().and_then(text_of) else { continue };
        let places = [in_conversation(it.conversation), in_app(it.app), of_kind(it.app, it.kind), by_sender(it.sender)];
        let words = grams::joined(&places, &fold(&text, Marks::Drop));
        index
            .prepare_cached("insert or replace into grams (rowid, words) values (?1, ?2)")?
            .execute(params![id, words])?;
    }
    Ok((count, last))
}

fn counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        conversation: row.get(3)?,
        app: row.get(4)?,
        kind: row.get(5)?,
        sender: row.get(6)?,
        sent_at: row.get(7)?,
        by_agent: row.get(8)?,
        began_at: row.get(9)?,
    })
}

/// Up to which message the index goes.
pub(super) fn up_to(index: &Connection) -> rusqlite::Result<i64> {
    index.prepare_cached("select value from state where name = 'up_to'")?.query_row([], |row| row.get(0))
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let index = Connection::open(file)?;
    index.busy_timeout(connect::PATIENCE)?;
    index.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // Losing its end costs filling it again.
    index.pragma_update(None, "synchronous", "normal")?;
    index.pragma_update(None, "temp_store", "memory")?;
    Ok(index)
}

/// The index that is there, if it belongs to this database.
fn fitting(file: &Path, epoch: i64) -> rusqlite::Result<Option<Connection>> {
    if !file.exists() {
        return Ok(None);
    }
    let index = connect(file)?;
    let state = |name: &str| index.query_row("select value from state where name = ?1", [name], |row| row.get(0));
    let fits = (state("version")?, state("epoch")?) == (VERSION, epoch);
    Ok(fits.then_some(index))
}

/// An empty index in the place of whatever is there.
fn anew(file: &Path, epoch: i64) -> Result<Connection, OpenError> {
    for end in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(end);
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    folder::make_file(file)?;
    let mut index = connect(file)?;
    let transaction = index.transaction()?;
    transaction.execute_batch(
        "create table state (name text primary key, value integer not null) strict, without rowid;
        create virtual table grams using fts5(words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');",
    )?;
    transaction.execute_batch(daily::TABLES)?;
    for (name, value) in [("version", VERSION), ("epoch", epoch), ("up_to", 0)] {
        transaction.execute("insert into state (name, value) values (?1, ?2)", params![name, value])?;
    }
    transaction.commit()?;
    Ok(index)
}
