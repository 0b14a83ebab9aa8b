//! Pre-send hooks in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, json, maybe_millis, to_json},
};
use crate::{
    model::{AppKey, pre_send::PreSend},
    store::{Result, outbox::SealedSecrets, pre_send::PreSends},
};

#[async_trait]
impl PreSends for SqliteStore {
    async fn pre_send(&self, app: &AppKey) -> Result<Option<(PreSend, SealedSecrets)>> {
        let app = app.clone();
        self.read(move |view| read(view, &app)).await
    }

    async fn set_pre_send(&self, app: &AppKey, hook: PreSend, secrets: SealedSecrets) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| set(ledger, &app, &hook, &secrets)).await
    }

    async fn remove_pre_send(&self, app: &AppKey) -> Result<bool> {
        let app = app.clone();
        self.write(move |ledger| remove(ledger, &app)).await
    }
}

fn read(view: &View<'_>, app: &AppKey) -> Work<Option<(PreSend, SealedSecrets)>> {
    let found = view
        .conn
        .prepare_cached(
            "select h.settings, h.secret, h.old_secret, h.old_until
            from pre_send_hooks h
            join apps p on p.id = h.app_id
            where p.key = ?1",
        )?
        .query_row([app.as_str()], |row| {
            let old: Option<Vec<u8>> = row.get(2)?;
            let secrets = SealedSecrets { current: row.get(1)?, old: old.zip(maybe_millis(row, 3)?) };
            Ok((json(row, 0)?, secrets))
        })
        .optional()?;
    Ok(found)
}

fn set(ledger: &mut Ledger, app: &AppKey, hook: &PreSend, secrets: &SealedSecrets) -> Work<()> {
    let app = ledger.app(app)?;
    let old = secrets.old.as_ref();
    ledger
        .conn
        .prepare_cached(
            "insert into pre_send_hooks (app_id, settings, secret, old_secret, old_until)
            values (?1, ?2, ?3, ?4, ?5)
            on conflict (app_id) do update
            set settings = excluded.settings, secret = excluded.secret, old_secret = excluded.old_secret,
              old_until = excluded.old_until",
        )?
        .execute(params![
            app,
            to_json(hook),
            secrets.current,
            old.map(|(secret, _)| secret),
            old.map(|(_, until)| until.get())
        ])?;
    Ok(())
}

fn remove(ledger: &mut Ledger, app: &AppKey) -> Work<bool> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from pre_send_hooks
            where app_id = ?1",
        )?
        .execute([app])?;
    Ok(rows == 1)
}
