//! The keys of back ends, and the signatures that were used.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    error::{Work, or_taken},
    rows::{all, get, hash, json, maybe, maybe_millis, millis, parsed, to_json, whole},
    session::{Session, glancing, writing},
};
use crate::{
    model::{ApiKey, AppKey, KeyId, Millis},
    store::{
        Result, StoreError, TokenHash,
        api_keys::{ApiKeys, KeptKey, SeenSignature},
    },
};

/// Expired signatures removed with each new one: more than one, so that they never pile up.
const SWEPT: i64 = 8;

#[async_trait]
impl ApiKeys for PostgresStore {
    async fn create_api_key(&self, key: KeptKey, most: usize) -> Result<()> {
        writing!(self, s => create(s, &key, most))
    }

    async fn api_key(&self, id: &KeyId) -> Result<Option<KeptKey>> {
        glancing!(self, s => key(s, id))
    }

    async fn api_keys(&self, app: &AppKey) -> Result<Vec<ApiKey>> {
        glancing!(self, s => keys(s, app))
    }

    async fn revoke_api_key(&self, app: &AppKey, id: &KeyId) -> Result<bool> {
        writing!(self, s => revoke(s, app, id))
    }

    async fn touch_api_key(&self, app: &AppKey, id: &KeyId, at: Millis) -> Result<()> {
        writing!(self, s => touch(s, app, id, at))
    }

    async fn first_sight(&self, signer: &str, seen: SeenSignature, most: u64) -> Result<bool> {
        writing!(self, s => first_sight(s, signer, seen, most))
    }
}

async fn create(s: &mut Session<'_>, kept: &KeptKey, most: usize) -> Work<()> {
    let app = s.lock_app(&kept.key.app).await?;
    let there = query("select count(*) from api_keys where app_id = $1").bind(app).fetch_one(&mut *s.conn).await?;
    if whole(&there, 0)? >= most as u64 {
        return Err(StoreError::TooMany("keys").into());
    }
    query(
        "insert into api_keys (app_id, key, name, scopes, secret_hash, sealed_secret, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(app)
    .bind(kept.key.id.as_str())
    .bind(&kept.key.name)
    .bind(to_json(&kept.key.scopes))
    .bind(&kept.secret.0[..])
    .bind(&kept.sealed_secret)
    .bind(kept.key.created_at.get())
    .bind(kept.key.expires_at.map(Millis::get))
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    Ok(())
}

async fn key(s: &mut Session<'_>, id: &KeyId) -> Work<Option<KeptKey>> {
    let row = query(
        "select k.key, p.key, k.name, k.scopes, k.created_at, k.expires_at, k.last_used_at, k.secret_hash,
          k.sealed_secret
        from api_keys k
        join apps p on p.id = k.app_id
        where k.key = $1",
    )
    .bind(id.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        Ok(KeptKey { key: read_key(row)?, secret: TokenHash(hash(row, 7)?), sealed_secret: get(row, 8)? })
    };
    Ok(maybe(row.as_ref(), read)?)
}

async fn keys(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<ApiKey>> {
    let rows = query(
        "select k.key, p.key, k.name, k.scopes, k.created_at, k.expires_at, k.last_used_at
        from api_keys k
        join apps p on p.id = k.app_id
        where p.key = $1
        order by k.id",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, read_key)?)
}

fn read_key(row: &PgRow) -> sqlx::Result<ApiKey> {
    Ok(ApiKey {
        id: parsed(row, 0)?,
        app: parsed(row, 1)?,
        name: get(row, 2)?,
        scopes: json(row, 3)?,
        created_at: millis(row, 4)?,
        expires_at: maybe_millis(row, 5)?,
        last_used_at: maybe_millis(row, 6)?,
    })
}

async fn revoke(s: &mut Session<'_>, app: &AppKey, id: &KeyId) -> Work<bool> {
    let app = s.app(app).await?;
    let done = query("delete from api_keys where key = $1 and app_id = $2")
        .bind(id.as_str())
        .bind(app)
        .execute(&mut *s.conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn touch(s: &mut Session<'_>, app: &AppKey, id: &KeyId, at: Millis) -> Work<()> {
    let app = s.app(app).await?;
    query("update api_keys set last_used_at = $3 where key = $1 and app_id = $2")
        .bind(id.as_str())
        .bind(app)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

async fn first_sight(s: &mut Session<'_>, signer: &str, seen: SeenSignature, most: u64) -> Work<bool> {
    query(
        "delete from seen_signatures
        where id in (
          select id
          from seen_signatures
          where expires_at <= $1
          order by expires_at
          limit $2
          for update skip locked
        )",
    )
    .bind(seen.now.get())
    .bind(SWEPT)
    .execute(&mut *s.conn)
    .await?;
    // Rows go from the front and come at the end: the span of their numbers is their count, or a little more.
    let span = query("select coalesce(max(id) - min(id) + 1, 0) from seen_signatures").fetch_one(&mut *s.conn).await?;
    if whole(&span, 0)? >= most {
        return Err(StoreError::TooMany("signed requests").into());
    }
    // What is there already uses no number up; only of two at once one may.
    let done = query(
        "insert into seen_signatures (api_key, signature, expires_at)
        select $1, $2, $3
        where not exists (
            select 1
            from seen_signatures
            where api_key = $1
              and signature = $2
          )
        on conflict (api_key, signature) do nothing",
    )
    .bind(signer)
    .bind(&seen.signature[..])
    .bind(seen.expires_at.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
