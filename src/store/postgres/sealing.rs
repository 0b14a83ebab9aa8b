//! When what was kept before an instant is whole, though several servers keep messages.
//!
//! A message's time comes from its server's clock, a moment before the transaction that keeps it. So it is whole when the
//! database's own clock has passed the instant by more than clocks may differ and messages may wait, and when nothing that
//! was under way then is under way any more. Only the sessions that keep messages are looked at: what others do on the
//! same PostgreSQL, such as a long report, holds nothing up.

use std::time::Duration;

use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::Work,
    session::{Session, glancing},
};
use crate::{
    model::Millis,
    store::{Result, uid::MAX_NODE},
};

/// So long after an instant a message may be kept with a time before it: ten minutes by which clocks may differ, and five for
/// what waits in line behind a database that was away.
pub(super) const LATE_SECS: i64 = 15 * 60;
/// Looks at transactions under way, and the pause between two: together longer than batches usually take.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
/// When a transaction is still under way after that, whoever asks comes back after so many seconds.
const AGAIN_SECS: u32 = 5;

/// A transaction under way, by the session that has it and its own number there.
type UnderWay = (i32, String);

impl PostgresStore {
    /// As [`seal`](crate::store::statistics::Statistics::seal).
    pub(super) async fn wait_until_whole(&self, until: Millis) -> Result<Option<u32>> {
        let wait = glancing!(self, s => secs_to(s, until.plus_secs(LATE_SECS)))?;
        if wait > 0 {
            return Ok(Some(u32::try_from(wait).unwrap_or(u32::MAX)));
        }
        let mut left = glancing!(self, s => keeping(s))?;
        for _ in 0..LOOKS {
            if left.is_empty() {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
            let now = glancing!(self, s => keeping(s))?;
            left.retain(|transaction| now.contains(transaction));
        }
        Ok((!left.is_empty()).then_some(AGAIN_SECS))
    }
}

/// Seconds until an instant by the database's clock, the last one begun counted whole.
async fn secs_to(s: &mut Session<'_>, at: Millis) -> Work<i64> {
    let row = query("select ceil($1::bigint / 1000.0 - extract(epoch from clock_timestamp()))::bigint")
        .bind(at.get())
        .fetch_one(&mut *s.conn)
        .await?;
    Ok(row.try_get(0)?)
}

/// The transactions under way of all sessions that keep messages, known by the numbers that they hold.
async fn keeping(s: &mut Session<'_>) -> Work<Vec<UnderWay>> {
    let rows = query(
        "select t.pid, t.virtualxid
        from pg_locks t
        where t.locktype = 'virtualxid'
          and t.mode = 'ExclusiveLock'
          and t.pid in (
            select l.pid
            from pg_locks l
            join generate_series(0, $1::bigint) as node
              on (l.classid::bigint << 32) | l.objid::bigint
                = hashtextextended('parlor node ' || current_schema() || ' ' || node, 0)
            where l.locktype = 'advisory'
              and l.objsubid = 1
              and l.granted
              and l.database = (select oid from pg_database where datname = current_database())
          )",
    )
    .bind(i64::from(MAX_NODE))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<sqlx::Result<_>>()?)
}
