//! What agents see: views, counts, the queue.

use sqlx::query;

use super::{
    conversations::{before, load_all},
    error::Work,
    rows::{all, conversation_id, get, key_of, maybe, parsed, whole},
    session::Session,
};
use crate::{
    model::{AppKey, Conversation, ConversationId, Millis, UserId, command::List, conversation},
    store::{DeskCounts, Idle},
};

/// A page of a desk view.
pub(super) async fn desk_view(
    s: &mut Session<'_>,
    app: &AppKey,
    agent: &UserId,
    list: &List,
) -> Work<Vec<Conversation>> {
    let rows = match list.view.unwrap_or(conversation::View::All) {
        conversation::View::Waiting => waiting(s, app, list).await?,
        conversation::View::Mine => mine(s, app, agent, list).await?,
        conversation::View::Closed => newest(s, CLOSED, app, list).await?,
        conversation::View::All => newest(s, ALL, app, list).await?,
    };
    load_all(s, &rows).await
}

/// The index knows only minutes, which follow times: what is in one is sorted.
const ALL: &str = "
    select id
    from conversations
    where app_id = (select id from apps where key = $1)
      and kind = 5
      and changed_minute <= $2 / 60000
      and (changed_at, key) < ($2, $3)
    order by changed_minute desc, changed_at desc, key desc
    limit $4";

const CLOSED: &str = "
    select id
    from conversations
    where app_id = (select id from apps where key = $1)
      and stage = 'ended'
      and changed_minute <= $2 / 60000
      and (changed_at, key) < ($2, $3)
    order by changed_minute desc, changed_at desc, key desc
    limit $4";

async fn newest(s: &mut Session<'_>, sql: &'static str, app: &AppKey, list: &List) -> Work<Vec<i64>> {
    let (changed_at, key) = before(list);
    let rows = query(sql)
        .bind(app.as_str())
        .bind(changed_at)
        .bind(key)
        .bind(i64::from(list.limit))
        .fetch_all(&mut *s.conn)
        .await?;
    Ok(all(&rows, |row| get(row, 0))?)
}

/// An agent has few at a time: sorting them costs less than an index that every message would have to keep.
async fn mine(s: &mut Session<'_>, app: &AppKey, agent: &UserId, list: &List) -> Work<Vec<i64>> {
    let (changed_at, key) = before(list);
    let rows = query(
        "select id
        from conversations
        where agent_id = (
            select u.id
            from users u
            join apps p on p.id = u.app_id
            where p.key = $1
              and u.key = $2
          )
          and stage = 'human'
          and (changed_at, key) < ($3, $4)
        order by changed_at desc, key desc
        limit $5",
    )
    .bind(app.as_str())
    .bind(agent.as_str())
    .bind(changed_at)
    .bind(key)
    .bind(i64::from(list.limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| get(row, 0))?)
}

/// Longest wait first. A page continues after the wait of the conversation that the last page ended with.
async fn waiting(s: &mut Session<'_>, app: &AppKey, list: &List) -> Work<Vec<i64>> {
    let (since, key) = match list.before {
        Some((at, id)) => (waiting_since(s, app, id).await?.unwrap_or(at.get()), key_of(id).to_vec()),
        None => (i64::MIN, Vec::new()),
    };
    let rows = query(
        "select id
        from conversations
        where app_id = (select id from apps where key = $1)
          and stage in ('queued', 'offline')
          and (queued_since, key) > ($2, $3)
        order by queued_since, key
        limit $4",
    )
    .bind(app.as_str())
    .bind(since)
    .bind(key)
    .bind(i64::from(list.limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| get(row, 0))?)
}

async fn waiting_since(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<i64>> {
    let row = query(
        "select waiting_since
        from conversations
        where key = $1
          and app_id = (select id from apps where key = $2)",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get::<Option<i64>>(row, 0))?.flatten())
}

/// The sidebar's counts.
pub(super) async fn desk_counts(s: &mut Session<'_>, app: &AppKey, agent: &UserId) -> Work<DeskCounts> {
    let row = query(
        "select (
            select count(*)
            from conversations
            where app_id = (select id from apps where key = $1)
              and stage in ('queued', 'offline')
          ), (
            select count(*)
            from conversations
            where agent_id = (
                select u.id
                from users u
                join apps p on p.id = u.app_id
                where p.key = $1
                  and u.key = $2
              )
              and stage = 'human'
          )",
    )
    .bind(app.as_str())
    .bind(agent.as_str())
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(DeskCounts { waiting: whole(&row, 0)?, mine: whole(&row, 1)? })
}

/// How many wait longer than this conversation.
pub(super) async fn queue_position(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<u64>> {
    let row = query(
        "select (
            select count(*)
            from conversations o
            where o.app_id = c.app_id
              and o.stage in ('queued', 'offline')
              and (o.queued_since, o.key) < (c.queued_since, c.key)
          )
        from conversations c
        where c.key = $1
          and c.app_id = (select id from apps where key = $2)
          and c.stage in ('queued', 'offline')",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| whole(row, 0))?)
}

/// Service conversations in line or with an agent that did not change for a while, oldest first. Looks at every open
/// conversation, of which there are few: no index has to follow each message for this.
pub(super) async fn idle_services(s: &mut Session<'_>, before: Millis, limit: u16) -> Work<Vec<Idle>> {
    let rows = query(
        "select p.key, c.key, v.key
        from conversations c
        join apps p on p.id = c.app_id
        join users v on v.id = c.visitor_id
        where c.stage in ('queued', 'offline', 'human')
          and c.stage <> 'offline'
          and c.changed_at < $1
        order by c.changed_at, c.key
        limit $2",
    )
    .bind(before.get())
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(Idle { app: parsed(row, 0)?, conversation: conversation_id(row, 1)?, visitor: parsed(row, 2)? })
    };
    Ok(all(&rows, read)?)
}
