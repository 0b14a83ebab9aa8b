//! The secrets that apps share with their back ends, in PostgreSQL.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    error::{Work, or_taken},
    rows::{self, get, millis, parsed},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, AppSecret, SecretId},
    store::{
        Result, StoreError,
        app_secrets::{AppSecrets, KeptSecret},
    },
};

#[async_trait]
impl AppSecrets for PostgresStore {
    async fn add_app_secret(&self, app: &AppKey, new: KeptSecret, most: usize) -> Result<()> {
        writing!(self, s => add(s, app, &new, most))
    }

    async fn app_secrets(&self, app: &AppKey) -> Result<Vec<KeptSecret>> {
        glancing!(self, s => all(s, app))
    }

    async fn remove_app_secret(&self, app: &AppKey, id: &SecretId) -> Result<bool> {
        writing!(self, s => remove(s, app, id))
    }
}

async fn add(s: &mut Session<'_>, app_key: &AppKey, new: &KeptSecret, most: usize) -> Work<()> {
    let app = s.lock_app(app_key).await?;
    if all(s, app_key).await?.len() >= most {
        return Err(StoreError::TooMany("secrets").into());
    }
    query("insert into app_secrets (app_id, key, sealed, created_at) values ($1, $2, $3, $4)")
        .bind(app)
        .bind(new.secret.id.as_str())
        .bind(&new.sealed)
        .bind(new.secret.created_at.get())
        .execute(&mut *s.conn)
        .await
        .map_err(or_taken)?;
    Ok(())
}

async fn all(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<KeptSecret>> {
    let found = query(
        "select s.key, s.created_at, s.sealed
        from app_secrets s
        join apps p on p.id = s.app_id
        where p.key = $1
        order by s.id",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        let secret = AppSecret { id: parsed(row, 0)?, created_at: millis(row, 1)? };
        Ok(KeptSecret { secret, sealed: get(row, 2)? })
    };
    Ok(rows::all(&found, read)?)
}

async fn remove(s: &mut Session<'_>, app: &AppKey, id: &SecretId) -> Work<bool> {
    let app = s.app(app).await?;
    let done = query("delete from app_secrets where key = $1 and app_id = $2")
        .bind(id.as_str())
        .bind(app)
        .execute(&mut *s.conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
