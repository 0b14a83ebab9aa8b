//! First answers to requests that carried an idempotency key.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, millis},
};
use crate::{
    model::{AppKey, Millis},
    store::{
        Result,
        answers::{AnswerLimits, Answers, KeptAnswer},
    },
};

/// Old answers removed with each new one: more than one, so that they never pile up.
const SWEPT: i64 = 4;

#[async_trait]
impl Answers for SqliteStore {
    async fn kept_answer(&self, app: &AppKey, name: &str, since: Millis) -> Result<Option<KeptAnswer>> {
        let (app, name) = (app.clone(), name.to_owned());
        self.read(move |view| kept(view, &app, &name, since)).await
    }

    async fn keep_answer(&self, app: &AppKey, name: &str, answer: KeptAnswer, limits: AnswerLimits) -> Result<()> {
        let (app, name) = (app.clone(), name.to_owned());
        self.write(move |ledger| keep(ledger, &app, &name, &answer, limits)).await
    }
}

fn kept(view: &View<'_>, app: &AppKey, name: &str, since: Millis) -> Work<Option<KeptAnswer>> {
    let found = view
        .conn
        .prepare_cached(
            "select k.request, k.status, k.body, k.kept_at
            from kept_answers k
            join apps p on p.id = k.app_id
            where p.key = ?1
              and k.name = ?2
              and k.kept_at >= ?3",
        )?
        .query_row(params![app.as_str(), name, since.get()], |row| {
            Ok(KeptAnswer { request: row.get(0)?, status: row.get(1)?, body: row.get(2)?, at: millis(row, 3)? })
        })
        .optional()?;
    Ok(found)
}

fn keep(ledger: &mut Ledger, app: &AppKey, name: &str, answer: &KeptAnswer, limits: AnswerLimits) -> Work<()> {
    let app = ledger.app(app)?;
    sweep(ledger, limits)?;
    ledger
        .conn
        .prepare_cached(
            "delete from kept_answers
            where app_id = ?1
              and name = ?2
              and kept_at < ?3",
        )?
        .execute(params![app, name, limits.since.get()])?;
    ledger
        .conn
        .prepare_cached(
            "insert or ignore into kept_answers (app_id, name, request, status, body, kept_at)
            values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![app, name, answer.request, answer.status, answer.body, answer.at.get()])?;
    Ok(())
}

/// Removes some that are too old, and some of the oldest when there are too many.
fn sweep(ledger: &Ledger, limits: AnswerLimits) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "delete from kept_answers
            where id in (
              select id
              from kept_answers
              where kept_at < ?1
                or id <= (select max(id) from kept_answers) - ?2
              order by id
              limit ?3
            )",
        )?
        .execute(params![limits.since.get(), i64::try_from(limits.most).unwrap_or(i64::MAX), SWEPT])
        .map(drop)
}
