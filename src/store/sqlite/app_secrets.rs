//! The secrets that apps share with their back ends, in SQLite.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    error::{Work, or_taken},
    ledger::Ledger,
    rows::{View, millis, parsed},
};
use crate::{
    model::{AppKey, AppSecret, SecretId},
    store::{
        Result, StoreError,
        app_secrets::{AppSecrets, KeptSecret},
    },
};

#[async_trait]
impl AppSecrets for SqliteStore {
    async fn add_app_secret(&self, app: &AppKey, new: KeptSecret, most: usize) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| add(ledger, &app, &new, most)).await
    }

    async fn app_secrets(&self, app: &AppKey) -> Result<Vec<KeptSecret>> {
        let app = app.clone();
        self.read(move |view| all(view, &app)).await
    }

    async fn remove_app_secret(&self, app: &AppKey, id: &SecretId) -> Result<bool> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| remove(ledger, &app, &id)).await
    }
}

fn add(ledger: &mut Ledger, app_key: &AppKey, new: &KeptSecret, most: usize) -> Work<()> {
    let app = ledger.app(app_key)?;
    if all(&ledger.view(), app_key)?.len() >= most {
        return Err(StoreError::TooMany("secrets").into());
    }
    ledger
        .conn
        .prepare_cached(
            "insert into app_secrets (app_id, key, sealed, created_at)
            values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![app, new.secret.id.as_str(), new.sealed, new.secret.created_at.get()])
        .map_err(or_taken)?;
    Ok(())
}

fn all(view: &View<'_>, app: &AppKey) -> Work<Vec<KeptSecret>> {
    let found = view
        .conn
        .prepare_cached(
            "select s.key, s.created_at, s.sealed
            from app_secrets s
            join apps p on p.id = s.app_id
            where p.key = ?1
            order by s.id",
        )?
        .query_map([app.as_str()], |row| {
            let secret = AppSecret { id: parsed(row, 0)?, created_at: millis(row, 1)? };
            Ok(KeptSecret { secret, sealed: row.get(2)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn remove(ledger: &mut Ledger, app: &AppKey, id: &SecretId) -> Work<bool> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from app_secrets
            where key = ?1
              and app_id = ?2",
        )?
        .execute(params![id.as_str(), app])?;
    Ok(rows == 1)
}
