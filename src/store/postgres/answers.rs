//! First answers to requests that carried an idempotency key.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    error::Work,
    rows::{get, hash, maybe, millis, small},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Millis},
    store::{
        Result,
        answers::{AnswerLimits, Answers, Claim, KeptAnswer},
    },
};

/// Old answers removed with each new one: more than one, so that they never pile up.
const SWEPT: i64 = 4;

#[async_trait]
impl Answers for PostgresStore {
    async fn kept_answer(&self, app: &AppKey, name: &str, since: Millis) -> Result<Option<KeptAnswer>> {
        glancing!(self, s => kept(s, app, name, since))
    }

    async fn keep_answer(&self, app: &AppKey, name: &str, answer: KeptAnswer, limits: AnswerLimits) -> Result<()> {
        writing!(self, s => keep(s, app, name, &answer, limits))
    }

    async fn claim_answer(&self, app: &AppKey, name: &str, asked: Claim) -> Result<bool> {
        if !self.has_company {
            return Ok(true);
        }
        writing!(self, s => claim(s, app, name, asked))
    }

    async fn release_answer(&self, app: &AppKey, name: &str, claimant: i64) -> Result<()> {
        if !self.has_company {
            return Ok(());
        }
        writing!(self, s => release(s, app, name, claimant))
    }
}

async fn kept(s: &mut Session<'_>, app: &AppKey, name: &str, since: Millis) -> Work<Option<KeptAnswer>> {
    let row = query(
        "select k.request, k.status, k.body, k.kept_at
        from kept_answers k
        join apps p on p.id = k.app_id
        where p.key = $1
          and k.name = $2
          and k.kept_at >= $3",
    )
    .bind(app.as_str())
    .bind(name)
    .bind(since.get())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(KeptAnswer { request: hash(row, 0)?, status: small(row, 1)?, body: get(row, 2)?, at: millis(row, 3)? })
    };
    Ok(maybe(row.as_ref(), read)?)
}

async fn keep(s: &mut Session<'_>, app: &AppKey, name: &str, answer: &KeptAnswer, limits: AnswerLimits) -> Work<()> {
    let app = s.app(app).await?;
    sweep(s, limits).await?;
    query("delete from kept_answers where app_id = $1 and name = $2 and kept_at < $3")
        .bind(app)
        .bind(name)
        .bind(limits.since.get())
        .execute(&mut *s.conn)
        .await?;
    query(
        "insert into kept_answers (app_id, name, request, status, body, kept_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (app_id, name) do nothing",
    )
    .bind(app)
    .bind(name)
    .bind(&answer.request[..])
    .bind(i64::from(answer.status))
    .bind(&answer.body)
    .bind(answer.at.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn claim(s: &mut Session<'_>, app: &AppKey, name: &str, asked: Claim) -> Work<bool> {
    let app = s.app(app).await?;
    let done = query(
        "insert into claims as c (app_id, name, claimant, ends)
        values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
        on conflict (app_id, name) do update
        set claimant = excluded.claimant, ends = excluded.ends
        where c.claimant = excluded.claimant
          or c.ends < clock_timestamp()",
    )
    .bind(app)
    .bind(name)
    .bind(asked.claimant)
    .bind(f64::from(asked.secs))
    .execute(&mut *s.conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn release(s: &mut Session<'_>, app: &AppKey, name: &str, claimant: i64) -> Work<()> {
    query(
        "delete from claims
        where app_id = (select id from apps where key = $1)
          and name = $2
          and claimant = $3",
    )
    .bind(app.as_str())
    .bind(name)
    .bind(claimant)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Forgets claims of servers that are gone.
pub(super) async fn forget_claims(s: &mut Session<'_>) -> Work<()> {
    query("delete from claims where ends < clock_timestamp()").execute(&mut *s.conn).await?;
    Ok(())
}

/// Removes some that are too old, and some of the oldest when there are too many: numbers may have gaps, so that there
/// are never more than asked for.
async fn sweep(s: &mut Session<'_>, limits: AnswerLimits) -> Work<()> {
    query(
        "delete from kept_answers
        where id in (
          select id
          from kept_answers
          where kept_at < $1
          order by kept_at
          limit $3
          for update skip locked
        )
        or id in (
          select id
          from kept_answers
          where id <= (select max(id) from kept_answers) - $2
          order by id
          limit $3
          for update skip locked
        )",
    )
    .bind(limits.since.get())
    .bind(i64::try_from(limits.most).unwrap_or(i64::MAX))
    .bind(SWEPT)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}
