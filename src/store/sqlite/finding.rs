//! Finding somebody's conversations by who or what is on the other side, and messages by what clients know of them.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore, conversations,
    error::Work,
    hidden::page_for,
    messages::{place_of, seq},
    rows::{View, conversation_id, millis, to_json},
    times,
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Kind, Message, MessageUid, Millis, Seq, SiteKey, Stretch, UserId,
        command::History,
    },
    store::{Result, finding::Finding, inbox::Arrived},
};

#[async_trait]
impl Finding for SqliteStore {
    async fn find_pair(&self, app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Result<Option<ConversationId>> {
        let (app, a, b) = (app.clone(), a.clone(), b.clone());
        self.read(move |view| Ok(conversations::pair_key(view, &app, kind, (&a, &b))?.map(|(_, id)| id))).await
    }

    async fn episodes(
        &self,
        app: &AppKey,
        visitor: &UserId,
        site: &SiteKey,
        limit: u16,
    ) -> Result<Vec<ConversationId>> {
        let (app, visitor, site) = (app.clone(), visitor.clone(), site.clone());
        self.read(move |view| {
            let Some(desk) = desk(view, &app, &visitor, &site)? else { return Ok(Vec::new()) };
            let found = episodes(view, desk, NEWEST_FIRST, limit)?;
            Ok(found.into_iter().map(|episode| episode.id).collect())
        })
        .await
    }

    async fn episode_page(&self, app: &AppKey, visitor: &UserId, site: &SiteKey, stretch: &Stretch) -> Result<Arrived> {
        let (app, visitor, site, stretch) = (app.clone(), visitor.clone(), site.clone(), *stretch);
        self.read(move |view| episode_page(view, (&app, &visitor, &site), &stretch)).await
    }

    async fn open_services(&self, app: &AppKey, visitor: &UserId) -> Result<Vec<Conversation>> {
        let (app, visitor) = (app.clone(), visitor.clone());
        self.read(move |view| open_services(view, &app, &visitor)).await
    }

    async fn last_until(&self, app: &AppKey, conversation: ConversationId, until: Millis) -> Result<Seq> {
        let app = app.clone();
        self.read(move |view| {
            let place = place_of(view, &app, conversation)?;
            Ok(seq(times::newest_until(view, place, until)?))
        })
        .await
    }

    async fn placed(&self, app: &AppKey, user: &UserId, uids: &[MessageUid]) -> Result<Vec<(ConversationId, Seq)>> {
        let (app, user, uids) = (app.clone(), user.clone(), uids.to_vec());
        self.read(move |view| placed(view, &app, &user, &uids)).await
    }
}

/// More service conversations of one visitor with one site are not looked at.
const MOST_EPISODES: u16 = 10_000;
const NEWEST_FIRST: &str = "desc";
const OLDEST_FIRST: &str = "asc";

/// A visitor and a site, by their rows.
type Desk = (i64, i64);

fn desk(view: &View<'_>, app: &AppKey, visitor: &UserId, site: &SiteKey) -> rusqlite::Result<Option<Desk>> {
    view.conn
        .prepare_cached(
            "select u.id, s.id
            from apps p
            join users u on u.app_id = p.id
            join sites s on s.app_id = p.id
            where p.key = ?1
              and u.key = ?2
              and s.key = ?3",
        )?
        .query_row(params![app.as_str(), visitor.as_str(), site.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// One service conversation among others of the same two.
struct Episode {
    id: ConversationId,
    created_at: Millis,
    changed_at: Millis,
}

fn episodes(view: &View<'_>, (visitor, site): Desk, order: &'static str, limit: u16) -> rusqlite::Result<Vec<Episode>> {
    view.conn
        .prepare_cached(&format!(
            "select key, created_at, changed_at
            from conversations
            where visitor_id = ?1
              and site_id = ?2
            order by created_at {order}, key {order}
            limit ?3"
        ))?
        .query_map(params![visitor, site, limit], |row| {
            Ok(Episode { id: conversation_id(row, 0)?, created_at: millis(row, 1)?, changed_at: millis(row, 2)? })
        })?
        .collect()
}

/// Walks from one episode to the next until none can hold anything that belongs before what was found: the last words
/// of one may be younger than the first of the next.
fn episode_page(
    view: &View<'_>,
    (app, visitor, site): (&AppKey, &UserId, &SiteKey),
    stretch: &Stretch,
) -> Work<Arrived> {
    let Some(desk) = desk(view, app, visitor, site)? else { return Ok(Arrived::default()) };
    let (forward, limit) = (stretch.is_forward(), usize::from(stretch.limit));
    let order = if forward { OLDEST_FIRST } else { NEWEST_FIRST };
    let mut found = Arrived::default();
    for episode in episodes(view, desk, order, MOST_EPISODES)? {
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
        let page = page_for(view, app, visitor, &query)?;
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

fn open_services(view: &View<'_>, app: &AppKey, visitor: &UserId) -> Work<Vec<Conversation>> {
    let rows = view
        .conn
        .prepare_cached(
            "select c.id
            from conversations c
            where c.visitor_id = (
                select u.id
                from users u
                join apps p on p.id = u.app_id
                where p.key = ?1
                  and u.key = ?2
              )
              and c.stage in ('queued', 'offline', 'human')
            order by c.id",
        )?
        .query_map(params![app.as_str(), visitor.as_str()], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    conversations::load_all(view, &rows)
}

fn placed(view: &View<'_>, app: &AppKey, user: &UserId, uids: &[MessageUid]) -> Work<Vec<(ConversationId, Seq)>> {
    let numbers: Vec<i64> = uids.iter().map(|uid| uid.number()).collect();
    let found = view
        .conn
        .prepare_cached(
            "select c.key, m.seq
            from json_each(?3) n
            join messages m on m.id = n.value
            join conversations c on c.id = m.conversation_id
            join apps p on p.id = c.app_id
            join users u on u.app_id = p.id
            join participants t on t.conversation_id = c.id and t.user_id = u.id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_map(params![app.as_str(), user.as_str(), to_json(&numbers)], |row| {
            Ok((conversation_id(row, 0)?, seq(row.get(1)?)))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
