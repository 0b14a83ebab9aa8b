//! The outbox in SQLite. One folder file per subject: who listens, what is recorded, what is on its way.

use async_trait::async_trait;

use super::{SqliteStore, error::Work, ledger::Ledger};
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

pub(super) use recording::Listeners;
pub(super) use told::{
    group_changed, message_recalled, message_sent, service_began, service_moved, service_rated, ticket_left,
};

#[async_trait]
impl Outbox for SqliteStore {
    async fn create_webhook(&self, app: &AppKey, new: NewWebhook) -> Result<Option<Webhook>> {
        let app = app.clone();
        self.write(move |ledger| webhooks::create(ledger, &app, &new)).await
    }

    async fn webhooks(&self, app: &AppKey) -> Result<Vec<Webhook>> {
        let app = app.clone();
        self.read(move |view| webhooks::all(view, &app)).await
    }

    async fn webhook(&self, app: &AppKey, id: &WebhookId) -> Result<Option<Webhook>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| webhooks::one(view, &app, &id)).await
    }

    async fn update_webhook(&self, app: &AppKey, id: &WebhookId, wish: WebhookWish, at: Millis) -> Result<Webhook> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| webhooks::update(ledger, &app, &id, &wish, at)).await
    }

    async fn delete_webhook(&self, app: &AppKey, id: &WebhookId) -> Result<()> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| webhooks::delete(ledger, &app, &id)).await
    }

    async fn webhook_secrets(&self, app: &AppKey, id: &WebhookId) -> Result<Option<SealedSecrets>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| webhooks::secrets(view, &app, &id)).await
    }

    async fn set_webhook_secrets(&self, app: &AppKey, id: &WebhookId, secrets: SealedSecrets) -> Result<()> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| webhooks::set_secrets(ledger, &app, &id, &secrets)).await
    }

    async fn record(&self, app: &AppKey, notice: Notice) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| {
            let app = ledger.app(&app)?;
            recording::tell(ledger, app, notice.topic, |_| Ok(notice.clone()))
        })
        .await
    }

    async fn record_for(&self, app: &AppKey, id: &WebhookId, notice: Notice) -> Result<u64> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| {
            let row = webhook_row(ledger, &app, &id)?;
            recording::tell_one(ledger, row, &notice)
        })
        .await
    }

    async fn deliveries(&self, app: &AppKey, id: &WebhookId, list: &DeliveryList) -> Result<DeliveryPage> {
        let (app, id, list) = (app.clone(), id.clone(), *list);
        self.read(move |view| deliveries::page(view, &app, &id, &list)).await
    }

    async fn delivery(&self, app: &AppKey, id: &WebhookId, sequence: u64) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| deliveries::one(view, &app, &id, sequence)).await
    }

    async fn replay(&self, app: &AppKey, id: &WebhookId, sequence: u64, now: Millis) -> Result<Delivery> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| {
            let row = webhook_row(ledger, &app, &id)?;
            deliveries::replay(ledger, row, sequence, now)?;
            let found = deliveries::one(&ledger.view(), &app, &id, sequence)?;
            Ok(found.ok_or(StoreError::Missing("delivery"))?.0)
        })
        .await
    }

    async fn replay_parked(&self, app: &AppKey, id: &WebhookId, since: Millis, now: Millis) -> Result<u64> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| {
            let row = webhook_row(ledger, &app, &id)?;
            deliveries::replay_parked(ledger, row, since, now)
        })
        .await
    }

    async fn wait_for_notices(&self) {
        self.news.notified().await;
    }

    async fn due_endpoints(&self, now: Millis, limit: u16) -> Result<Vec<Endpoint>> {
        self.read(move |view| attempts::endpoints(view, now, limit)).await
    }

    async fn due_deliveries(&self, app: &AppKey, id: &WebhookId, now: Millis, limit: u16) -> Result<Vec<Due>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| attempts::due(view, &app, &id, now, limit)).await
    }

    async fn next_due(&self, now: Millis) -> Result<Option<Millis>> {
        self.read(move |view| attempts::next_due(view, now)).await
    }

    async fn attempted(&self, app: &AppKey, id: &WebhookId, attempted: Attempted) -> Result<()> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| match webhook_row(ledger, &app, &id) {
            Ok(row) => attempts::note(ledger, row, &attempted),
            // Ended meanwhile.
            Err(super::error::Trouble::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    async fn prune_outbox(&self, keep: Keeping) -> Result<u64> {
        self.write(move |ledger| attempts::prune(ledger, keep)).await
    }

    async fn backlog(&self) -> Result<Backlog> {
        self.read(attempts::backlog).await
    }
}

/// The row of one of the app's webhooks.
fn webhook_row(ledger: &mut Ledger, app: &AppKey, id: &WebhookId) -> Work<i64> {
    let app = ledger.app(app)?;
    Ok(webhooks::row(&ledger.conn, app, id)?.ok_or(StoreError::Missing("webhook"))?)
}
