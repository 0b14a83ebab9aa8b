//! Who is inside groups and discussions.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    conversations::{load_all, member, participant},
    error::Work,
    rows::{all, get, key_of, parsed, person},
    session::{Session, glancing, reading},
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Handle, Person, UserId,
        conversation::{Member, Participant, Which},
    },
    store::{Result, members::Members},
};

#[async_trait]
impl Members for PostgresStore {
    async fn roster(&self, app: &AppKey, conversation: ConversationId) -> Result<Vec<(UserId, Member)>> {
        glancing!(self, s => roster(s, app, conversation))
    }

    async fn members(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        which: Which,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Participant>> {
        glancing!(self, s => members(s, app, conversation, which, (after, limit)))
    }

    async fn bans(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Person>> {
        glancing!(self, s => bans(s, app, conversation, (after, limit)))
    }

    async fn silenced_groups(&self, app: &AppKey) -> Result<Vec<Handle>> {
        glancing!(self, s => silenced_groups(s, app))
    }

    async fn groups_of(
        &self,
        app: &AppKey,
        user: &UserId,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<Conversation>> {
        reading!(self, s => groups_of(s, app, user, after, limit))
    }
}

async fn roster(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Vec<(UserId, Member)>> {
    let rows = query(
        "select u.key, m.owner, m.silenced, m.silenced_until, m.allowed
        from conversations c
        join apps p on p.id = c.app_id
        join participants m on m.conversation_id = c.id
        join users u on u.id = m.user_id
        where c.key = $1
          and p.key = $2
        order by u.key",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| Ok((parsed(row, 0)?, member(row, 1)?)))?)
}

async fn members(
    s: &mut Session<'_>,
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
    let rows = query(
        "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
          m.silenced_until, m.allowed, c.counted
        from conversations c
        join apps p on p.id = c.app_id
        join participants m on m.conversation_id = c.id
        join users u on u.id = m.user_id
        where c.key = $1
          and p.key = $2
          and c.kind in (2, 3)
          and u.key > $3
          and ($5 is null or m.silenced and (m.silenced_until is null or m.silenced_until > $5))
          and (not $6 or m.allowed)
        order by u.key
        limit $4",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .bind(after.map_or("", UserId::as_str))
    .bind(i64::from(limit))
    .bind(silenced_at)
    .bind(only_allowed)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| participant(row, true))?)
}

async fn bans(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<Person>> {
    let rows = query(
        "select u.key, u.name, u.role, u.portrait
        from conversations c
        join apps p on p.id = c.app_id
        join bans b on b.conversation_id = c.id
        join users u on u.id = b.user_id
        where c.key = $1
          and p.key = $2
          and u.key > $3
        order by u.key
        limit $4",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .bind(after.map_or("", UserId::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| person(row, 0))?)
}

async fn silenced_groups(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<Handle>> {
    let rows = query(
        "select c.handle
        from conversations c
        join apps p on p.id = c.app_id
        where p.key = $1
          and c.silenced
          and c.kind = 3
          and c.handle is not null
          and c.dismissed_at is null
        order by c.handle
        limit 1000",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| parsed(row, 0))?)
}

async fn groups_of(
    s: &mut Session<'_>,
    app: &AppKey,
    user: &UserId,
    after: Option<ConversationId>,
    limit: u16,
) -> Work<Vec<Conversation>> {
    let rows = query(
        "select c.id
        from apps p
        join users u on u.app_id = p.id and u.key = $2
        join participants m on m.user_id = u.id
        join conversations c on c.id = m.conversation_id
        where p.key = $1
          and c.kind in (2, 3)
          and c.dismissed_at is null
          and c.key > $3
        order by c.key
        limit $4",
    )
    .bind(app.as_str())
    .bind(user.as_str())
    .bind(&after.map_or([0; 16], key_of)[..])
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    let rows: Vec<i64> = all(&rows, |row| get(row, 0))?;
    load_all(s, &rows).await
}
