//! Finding somebody's conversations by who or what is on the other side, and messages by what clients know of them.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    conversations::{load_all, pair_key},
    error::Work,
    hidden::page_for,
    messages::{place_of, seq},
    rows::{all, conversation_id, get, maybe, millis},
    session::{Session, glancing, reading},
    times,
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Kind, Message, MessageUid, Millis, Seq, SiteKey, Stretch, UserId,
        command::History,
    },
    store::{Result, finding::Finding, inbox::Arrived},
};

/// More service conversations of one visitor with one site are not looked at.
const MOST_EPISODES: u16 = 10_000;

#[async_trait]
impl Finding for PostgresStore {
    async fn find_pair(&self, app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Result<Option<ConversationId>> {
        Ok(glancing!(self, s => pair_key(s, app, kind, (a, b)))?.map(|(_, id)| id))
    }

    async fn episodes(
        &self,
        app: &AppKey,
        visitor: &UserId,
        site: &SiteKey,
        limit: u16,
    ) -> Result<Vec<ConversationId>> {
        let found = reading!(self, s => episodes(s, (app, visitor, site), false, limit))?;
        Ok(found.into_iter().map(|episode| episode.id).collect())
    }

    async fn episode_page(&self, app: &AppKey, visitor: &UserId, site: &SiteKey, stretch: &Stretch) -> Result<Arrived> {
        reading!(self, s => episode_page(s, (app, visitor, site), stretch))
    }

    async fn open_services(&self, app: &AppKey, visitor: &UserId) -> Result<Vec<Conversation>> {
        reading!(self, s => open_services(s, app, visitor))
    }

    async fn last_until(&self, app: &AppKey, conversation: ConversationId, until: Millis) -> Result<Seq> {
        reading!(self, s => last_until(s, app, conversation, until))
    }

    async fn placed(&self, app: &AppKey, user: &UserId, uids: &[MessageUid]) -> Result<Vec<(ConversationId, Seq)>> {
        glancing!(self, s => placed(s, app, user, uids))
    }
}

/// One service conversation among others of the same two.
struct Episode {
    id: ConversationId,
    created_at: Millis,
    changed_at: Millis,
}

async fn episodes(
    s: &mut Session<'_>,
    (app, visitor, site): (&AppKey, &UserId, &SiteKey),
    oldest_first: bool,
    limit: u16,
) -> Work<Vec<Episode>> {
    let row = query(
        "select u.id, s.id
        from apps p
        join users u on u.app_id = p.id
        join sites s on s.app_id = p.id
        where p.key = $1
          and u.key = $2
          and s.key = $3",
    )
    .bind(app.as_str())
    .bind(visitor.as_str())
    .bind(site.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let desk: Option<(i64, i64)> = maybe(row.as_ref(), |row| Ok((get(row, 0)?, get(row, 1)?)))?;
    let Some((visitor, site)) = desk else { return Ok(Vec::new()) };
    let sql = if oldest_first {
        "select key, created_at, changed_at
        from conversations
        where visitor_id = $1
          and site_id = $2
        order by created_at, key
        limit $3"
    } else {
        "select key, created_at, changed_at
        from conversations
        where visitor_id = $1
          and site_id = $2
        order by created_at desc, key desc
        limit $3"
    };
    let rows = query(sql).bind(visitor).bind(site).bind(i64::from(limit)).fetch_all(&mut *s.conn).await?;
    let read = |row: &PgRow| {
        Ok(Episode { id: conversation_id(row, 0)?, created_at: millis(row, 1)?, changed_at: millis(row, 2)? })
    };
    Ok(all(&rows, read)?)
}

/// Walks from one episode to the next until none can hold anything that belongs before what was found: the last words
/// of one may be younger than the first of the next.
async fn episode_page(
    s: &mut Session<'_>,
    (app, visitor, site): (&AppKey, &UserId, &SiteKey),
    stretch: &Stretch,
) -> Work<Arrived> {
    let (forward, limit) = (stretch.is_forward(), usize::from(stretch.limit));
    let mut found = Arrived::default();
    for episode in episodes(s, (app, visitor, site), forward, MOST_EPISODES).await? {
        let outside = stretch.before.is_some_and(|before| episode.created_at >= before)
            || stretch.after.is_some_and(|after| episode.changed_at <= after);
        if outside {
            continue;
        }
        let is_full = limit.checked_sub(1).and_then(|last| found.messages.get(last)).is_some_and(|last: &Message| {
            if forward { episode.created_at > last.at } else { episode.changed_at < last.at }
        });
        if is_full {
            found.more = true;
            break;
        }
        let query = History {
            before_at: stretch.before,
            after_at: stretch.after,
            ..History::newest(episode.id, stretch.limit)
        };
        let page = page_for(s, app, visitor, &query).await?;
        found.messages.extend(page.messages);
        // In the order of the walk.
        found.messages.sort_by(|a, b| if forward { a.at.cmp(&b.at) } else { b.at.cmp(&a.at) });
        if page.more {
            found.more = true;
            break;
        }
    }
    found.more |= found.messages.len() > limit;
    found.messages.truncate(limit);
    if !forward {
        found.messages.reverse();
    }
    Ok(found)
}

async fn open_services(s: &mut Session<'_>, app: &AppKey, visitor: &UserId) -> Work<Vec<Conversation>> {
    let rows = query(
        "select c.id
        from conversations c
        where c.visitor_id = (
            select u.id
            from users u
            join apps p on p.id = u.app_id
            where p.key = $1
              and u.key = $2
          )
          and c.stage in ('queued', 'offline', 'human')
        order by c.id",
    )
    .bind(app.as_str())
    .bind(visitor.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let rows: Vec<i64> = all(&rows, |row| get(row, 0))?;
    load_all(s, &rows).await
}

async fn last_until(s: &mut Session<'_>, app: &AppKey, id: ConversationId, until: Millis) -> Work<Seq> {
    let place = place_of(s, app, id).await?;
    Ok(seq(times::last_until(s, place, Some(until)).await?))
}

async fn placed(
    s: &mut Session<'_>,
    app: &AppKey,
    user: &UserId,
    uids: &[MessageUid],
) -> Work<Vec<(ConversationId, Seq)>> {
    let numbers: Vec<i64> = uids.iter().map(|uid| uid.number()).collect();
    let rows = query(
        "select c.key, m.seq
        from messages m
        join conversations c on c.id = m.conversation_id
        join apps p on p.id = c.app_id
        join users u on u.app_id = p.id
        join participants t on t.conversation_id = c.id and t.user_id = u.id
        where m.id = any($3)
          and p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(user.as_str())
    .bind(&numbers)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| Ok((conversation_id(row, 0)?, seq(get(row, 1)?))))?)
}
