//! Profiles and tags of users, and logins that end early.

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    changes::{WINDOW_SECS, server, server_once, since},
    error::Work,
    rows::{all, json, maybe, millis, parsed, person, to_json},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Millis, UserId, person::Profile},
    store::{ProofAsked, ProofsAsked, Result, StoreError, TokenHash, Users, changes::Place},
};

/// Changes that are remembered for servers to read.
const REMEMBERED: i64 = 10_000;

#[async_trait]
impl Users for PostgresStore {
    async fn profile(&self, app: &AppKey, user: &UserId) -> Result<Option<Profile>> {
        glancing!(self, s => profile(s, app, user))
    }

    async fn set_tags(&self, app: &AppKey, users: &[UserId], tags: &[String]) -> Result<()> {
        writing!(self, s => set_tags(s, app, users, &to_json(&tags)))
    }

    async fn tags_of(&self, app: &AppKey, users: &[UserId]) -> Result<Vec<(UserId, Vec<String>)>> {
        glancing!(self, s => tags_of(s, app, users))
    }

    async fn end_logins(&self, app: &AppKey, user: &UserId, before: Option<Millis>) -> Result<()> {
        writing!(self, s => end_logins(s, app, user, before))
    }

    async fn end_user_login(&self, app: &AppKey, token: TokenHash) -> Result<Option<UserId>> {
        writing!(self, s => end_user_login(s, app, token))
    }

    async fn proofs_asked(&self, since: Option<Place>) -> Result<ProofsAsked> {
        glancing!(self, s => proofs_asked(s, since))
    }
}

async fn profile(s: &mut Session<'_>, app: &AppKey, user: &UserId) -> Work<Option<Profile>> {
    let row = query(
        "select u.key, u.name, u.role, u.portrait, u.created_at, u.tags
        from users u
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(user.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(Profile { person: person(row, 0)?, created_at: millis(row, 4)?, tags: json(row, 5)? })
    };
    Ok(maybe(row.as_ref(), read)?)
}

async fn set_tags(s: &mut Session<'_>, app: &AppKey, users: &[UserId], tags: &str) -> Work<()> {
    let app = s.app(app).await?;
    let rows = s.users(app, users).await?;
    query("update users set tags = $2 where id = any($1)").bind(&rows).bind(tags).execute(&mut *s.conn).await?;
    Ok(())
}

async fn tags_of(s: &mut Session<'_>, app: &AppKey, users: &[UserId]) -> Work<Vec<(UserId, Vec<String>)>> {
    let keys: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let rows = query(
        "select u.key, u.tags
        from users u
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.key = any($2)
        order by u.key",
    )
    .bind(app.as_str())
    .bind(&keys)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| Ok((parsed(row, 0)?, json(row, 1)?)))?)
}

async fn end_logins(s: &mut Session<'_>, app: &AppKey, user: &UserId, before: Option<Millis>) -> Work<()> {
    let app = s.app(app).await?;
    let user = s.user(app, user).await?;
    query("delete from logins where user_id = $1 and ($2::bigint is null or created_at < $2)")
        .bind(user)
        .bind(before.map(Millis::get))
        .execute(&mut *s.conn)
        .await?;
    ask_proof(s, user).await
}

async fn end_user_login(s: &mut Session<'_>, app: &AppKey, token: TokenHash) -> Work<Option<UserId>> {
    let app = s.app(app).await?;
    let row = query(
        "delete from logins l
        using users u
        where l.token = $1
          and u.id = l.user_id
          and u.app_id = $2
          and u.role = 'user'
        returning u.id, u.key",
    )
    .bind(&token.0[..])
    .bind(app)
    .fetch_optional(&mut *s.conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    ask_proof(s, row.try_get(0)?).await?;
    Ok(Some(parsed(&row, 1)?))
}

/// Ends a token of anybody. Unknown ones are ignored.
pub(super) async fn end_login(s: &mut Session<'_>, token: TokenHash) -> Work<()> {
    let row = query("delete from logins where token = $1 returning user_id")
        .bind(&token.0[..])
        .fetch_optional(&mut *s.conn)
        .await?;
    match row {
        Some(row) => ask_proof(s, row.try_get(0)?).await,
        None => Ok(()),
    }
}

/// Notes that servers must look at this user again. The number is given under a lock that is held until the commit: programs
/// of the version before this one read by it.
pub(super) async fn ask_proof(s: &mut Session<'_>, user: i64) -> Work<()> {
    let row = query("update meta set value = value + 1 where name = 'proof' returning value")
        .fetch_optional(&mut *s.conn)
        .await?;
    let number: i64 = row.ok_or(StoreError::Missing("counter"))?.try_get(0)?;
    query("insert into proofs_asked (id, user_id) values ($1, $2)")
        .bind(number)
        .bind(user)
        .execute(&mut *s.conn)
        .await?;
    query("delete from proofs_asked where id <= $1").bind(number - REMEMBERED).execute(&mut *s.conn).await?;
    Ok(())
}

async fn proofs_asked(s: &mut Session<'_>, since: Option<Place>) -> Work<ProofsAsked> {
    let window = if since.is_some() { WINDOW_SECS } else { 0.0 };
    let from = since.unwrap_or(Place { low: 0, server: 0 });
    let rows = query(concat!(
        "select pg_snapshot_xmin(pg_current_snapshot())::text, ",
        server!(),
        ", a.id, p.key, u.key
        from (select 1) as once
        left join (
          proofs_asked a
          join users u on u.id = a.user_id
          join apps p on p.id = u.app_id
        ) on ",
        since!("a"),
        "
        order by a.id"
    ))
    .bind(from.low.to_string())
    .bind(from.server)
    .bind(window)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = ProofsAsked { place: from, asked: Vec::new() };
    for row in &rows {
        let low = row.try_get::<&str, _>(0)?.parse().unwrap_or(from.low);
        found.place = Place { low, server: row.try_get(1)? };
        if let Some(number) = row.try_get(2)? {
            found.asked.push(ProofAsked { number, app: parsed(row, 3)?, user: parsed(row, 4)? });
        }
    }
    Ok(found)
}
