//! The schema, grown by numbered steps that only go forward.
//!
//! Programs of two versions run on one database while the nodes are replaced one by one. So a step first only adds
//! (expand), and what nobody uses any more goes with a later version (contract). Each step says which version of the
//! schema a program must know at least to work with the database after it; an older program is refused.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Row, query, raw_sql};

use super::{OpenError, error::code};

/// A step and the oldest schema version that a program must know to work with what it leads to.
struct Step {
    sql: &'static str,
    works_from: i64,
}

/// Every step in order; its place is the schema version it leads to. Released steps never change.
const STEPS: [Step; 14] = [
    Step { sql: include_str!("migrations/0001_first.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0002_labels.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0003_changes.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0004_recalled.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0005_tallies.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0006_claims.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0007_upload_keys.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0008_claimed_broadcasts.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0009_other_changes.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0010_proofs_asked.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0011_changed_attributes.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0012_small_pending_lists.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0013_moved_rows.sql"), works_from: 1 },
    Step { sql: include_str!("migrations/0014_unchecked_pieces.sql"), works_from: 1 },
];

/// Names the lock that one migrating program holds; the schema's name is part of it.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('parlor migrate ' || current_schema(), 0))";

/// A step waits no longer for a table: whoever comes after it waits behind it.
const LOCK_TIMEOUT: &str = "2s";
/// PostgreSQL's name for that.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Before it tries again.
const PAUSE: Duration = Duration::from_secs(3);
/// Tries after which it is said once more.
const SAYS_AGAIN: u32 = 20;

/// The schema version this program knows.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).expect("there are fewer than two billion steps")
}

/// Brings the schema up to date. Each step is one transaction under a lock, so that several nodes may start at once and
/// an interrupted run continues where it stopped.
pub(super) async fn migrate(conn: &mut PgConnection) -> Result<(), OpenError> {
    let mut waited = 0_u32;
    loop {
        match step(conn, &STEPS).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(OpenError::Postgres(error)) if code(&error).as_deref() == Some(LOCK_NOT_AVAILABLE) => {
                // Whatever holds a table (a backup does all the while), nobody else waits behind us for long.
                if waited.is_multiple_of(SAYS_AGAIN) {
                    tracing::warn!(
                        "The tables cannot be changed while somebody reads them, such as a backup; still trying"
                    );
                }
                waited += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Does the next step, if one is left.
async fn step(conn: &mut PgConnection, steps: &[Step]) -> Result<bool, OpenError> {
    let mut transaction = conn.begin().await?;
    // Others may be at it for a while, and a step may have much to do.
    query("select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
        .execute(&mut *transaction)
        .await?;
    query(LOCK).execute(&mut *transaction).await?;
    let found = version(&mut transaction).await?.unwrap_or(0);
    let done = usize::try_from(found).unwrap_or(0);
    let Some(step) = steps.get(done) else {
        transaction.commit().await?;
        return Ok(false);
    };
    query("select set_config('lock_timeout', $1, true)").bind(LOCK_TIMEOUT).execute(&mut *transaction).await?;
    run(&mut transaction, step, found + 1).await?;
    transaction.commit().await?;
    Ok(true)
}

/// The schema version of the database; nothing when it is empty. Refuses what is not ours or too new.
pub(super) async fn version(conn: &mut PgConnection) -> Result<Option<i64>, OpenError> {
    let tables = query(
        "select count(*), count(*) filter (where c.relname = 'parlor_schema')
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = current_schema()
          and c.relkind in ('r', 'p')",
    )
    .fetch_one(&mut *conn)
    .await?;
    match (tables.try_get::<i64, _>(0)?, tables.try_get::<i64, _>(1)?) {
        (0, _) => return Ok(None),
        (_, 0) => return Err(OpenError::NotOurs),
        _ => {}
    }
    let row = query("select version, works_from from parlor_schema").fetch_one(&mut *conn).await?;
    let (found, works_from): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if works_from > newest() {
        return Err(OpenError::Newer { found, known: newest() });
    }
    Ok(Some(found))
}

async fn run(conn: &mut PgConnection, step: &Step, version: i64) -> Result<(), OpenError> {
    if version == 1 {
        raw_sql(
            "create table parlor_schema (
              id bigint primary key default 1 check (id = 1),
              version bigint not null,
              works_from bigint not null
            )",
        )
        .execute(&mut *conn)
        .await?;
        query("insert into parlor_schema (version, works_from) values (0, 0)").execute(&mut *conn).await?;
    }
    raw_sql(step.sql).execute(&mut *conn).await?;
    query("update parlor_schema set version = $1, works_from = $2")
        .bind(version)
        .bind(step.works_from)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
