//! Deliveries as the worker sees them: what is due, what came of an attempt, what is no longer kept.

use serde_json::value::RawValue;
use sqlx::{Row, postgres::PgRow, query};

use super::{
    deliveries::{notice_id, promote},
    webhooks::sealed,
};
use crate::{
    model::{
        AppKey, Millis, Notice, Topic, WebhookId,
        webhook::{Form, Outcome},
    },
    store::{
        outbox::{Attempted, Backlog, Due, Endpoint, Keeping, Then},
        postgres::{
            error::Work,
            rows::{all, get, maybe_conversation, maybe_millis, millis, named, parsed, small, whole},
            session::Session,
        },
        records::seq,
    },
};

/// Most deliveries that one pruning touches.
const MOST_PRUNED: i64 = 1000;
/// For so long the other nodes leave a delivery to the one that claimed it: longer than an attempt takes.
const CLAIM_MILLIS: i64 = 60_000;

/// The database's clock: claims end by it, because the nodes' own may differ.
macro_rules! clock {
    () => {
        "(extract(epoch from statement_timestamp()) * 1000)::bigint"
    };
}

/// The webhooks with something due that may be asked now, and that this node may take.
pub(super) async fn endpoints(s: &mut Session<'_>, now: Millis, limit: u16, claimant: i64) -> Work<Vec<Endpoint>> {
    let rows = query(concat!(
        "select p.key, w.key, w.url, w.secret, w.old_secret, w.old_until, w.failures,
          (select count(*) from webhooks s where s.app_id = w.app_id and s.enabled and not s.deleted), w.form
        from webhooks w
        join apps p on p.id = w.app_id
        where w.enabled
          and not w.deleted
          and coalesce(w.paused_until, 0) <= $1
          and exists (
            select 1
            from deliveries d
            where d.webhook_id = w.id
              and d.due_at <= $1
              and (d.claimed_by = $3 or d.claimed_until <= ",
        clock!(),
        ")
          )
        order by w.id
        limit $2"
    ))
    .bind(now.get())
    .bind(i64::from(limit))
    .bind(claimant)
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        Ok(Endpoint {
            app: parsed(row, 0)?,
            webhook: parsed(row, 1)?,
            url: get(row, 2)?,
            secrets: sealed(row, 3)?,
            failures: small(row, 6)?,
            siblings: small(row, 7)?,
            form: named(row, 8, Form::from_name)?,
        })
    };
    Ok(all(&rows, read)?)
}

/// Claims what is due of a webhook. What this node claimed before comes again: it knows what is under way.
pub(super) async fn claim(
    s: &mut Session<'_>,
    app: &AppKey,
    id: &WebhookId,
    (now, limit): (Millis, u16),
    claimant: i64,
) -> Work<Vec<Due>> {
    let rows = query(concat!(
        "with due as (
          select d.webhook_id, d.sequence
          from webhooks w
          join apps p on p.id = w.app_id
          join deliveries d on d.webhook_id = w.id
          where p.key = $1
            and w.key = $2
            and not w.deleted
            and d.due_at <= $3
            and (d.claimed_by = $5 or d.claimed_until <= ",
        clock!(),
        ")
          order by d.due_at, d.sequence
          limit $4
          for update of d skip locked
        ), claimed as (
          update deliveries d
          set claimed_by = $5, claimed_until = $6 + ",
        clock!(),
        "
          from due
          where d.webhook_id = due.webhook_id
            and d.sequence = due.sequence
          returning d.sequence, d.notice_id, d.attempts, d.due_at
        )
        select d.sequence, n.key, n.topic, n.conversation, n.seq, n.at, n.body, d.attempts, d.due_at
        from claimed d
        join notices n on n.id = d.notice_id
        order by d.due_at, d.sequence"
    ))
    .bind(app.as_str())
    .bind(id.as_str())
    .bind(now.get())
    .bind(i64::from(limit))
    .bind(claimant)
    .bind(CLAIM_MILLIS)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, due)?)
}

fn due(row: &PgRow) -> sqlx::Result<Due> {
    let body: String = get(row, 6)?;
    let body = RawValue::from_string(body)
        .map_err(|error| sqlx::Error::ColumnDecode { index: "body".to_owned(), source: Box::new(error) })?;
    let notice = Notice {
        topic: named(row, 2, Topic::from_name)?,
        conversation: maybe_conversation(row, 3)?,
        seq: get::<Option<i64>>(row, 4)?.map(seq),
        user: None,
        at: millis(row, 5)?,
        body,
    };
    Ok(Due {
        sequence: whole(row, 0)?,
        id: notice_id(row, 1)?,
        notice,
        attempts: small(row, 7)?,
        due_at: millis(row, 8)?,
    })
}

/// The next instant at which something becomes due, or a pause ends before what was due.
pub(super) async fn next_due(s: &mut Session<'_>, now: Millis) -> Work<Option<Millis>> {
    let row = query(
        "select least(
            (select min(due_at) from deliveries where due_at > $1),
            (select min(paused_until) from webhooks where paused_until > $1 and enabled)
          )",
    )
    .bind(now.get())
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(maybe_millis(&row, 0)?)
}

/// Notes what came of an attempt. The webhook is locked.
pub(super) async fn note(s: &mut Session<'_>, webhook: i64, attempted: &Attempted) -> Work<()> {
    let sequence = i64::try_from(attempted.sequence).unwrap_or(i64::MAX);
    let attempt = &attempted.attempt;
    let (state, due_at) = match attempted.then {
        Then::Delivered => ("delivered", None),
        Then::Retry(at) => ("waiting", Some(at.get())),
        Then::Park => ("parked", None),
    };
    let row = query(
        "update deliveries
        set state = $3, due_at = $4, attempts = attempts + 1, outcome = $5, claimed_until = 0
        where webhook_id = $1
          and sequence = $2
          and state = 'waiting'
        returning lane",
    )
    .bind(webhook)
    .bind(sequence)
    .bind(state)
    .bind(due_at)
    .bind(attempt.outcome.name())
    .fetch_optional(&mut *s.conn)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let lane: Option<Vec<u8>> = row.try_get(0)?;
    query("insert into attempts (webhook_id, sequence, at, millis, outcome) values ($1, $2, $3, $4, $5)")
        .bind(webhook)
        .bind(sequence)
        .bind(attempt.at.get())
        .bind(i64::from(attempt.millis))
        .bind(attempt.outcome.name())
        .execute(&mut *s.conn)
        .await?;
    if let (Some(lane), None) = (lane, due_at) {
        promote(s, webhook, &lane, attempt.at).await?;
    }
    s.recorded = true;
    let health = attempted.health;
    query(
        "update webhooks
        set failures = $2, paused_until = $3, enabled = enabled and not $4, gone = gone or $4
        where id = $1",
    )
    .bind(webhook)
    .bind(i64::from(health.failures))
    .bind(health.paused_until.map(Millis::get))
    .bind(health.gone)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Gives up what waited too long, removes what is no longer kept.
pub(super) async fn prune(s: &mut Session<'_>, keep: Keeping) -> Work<u64> {
    let mut changed = give_up(s, keep.waiting_before).await?;
    changed += remove(s, "delivered", keep.delivered_before).await?;
    changed += remove(s, "parked", keep.parked_before).await?;
    changed += remove_ended(s).await?;
    Ok(changed)
}

async fn give_up(s: &mut Session<'_>, before: Millis) -> Work<u64> {
    let webhooks = query(
        "select id
        from webhooks
        where id in (select webhook_id from deliveries where state = 'waiting' and at < $1 limit $2)
        order by id
        for no key update",
    )
    .bind(before.get())
    .bind(MOST_PRUNED)
    .fetch_all(&mut *s.conn)
    .await?;
    if webhooks.is_empty() {
        return Ok(0);
    }
    let rows = query(
        "update deliveries
        set state = 'parked', due_at = null, outcome = $3
        where (webhook_id, sequence) in (
            select webhook_id, sequence
            from deliveries
            where state = 'waiting'
              and at < $1
              and webhook_id = any($4)
            limit $2
          )
        returning webhook_id, lane",
    )
    .bind(before.get())
    .bind(MOST_PRUNED)
    .bind(Outcome::TooOld.name())
    .bind(all(&webhooks, |row| get::<i64>(row, 0))?)
    .fetch_all(&mut *s.conn)
    .await?;
    let lanes: Vec<(i64, Option<Vec<u8>>)> = all(&rows, |row| Ok((get(row, 0)?, get(row, 1)?)))?;
    for (webhook, lane) in &lanes {
        if let Some(lane) = lane {
            promote(s, *webhook, lane, before).await?;
        }
    }
    Ok(lanes.len() as u64)
}

async fn remove(s: &mut Session<'_>, state: &'static str, before: Millis) -> Work<u64> {
    let rows = query(
        "delete from deliveries
        where (webhook_id, sequence) in (
            select webhook_id, sequence
            from deliveries
            where state = $1
              and at < $2
            limit $3
            for update skip locked
          )
        returning notice_id",
    )
    .bind(state)
    .bind(before.get())
    .bind(MOST_PRUNED)
    .fetch_all(&mut *s.conn)
    .await?;
    forget_notices(s, &rows).await
}

/// What was recorded for webhooks that were ended, then the webhooks.
async fn remove_ended(s: &mut Session<'_>) -> Work<u64> {
    let rows = query(
        "delete from deliveries
        where (webhook_id, sequence) in (
            select d.webhook_id, d.sequence
            from webhooks w
            join deliveries d on d.webhook_id = w.id
            where w.deleted
            limit $1
            for update of d skip locked
          )
        returning notice_id",
    )
    .bind(MOST_PRUNED)
    .fetch_all(&mut *s.conn)
    .await?;
    let removed = forget_notices(s, &rows).await?;
    query(
        "delete from webhooks w
        where w.deleted
          and not exists (select 1 from deliveries d where d.webhook_id = w.id)",
    )
    .execute(&mut *s.conn)
    .await?;
    Ok(removed)
}

/// Removes the notices that are on their way to nobody any more.
async fn forget_notices(s: &mut Session<'_>, rows: &[PgRow]) -> Work<u64> {
    let notices: Vec<i64> = all(rows, |row| get(row, 0))?;
    // Two nodes that each remove one of its deliveries would both see the other's: the second waits here for the first.
    query("select 1 from notices where id = any($1) order by id for update")
        .bind(&notices)
        .execute(&mut *s.conn)
        .await?;
    query(
        "delete from notices n
        where n.id = any($1)
          and not exists (select 1 from deliveries d where d.notice_id = n.id)",
    )
    .bind(&notices)
    .execute(&mut *s.conn)
    .await?;
    Ok(notices.len() as u64)
}

/// How much waits.
pub(super) async fn backlog(s: &mut Session<'_>) -> Work<Backlog> {
    let row = query(
        "select (select count(*) from deliveries where state = 'waiting'),
          (select count(*) from deliveries where state = 'parked')",
    )
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(Backlog { waiting: whole(&row, 0)?, parked: whole(&row, 1)? })
}
