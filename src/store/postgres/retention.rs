//! Deleting old messages in small batches.

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::Work,
    own::counted_at,
    rows::{all, conversation_id, key_of},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, ConversationId, Millis},
    store::{Result, Retention, StoreError},
};

/// Conversations that one statement looks at.
const MOST_LOOKED_AT: i64 = 1000;

#[async_trait]
impl Retention for PostgresStore {
    async fn outdated(
        &self,
        app: &AppKey,
        before: Millis,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<ConversationId>> {
        let mut after = after;
        loop {
            // In an app whose messages are all young nothing is found, however many conversations there are.
            let Looked { found, more_after } = glancing!(self, s => outdated(s, app, before, after, limit))?;
            if !found.is_empty() || more_after.is_none() {
                return Ok(found);
            }
            after = more_after;
        }
    }

    async fn forget_messages(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        before: Millis,
        limit: u16,
    ) -> Result<u64> {
        writing!(self, s => forget_messages(s, app, conversation, before, limit))
    }
}

/// What one look found, and where the next one begins when there is more to look at.
struct Looked {
    found: Vec<ConversationId>,
    more_after: Option<ConversationId>,
}

async fn outdated(
    s: &mut Session<'_>,
    app: &AppKey,
    before: Millis,
    after: Option<ConversationId>,
    limit: u16,
) -> Work<Looked> {
    let rows = query(
        "select c.key, c.kind not in (4, 5) and (
            select m.sent_at
            from messages m
            where m.conversation_id = c.id
            order by m.seq
            limit 1
          ) < $3
        from (
          select c.id, c.key, c.kind
          from conversations c
          join apps p on p.id = c.app_id
          where p.key = $1
            and c.key > $2
          order by c.key
          limit $4
        ) as c
        order by c.key",
    )
    .bind(app.as_str())
    .bind(&after.map_or([0; 16], key_of)[..])
    .bind(before.get())
    .bind(MOST_LOOKED_AT)
    .fetch_all(&mut *s.conn)
    .await?;
    let looked_at = all(&rows, |row| Ok((conversation_id(row, 0)?, row.try_get::<Option<bool>, _>(1)?)))?;
    let is_full = i64::try_from(looked_at.len()).is_ok_and(|count| count == MOST_LOOKED_AT);
    let more_after = looked_at.last().map(|(id, _)| *id).filter(|_| is_full);
    let found = looked_at.into_iter().filter(|(_, is_old)| *is_old == Some(true)).map(|(id, _)| id);
    Ok(Looked { found: found.take(limit.into()).collect(), more_after })
}

async fn forget_messages(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    before: Millis,
    limit: u16,
) -> Work<u64> {
    let app = s.app(app).await?;
    let found = query(
        "select id
        from conversations
        where key = $1
          and app_id = $2
          and kind not in (4, 5)
        for no key update",
    )
    .bind(&key_of(id)[..])
    .bind(app)
    .fetch_optional(&mut *s.conn)
    .await?;
    let conversation: i64 = found.ok_or(StoreError::NoConversation)?.try_get(0)?;
    // Up to the last one before the first that is young enough, whatever the clock did.
    let row = query(
        "select max(seq)
        from (
          select seq, max(sent_at) over (order by seq) as newest
          from (select seq, sent_at from messages where conversation_id = $1 order by seq limit $2) as first
        ) as oldest
        where newest < $3",
    )
    .bind(conversation)
    .bind(i64::from(limit))
    .bind(before.get())
    .fetch_one(&mut *s.conn)
    .await?;
    let Some(last) = row.try_get::<Option<i64>, _>(0)? else { return Ok(0) };
    let counted = counted_at(s, conversation, last).await?;
    // Locked in the order in which receipts lock them.
    query("select 1 from participants where conversation_id = $1 order by user_id for no key update")
        .bind(conversation)
        .execute(&mut *s.conn)
        .await?;
    query("update participants set dropped = $2 where conversation_id = $1 and dropped < $2")
        .bind(conversation)
        .bind(counted)
        .execute(&mut *s.conn)
        .await?;
    let mut gone = 0;
    for sql in [
        "delete from mentions where conversation_id = $1 and seq <= $2",
        "delete from directed where conversation_id = $1 and seq <= $2",
        "delete from deleted where conversation_id = $1 and seq <= $2",
        "delete from messages where conversation_id = $1 and seq <= $2",
    ] {
        gone = query(sql).bind(conversation).bind(last).execute(&mut *s.conn).await?.rows_affected();
    }
    Ok(gone)
}
