//! Deleting old messages in small batches.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, conversation_id, key_of},
    watermarks::counted_at,
};
use crate::{
    model::{AppKey, ConversationId, Millis},
    store::{Result, Retention, StoreError},
};

#[async_trait]
impl Retention for SqliteStore {
    async fn outdated(
        &self,
        app: &AppKey,
        before: Millis,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<ConversationId>> {
        let app = app.clone();
        self.read(move |view| outdated(view, &app, before, after, limit)).await
    }

    async fn forget_messages(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        before: Millis,
        limit: u16,
    ) -> Result<u64> {
        let app = app.clone();
        self.write(move |ledger| forget_messages(ledger, &app, conversation, before, limit)).await
    }
}

fn outdated(
    view: &View<'_>,
    app: &AppKey,
    before: Millis,
    after: Option<ConversationId>,
    limit: u16,
) -> Work<Vec<ConversationId>> {
    let found = view
        .conn
        .prepare_cached(
            "select c.key
            from conversations c
            join apps p on p.id = c.app_id
            where p.key = ?1
              and c.kind not in (4, 5)
              and c.key > ?2
              and (
                select m.sent_at
                from messages m
                where m.conversation_id = c.id
                order by m.seq
                limit 1
              ) < ?3
            order by c.key
            limit ?4",
        )?
        .query_map(params![app.as_str(), after.map_or([0; 16], key_of), before.get(), limit], |row| {
            conversation_id(row, 0)
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn forget_messages(ledger: &mut Ledger, app: &AppKey, id: ConversationId, before: Millis, limit: u16) -> Work<u64> {
    let app = ledger.app(app)?;
    let conversation: i64 = ledger
        .conn
        .prepare_cached(
            "select id
            from conversations
            where key = ?1
              and app_id = ?2
              and kind not in (4, 5)",
        )?
        .query_row(params![key_of(id), app], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NoConversation)?;
    // Up to the last one before the first that is young enough, whatever the clock did.
    let last: Option<i64> = ledger
        .conn
        .prepare_cached(
            "select max(seq)
            from (
              select seq, max(sent_at) over (order by seq) as newest
              from messages
              where conversation_id = ?1
              order by seq
              limit ?2
            )
            where newest < ?3",
        )?
        .query_row(params![conversation, limit, before.get()], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    let counted = counted_at(ledger, conversation, last)?;
    ledger
        .conn
        .prepare_cached(
            "update participants
            set dropped = max(dropped, ?2)
            where conversation_id = ?1",
        )?
        .execute(params![conversation, counted])?;
    let rows = delete_up_to(ledger, "messages", conversation, last)?;
    delete_up_to(ledger, "mentions", conversation, last)?;
    delete_up_to(ledger, "directed", conversation, last)?;
    delete_up_to(ledger, "deleted", conversation, last)?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn delete_up_to(ledger: &Ledger, table: &'static str, conversation: i64, last: i64) -> rusqlite::Result<usize> {
    ledger
        .conn
        .prepare_cached(&format!(
            "delete from {table}
            where conversation_id = ?1
              and seq <= ?2"
        ))?
        .execute(params![conversation, last])
}
