//! Finding somebody's conversations by who or what is on the other side.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore, conversations,
    error::Work,
    rows::{View, conversation_id},
};
use crate::{
    model::{AppKey, ConversationId, Kind, SiteKey, UserId},
    store::{Result, finding::Finding},
};

#[async_trait]
impl Finding for SqliteStore {
    async fn find_pair(&self, app: &AppKey, kind: Kind, a: &UserId, b: &UserId) -> Result<Option<ConversationId>> {
        let (app, a, b) = (app.clone(), a.clone(), b.clone());
        self.read(move |view| Ok(conversations::pair_key(view, &app, kind, (&a, &b))?.map(|(_, id)| id))).await
    }

    async fn newest_episode(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<ConversationId>> {
        let (app, visitor, site) = (app.clone(), visitor.clone(), site.clone());
        self.read(move |view| newest_episode(view, &app, &visitor, &site)).await
    }
}

fn newest_episode(view: &View<'_>, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Work<Option<ConversationId>> {
    let found = view
        .conn
        .prepare_cached(
            "select c.key
            from conversations c
            join users u on u.id = c.visitor_id
            join sites s on s.id = c.site_id
            join apps p on p.id = u.app_id and p.id = s.app_id
            where p.key = ?1
              and u.key = ?2
              and s.key = ?3
            order by c.created_at desc, c.key desc
            limit 1",
        )?
        .query_row(params![app.as_str(), visitor.as_str(), site.as_str()], |row| conversation_id(row, 0))
        .optional()?;
    Ok(found)
}
