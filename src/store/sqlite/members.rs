//! Who is inside groups and discussions.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    conversations::{load_all, participant},
    error::Work,
    rows::{View, key_of, maybe_millis, parsed, person},
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Handle, Kind, Person, UserId,
        conversation::{Member, Participant, Which},
    },
    store::{Result, members::Members},
};

#[async_trait]
impl Members for SqliteStore {
    async fn roster(&self, app: &AppKey, conversation: ConversationId) -> Result<Vec<(UserId, Member)>> {
        let app = app.clone();
        self.read(move |view| roster(view, &app, conversation)).await
    }

    async fn members(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        which: Which,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Participant>> {
        let (app, after) = (app.clone(), after.cloned());
        self.read(move |view| members(view, &app, conversation, which, (after.as_ref(), limit))).await
    }

    async fn bans(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Person>> {
        let (app, after) = (app.clone(), after.cloned());
        self.read(move |view| bans(view, &app, conversation, (after.as_ref(), limit))).await
    }

    async fn silenced_groups(&self, app: &AppKey) -> Result<Vec<Handle>> {
        let app = app.clone();
        self.read(move |view| silenced_groups(view, &app)).await
    }

    async fn groups_of(
        &self,
        app: &AppKey,
        user: &UserId,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<Conversation>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| groups_of(view, &app, &user, after, limit)).await
    }
}

fn silenced_groups(view: &View<'_>, app: &AppKey) -> Work<Vec<Handle>> {
    let found = view
        .conn
        .prepare_cached(
            "select c.handle
            from conversations c
            join apps p on p.id = c.app_id
            where p.key = ?1
              and c.silenced = 1
              and c.kind = ?2
              and c.handle is not null
              and c.dismissed_at is null
            order by c.handle
            limit 1000",
        )?
        .query_map(params![app.as_str(), Kind::Group.number()], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn roster(view: &View<'_>, app: &AppKey, id: ConversationId) -> Work<Vec<(UserId, Member)>> {
    let roster = view
        .conn
        .prepare_cached(
            "select u.key, m.owner, m.silenced, m.silenced_until, m.allowed
            from conversations c
            join apps p on p.id = c.app_id
            join participants m on m.conversation_id = c.id
            join users u on u.id = m.user_id
            where c.key = ?1
              and p.key = ?2
            order by u.key",
        )?
        .query_map(params![key_of(id), app.as_str()], |row| {
            let member = Member {
                owner: row.get(1)?,
                silenced: row.get(2)?,
                silenced_until: maybe_millis(row, 3)?,
                allowed: row.get(4)?,
            };
            Ok((parsed(row, 0)?, member))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(roster)
}

fn members(
    view: &View<'_>,
    app: &AppKey,
    id: ConversationId,
    which: Which,
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<Participant>> {
    let (silenced_at, only_allowed) = match which {
        Which::All => (None, false),
        Which::Silenced(now) => (Some(now.get()), false),
        Which::Allowed => (None, true),
    };
    let members = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
              m.silenced_until, m.allowed, c.counted
            from conversations c
            join apps p on p.id = c.app_id
            join participants m on m.conversation_id = c.id
            join users u on u.id = m.user_id
            where c.key = ?1
              and p.key = ?2
              and c.kind in (2, 3)
              and u.key > ?3
              and (?5 is null or m.silenced and (m.silenced_until is null or m.silenced_until > ?5))
              and (not ?6 or m.allowed)
            order by u.key
            limit ?4",
        )?
        .query_map(
            params![key_of(id), app.as_str(), after.map_or("", UserId::as_str), limit, silenced_at, only_allowed],
            |row| participant(row, row.get(12)?, true),
        )?
        .collect::<rusqlite::Result<_>>()?;
    Ok(members)
}

fn bans(
    view: &View<'_>,
    app: &AppKey,
    id: ConversationId,
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<Person>> {
    let bans = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait
            from conversations c
            join apps p on p.id = c.app_id
            join bans b on b.conversation_id = c.id
            join users u on u.id = b.user_id
            where c.key = ?1
              and p.key = ?2
              and u.key > ?3
            order by u.key
            limit ?4",
        )?
        .query_map(params![key_of(id), app.as_str(), after.map_or("", UserId::as_str), limit], |row| person(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(bans)
}

fn groups_of(
    view: &View<'_>,
    app: &AppKey,
    user: &UserId,
    after: Option<ConversationId>,
    limit: u16,
) -> Work<Vec<Conversation>> {
    let rows = view
        .conn
        .prepare_cached(
            "select c.id
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join participants m on m.user_id = u.id
            join conversations c on c.id = m.conversation_id
            where p.key = ?1
              and c.kind in (2, 3)
              and c.dismissed_at is null
              and c.key > ?3
            order by c.key
            limit ?4",
        )?
        .query_map(params![app.as_str(), user.as_str(), after.map_or([0; 16], key_of), limit], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    load_all(view, &rows)
}
