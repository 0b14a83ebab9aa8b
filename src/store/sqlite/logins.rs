//! Tokens and the set-up code. Only hashes are kept.

use rusqlite::{OptionalExtension, params};

use super::{
    error::{Work, or_taken},
    ledger::Ledger,
    rows::{View, maybe_parsed, millis, parsed, person},
};
use crate::{
    model::{AppKey, Millis},
    store::{Login, NewLogin, StoreError, TokenHash},
};

/// Expired tokens removed with each new one: more than one, so that they never pile up.
const SWEPT: i64 = 4;

/// Keeps a token.
pub(super) fn create_login(ledger: &mut Ledger, app: &AppKey, login: &NewLogin) -> Work<()> {
    let app = ledger.app(app)?;
    let user = ledger.user(app, &login.user)?;
    let site: Option<i64> = match &login.site {
        Some(site) => Some(
            ledger
                .conn
                .prepare_cached(
                    "select id
                    from sites
                    where key = ?1
                      and app_id = ?2",
                )?
                .query_row(params![site.as_str(), app], |row| row.get(0))
                .optional()?
                .ok_or(StoreError::Missing("site"))?,
        ),
        None => None,
    };
    sweep(ledger, login.at)?;
    ledger
        .conn
        .prepare_cached(
            "insert into logins (token, user_id, site_id, created_at, expires_at)
            values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![login.token.0, user, site, login.at.get(), login.expires_at.get()])
        .map_err(or_taken)?;
    Ok(())
}

fn sweep(ledger: &Ledger, now: Millis) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "delete from logins
            where token in (
              select token
              from logins
              where expires_at <= ?1
              order by expires_at
              limit ?2
            )",
        )?
        .execute(params![now.get(), SWEPT])
        .map(drop)
}

/// What a token opens now.
pub(super) fn login(view: &View<'_>, token: TokenHash, now: Millis) -> Work<Option<Login>> {
    let login = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, p.key, s.key, l.expires_at, l.created_at
            from logins l
            join users u on u.id = l.user_id
            join apps p on p.id = u.app_id
            left join sites s on s.id = l.site_id
            where l.token = ?1
              and l.expires_at > ?2",
        )?
        .query_row(params![token.0, now.get()], |row| {
            Ok(Login {
                person: person(row, 0)?,
                app: parsed(row, 4)?,
                site: maybe_parsed(row, 5)?,
                expires_at: millis(row, 6)?,
                created_at: millis(row, 7)?,
            })
        })
        .optional()?;
    Ok(login)
}

pub(super) fn extend_login(ledger: &Ledger, token: TokenHash, expires_at: Millis) -> Work<()> {
    ledger
        .conn
        .prepare_cached(
            "update logins
            set expires_at = ?2
            where token = ?1",
        )?
        .execute(params![token.0, expires_at.get()])?;
    Ok(())
}

/// Keeps the one set-up code, replacing any other.
pub(super) fn put_setup_code(ledger: &Ledger, code: TokenHash, expires_at: Millis) -> Work<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into setup_codes (id, code, expires_at)
            values (1, ?1, ?2)
            on conflict (id) do update
            set code = excluded.code, expires_at = excluded.expires_at",
        )?
        .execute(params![code.0, expires_at.get()])?;
    Ok(())
}

/// Whether the set-up code is valid now.
pub(super) fn check_setup_code(view: &View<'_>, code: TokenHash, now: Millis) -> Work<bool> {
    let found = view
        .conn
        .prepare_cached(
            "select 1
            from setup_codes
            where code = ?1
              and expires_at > ?2",
        )?
        .exists(params![code.0, now.get()])?;
    Ok(found)
}

/// Uses the set-up code up; whether it was valid.
pub(super) fn take_setup_code(ledger: &Ledger, code: TokenHash, now: Millis) -> Work<bool> {
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from setup_codes
            where code = ?1
              and expires_at > ?2",
        )?
        .execute(params![code.0, now.get()])?;
    Ok(rows == 1)
}
