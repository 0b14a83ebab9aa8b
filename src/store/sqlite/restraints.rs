//! What users may not do.

use async_trait::async_trait;
use rusqlite::{params, types::FromSqlError};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, maybe_millis, parsed},
    users::ask_proof,
};
use crate::{
    model::{
        AppKey, Millis, UserId,
        restraint::{Restrained, Restraint, Term},
    },
    store::{Restraints, Result},
};

#[async_trait]
impl Restraints for SqliteStore {
    async fn restrain(&self, app: &AppKey, user: &UserId, term: Term) -> Result<Vec<Term>> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| restrain(ledger, &app, &user, term)).await
    }

    async fn lift(&self, app: &AppKey, user: &UserId, restraint: Restraint) -> Result<Vec<Term>> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| lift(ledger, &app, &user, restraint)).await
    }

    async fn restraints_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Term>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| restraints_of(view, &app, &user)).await
    }

    async fn restrained(
        &self,
        app: &AppKey,
        restraint: Restraint,
        now: Millis,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<Vec<Restrained>> {
        let app = app.clone();
        self.read(move |view| restrained(view, &app, restraint, now, after.as_ref(), limit)).await
    }
}

fn restrain(ledger: &mut Ledger, app: &AppKey, user: &UserId, term: Term) -> Work<Vec<Term>> {
    let row = user_of(ledger, app, user)?;
    ledger
        .conn
        .prepare_cached(
            "insert into restraints (user_id, what, until)
            values (?1, ?2, ?3)
            on conflict do update
            set until = excluded.until",
        )?
        .execute(params![row, term.restraint.number(), term.until.map(Millis::get)])?;
    ask_proof(ledger, row)?;
    restraints_of(&ledger.view(), app, user)
}

fn lift(ledger: &mut Ledger, app: &AppKey, user: &UserId, restraint: Restraint) -> Work<Vec<Term>> {
    let row = user_of(ledger, app, user)?;
    ledger
        .conn
        .prepare_cached(
            "delete from restraints
            where user_id = ?1
              and what = ?2",
        )?
        .execute(params![row, restraint.number()])?;
    ask_proof(ledger, row)?;
    restraints_of(&ledger.view(), app, user)
}

fn user_of(ledger: &mut Ledger, app: &AppKey, user: &UserId) -> Work<i64> {
    let app = ledger.app(app)?;
    ledger.user(app, user)
}

fn restraints_of(view: &View<'_>, app: &AppKey, user: &UserId) -> Work<Vec<Term>> {
    let terms = view
        .conn
        .prepare_cached(
            "select r.what, r.until
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join restraints r on r.user_id = u.id
            where p.key = ?1
            order by r.what",
        )?
        .query_map(params![app.as_str(), user.as_str()], |row| {
            let restraint = Restraint::from_number(row.get(0)?).ok_or(FromSqlError::InvalidType)?;
            Ok(Term { restraint, until: maybe_millis(row, 1)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(terms)
}

fn restrained(
    view: &View<'_>,
    app: &AppKey,
    restraint: Restraint,
    now: Millis,
    after: Option<&UserId>,
    limit: u16,
) -> Work<Vec<Restrained>> {
    let after = after.map_or("", UserId::as_str);
    let found = view
        .conn
        .prepare_cached(
            "select u.key, r.until
            from restraints r
            join users u on u.id = r.user_id
            join apps p on p.id = u.app_id
            where p.key = ?1
              and r.what = ?2
              and (r.until is null or r.until > ?3)
              and u.key > ?4
            order by u.key
            limit ?5",
        )?
        .query_map(params![app.as_str(), restraint.number(), now.get(), after, limit], |row| {
            Ok(Restrained { user: parsed(row, 0)?, until: maybe_millis(row, 1)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
