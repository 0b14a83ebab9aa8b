//! What agents see: views, counts, the queue.

use rusqlite::{OptionalExtension, params};

use super::{
    conversations::{before, load_all},
    error::Work,
    rows::{View, conversation_id, key_of, parsed},
};
use crate::{
    model::{AppKey, Conversation, ConversationId, Millis, UserId, command::List, conversation},
    store::{DeskCounts, Idle},
};

/// A page of a desk view.
pub(super) fn desk_view(view: &View<'_>, app: &AppKey, agent: &UserId, list: &List) -> Work<Vec<Conversation>> {
    let rows = match list.view.unwrap_or(conversation::View::All) {
        conversation::View::Waiting => waiting(view, app, list)?,
        conversation::View::Mine => mine(view, app, agent, list)?,
        conversation::View::Closed => newest(view, CLOSED, app, list)?,
        conversation::View::All => newest(view, ALL, app, list)?,
    };
    load_all(view, &rows)
}

pub(super) const ALL: &str = "
    select id
    from conversations
    where app_id = (select id from apps where key = ?1)
      and kind = 5
      and (changed_at, key) < (?2, ?3)
    order by changed_at desc, key desc
    limit ?4";

pub(super) const CLOSED: &str = "
    select id
    from conversations
    where app_id = (select id from apps where key = ?1)
      and stage = 'ended'
      and (changed_at, key) < (?2, ?3)
    order by changed_at desc, key desc
    limit ?4";

pub(super) const MINE: &str = "
    select id
    from conversations
    where agent_id = (
        select u.id
        from users u
        join apps p on p.id = u.app_id
        where p.key = ?1
          and u.key = ?2
      )
      and stage = 'human'
      and (changed_at, key) < (?3, ?4)
    order by changed_at desc, key desc
    limit ?5";

pub(super) const WAITING: &str = "
    select id
    from conversations
    where app_id = (select id from apps where key = ?1)
      and stage in ('queued', 'offline')
      and (waiting_since, key) > (?2, ?3)
    order by waiting_since, key
    limit ?4";

fn newest(view: &View<'_>, sql: &str, app: &AppKey, list: &List) -> rusqlite::Result<Vec<i64>> {
    let (changed_at, key) = before(list);
    view.conn
        .prepare_cached(sql)?
        .query_map(params![app.as_str(), changed_at, key, list.limit], |row| row.get(0))?
        .collect()
}

/// An agent has few at a time: sorting them costs less than an index that every message would have to keep.
fn mine(view: &View<'_>, app: &AppKey, agent: &UserId, list: &List) -> rusqlite::Result<Vec<i64>> {
    let (changed_at, key) = before(list);
    view.conn
        .prepare_cached(MINE)?
        .query_map(params![app.as_str(), agent.as_str(), changed_at, key, list.limit], |row| row.get(0))?
        .collect()
}

/// Longest wait first. A page continues after the wait of the conversation that the last page ended with.
fn waiting(view: &View<'_>, app: &AppKey, list: &List) -> rusqlite::Result<Vec<i64>> {
    let (since, key) = match list.before {
        Some((at, id)) => (waiting_since(view, app, id)?.unwrap_or(at.get()), key_of(id).to_vec()),
        None => (i64::MIN, Vec::new()),
    };
    view.conn
        .prepare_cached(WAITING)?
        .query_map(params![app.as_str(), since, key, list.limit], |row| row.get(0))?
        .collect()
}

fn waiting_since(view: &View<'_>, app: &AppKey, id: ConversationId) -> rusqlite::Result<Option<i64>> {
    let since = view
        .conn
        .prepare_cached(
            "select waiting_since
            from conversations
            where key = ?1
              and app_id = (select id from apps where key = ?2)",
        )?
        .query_row(params![key_of(id), app.as_str()], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    Ok(since.flatten())
}

/// The sidebar's counts.
pub(super) fn desk_counts(view: &View<'_>, app: &AppKey, agent: &UserId) -> Work<DeskCounts> {
    let waiting = count(
        view,
        "select count(*)
        from conversations
        where app_id = (select id from apps where key = ?1)
          and stage in ('queued', 'offline')",
        params![app.as_str()],
    )?;
    let mine = count(
        view,
        "select count(*)
        from conversations
        where agent_id = (
            select u.id
            from users u
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2
          )
          and stage = 'human'",
        params![app.as_str(), agent.as_str()],
    )?;
    Ok(DeskCounts { waiting, mine })
}

/// How many wait longer than this conversation.
pub(super) fn queue_position(view: &View<'_>, app: &AppKey, id: ConversationId) -> Work<Option<u64>> {
    let since: Option<i64> = view
        .conn
        .prepare_cached(
            "select waiting_since
            from conversations
            where key = ?1
              and app_id = (select id from apps where key = ?2)
              and stage in ('queued', 'offline')",
        )?
        .query_row(params![key_of(id), app.as_str()], |row| row.get(0))
        .optional()?;
    let Some(since) = since else { return Ok(None) };
    let ahead = count(
        view,
        "select count(*)
        from conversations
        where app_id = (select id from apps where key = ?1)
          and stage in ('queued', 'offline')
          and (waiting_since, key) < (?2, ?3)",
        params![app.as_str(), since, key_of(id)],
    )?;
    Ok(Some(ahead))
}

fn count(view: &View<'_>, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<u64> {
    view.conn
        .prepare_cached(sql)?
        .query_row(params, |row| row.get::<_, i64>(0))
        .map(|count| u64::try_from(count).unwrap_or(0))
}

/// Looks at every open conversation, of which there are few: no index has to follow each message for this.
pub(super) const IDLE: &str = "
    select p.key, c.key, v.key
    from conversations c indexed by conversations_open
    join apps p on p.id = c.app_id
    join users v on v.id = c.visitor_id
    where c.stage in ('queued', 'offline', 'human')
      and c.stage <> 'offline'
      and c.changed_at < ?1
    order by c.changed_at, c.key
    limit ?2";

/// Service conversations in line or with an agent that did not change for a while, oldest first.
pub(super) fn idle_services(view: &View<'_>, before: Millis, limit: u16) -> Work<Vec<Idle>> {
    let idle = view
        .conn
        .prepare_cached(IDLE)?
        .query_map(params![before.get(), limit], |row| {
            Ok(Idle { app: parsed(row, 0)?, conversation: conversation_id(row, 1)?, visitor: parsed(row, 2)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(idle)
}
