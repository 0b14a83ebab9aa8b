//! The keys of back ends, and the signatures that were used.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore,
    error::{Work, is_taken, or_taken},
    ledger::Ledger,
    rows::{View, json, maybe_millis, millis, parsed, to_json},
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
impl ApiKeys for SqliteStore {
    async fn create_api_key(&self, key: KeptKey, most: usize) -> Result<()> {
        self.write(move |ledger| create(ledger, &key, most)).await
    }

    async fn api_key(&self, id: &KeyId) -> Result<Option<KeptKey>> {
        let id = id.clone();
        self.read(move |view| key(view, &id)).await
    }

    async fn api_keys(&self, app: &AppKey) -> Result<Vec<ApiKey>> {
        let app = app.clone();
        self.read(move |view| keys(view, &app)).await
    }

    async fn revoke_api_key(&self, app: &AppKey, id: &KeyId) -> Result<bool> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| revoke(ledger, &app, &id)).await
    }

    async fn touch_api_key(&self, app: &AppKey, id: &KeyId, at: Millis) -> Result<()> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| touch(ledger, &app, &id, at)).await
    }

    async fn first_sight(&self, signer: &str, seen: SeenSignature, most: u64) -> Result<bool> {
        let signer = signer.to_owned();
        self.write(move |ledger| first_sight(ledger, &signer, seen, most)).await
    }
}

fn create(ledger: &mut Ledger, kept: &KeptKey, most: usize) -> Work<()> {
    let app = ledger.app(&kept.key.app)?;
    let there: i64 = ledger
        .conn
        .prepare_cached(
            "select count(*)
            from api_keys
            where app_id = ?1",
        )?
        .query_row([app], |row| row.get(0))?;
    if usize::try_from(there).unwrap_or(usize::MAX) >= most {
        return Err(StoreError::TooMany("keys").into());
    }
    ledger
        .conn
        .prepare_cached(
            "insert into api_keys (app_id, key, name, scopes, secret_hash, sealed_secret, created_at, expires_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            app,
            kept.key.id.as_str(),
            kept.key.name,
            to_json(&kept.key.scopes),
            kept.secret.0,
            kept.sealed_secret,
            kept.key.created_at.get(),
            kept.key.expires_at.map(Millis::get)
        ])
        .map_err(or_taken)?;
    Ok(())
}

fn key(view: &View<'_>, id: &KeyId) -> Work<Option<KeptKey>> {
    let found = view
        .conn
        .prepare_cached(
            "select k.key, p.key, k.name, k.scopes, k.created_at, k.expires_at, k.last_used_at, k.secret_hash,
              k.sealed_secret
            from api_keys k
            join apps p on p.id = k.app_id
            where k.key = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok(KeptKey { key: read_key(row)?, secret: TokenHash(row.get(7)?), sealed_secret: row.get(8)? })
        })
        .optional()?;
    Ok(found)
}

fn keys(view: &View<'_>, app: &AppKey) -> Work<Vec<ApiKey>> {
    let found = view
        .conn
        .prepare_cached(
            "select k.key, p.key, k.name, k.scopes, k.created_at, k.expires_at, k.last_used_at
            from api_keys k
            join apps p on p.id = k.app_id
            where p.key = ?1
            order by k.id",
        )?
        .query_map([app.as_str()], read_key)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: parsed(row, 0)?,
        app: parsed(row, 1)?,
        name: row.get(2)?,
        scopes: json(row, 3)?,
        created_at: millis(row, 4)?,
        expires_at: maybe_millis(row, 5)?,
        last_used_at: maybe_millis(row, 6)?,
    })
}

fn revoke(ledger: &mut Ledger, app: &AppKey, id: &KeyId) -> Work<bool> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from api_keys
            where key = ?1
              and app_id = ?2",
        )?
        .execute(params![id.as_str(), app])?;
    Ok(rows == 1)
}

fn touch(ledger: &mut Ledger, app: &AppKey, id: &KeyId, at: Millis) -> Work<()> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "update api_keys
            set last_used_at = ?3
            where key = ?1
              and app_id = ?2",
        )?
        .execute(params![id.as_str(), app, at.get()])?;
    Ok(())
}

fn first_sight(ledger: &Ledger, signer: &str, seen: SeenSignature, most: u64) -> Work<bool> {
    ledger
        .conn
        .prepare_cached(
            "delete from seen_signatures
            where id in (
              select id
              from seen_signatures
              where expires_at <= ?1
              order by id
              limit ?2
            )",
        )?
        .execute(params![seen.now.get(), SWEPT])?;
    // Rows go from the front and come at the end: the span of their numbers is their count, or a little more.
    let span: u64 = ledger
        .conn
        .prepare_cached("select coalesce(max(id) - min(id) + 1, 0) from seen_signatures")?
        .query_row([], |row| row.get::<_, i64>(0))
        .map(|span| u64::try_from(span).unwrap_or(u64::MAX))?;
    if span >= most {
        return Err(StoreError::TooMany("signed requests").into());
    }
    let kept = ledger
        .conn
        .prepare_cached(
            "insert into seen_signatures (api_key, signature, expires_at)
            values (?1, ?2, ?3)",
        )?
        .execute(params![signer, seen.signature, seen.expires_at.get()]);
    match kept {
        Ok(_) => Ok(true),
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
