//! The record of who changed what. Triggers keep it from being edited.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    error::Work,
    rows::{all, get, millis, whole},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, AuditEntry, Millis, NewAuditEntry},
    store::{
        Result,
        audit::{Audit, Begun},
    },
};

/// Seconds for which an entry is kept: 400 days.
const KEPT_SECS: i64 = 400 * 86_400;
/// Entries that are too old and go with each new one.
const SWEPT: i64 = 4;

#[async_trait]
impl Audit for PostgresStore {
    async fn begin_entry(&self, app: &AppKey, entry: NewAuditEntry) -> Result<Begun> {
        let number = writing!(self, s => begin(s, app, &entry))?;
        Ok(Begun { number, entry })
    }

    async fn write_down(&self, app: &AppKey, begun: Begun, target: String) -> Result<()> {
        let entry = NewAuditEntry { target, ..begun.entry };
        writing!(self, s => write_down(s, app, begun.number, &entry))
    }

    async fn forget_entry(&self, app: &AppKey, begun: Begun) -> Result<()> {
        writing!(self, s => forget(s, app, begun.number))
    }

    async fn write_down_unsure(&self, before: Millis) -> Result<u64> {
        // Mostly there is nothing, and nothing is written then.
        if glancing!(self, s => unsettled(s, before))? { writing!(self, s => settle(s, before)) } else { Ok(0) }
    }

    async fn audit(&self, app: &AppKey, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>> {
        glancing!(self, s => entries(s, app, before, limit))
    }
}

async fn begin(s: &mut Session<'_>, app: &AppKey, entry: &NewAuditEntry) -> Work<i64> {
    let app = s.app(app).await?;
    let row = query(
        "insert into audit_begun (app_id, at, who, what, target, address, request_id)
        values ($1, $2, $3, $4, $5, $6, $7)
        returning id",
    )
    .bind(app)
    .bind(entry.at.get())
    .bind(&entry.who)
    .bind(&entry.what)
    .bind(&entry.target)
    .bind(&entry.address)
    .bind(&entry.request_id)
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(get(&row, 0)?)
}

async fn write_down(s: &mut Session<'_>, app: &AppKey, number: i64, entry: &NewAuditEntry) -> Work<()> {
    forget(s, app, number).await?;
    record(s, app, entry).await
}

async fn forget(s: &mut Session<'_>, app: &AppKey, number: i64) -> Work<()> {
    let app = s.app(app).await?;
    query("delete from audit_begun where id = $1 and app_id = $2").bind(number).bind(app).execute(&mut *s.conn).await?;
    Ok(())
}

async fn unsettled(s: &mut Session<'_>, before: Millis) -> Work<bool> {
    let row = query("select exists (select 1 from audit_begun where at < $1)")
        .bind(before.get())
        .fetch_one(&mut *s.conn)
        .await?;
    Ok(get(&row, 0)?)
}

/// Of several nodes that settle at once each takes what the others have not.
async fn settle(s: &mut Session<'_>, before: Millis) -> Work<u64> {
    let done = query(
        "with gone as (
          delete from audit_begun
          where at < $1
          returning id, app_id, at, who, what, target, address, request_id
        )
        insert into audit (app_id, at, who, what, target, address, request_id, unsure)
        select app_id, at, who, what, target, address, request_id, true
        from gone
        order by id",
    )
    .bind(before.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(done.rows_affected())
}

async fn record(s: &mut Session<'_>, app: &AppKey, entry: &NewAuditEntry) -> Work<()> {
    // One after the other, so that a later entry of an app never has a lower number: pages go by numbers.
    let app = s.lock_app(app).await?;
    query(
        "insert into audit (app_id, at, who, what, target, address, request_id)
        values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(app)
    .bind(entry.at.get())
    .bind(&entry.who)
    .bind(&entry.what)
    .bind(&entry.target)
    .bind(&entry.address)
    .bind(&entry.request_id)
    .execute(&mut *s.conn)
    .await?;
    query(
        "delete from audit
        where id in (
          select id
          from (select id, at from audit where app_id = $1 order by id limit $3) as oldest
          where at <= $2
        )",
    )
    .bind(app)
    .bind(entry.at.plus_secs(-KEPT_SECS).get())
    .bind(SWEPT)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn entries(s: &mut Session<'_>, app: &AppKey, before: Option<u64>, limit: u16) -> Work<Vec<AuditEntry>> {
    let before = before.map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX));
    let rows = query(
        "select a.id, a.at, a.who, a.what, a.target, a.address, a.request_id, a.unsure
        from audit a
        join apps p on p.id = a.app_id
        where p.key = $1
          and a.id < $2
        order by a.id desc
        limit $3",
    )
    .bind(app.as_str())
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(AuditEntry {
            number: whole(row, 0)?,
            at: millis(row, 1)?,
            who: get(row, 2)?,
            what: get(row, 3)?,
            target: get(row, 4)?,
            address: get(row, 5)?,
            request_id: get(row, 6)?,
            unsure: get(row, 7)?,
        })
    };
    Ok(all(&rows, read)?)
}
