//! Tokens and the set-up code. Only hashes are kept.

use sqlx::{Row, query};

use super::{
    error::{Work, or_taken},
    rows::{maybe, maybe_parsed, millis, parsed, person},
    session::Session,
};
use crate::{
    model::{AppKey, Millis, SiteKey},
    store::{Login, NewLogin, StoreError, TokenHash},
};

/// Expired tokens removed with each new one: more than one, so that they never pile up.
const SWEPT: i64 = 4;

/// The row of one of the app's sites.
pub(super) async fn site_row(s: &mut Session<'_>, app: i64, site: &SiteKey) -> Work<i64> {
    let row = query("select id from sites where key = $1 and app_id = $2")
        .bind(site.as_str())
        .bind(app)
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(row.ok_or(StoreError::Missing("site"))?.try_get(0)?)
}

/// Keeps a token.
pub(super) async fn create_login(s: &mut Session<'_>, app: &AppKey, login: &NewLogin) -> Work<()> {
    let app = s.app(app).await?;
    let user = s.user(app, &login.user).await?;
    let site = match &login.site {
        Some(site) => Some(site_row(s, app, site).await?),
        None => None,
    };
    query(
        "delete from logins
        where token in (
          select token
          from logins
          where expires_at <= $1
          order by expires_at
          limit $2
          for update skip locked
        )",
    )
    .bind(login.at.get())
    .bind(SWEPT)
    .execute(&mut *s.conn)
    .await?;
    query("insert into logins (token, user_id, site_id, created_at, expires_at) values ($1, $2, $3, $4, $5)")
        .bind(&login.token.0[..])
        .bind(user)
        .bind(site)
        .bind(login.at.get())
        .bind(login.expires_at.get())
        .execute(&mut *s.conn)
        .await
        .map_err(or_taken)?;
    Ok(())
}

/// What a token opens now.
pub(super) async fn login(s: &mut Session<'_>, token: TokenHash, now: Millis) -> Work<Option<Login>> {
    let row = query(
        "select u.key, u.name, u.role, u.portrait, p.key, s.key, l.expires_at, l.created_at
        from logins l
        join users u on u.id = l.user_id
        join apps p on p.id = u.app_id
        left join sites s on s.id = l.site_id
        where l.token = $1
          and l.expires_at > $2",
    )
    .bind(&token.0[..])
    .bind(now.get())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(Login {
            person: person(row, 0)?,
            app: parsed(row, 4)?,
            site: maybe_parsed(row, 5)?,
            expires_at: millis(row, 6)?,
            created_at: millis(row, 7)?,
        })
    };
    Ok(maybe(row.as_ref(), read)?)
}

pub(super) async fn extend_login(s: &mut Session<'_>, token: TokenHash, expires_at: Millis) -> Work<()> {
    query("update logins set expires_at = $2 where token = $1")
        .bind(&token.0[..])
        .bind(expires_at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// Keeps the one set-up code, replacing any other.
pub(super) async fn put_setup_code(s: &mut Session<'_>, code: TokenHash, expires_at: Millis) -> Work<()> {
    query(
        "insert into setup_codes (id, code, expires_at)
        values (1, $1, $2)
        on conflict (id) do update
        set code = excluded.code, expires_at = excluded.expires_at",
    )
    .bind(&code.0[..])
    .bind(expires_at.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Whether the set-up code is valid now.
pub(super) async fn check_setup_code(s: &mut Session<'_>, code: TokenHash, now: Millis) -> Work<bool> {
    let row = query("select 1 from setup_codes where code = $1 and expires_at > $2")
        .bind(&code.0[..])
        .bind(now.get())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(row.is_some())
}

/// Uses the set-up code up; whether it was valid.
pub(super) async fn take_setup_code(s: &mut Session<'_>, code: TokenHash, now: Millis) -> Work<bool> {
    let done = query("delete from setup_codes where code = $1 and expires_at > $2")
        .bind(&code.0[..])
        .bind(now.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
