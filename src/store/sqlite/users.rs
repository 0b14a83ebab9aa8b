//! Profiles and tags of users, and logins that end early.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, json, millis, parsed, person, to_json},
};
use crate::{
    model::{AppKey, Millis, UserId, person::Profile},
    store::{ProofAsked, ProofsAsked, Result, TokenHash, Users, changes::Place},
};

/// Changes that are remembered for servers to read.
const REMEMBERED: i64 = 10_000;

#[async_trait]
impl Users for SqliteStore {
    async fn profile(&self, app: &AppKey, user: &UserId) -> Result<Option<Profile>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| profile(view, &app, &user)).await
    }

    async fn set_tags(&self, app: &AppKey, users: &[UserId], tags: &[String]) -> Result<()> {
        let (app, users, tags) = (app.clone(), users.to_vec(), to_json(&tags));
        self.write(move |ledger| set_tags(ledger, &app, &users, &tags)).await
    }

    async fn tags_of(&self, app: &AppKey, users: &[UserId]) -> Result<Vec<(UserId, Vec<String>)>> {
        let (app, users) = (app.clone(), to_json(&users));
        self.read(move |view| tags_of(view, &app, &users)).await
    }

    async fn end_logins(&self, app: &AppKey, user: &UserId, before: Option<Millis>) -> Result<()> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| end_logins(ledger, &app, &user, before)).await
    }

    async fn end_user_login(&self, app: &AppKey, token: TokenHash) -> Result<Option<UserId>> {
        let app = app.clone();
        self.write(move |ledger| end_user_login(ledger, &app, token)).await
    }

    async fn proofs_asked(&self, since: Option<Place>) -> Result<ProofsAsked> {
        self.read(move |view| proofs_asked(view, since)).await
    }
}

fn profile(view: &View<'_>, app: &AppKey, user: &UserId) -> Work<Option<Profile>> {
    let profile = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, u.created_at, u.tags
            from users u
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![app.as_str(), user.as_str()], |row| {
            Ok(Profile { person: person(row, 0)?, created_at: millis(row, 4)?, tags: json(row, 5)? })
        })
        .optional()?;
    Ok(profile)
}

fn set_tags(ledger: &mut Ledger, app: &AppKey, users: &[UserId], tags: &str) -> Work<()> {
    let app = ledger.app(app)?;
    for user in users {
        let row = ledger.user(app, user)?;
        ledger
            .conn
            .prepare_cached(
                "update users
                set tags = ?2
                where id = ?1",
            )?
            .execute(params![row, tags])?;
    }
    Ok(())
}

fn tags_of(view: &View<'_>, app: &AppKey, users: &str) -> Work<Vec<(UserId, Vec<String>)>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.key, u.tags
            from users u
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key in (select value from json_each(?2))
            order by u.key",
        )?
        .query_map(params![app.as_str(), users], |row| Ok((parsed(row, 0)?, json(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn end_logins(ledger: &mut Ledger, app: &AppKey, user: &UserId, before: Option<Millis>) -> Work<()> {
    let app = ledger.app(app)?;
    let user = ledger.user(app, user)?;
    ledger
        .conn
        .prepare_cached(
            "delete from logins
            where user_id = ?1
              and (?2 is null or created_at < ?2)",
        )?
        .execute(params![user, before.map(Millis::get)])?;
    Ok(ask_proof(ledger, user)?)
}

fn end_user_login(ledger: &mut Ledger, app: &AppKey, token: TokenHash) -> Work<Option<UserId>> {
    let app = ledger.app(app)?;
    let owner: Option<UserId> = ledger
        .conn
        .prepare_cached(
            "select u.key
            from logins l
            join users u on u.id = l.user_id
            where l.token = ?1
              and u.app_id = ?2
              and u.role = 'user'",
        )?
        .query_row(params![token.0, app], |row| parsed(row, 0))
        .optional()?;
    if owner.is_some() {
        end_login(ledger, token)?;
    }
    Ok(owner)
}

/// Ends a token of anybody. Unknown ones are ignored.
pub(super) fn end_login(ledger: &Ledger, token: TokenHash) -> rusqlite::Result<()> {
    let owner: Option<i64> = ledger
        .conn
        .prepare_cached(
            "delete from logins
            where token = ?1
            returning user_id",
        )?
        .query_row([token.0], |row| row.get(0))
        .optional()?;
    owner.map_or(Ok(()), |owner| ask_proof(ledger, owner))
}

/// Notes that servers must look at this user again.
pub(super) fn ask_proof(ledger: &Ledger, user: i64) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into proofs_asked (user_id)
            values (?1)",
        )?
        .execute([user])?;
    let newest = ledger.conn.last_insert_rowid();
    ledger
        .conn
        .prepare_cached(
            "delete from proofs_asked
            where id <= ?1",
        )?
        .execute([newest - REMEMBERED])
        .map(drop)
}

/// Here one writes at a time, so that numbers are seen in their order.
fn proofs_asked(view: &View<'_>, since: Option<Place>) -> Work<ProofsAsked> {
    let newest: i64 = view
        .conn
        .prepare_cached(
            "select coalesce(max(id), 0)
            from proofs_asked",
        )?
        .query_row([], |row| row.get(0))?;
    let place = Place { low: newest.unsigned_abs(), server: 0 };
    let low = since.map_or(newest, |since| i64::try_from(since.low).unwrap_or(i64::MAX));
    let asked = view
        .conn
        .prepare_cached(
            "select a.id, p.key, u.key
            from proofs_asked a
            join users u on u.id = a.user_id
            join apps p on p.id = u.app_id
            where a.id > ?1
              and a.id <= ?2
            order by a.id",
        )?
        .query_map([low, newest], |row| {
            Ok(ProofAsked { number: row.get(0)?, app: parsed(row, 1)?, user: parsed(row, 2)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ProofsAsked { place, asked })
}
