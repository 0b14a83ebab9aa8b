//! The outbox in PostgreSQL. One folder file per subject: who listens, what is recorded, what is on its way.
//!
//! What is due is claimed (`for update skip locked`): two nodes never deliver the same notice at the same time. A node
//! that died lets go of its claims when their time is over.

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::{Trouble, Work},
    session::{Session, glancing, reading, writing},
};
use crate::{
    model::{
        AppKey, Millis, Notice, Webhook, WebhookId,
        webhook::{Attempt, Delivery, DeliveryList, DeliveryPage},
    },
    store::{
        Result, StoreError,
        outbox::{Attempted, Backlog, Due, Endpoint, Keeping, NewWebhook, Outbox, SealedSecrets, WebhookWish},
    },
};

mod attempts;
mod deliveries;
mod recording;
mod told;
mod webhooks;

pub(super) use recording::{Listeners, Record, record_all};
pub(super) use told::{group_changed, message_recalled, service_began, service_moved, service_rated, ticket_left};

#[async_trait]
impl Outbox for PostgresStore {
    async fn create_webhook(&self, app: &AppKey, new: NewWebhook) -> Result<Option<Webhook>> {
        writing!(self, s => webhooks::create(s, app, &new))
    }

    async fn webhooks(&self, app: &AppKey) -> Result<Vec<Webhook>> {
        glancing!(self, s => webhooks::all_of(s, app))
    }

    async fn webhook(&self, app: &AppKey, id: &WebhookId) -> Result<Option<Webhook>> {
        glancing!(self, s => webhooks::one(s, app, id))
    }

    async fn update_webhook(&self, app: &AppKey, id: &WebhookId, wish: WebhookWish, at: Millis) -> Result<Webhook> {
        writing!(self, s => webhooks::update(s, app, id, &wish, at))
    }

    async fn delete_webhook(&self, app: &AppKey, id: &WebhookId) -> Result<()> {
        writing!(self, s => webhooks::delete(s, app, id))
    }

    async fn webhook_secrets(&self, app: &AppKey, id: &WebhookId) -> Result<Option<SealedSecrets>> {
        glancing!(self, s => webhooks::secrets(s, app, id))
    }

    async fn set_webhook_secrets(&self, app: &AppKey, id: &WebhookId, secrets: SealedSecrets) -> Result<()> {
        writing!(self, s => webhooks::set_secrets(s, app, id, &secrets))
    }

    async fn record(&self, app: &AppKey, notice: Notice) -> Result<()> {
        writing!(self, s => record(s, app, &notice))
    }

    async fn record_for(&self, app: &AppKey, id: &WebhookId, notice: Notice) -> Result<u64> {
        writing!(self, s => record_for(s, app, id, &notice))
    }

    async fn deliveries(&self, app: &AppKey, id: &WebhookId, list: &DeliveryList) -> Result<DeliveryPage> {
        glancing!(self, s => deliveries::page(s, app, id, list))
    }

    async fn delivery(&self, app: &AppKey, id: &WebhookId, sequence: u64) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        reading!(self, s => deliveries::one(s, app, id, sequence))
    }

    async fn replay(&self, app: &AppKey, id: &WebhookId, sequence: u64, now: Millis) -> Result<Delivery> {
        writing!(self, s => replay(s, app, id, sequence, now))
    }

    async fn replay_parked(&self, app: &AppKey, id: &WebhookId, since: Millis, now: Millis) -> Result<u64> {
        writing!(self, s => replay_parked(s, app, id, since, now))
    }

    async fn wait_for_notices(&self) {
        self.news.notified().await;
    }

    async fn due_endpoints(&self, now: Millis, limit: u16) -> Result<Vec<Endpoint>> {
        glancing!(self, s => attempts::endpoints(s, now, limit, self.claimant))
    }

    async fn due_deliveries(&self, app: &AppKey, id: &WebhookId, now: Millis, limit: u16) -> Result<Vec<Due>> {
        writing!(self, s => attempts::claim(s, app, id, (now, limit), self.claimant))
    }

    async fn next_due(&self, now: Millis) -> Result<Option<Millis>> {
        glancing!(self, s => attempts::next_due(s, now))
    }

    async fn attempted(&self, app: &AppKey, id: &WebhookId, attempted: Attempted) -> Result<()> {
        writing!(self, s => note(s, app, id, &attempted))
    }

    async fn prune_outbox(&self, keep: Keeping) -> Result<u64> {
        writing!(self, s => attempts::prune(s, keep))
    }

    async fn backlog(&self) -> Result<Backlog> {
        glancing!(self, s => attempts::backlog(s))
    }
}

async fn record(s: &mut Session<'_>, app: &AppKey, notice: &Notice) -> Work<()> {
    let app = s.app(app).await?;
    let listeners = Listeners::load(s, &[app]).await?;
    if listeners.want(app, notice.topic) {
        record_all(s, &listeners, &[Record { app, notice: notice.clone() }]).await?;
    }
    Ok(())
}

async fn record_for(s: &mut Session<'_>, app: &AppKey, id: &WebhookId, notice: &Notice) -> Work<u64> {
    let row = lock_webhook(s, app, id).await?;
    recording::tell_one(s, row, notice).await
}

async fn replay(s: &mut Session<'_>, app: &AppKey, id: &WebhookId, sequence: u64, now: Millis) -> Work<Delivery> {
    let row = lock_webhook(s, app, id).await?;
    deliveries::replay(s, row, sequence, now).await?;
    let found = deliveries::one(s, app, id, sequence).await?;
    Ok(found.ok_or(StoreError::Missing("delivery"))?.0)
}

async fn replay_parked(s: &mut Session<'_>, app: &AppKey, id: &WebhookId, since: Millis, now: Millis) -> Work<u64> {
    let row = lock_webhook(s, app, id).await?;
    deliveries::replay_parked(s, row, since, now).await
}

async fn note(s: &mut Session<'_>, app: &AppKey, id: &WebhookId, attempted: &Attempted) -> Work<()> {
    match lock_webhook(s, app, id).await {
        Ok(row) => attempts::note(s, row, attempted).await,
        // Ended meanwhile.
        Err(Trouble::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The row of one of the app's webhooks, locked until the end of the transaction: its places are given, and its lanes move
/// on, one at a time.
async fn lock_webhook(s: &mut Session<'_>, app: &AppKey, id: &WebhookId) -> Work<i64> {
    let row = query(
        "select w.id
        from webhooks w
        join apps p on p.id = w.app_id
        where w.key = $1
          and p.key = $2
          and not w.deleted
        for no key update of w",
    )
    .bind(id.as_str())
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(row.ok_or(StoreError::Missing("webhook"))?.try_get(0)?)
}
