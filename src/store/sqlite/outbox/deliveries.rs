//! Deliveries as a webhook's owner sees them, and trying them again.

use rusqlite::{OptionalExtension, Row, params, types::FromSqlError, types::Type};

use crate::{
    model::{
        AppKey, ConversationId, Millis, Topic, WebhookId,
        webhook::{Attempt, Delivery, DeliveryList, DeliveryPage, DeliveryState, NoticeId, Outcome},
    },
    store::{
        StoreError,
        sqlite::{
            error::Work,
            ledger::Ledger,
            rows::{View, maybe_millis, millis, whole},
        },
    },
};

/// Most parked deliveries that go on at once.
const MOST_REPLAYED: i64 = 1000;

const COLUMNS: &str = "d.sequence, n.key, n.topic, n.conversation, n.at, d.state, d.attempts, d.due_at, d.outcome";

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let outcome: Option<String> = row.get(8)?;
    Ok(Delivery {
        sequence: whole(row, 0)?,
        id: notice_id(row, 1)?,
        topic: named(row, 2, Topic::from_name)?,
        conversation: maybe_conversation(row, 3)?,
        at: millis(row, 4)?,
        state: named(row, 5, DeliveryState::from_name)?,
        attempts: row.get(6)?,
        due_at: maybe_millis(row, 7)?,
        outcome: outcome.as_deref().and_then(Outcome::from_name),
    })
}

/// A notice's id from a column.
pub(super) fn notice_id(row: &Row<'_>, column: usize) -> rusqlite::Result<NoticeId> {
    row.get(column).map(|key| NoticeId(u128::from_be_bytes(key)))
}

/// A conversation's id from a column that may be empty.
pub(super) fn maybe_conversation(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ConversationId>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|key| key.map(|key| ConversationId::from_u128(u128::from_be_bytes(key))))
}

/// Something that has a name, from a column.
pub(super) fn named<T>(row: &Row<'_>, column: usize, from_name: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    from_name(row.get_ref(column)?.as_str()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
    })
}

fn sequence_of(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A page of a webhook's deliveries, newest first.
pub(super) fn page(view: &View<'_>, app: &AppKey, id: &WebhookId, list: &DeliveryList) -> Work<DeliveryPage> {
    let sql = format!(
        "select {COLUMNS}
        from webhooks w
        join apps p on p.id = w.app_id
        join deliveries d on d.webhook_id = w.id
        join notices n on n.id = d.notice_id
        where p.key = ?1
          and w.key = ?2
          and w.deleted = 0
          and d.sequence < ?3
          and (?4 is null or d.state = ?4)
          and d.at >= ?5
        order by d.sequence desc
        limit ?6"
    );
    let mut deliveries = view
        .conn
        .prepare_cached(&sql)?
        .query_map(
            params![
                app.as_str(),
                id.as_str(),
                list.before.map_or(i64::MAX, sequence_of),
                list.state.map(DeliveryState::name),
                list.since.map_or(i64::MIN, Millis::get),
                u32::from(list.limit) + 1
            ],
            read,
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = deliveries.len() > usize::from(list.limit);
    deliveries.truncate(usize::from(list.limit));
    Ok(DeliveryPage { deliveries, more })
}

/// One delivery and its attempts.
pub(super) fn one(
    view: &View<'_>,
    app: &AppKey,
    id: &WebhookId,
    sequence: u64,
) -> Work<Option<(Delivery, Vec<Attempt>)>> {
    let sql = format!(
        "select {COLUMNS}, w.id
        from webhooks w
        join apps p on p.id = w.app_id
        join deliveries d on d.webhook_id = w.id
        join notices n on n.id = d.notice_id
        where p.key = ?1
          and w.key = ?2
          and w.deleted = 0
          and d.sequence = ?3"
    );
    let sequence = sequence_of(sequence);
    let found = view
        .conn
        .prepare_cached(&sql)?
        .query_row(params![app.as_str(), id.as_str(), sequence], |row| Ok((read(row)?, row.get::<_, i64>(9)?)))
        .optional()?;
    let Some((delivery, webhook)) = found else { return Ok(None) };
    let attempts = view
        .conn
        .prepare_cached(
            "select at, millis, outcome
            from attempts
            where webhook_id = ?1
              and sequence = ?2
            order by rowid
            limit 100",
        )?
        .query_map(params![webhook, sequence], |row| {
            Ok(Attempt { at: millis(row, 0)?, millis: row.get(1)?, outcome: named(row, 2, Outcome::from_name)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some((delivery, attempts)))
}

/// Puts a delivery on its way again.
pub(super) fn replay(ledger: &mut Ledger, webhook: i64, sequence: u64, now: Millis) -> Work<()> {
    let sequence = sequence_of(sequence);
    let lane: Option<Option<Vec<u8>>> = ledger
        .conn
        .prepare_cached(
            "update deliveries
            set state = 'waiting', due_at = iif(lane is null, ?3, null), attempts = 0
            where webhook_id = ?1
              and sequence = ?2
            returning lane",
        )?
        .query_row(params![webhook, sequence, now.get()], |row| row.get(0))
        .optional()?;
    if let Some(lane) = lane.ok_or(StoreError::Missing("delivery"))? {
        promote(ledger, webhook, &lane, now)?;
    }
    ledger.recorded = true;
    Ok(())
}

/// Puts the oldest parked deliveries on their way again.
pub(super) fn replay_parked(ledger: &mut Ledger, webhook: i64, since: Millis, now: Millis) -> Work<u64> {
    let parked: Vec<u64> = ledger
        .conn
        .prepare_cached(
            "select sequence
            from deliveries
            where webhook_id = ?1
              and state = 'parked'
              and at >= ?2
            order by sequence
            limit ?3",
        )?
        .query_map(params![webhook, since.get(), MOST_REPLAYED], |row| whole(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    for sequence in &parked {
        replay(ledger, webhook, *sequence, now)?;
    }
    Ok(parked.len() as u64)
}

/// Makes the first that waits in a lane due, unless one of the lane is due already.
pub(super) fn promote(ledger: &Ledger, webhook: i64, lane: &[u8], now: Millis) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "update deliveries
            set due_at = ?3
            where webhook_id = ?1
              and sequence = (
                select min(sequence)
                from deliveries
                where webhook_id = ?1
                  and lane = ?2
                  and state = 'waiting'
              )
              and not exists (
                select 1
                from deliveries
                where webhook_id = ?1
                  and lane = ?2
                  and due_at is not null
              )",
        )?
        .execute(params![webhook, lane, now.get()])
        .map(drop)
}
