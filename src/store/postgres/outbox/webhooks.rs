//! Webhooks: who listens.

use sqlx::{Row, postgres::PgRow, query};

use crate::{
    model::{
        AppKey, Millis, Topic, Webhook, WebhookId,
        webhook::{Form, MAX_WEBHOOKS},
    },
    store::{
        StoreError,
        outbox::{NewWebhook, SealedSecrets, WebhookWish},
        postgres::{
            error::{Work, or_taken},
            rows::{all, get, json, maybe, maybe_millis, millis, named, parsed, small, to_json, whole},
            session::Session,
        },
    },
};

/// Makes a webhook, unless the app has too many.
pub(super) async fn create(s: &mut Session<'_>, app_key: &AppKey, new: &NewWebhook) -> Work<Option<Webhook>> {
    let app = s.lock_app(app_key).await?;
    if all_of(s, app_key).await?.len() >= MAX_WEBHOOKS {
        return Ok(None);
    }
    query(
        "insert into webhooks (app_id, key, url, description, topics, enabled, secret, created_at, changed_at, form)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
    )
    .bind(app)
    .bind(new.id.as_str())
    .bind(&new.wish.url)
    .bind(&new.wish.description)
    .bind(to_json(&new.wish.topics))
    .bind(new.wish.enabled)
    .bind(&new.secret)
    .bind(new.at.get())
    .bind(new.wish.form.name())
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    one(s, app_key, &new.id).await
}

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "select w.key, w.url, w.description, w.topics, w.enabled, w.gone, w.sequence, w.failures, w.paused_until,
          w.created_at, w.changed_at, w.form
        from webhooks w
        join apps p on p.id = w.app_id
        where p.key = $1
          and not w.deleted "
    };
}

fn read(row: &PgRow) -> sqlx::Result<Webhook> {
    let names: Vec<String> = json(row, 3)?;
    Ok(Webhook {
        id: parsed(row, 0)?,
        url: get(row, 1)?,
        description: get(row, 2)?,
        topics: names.iter().filter_map(|name| Topic::from_name(name)).collect(),
        enabled: get(row, 4)?,
        gone: get(row, 5)?,
        sequence: whole(row, 6)?,
        failures: small(row, 7)?,
        paused_until: maybe_millis(row, 8)?,
        created_at: millis(row, 9)?,
        changed_at: millis(row, 10)?,
        form: named(row, 11, Form::from_name)?,
    })
}

/// The app's webhooks.
pub(super) async fn all_of(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<Webhook>> {
    let rows = query(concat!(columns!(), "order by w.id limit 100")).bind(app.as_str()).fetch_all(&mut *s.conn).await?;
    Ok(all(&rows, read)?)
}

/// One of the app's webhooks.
pub(super) async fn one(s: &mut Session<'_>, app: &AppKey, id: &WebhookId) -> Work<Option<Webhook>> {
    let row = query(concat!(columns!(), "and w.key = $2"))
        .bind(app.as_str())
        .bind(id.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(maybe(row.as_ref(), read)?)
}

/// Replaces what its owner decides, and gives its receiver a new chance.
pub(super) async fn update(
    s: &mut Session<'_>,
    app: &AppKey,
    id: &WebhookId,
    wish: &WebhookWish,
    at: Millis,
) -> Work<Webhook> {
    let row = super::lock_webhook(s, app, id).await?;
    query(
        "update webhooks
        set url = $2, description = $3, topics = $4, enabled = $5, changed_at = $6, failures = 0,
          paused_until = null, gone = gone and not $5
        where id = $1",
    )
    .bind(row)
    .bind(&wish.url)
    .bind(&wish.description)
    .bind(to_json(&wish.topics))
    .bind(wish.enabled)
    .bind(at.get())
    .execute(&mut *s.conn)
    .await?;
    // What waits may go on now.
    s.recorded = true;
    Ok(one(s, app, id).await?.ok_or(StoreError::Missing("webhook"))?)
}

/// Ends a webhook. Its deliveries are removed by and by.
pub(super) async fn delete(s: &mut Session<'_>, app: &AppKey, id: &WebhookId) -> Work<()> {
    let row = super::lock_webhook(s, app, id).await?;
    query(
        "update webhooks
        set deleted = true, enabled = false, secret = '', old_secret = null, old_until = null
        where id = $1",
    )
    .bind(row)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Its secrets.
pub(super) async fn secrets(s: &mut Session<'_>, app: &AppKey, id: &WebhookId) -> Work<Option<SealedSecrets>> {
    let row = query(
        "select w.secret, w.old_secret, w.old_until
        from webhooks w
        join apps p on p.id = w.app_id
        where p.key = $1
          and w.key = $2
          and not w.deleted",
    )
    .bind(app.as_str())
    .bind(id.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| sealed(row, 0))?)
}

/// Secrets from three columns.
pub(super) fn sealed(row: &PgRow, first: usize) -> sqlx::Result<SealedSecrets> {
    let old: Option<Vec<u8>> = row.try_get(first + 1)?;
    Ok(SealedSecrets { current: get(row, first)?, old: old.zip(maybe_millis(row, first + 2)?) })
}

/// Replaces its secrets.
pub(super) async fn set_secrets(
    s: &mut Session<'_>,
    app: &AppKey,
    id: &WebhookId,
    secrets: &SealedSecrets,
) -> Work<()> {
    let row = super::lock_webhook(s, app, id).await?;
    query("update webhooks set secret = $2, old_secret = $3, old_until = $4 where id = $1")
        .bind(row)
        .bind(&secrets.current)
        .bind(secrets.old.as_ref().map(|(secret, _)| secret))
        .bind(secrets.old.as_ref().map(|(_, until): &(_, Millis)| until.get()))
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}
