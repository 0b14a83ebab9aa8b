//! The record of who changed what. Triggers keep it from being edited.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, millis},
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
impl Audit for SqliteStore {
    async fn begin_entry(&self, app: &AppKey, entry: NewAuditEntry) -> Result<Begun> {
        let app = app.clone();
        self.write(move |ledger| begin(ledger, &app, entry.clone())).await
    }

    async fn write_down(&self, app: &AppKey, begun: Begun, target: String) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| {
            forget(ledger, &app, begun.number)?;
            record(ledger, &app, &NewAuditEntry { target: target.clone(), ..begun.entry.clone() })
        })
        .await
    }

    async fn forget_entry(&self, app: &AppKey, begun: Begun) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| forget(ledger, &app, begun.number)).await
    }

    async fn write_down_unsure(&self, before: Millis) -> Result<u64> {
        let waiting = self.read(move |view| unsettled(view, before)).await?;
        // Mostly there is nothing, and nothing is written then.
        if waiting { self.write(move |ledger| settle(ledger, before)).await } else { Ok(0) }
    }

    async fn audit(&self, app: &AppKey, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>> {
        let app = app.clone();
        self.read(move |view| entries(view, &app, before, limit)).await
    }
}

fn begin(ledger: &mut Ledger, app: &AppKey, entry: NewAuditEntry) -> Work<Begun> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "insert into audit_begun (app_id, at, who, what, target, address, request_id)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![app, entry.at.get(), entry.who, entry.what, entry.target, entry.address, entry.request_id])?;
    Ok(Begun { number: ledger.conn.last_insert_rowid(), entry })
}

fn forget(ledger: &mut Ledger, app: &AppKey, number: i64) -> Work<()> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "delete from audit_begun
            where id = ?1
              and app_id = ?2",
        )?
        .execute([number, app])?;
    Ok(())
}

fn unsettled(view: &View<'_>, before: Millis) -> Work<bool> {
    Ok(view.conn.prepare_cached("select 1 from audit_begun where at < ?1")?.exists([before.get()])?)
}

fn settle(ledger: &mut Ledger, before: Millis) -> Work<u64> {
    let written = ledger
        .conn
        .prepare_cached(
            "insert into audit (app_id, at, who, what, target, address, request_id, unsure)
            select app_id, at, who, what, target, address, request_id, 1
            from audit_begun
            where at < ?1
            order by id",
        )?
        .execute([before.get()])?;
    ledger.conn.prepare_cached("delete from audit_begun where at < ?1")?.execute([before.get()])?;
    Ok(written as u64)
}

fn record(ledger: &mut Ledger, app: &AppKey, entry: &NewAuditEntry) -> Work<()> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "insert into audit (app_id, at, who, what, target, address, request_id)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![app, entry.at.get(), entry.who, entry.what, entry.target, entry.address, entry.request_id])?;
    ledger
        .conn
        .prepare_cached(
            "delete from audit
            where id in (
              select id
              from audit
              where app_id = ?1
                and at <= ?2
              order by id
              limit ?3
            )",
        )?
        .execute(params![app, entry.at.plus_secs(-KEPT_SECS).get(), SWEPT])?;
    Ok(())
}

fn entries(view: &View<'_>, app: &AppKey, before: Option<u64>, limit: u16) -> Work<Vec<AuditEntry>> {
    let before = before.map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX));
    let found = view
        .conn
        .prepare_cached(
            "select a.id, a.at, a.who, a.what, a.target, a.address, a.request_id, a.unsure
            from audit a
            join apps p on p.id = a.app_id
            where p.key = ?1
              and a.id < ?2
            order by a.id desc
            limit ?3",
        )?
        .query_map(params![app.as_str(), before, limit], |row| {
            Ok(AuditEntry {
                number: row.get::<_, i64>(0).map(|number| u64::try_from(number).unwrap_or(0))?,
                at: millis(row, 1)?,
                who: row.get(2)?,
                what: row.get(3)?,
                target: row.get(4)?,
                address: row.get(5)?,
                request_id: row.get(6)?,
                unsure: row.get(7)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
