//! Deliveries as a webhook's owner sees them, and trying them again.

use sqlx::{Row, postgres::PgRow, query};

use crate::{
    model::{
        AppKey, Millis, Topic, WebhookId,
        webhook::{Attempt, Delivery, DeliveryList, DeliveryPage, DeliveryState, NoticeId, Outcome},
    },
    store::{
        StoreError,
        postgres::{
            error::Work,
            rows::{all, get, key, maybe_conversation, maybe_millis, millis, named, small, whole},
            session::Session,
        },
    },
};

/// Most parked deliveries that go on at once.
const MOST_REPLAYED: i64 = 1000;

/// The columns that [`read`] reads, and of which webhook.
macro_rules! columns {
    () => {
        "select d.sequence, n.key, n.topic, n.conversation, n.at, d.state, d.attempts, d.due_at, d.outcome, w.id
        from webhooks w
        join apps p on p.id = w.app_id
        join deliveries d on d.webhook_id = w.id
        join notices n on n.id = d.notice_id
        where p.key = $1
          and w.key = $2
          and not w.deleted "
    };
}

fn read(row: &PgRow) -> sqlx::Result<Delivery> {
    let outcome: Option<&str> = row.try_get(8)?;
    Ok(Delivery {
        sequence: whole(row, 0)?,
        id: notice_id(row, 1)?,
        topic: named(row, 2, Topic::from_name)?,
        conversation: maybe_conversation(row, 3)?,
        at: millis(row, 4)?,
        state: named(row, 5, DeliveryState::from_name)?,
        attempts: small(row, 6)?,
        due_at: maybe_millis(row, 7)?,
        outcome: outcome.and_then(Outcome::from_name),
    })
}

/// A notice's id from a column.
pub(super) fn notice_id(row: &PgRow, column: usize) -> sqlx::Result<NoticeId> {
    key(row, column).map(NoticeId)
}

fn sequence_of(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A page of a webhook's deliveries, newest first.
pub(super) async fn page(s: &mut Session<'_>, app: &AppKey, id: &WebhookId, list: &DeliveryList) -> Work<DeliveryPage> {
    let rows = query(concat!(
        columns!(),
        "and d.sequence < $3
          and ($4 is null or d.state = $4)
          and d.at >= $5
        order by d.sequence desc
        limit $6"
    ))
    .bind(app.as_str())
    .bind(id.as_str())
    .bind(list.before.map_or(i64::MAX, sequence_of))
    .bind(list.state.map(DeliveryState::name))
    .bind(list.since.map_or(i64::MIN, Millis::get))
    .bind(i64::from(list.limit) + 1)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut deliveries = all(&rows, read)?;
    let more = deliveries.len() > usize::from(list.limit);
    deliveries.truncate(usize::from(list.limit));
    Ok(DeliveryPage { deliveries, more })
}

/// One delivery and its attempts.
pub(super) async fn one(
    s: &mut Session<'_>,
    app: &AppKey,
    id: &WebhookId,
    sequence: u64,
) -> Work<Option<(Delivery, Vec<Attempt>)>> {
    let sequence = sequence_of(sequence);
    let found = query(concat!(columns!(), "and d.sequence = $3"))
        .bind(app.as_str())
        .bind(id.as_str())
        .bind(sequence)
        .fetch_optional(&mut *s.conn)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let rows = query(
        "select at, millis, outcome
        from attempts
        where webhook_id = $1
          and sequence = $2
        order by id
        limit 100",
    )
    .bind(get::<i64>(&found, 9)?)
    .bind(sequence)
    .fetch_all(&mut *s.conn)
    .await?;
    let attempt = |row: &PgRow| {
        Ok(Attempt { at: millis(row, 0)?, millis: small(row, 1)?, outcome: named(row, 2, Outcome::from_name)? })
    };
    Ok(Some((read(&found)?, all(&rows, attempt)?)))
}

/// Puts a delivery on its way again.
pub(super) async fn replay(s: &mut Session<'_>, webhook: i64, sequence: u64, now: Millis) -> Work<()> {
    let row = query(
        "update deliveries
        set state = 'waiting', due_at = case when lane is null then $3 end, attempts = 0, claimed_until = 0
        where webhook_id = $1
          and sequence = $2
        returning lane",
    )
    .bind(webhook)
    .bind(sequence_of(sequence))
    .bind(now.get())
    .fetch_optional(&mut *s.conn)
    .await?;
    let lane: Option<Vec<u8>> = row.ok_or(StoreError::Missing("delivery"))?.try_get(0)?;
    if let Some(lane) = lane {
        promote(s, webhook, &lane, now).await?;
    }
    s.recorded = true;
    Ok(())
}

/// Puts the oldest parked deliveries on their way again.
pub(super) async fn replay_parked(s: &mut Session<'_>, webhook: i64, since: Millis, now: Millis) -> Work<u64> {
    let rows = query(
        "select sequence
        from deliveries
        where webhook_id = $1
          and state = 'parked'
          and at >= $2
        order by sequence
        limit $3",
    )
    .bind(webhook)
    .bind(since.get())
    .bind(MOST_REPLAYED)
    .fetch_all(&mut *s.conn)
    .await?;
    let parked = all(&rows, |row| whole(row, 0))?;
    for sequence in &parked {
        replay(s, webhook, *sequence, now).await?;
    }
    Ok(parked.len() as u64)
}

/// Makes the first that waits in a lane due, unless one of the lane is due already. The webhook is locked.
pub(super) async fn promote(s: &mut Session<'_>, webhook: i64, lane: &[u8], now: Millis) -> Work<()> {
    query(
        "update deliveries
        set due_at = $3
        where webhook_id = $1
          and sequence = (
            select min(sequence)
            from deliveries
            where webhook_id = $1
              and lane = $2
              and state = 'waiting'
          )
          and not exists (
            select 1
            from deliveries
            where webhook_id = $1
              and lane = $2
              and due_at is not null
          )",
    )
    .bind(webhook)
    .bind(lane)
    .bind(now.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}
