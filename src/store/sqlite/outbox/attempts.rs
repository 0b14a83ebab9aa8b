//! Deliveries as the worker sees them: what is due, what came of an attempt, what is no longer kept.

use rusqlite::{OptionalExtension, params};
use serde_json::value::RawValue;

use super::{
    deliveries::{maybe_conversation, named, notice_id, promote},
    webhooks::sealed,
};
use crate::{
    model::{
        AppKey, Millis, Notice, Topic, WebhookId,
        webhook::{Form, Outcome},
    },
    store::{
        outbox::{Attempted, Backlog, Due, Endpoint, Keeping, Then},
        sqlite::{
            error::Work,
            ledger::Ledger,
            messages,
            rows::{View, maybe_millis, millis, parsed, whole},
        },
    },
};

/// Most deliveries that one pruning touches.
const MOST_PRUNED: i64 = 1000;

/// The webhooks with something due that may be asked now.
pub(super) fn endpoints(view: &View<'_>, now: Millis, limit: u16) -> Work<Vec<Endpoint>> {
    let found = view
        .conn
        .prepare_cached(
            "select p.key, w.key, w.url, w.secret, w.old_secret, w.old_until, w.failures,
              (select count(*) from webhooks s where s.app_id = w.app_id and s.enabled = 1 and s.deleted = 0), w.form
            from webhooks w
            join apps p on p.id = w.app_id
            where w.enabled = 1
              and w.deleted = 0
              and coalesce(w.paused_until, 0) <= ?1
              and exists (
                select 1
                from deliveries d
                where d.webhook_id = w.id
                  and d.due_at <= ?1
              )
            limit ?2",
        )?
        .query_map(params![now.get(), limit], |row| {
            Ok(Endpoint {
                app: parsed(row, 0)?,
                webhook: parsed(row, 1)?,
                url: row.get(2)?,
                secrets: sealed(row, 3)?,
                failures: row.get(6)?,
                siblings: row.get(7)?,
                form: named(row, 8, Form::from_name)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// What is due of a webhook.
pub(super) fn due(view: &View<'_>, app: &AppKey, id: &WebhookId, now: Millis, limit: u16) -> Work<Vec<Due>> {
    let found = view
        .conn
        .prepare_cached(
            "select d.sequence, n.key, n.topic, n.conversation, n.seq, n.at, n.body, d.attempts, d.due_at
            from webhooks w
            join apps p on p.id = w.app_id
            join deliveries d on d.webhook_id = w.id
            join notices n on n.id = d.notice_id
            where p.key = ?1
              and w.key = ?2
              and w.deleted = 0
              and d.due_at <= ?3
            order by d.due_at, d.sequence
            limit ?4",
        )?
        .query_map(params![app.as_str(), id.as_str(), now.get(), limit], |row| {
            let body: String = row.get(6)?;
            let body = RawValue::from_string(body).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, Box::new(error))
            })?;
            let notice = Notice {
                topic: named(row, 2, Topic::from_name)?,
                conversation: maybe_conversation(row, 3)?,
                seq: row.get::<_, Option<i64>>(4)?.map(messages::seq),
                user: None,
                at: millis(row, 5)?,
                body,
            };
            Ok(Due {
                sequence: whole(row, 0)?,
                id: notice_id(row, 1)?,
                notice,
                attempts: row.get(7)?,
                due_at: millis(row, 8)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// The next instant at which something becomes due, or a pause ends before what was due.
pub(super) fn next_due(view: &View<'_>, now: Millis) -> Work<Option<Millis>> {
    let next = view
        .conn
        .prepare_cached(
            "select min(at)
            from (
              select min(due_at) as at
              from deliveries
              where due_at > ?1
              union all
              select min(paused_until)
              from webhooks
              where paused_until > ?1
                and enabled = 1
            )",
        )?
        .query_row([now.get()], |row| maybe_millis(row, 0))?;
    Ok(next)
}

/// Notes what came of an attempt.
pub(super) fn note(ledger: &mut Ledger, webhook: i64, attempted: &Attempted) -> Work<()> {
    let sequence = i64::try_from(attempted.sequence).unwrap_or(i64::MAX);
    let attempt = &attempted.attempt;
    let (state, due_at) = match attempted.then {
        Then::Delivered => ("delivered", None),
        Then::Retry(at) => ("waiting", Some(at.get())),
        Then::Park => ("parked", None),
    };
    let lane: Option<Option<Vec<u8>>> = ledger
        .conn
        .prepare_cached(
            "update deliveries
            set state = ?3, due_at = ?4, attempts = attempts + 1, outcome = ?5
            where webhook_id = ?1
              and sequence = ?2
              and state = 'waiting'
            returning lane",
        )?
        .query_row(params![webhook, sequence, state, due_at, attempt.outcome.name()], |row| row.get(0))
        .optional()?;
    let Some(lane) = lane else { return Ok(()) };
    ledger
        .conn
        .prepare_cached(
            "insert into attempts (webhook_id, sequence, at, millis, outcome)
            values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![webhook, sequence, attempt.at.get(), attempt.millis, attempt.outcome.name()])?;
    if let (Some(lane), None) = (lane, due_at) {
        promote(ledger, webhook, &lane, attempt.at)?;
    }
    ledger.recorded = true;
    note_health(ledger, webhook, attempted)
}

fn note_health(ledger: &mut Ledger, webhook: i64, attempted: &Attempted) -> Work<()> {
    let health = attempted.health;
    ledger
        .conn
        .prepare_cached(
            "update webhooks
            set failures = ?2, paused_until = ?3, enabled = iif(?4, 0, enabled), gone = iif(?4, 1, gone)
            where id = ?1",
        )?
        .execute(params![webhook, health.failures, health.paused_until.map(Millis::get), health.gone])?;
    if health.gone {
        ledger.forget_listeners();
    }
    Ok(())
}

/// Gives up what waited too long, removes what is no longer kept.
pub(super) fn prune(ledger: &mut Ledger, keep: Keeping) -> Work<u64> {
    let mut changed = give_up(ledger, keep.waiting_before)?;
    changed += remove(ledger, "d.state = 'delivered' and d.at < ?1", keep.delivered_before)?;
    changed += remove(ledger, "d.state = 'parked' and d.at < ?1", keep.parked_before)?;
    changed += remove_ended(ledger)?;
    Ok(changed)
}

fn give_up(ledger: &mut Ledger, before: Millis) -> Work<u64> {
    let old: Vec<(i64, i64, Option<Vec<u8>>)> = ledger
        .conn
        .prepare_cached(
            "select webhook_id, sequence, lane
            from deliveries
            where state = 'waiting'
              and at < ?1
            limit ?2",
        )?
        .query_map(params![before.get(), MOST_PRUNED], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (webhook, sequence, lane) in &old {
        ledger
            .conn
            .prepare_cached(
                "update deliveries
                set state = 'parked', due_at = null, outcome = ?3
                where webhook_id = ?1
                  and sequence = ?2",
            )?
            .execute(params![webhook, sequence, Outcome::TooOld.name()])?;
        if let Some(lane) = lane {
            promote(ledger, *webhook, lane, before)?;
        }
    }
    Ok(old.len() as u64)
}

fn remove(ledger: &Ledger, which: &'static str, before: Millis) -> Work<u64> {
    let sql = format!(
        "delete from deliveries
        where (webhook_id, sequence) in (
            select d.webhook_id, d.sequence
            from deliveries d
            where {which}
            limit ?2
          )
        returning notice_id"
    );
    remove_by(ledger, &sql, before.get())
}

/// What was recorded for webhooks that were ended, then the webhooks.
fn remove_ended(ledger: &Ledger) -> Work<u64> {
    let sql = "delete from deliveries
        where (webhook_id, sequence) in (
            select d.webhook_id, d.sequence
            from webhooks w
            join deliveries d on d.webhook_id = w.id
            where w.deleted = ?1
            limit ?2
          )
        returning notice_id";
    let removed = remove_by(ledger, sql, 1)?;
    ledger.step(
        "delete from webhooks
        where deleted = 1
          and not exists (select 1 from deliveries d where d.webhook_id = webhooks.id)",
    )?;
    Ok(removed)
}

/// Removes deliveries, and the notices that are on their way to nobody any more.
fn remove_by(ledger: &Ledger, sql: &str, value: i64) -> Work<u64> {
    let notices: Vec<i64> = ledger
        .conn
        .prepare_cached(sql)?
        .query_map(params![value, MOST_PRUNED], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for notice in &notices {
        ledger
            .conn
            .prepare_cached(
                "delete from notices
                where id = ?1
                  and not exists (select 1 from deliveries where notice_id = ?1)",
            )?
            .execute([notice])?;
    }
    Ok(notices.len() as u64)
}

/// How much waits.
pub(super) fn backlog(view: &View<'_>) -> Work<Backlog> {
    let count = |state: &str| -> rusqlite::Result<u64> {
        view.conn
            .prepare_cached(
                "select count(*)
                from deliveries
                where state = ?1",
            )?
            .query_row([state], |row| whole(row, 0))
    };
    Ok(Backlog { waiting: count("waiting")?, parked: count("parked")? })
}
