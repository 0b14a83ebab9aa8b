//! Moving everything from an embedded store into PostgreSQL, and proving that it came.
//!
//! The source is locked, so that nothing changes meanwhile. Tables go one after the other in batches, each in one
//! transaction with how far it came: whatever ends the work, the next run goes on behind the last batch. Then both
//! sides are read once more in one order and compared row by row, in the form in which PostgreSQL copies rows as text.
//! Only then the database is opened to servers. Ids, places, times and positions stay; words and figures by day are made
//! anew from the messages.

use std::path::Path;

use rusqlite::Row;
use sha2::{Digest, Sha256};

use self::{
    line::Unfit,
    plan::{Plan, SKIPPED, TABLES},
};
use super::{
    postgres::{
        self,
        moving::{Found, Target},
    },
    sqlite::{self, moving::Source},
};

mod line;
mod plan;

/// Rows of one transaction.
const MOST_ROWS: u64 = 2000;
/// Bytes of one transaction.
const MOST_BYTES: usize = 4 << 20;

/// Why the data was not moved. What was moved until then stays, and the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The embedded store cannot be opened.
    #[error(transparent)]
    From(#[from] sqlite::OpenError),
    /// PostgreSQL cannot be reached, or is not fit.
    #[error(transparent)]
    To(#[from] postgres::OpenError),
    /// Reading failed.
    #[error("the embedded store failed: {0}")]
    Reading(#[from] rusqlite::Error),
    /// Writing failed.
    #[error("PostgreSQL failed: {0}; run the same command again, it goes on where it stopped")]
    Writing(#[from] sqlx::Error),
    /// The target holds something else.
    #[error("the PostgreSQL database holds other data already; name an empty one")]
    Taken,
    /// Another move into the database runs.
    #[error("another `parlor migrate` works on this database")]
    Busy,
    /// A server runs on the target.
    #[error("a server uses the PostgreSQL database; stop it until the data is there")]
    InUse,
    /// A row cannot stand in PostgreSQL.
    #[error("a row of {table} cannot be moved: {why}")]
    Unfit {
        /// Which table.
        table: &'static str,
        /// Why.
        why: Unfit,
    },
    /// A table is not known to this program.
    #[error("the embedded store has a table `{0}` that this program does not know how to move")]
    Unknown(String),
    /// A row came differently, or not at all.
    #[error("row {row} of {table} is not the same on both sides; nothing was opened to servers")]
    Differs {
        /// Which table.
        table: &'static str,
        /// The row's place, from 1.
        row: u64,
    },
}

/// What happens now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many of a table's rows are there.
    Moved {
        /// Which table.
        table: &'static str,
        /// Rows there.
        rows: u64,
        /// Rows in all.
        of: u64,
    },
    /// The table is the same on both sides.
    Compared {
        /// Which table.
        table: &'static str,
        /// Its rows.
        rows: u64,
    },
}

/// What was moved of one table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MovedTable {
    /// Which.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over all rows in their order, the same on both sides; hex.
    pub sha256: String,
}

/// Moves everything. `key` names the key with which secrets are sealed. `None` when all of this was moved before.
pub async fn move_all(
    from: &Path,
    to: &str,
    key: Option<Vec<u8>>,
    tell: &mut dyn FnMut(Step),
) -> Result<Option<Vec<MovedTable>>, MoveError> {
    let source = Source::open(from)?;
    let mut target = match Target::open(to, source.id()).await? {
        Found::Ready(target) => target,
        Found::Done => return Ok(None),
        Found::Taken => return Err(MoveError::Taken),
        Found::Busy => return Err(MoveError::Busy),
        Found::InUse => return Err(MoveError::InUse),
    };
    let known = |name: &String| SKIPPED.contains(&name.as_str()) || TABLES.iter().any(|(table, _)| table == name);
    if let Some(unknown) = source.tables()?.into_iter().find(|name| !known(name)) {
        return Err(MoveError::Unknown(unknown));
    }
    let mut plans = Vec::with_capacity(TABLES.len());
    for (table, order) in TABLES {
        plans.push(Plan::of(table, order, &source.columns(table)?, target.columns(table).await?));
    }
    for plan in &plans {
        copy(&source, &mut target, plan, tell).await?;
    }
    let mut moved = Vec::with_capacity(plans.len());
    for plan in &plans {
        let done = compare(&source, &mut target, plan).await?;
        tell(Step::Compared { table: plan.table, rows: done.rows });
        moved.push(done);
    }
    let highest: Vec<(&str, i64)> =
        plans.iter().map(|plan| Ok((plan.table, source.highest(plan.table)?))).collect::<rusqlite::Result<_>>()?;
    target.open_to_servers(source.epoch()?, &highest, source.id(), key).await?;
    Ok(Some(moved))
}

async fn copy(source: &Source, target: &mut Target, plan: &Plan, tell: &mut dyn FnMut(Step)) -> Result<(), MoveError> {
    let of = source.count(plan.table)?;
    let mut done = target.done(plan.table).await?;
    tell(Step::Moved { table: plan.table, rows: done, of });
    let sql = format!("{} limit -1 offset {done}", plan.select());
    let mut statement = source.conn().prepare(&sql)?;
    let mut rows = statement.query([])?;
    loop {
        let (mut text, mut said, mut count) = (Vec::new(), Vec::new(), 0);
        while count < MOST_ROWS && text.len() < MOST_BYTES {
            let Some(row) = rows.next()? else { break };
            plan.write(row, &mut text).map_err(|why| MoveError::Unfit { table: plan.table, why })?;
            if plan.table == "messages" {
                said.push(plan.said(row)?);
            }
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        done += count;
        target.put(plan.table, &plan.columns_there(), text, &said, done).await?;
        tell(Step::Moved { table: plan.table, rows: done, of });
    }
}

async fn compare(source: &Source, target: &mut Target, plan: &Plan) -> Result<MovedTable, MoveError> {
    let mut statement = source.conn().prepare(&plan.select())?;
    let mut rows = statement.query([])?;
    let mut theirs = target.lines(&plan.select_there()).await?;
    let (mut hash, mut count) = (Sha256::new(), 0);
    let differs = |row| MoveError::Differs { table: plan.table, row };
    loop {
        let mut ours = Vec::new();
        if let Some(row) = next_of(&mut rows)? {
            plan.write(row, &mut ours).map_err(|why| MoveError::Unfit { table: plan.table, why })?;
        }
        let there = theirs.next().await?.unwrap_or_default();
        if ours != there {
            return Err(differs(count + 1));
        }
        if ours.is_empty() {
            break;
        }
        hash.update(&ours);
        count += 1;
    }
    let sha256 = data_encoding::HEXLOWER.encode(&hash.finalize());
    Ok(MovedTable { table: plan.table, rows: count, sha256 })
}

fn next_of<'r>(rows: &'r mut rusqlite::Rows<'_>) -> rusqlite::Result<Option<&'r Row<'r>>> {
    rows.next()
}

#[cfg(test)]
mod tests;
