//! What users may not do.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    error::Work,
    rows::{all, maybe_millis, parsed, small},
    session::{Session, glancing, writing},
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
impl Restraints for PostgresStore {
    async fn restrain(&self, app: &AppKey, user: &UserId, term: Term) -> Result<Vec<Term>> {
        writing!(self, s => restrain(s, app, user, term))
    }

    async fn lift(&self, app: &AppKey, user: &UserId, restraint: Restraint) -> Result<Vec<Term>> {
        writing!(self, s => lift(s, app, user, restraint))
    }

    async fn restraints_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Term>> {
        glancing!(self, s => restraints_of(s, app, user))
    }

    async fn restrained(
        &self,
        app: &AppKey,
        restraint: Restraint,
        now: Millis,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<Vec<Restrained>> {
        glancing!(self, s => restrained(s, app, restraint, now, (after.as_ref(), limit)))
    }
}

async fn user_of(s: &mut Session<'_>, app: &AppKey, user: &UserId) -> Work<i64> {
    let app = s.app(app).await?;
    s.user(app, user).await
}

async fn restrain(s: &mut Session<'_>, app: &AppKey, user: &UserId, term: Term) -> Work<Vec<Term>> {
    let row = user_of(s, app, user).await?;
    query(
        "insert into restraints (user_id, what, until)
        values ($1, $2, $3)
        on conflict (user_id, what) do update
        set until = excluded.until",
    )
    .bind(row)
    .bind(i64::from(term.restraint.number()))
    .bind(term.until.map(Millis::get))
    .execute(&mut *s.conn)
    .await?;
    ask_proof(s, row).await?;
    restraints_of(s, app, user).await
}

async fn lift(s: &mut Session<'_>, app: &AppKey, user: &UserId, restraint: Restraint) -> Work<Vec<Term>> {
    let row = user_of(s, app, user).await?;
    query("delete from restraints where user_id = $1 and what = $2")
        .bind(row)
        .bind(i64::from(restraint.number()))
        .execute(&mut *s.conn)
        .await?;
    ask_proof(s, row).await?;
    restraints_of(s, app, user).await
}

async fn restraints_of(s: &mut Session<'_>, app: &AppKey, user: &UserId) -> Work<Vec<Term>> {
    let rows = query(
        "select r.what, r.until
        from apps p
        join users u on u.app_id = p.id and u.key = $2
        join restraints r on r.user_id = u.id
        where p.key = $1
        order by r.what",
    )
    .bind(app.as_str())
    .bind(user.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        let wrong = || sqlx::Error::ColumnDecode { index: "what".to_owned(), source: Box::new(std::fmt::Error) };
        let restraint = Restraint::from_number(small(row, 0)?).ok_or_else(wrong)?;
        Ok(Term { restraint, until: maybe_millis(row, 1)? })
    };
    Ok(all(&rows, read)?)
}

async fn restrained(
    s: &mut Session<'_>,
    app: &AppKey,
    restraint: Restraint,
    now: Millis,
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<Restrained>> {
    let rows = query(
        "select u.key, r.until
        from restraints r
        join users u on u.id = r.user_id
        join apps p on p.id = u.app_id
        where p.key = $1
          and r.what = $2
          and (r.until is null or r.until > $3)
          and u.key > $4
        order by u.key
        limit $5",
    )
    .bind(app.as_str())
    .bind(i64::from(restraint.number()))
    .bind(now.get())
    .bind(after.map_or("", UserId::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| Ok(Restrained { user: parsed(row, 0)?, until: maybe_millis(row, 1)? }))?)
}
