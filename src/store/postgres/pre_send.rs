//! Pre-send hooks in PostgreSQL.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    error::Work,
    rows::{get, json, maybe, maybe_millis, to_json},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Millis, pre_send::PreSend},
    store::{Result, outbox::SealedSecrets, pre_send::PreSends},
};

#[async_trait]
impl PreSends for PostgresStore {
    async fn pre_send(&self, app: &AppKey) -> Result<Option<(PreSend, SealedSecrets)>> {
        glancing!(self, s => read(s, app))
    }

    async fn set_pre_send(&self, app: &AppKey, hook: PreSend, secrets: SealedSecrets) -> Result<()> {
        writing!(self, s => set(s, app, &hook, &secrets))
    }

    async fn remove_pre_send(&self, app: &AppKey) -> Result<bool> {
        writing!(self, s => remove(s, app))
    }
}

async fn read(s: &mut Session<'_>, app: &AppKey) -> Work<Option<(PreSend, SealedSecrets)>> {
    let row = query(
        "select h.settings, h.secret, h.old_secret, h.old_until
        from pre_send_hooks h
        join apps p on p.id = h.app_id
        where p.key = $1",
    )
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        let old: Option<Vec<u8>> = get(row, 2)?;
        Ok((json(row, 0)?, SealedSecrets { current: get(row, 1)?, old: old.zip(maybe_millis(row, 3)?) }))
    };
    Ok(maybe(row.as_ref(), read)?)
}

async fn set(s: &mut Session<'_>, app: &AppKey, hook: &PreSend, secrets: &SealedSecrets) -> Work<()> {
    let app = s.app(app).await?;
    query(
        "insert into pre_send_hooks (app_id, settings, secret, old_secret, old_until)
        values ($1, $2, $3, $4, $5)
        on conflict (app_id) do update
        set settings = excluded.settings, secret = excluded.secret, old_secret = excluded.old_secret,
          old_until = excluded.old_until",
    )
    .bind(app)
    .bind(to_json(hook))
    .bind(&secrets.current)
    .bind(secrets.old.as_ref().map(|(secret, _)| secret))
    .bind(secrets.old.as_ref().map(|(_, until): &(_, Millis)| until.get()))
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn remove(s: &mut Session<'_>, app: &AppKey) -> Work<bool> {
    let app = s.app(app).await?;
    let done = query("delete from pre_send_hooks where app_id = $1").bind(app).execute(&mut *s.conn).await?;
    Ok(done.rows_affected() == 1)
}
