//! Webhooks: who listens.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::deliveries::named;

use crate::{
    model::{
        AppKey, Millis, Topic, Webhook, WebhookId,
        webhook::{Form, MAX_WEBHOOKS},
    },
    store::{
        StoreError,
        outbox::{NewWebhook, SealedSecrets, WebhookWish},
        sqlite::{
            error::{Work, or_taken},
            ledger::Ledger,
            rows::{View, json, maybe_millis, millis, parsed, to_json, whole},
        },
    },
};

/// The row of one of the app's webhooks.
pub(super) fn row(conn: &Connection, app: i64, id: &WebhookId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "select id
        from webhooks
        where key = ?1
          and app_id = ?2
          and deleted = 0",
    )?
    .query_row(params![id.as_str(), app], |row| row.get(0))
    .optional()
}

/// Makes a webhook, unless the app has too many.
pub(super) fn create(ledger: &mut Ledger, app_key: &AppKey, new: &NewWebhook) -> Work<Option<Webhook>> {
    let app = ledger.app(app_key)?;
    if all(&ledger.view(), app_key)?.len() >= MAX_WEBHOOKS {
        return Ok(None);
    }
    ledger
        .conn
        .prepare_cached(
            "insert into webhooks (app_id, key, url, description, topics, enabled, secret, created_at, changed_at,
              form)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
        )?
        .execute(params![
            app,
            new.id.as_str(),
            new.wish.url,
            new.wish.description,
            to_json(&new.wish.topics),
            new.wish.enabled,
            new.secret,
            new.at.get(),
            new.wish.form.name()
        ])
        .map_err(or_taken)?;
    ledger.forget_listeners();
    one(&ledger.view(), app_key, &new.id)
}

const COLUMNS: &str = "w.key, w.url, w.description, w.topics, w.enabled, w.gone, w.sequence, w.failures, \
    w.paused_until, w.created_at, w.changed_at, w.form";

fn read(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let names: Vec<String> = json(row, 3)?;
    Ok(Webhook {
        id: parsed(row, 0)?,
        url: row.get(1)?,
        description: row.get(2)?,
        topics: names.iter().filter_map(|name| Topic::from_name(name)).collect(),
        enabled: row.get(4)?,
        gone: row.get(5)?,
        sequence: whole(row, 6)?,
        failures: row.get(7)?,
        paused_until: maybe_millis(row, 8)?,
        created_at: millis(row, 9)?,
        changed_at: millis(row, 10)?,
        form: named(row, 11, Form::from_name)?,
    })
}

/// The app's webhooks.
pub(super) fn all(view: &View<'_>, app: &AppKey) -> Work<Vec<Webhook>> {
    let sql = format!(
        "select {COLUMNS}
        from webhooks w
        join apps p on p.id = w.app_id
        where p.key = ?1
          and w.deleted = 0
        order by w.id
        limit 100"
    );
    let found = view.conn.prepare_cached(&sql)?.query_map([app.as_str()], read)?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// One of the app's webhooks.
pub(super) fn one(view: &View<'_>, app: &AppKey, id: &WebhookId) -> Work<Option<Webhook>> {
    let sql = format!(
        "select {COLUMNS}
        from webhooks w
        join apps p on p.id = w.app_id
        where p.key = ?1
          and w.key = ?2
          and w.deleted = 0"
    );
    Ok(view.conn.prepare_cached(&sql)?.query_row(params![app.as_str(), id.as_str()], read).optional()?)
}

/// Replaces what its owner decides, and gives its receiver a new chance.
pub(super) fn update(
    ledger: &mut Ledger,
    app: &AppKey,
    id: &WebhookId,
    wish: &WebhookWish,
    at: Millis,
) -> Work<Webhook> {
    let row = super::webhook_row(ledger, app, id)?;
    ledger
        .conn
        .prepare_cached(
            "update webhooks
            set url = ?2, description = ?3, topics = ?4, enabled = ?5, changed_at = ?6, failures = 0,
              paused_until = null, gone = iif(?5, 0, gone)
            where id = ?1",
        )?
        .execute(params![row, wish.url, wish.description, to_json(&wish.topics), wish.enabled, at.get()])?;
    ledger.forget_listeners();
    // What waits may go on now.
    ledger.recorded = true;
    Ok(one(&ledger.view(), app, id)?.ok_or(StoreError::Missing("webhook"))?)
}

/// Ends a webhook. Its deliveries are removed by and by.
pub(super) fn delete(ledger: &mut Ledger, app: &AppKey, id: &WebhookId) -> Work<()> {
    let row = super::webhook_row(ledger, app, id)?;
    ledger
        .conn
        .prepare_cached(
            "update webhooks
            set deleted = 1, enabled = 0, secret = x'', old_secret = null, old_until = null
            where id = ?1",
        )?
        .execute([row])?;
    ledger.forget_listeners();
    Ok(())
}

/// Its secrets.
pub(super) fn secrets(view: &View<'_>, app: &AppKey, id: &WebhookId) -> Work<Option<SealedSecrets>> {
    let found = view
        .conn
        .prepare_cached(
            "select w.secret, w.old_secret, w.old_until
            from webhooks w
            join apps p on p.id = w.app_id
            where p.key = ?1
              and w.key = ?2
              and w.deleted = 0",
        )?
        .query_row(params![app.as_str(), id.as_str()], |row| sealed(row, 0))
        .optional()?;
    Ok(found)
}

/// Secrets from three columns.
pub(super) fn sealed(row: &Row<'_>, first: usize) -> rusqlite::Result<SealedSecrets> {
    let old: Option<Vec<u8>> = row.get(first + 1)?;
    Ok(SealedSecrets { current: row.get(first)?, old: old.zip(maybe_millis(row, first + 2)?) })
}

/// Replaces its secrets.
pub(super) fn set_secrets(ledger: &mut Ledger, app: &AppKey, id: &WebhookId, secrets: &SealedSecrets) -> Work<()> {
    let row = super::webhook_row(ledger, app, id)?;
    let old = secrets.old.as_ref();
    ledger
        .conn
        .prepare_cached(
            "update webhooks
            set secret = ?2, old_secret = ?3, old_until = ?4
            where id = ?1",
        )?
        .execute(params![row, secrets.current, old.map(|(secret, _)| secret), old.map(|(_, until)| until.get())])?;
    Ok(())
}
