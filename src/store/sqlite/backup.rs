//! Copies of the store: taking one while it runs, putting one back, looking one over.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};
use serde::Serialize;

use super::{
    OpenError, connect,
    folder::{self, Folder},
    messages::checksum,
    migrate,
};
use crate::model::Millis;

/// What is known of a database file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Schema version of the data.
    pub schema: i32,
    /// Schema version that this program knows.
    pub known_schema: i32,
    /// Version of the SQLite library.
    pub sqlite: String,
    /// Size of the database in bytes, without its log.
    pub bytes: u64,
    /// Size of the log in bytes.
    pub log_bytes: u64,
    /// What SQLite's own check found; empty when all is well.
    pub problems: Vec<String>,
    /// Messages that fail their own checksum; they are not served (D8).
    pub damaged_messages: u64,
    /// Identity of the order of all conversations; grows with every restore.
    pub epoch: i64,
    /// Rows by table.
    pub counts: Vec<Count>,
}

/// How many rows a table has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

const TABLES: [&str; 7] = ["apps", "sites", "users", "agents", "conversations", "messages", "tickets"];

/// Copies a database, also while a server uses it, into a new file: one consistent moment, checked, and on the disk
/// when this returns. Never overwrites.
pub fn backup(database: &Path, target: &Path) -> Result<Inspection, OpenError> {
    if target.try_exists()? {
        return Err(OpenError::Exists(target.to_owned()));
    }
    let source = open(database)?;
    migrate::check(&source)?;
    let part = Part::beside(target)?;
    copy(&source, &part.path)?;
    let found = inspect(&part.path)?;
    sound(&found)?;
    part.publish(target)?;
    Ok(found)
}

/// Puts a copy back as the database of a data folder that no server uses. The conversations get a new epoch, so that
/// clients fetch them anew. An existing database is replaced only when `overwrite` says so; until the last moment
/// it stays whole.
pub fn restore(copy_file: &Path, data: &Path, overwrite: bool, now: Millis) -> Result<Inspection, OpenError> {
    let folder = Folder::take(data)?;
    let database = folder.database();
    if database.try_exists()? && !overwrite {
        return Err(OpenError::Exists(database));
    }
    sound(&inspect(copy_file)?)?;
    let part = Part::beside(&database)?;
    copy(&open(copy_file)?, &part.path)?;
    set_epoch(&part.path, epoch_after(&database, now))?;
    let found = inspect(&part.path)?;
    sound(&found)?;
    retire(&database)?;
    part.replace(&database)?;
    Ok(found)
}

/// Looks a database file over, also while a server uses it.
pub fn inspect(database: &Path) -> Result<Inspection, OpenError> {
    let conn = open(database)?;
    let schema = migrate::check(&conn)?;
    let problems = conn
        .prepare("pragma integrity_check(20)")?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter(|line| line.as_deref() != Ok("ok"))
        .collect::<rusqlite::Result<_>>()?;
    let counts = TABLES
        .iter()
        .map(|table| {
            let rows = conn.query_row(&format!("select count(*) from {table}"), [], |row| row.get::<_, i64>(0))?;
            Ok(Count { table, rows: u64::try_from(rows).unwrap_or(0) })
        })
        .collect::<rusqlite::Result<_>>()?;
    Ok(Inspection {
        schema,
        known_schema: migrate::newest(),
        sqlite: rusqlite::version().to_owned(),
        bytes: fs::metadata(database)?.len(),
        log_bytes: fs::metadata(beside(database, "-wal")).map_or(0, |log| log.len()),
        problems,
        damaged_messages: damaged_messages(&conn)?,
        epoch: epoch(&conn)?,
        counts,
    })
}

fn damaged_messages(conn: &Connection) -> rusqlite::Result<u64> {
    let mut statement = conn.prepare(
        "select id, seq, name, body, checksum
        from messages
        order by id",
    )?;
    let mut rows = statement.query([])?;
    let mut damaged = 0;
    while let Some(row) = rows.next()? {
        let (name, body) = (row.get_ref(2)?.as_str(), row.get_ref(3)?.as_str());
        let sound = match (name, body) {
            (Ok(name), Ok(body)) => checksum(row.get(0)?, row.get(1)?, name, body) == row.get::<_, i64>(4)?,
            _ => false,
        };
        damaged += u64::from(!sound);
    }
    Ok(damaged)
}

fn sound(found: &Inspection) -> Result<(), OpenError> {
    match found.problems.first() {
        None => Ok(()),
        Some(problem) => Err(OpenError::Damaged(problem.clone())),
    }
}

/// Opens an existing file for reading. Not read-only: after a crash SQLite must first put the log in order.
fn open(database: &Path) -> Result<Connection, OpenError> {
    if !database.try_exists()? {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", database.display())).into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    conn.busy_timeout(connect::PATIENCE)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// One step copies everything within one read transaction: one moment, whatever is written meanwhile.
fn copy(source: &Connection, target: &Path) -> Result<(), OpenError> {
    let mut copy = Connection::open(target)?;
    copy.busy_timeout(connect::PATIENCE)?;
    let step = Backup::new(source, &mut copy)?.step(-1)?;
    if step != StepResult::Done {
        return Err(OpenError::Damaged("the source is locked by another program".to_owned()));
    }
    // A copy is one file, without a log beside it.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    Ok(())
}

fn epoch(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("select value from meta where name = 'epoch'", [], |row| row.get(0))
}

/// An epoch that no client has seen: the time of the restore, or more if the replaced one was ahead of it.
fn epoch_after(replaced: &Path, now: Millis) -> i64 {
    let seen = if replaced.exists() { open(replaced).and_then(|conn| Ok(epoch(&conn)?)).unwrap_or(0) } else { 0 };
    now.get().max(seen + 1)
}

fn set_epoch(database: &Path, epoch: i64) -> Result<(), OpenError> {
    let conn = Connection::open(database)?;
    conn.execute("update meta set value = max(value + 1, ?1) where name = 'epoch'", [epoch])?;
    Ok(())
}

/// Brings the log of a database that will be replaced into it and removes it: a log must never meet another database.
fn retire(database: &Path) -> Result<(), OpenError> {
    if database.try_exists()? {
        let folded = Connection::open(database).and_then(|conn| {
            conn.busy_timeout(connect::PATIENCE)?;
            conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        });
        match folded {
            // Somebody has it open, such as a command that makes an account.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                return Err(OpenError::InUse(database.to_owned()));
            }
            Err(error) => tracing::warn!(%error, "The replaced database could not be closed properly"),
            Ok(()) => {}
        }
    }
    for log in [beside(database, "-wal"), beside(database, "-shm"), beside(database, "-journal")] {
        match fs::remove_file(log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(folder::sync_entry(database)?)
}

pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A file in the making, removed when it does not get its name.
struct Part {
    path: PathBuf,
}

impl Part {
    fn beside(target: &Path) -> Result<Self, OpenError> {
        let path = beside(target, ".part");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        folder::make_file(&path)?;
        Ok(Self { path })
    }

    /// Gives the file its name, unless the name was taken meanwhile.
    fn publish(self, target: &Path) -> Result<(), OpenError> {
        folder::sync(&self.path)?;
        match fs::hard_link(&self.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(OpenError::Exists(target.to_owned()));
            }
            // Some file systems know no links.
            Err(_) => fs::rename(&self.path, target)?,
        }
        Ok(folder::sync_entry(target)?)
    }

    /// Gives the file its name, in place of what has it now.
    fn replace(self, target: &Path) -> Result<(), OpenError> {
        folder::sync(&self.path)?;
        fs::rename(&self.path, target)?;
        Ok(folder::sync_entry(target)?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
