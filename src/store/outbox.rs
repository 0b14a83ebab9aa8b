//! The outbox: who wants to hear of what, what happened, and how far each notice got towards whom.
//!
//! A change of the store that a back end hears of puts its notice here in its own transaction, once for every webhook
//! that wants it. What is recorded is delivered at least once; of several notices about one conversation (or one user)
//! the later ones wait until the earlier one was delivered or given up.

use async_trait::async_trait;

use super::Result;
use crate::model::{
    AppKey, Millis, Notice, Topic, Webhook, WebhookId,
    webhook::{Attempt, Delivery, DeliveryList, DeliveryPage, Form, NoticeId},
};

/// A webhook to make.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id.
    pub id: WebhookId,
    /// What its owner wants of it.
    pub wish: WebhookWish,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// The server's time.
    pub at: Millis,
}

/// What the owner of a webhook decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookWish {
    /// Where the notices go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it hears of; everything when empty.
    pub topics: Vec<Topic>,
    /// How it hears it. Stays as it was when the webhook was made.
    pub form: Form,
    /// Whether it hears of anything.
    pub enabled: bool,
}

/// A webhook's secrets, sealed under a key that is not in the store (A5).
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecrets {
    /// The one in use.
    pub current: Vec<u8>,
    /// The one before, and until when it signs too.
    pub old: Option<(Vec<u8>, Millis)>,
}

impl std::fmt::Debug for SealedSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedSecrets(…)")
    }
}

/// A webhook that can be asked now, with everything that takes.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Whose.
    pub app: AppKey,
    /// Which.
    pub webhook: WebhookId,
    /// Where.
    pub url: String,
    /// What signs, in the standard form.
    pub secrets: SealedSecrets,
    /// How it is told.
    pub form: Form,
    /// Attempts that failed in a row.
    pub failures: u32,
    /// How many webhooks of its app are enabled, itself included.
    pub siblings: u32,
}

/// A delivery to try now.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its place among the webhook's notices.
    pub sequence: u64,
    /// The notice's id.
    pub id: NoticeId,
    /// The notice.
    pub notice: Notice,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it could be tried.
    pub due_at: Millis,
}

/// An attempt that is over, and what follows from it.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// Which delivery of the webhook.
    pub sequence: u64,
    /// The attempt.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub then: Then,
    /// What is known of the webhook from now on.
    pub health: Health,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The receiver has it.
    Delivered,
    /// It is tried again at this instant. Those behind it wait.
    Retry(Millis),
    /// It is given up. Those behind it go on.
    Park,
}

/// How a webhook's receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Attempts that failed in a row.
    pub failures: u32,
    /// Nothing is tried until then.
    pub paused_until: Option<Millis>,
    /// The receiver wants no more: the webhook is switched off.
    pub gone: bool,
}

/// How much waits, all apps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Deliveries that are or will be tried.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub parked: u64,
}

/// Until when finished and waiting deliveries are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// Delivered notices older than this go.
    pub delivered_before: Millis,
    /// Waiting notices older than this are given up.
    pub waiting_before: Millis,
    /// Parked notices older than this go.
    pub parked_before: Millis,
}

/// Webhooks, notices and deliveries.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Makes a webhook; `None` when the app has [`MAX_WEBHOOKS`](crate::model::webhook::MAX_WEBHOOKS) already.
    async fn create_webhook(&self, app: &AppKey, new: NewWebhook) -> Result<Option<Webhook>>;
    /// The app's webhooks, oldest first.
    async fn webhooks(&self, app: &AppKey) -> Result<Vec<Webhook>>;
    /// The app's webhook with this id.
    async fn webhook(&self, app: &AppKey, id: &WebhookId) -> Result<Option<Webhook>>;
    /// Replaces what its owner decides. Its receiver gets a new chance: failures and pauses are forgotten.
    async fn update_webhook(&self, app: &AppKey, id: &WebhookId, wish: WebhookWish, at: Millis) -> Result<Webhook>;
    /// Ends a webhook. What was recorded for it is never delivered.
    async fn delete_webhook(&self, app: &AppKey, id: &WebhookId) -> Result<()>;
    /// A webhook's secrets.
    async fn webhook_secrets(&self, app: &AppKey, id: &WebhookId) -> Result<Option<SealedSecrets>>;
    /// Replaces a webhook's secrets.
    async fn set_webhook_secrets(&self, app: &AppKey, id: &WebhookId, secrets: SealedSecrets) -> Result<()>;

    /// Records a notice of what the store does not keep, for every webhook that wants its topic.
    async fn record(&self, app: &AppKey, notice: Notice) -> Result<()>;
    /// Records a notice for one webhook, whatever it wants; returns its place there.
    async fn record_for(&self, app: &AppKey, id: &WebhookId, notice: Notice) -> Result<u64>;

    /// A page of a webhook's deliveries.
    async fn deliveries(&self, app: &AppKey, id: &WebhookId, list: &DeliveryList) -> Result<DeliveryPage>;
    /// One delivery and its attempts, oldest first.
    async fn delivery(&self, app: &AppKey, id: &WebhookId, sequence: u64) -> Result<Option<(Delivery, Vec<Attempt>)>>;
    /// Delivers one again, or goes on with a parked one, as if it had never been tried.
    async fn replay(&self, app: &AppKey, id: &WebhookId, sequence: u64, now: Millis) -> Result<Delivery>;
    /// Goes on with the oldest parked deliveries of notices since an instant, at most 1,000; returns how many.
    async fn replay_parked(&self, app: &AppKey, id: &WebhookId, since: Millis, now: Millis) -> Result<u64>;

    /// Returns when something may have been recorded since the last call. For one waiter.
    async fn wait_for_notices(&self);
    /// The webhooks with a delivery that is due, any app, at most `limit`.
    async fn due_endpoints(&self, now: Millis, limit: u16) -> Result<Vec<Endpoint>>;
    /// Deliveries of a webhook that are due, longest due first, at most `limit`; at most one of a conversation. Whoever asks
    /// knows which of them are under way already.
    async fn due_deliveries(&self, app: &AppKey, id: &WebhookId, now: Millis, limit: u16) -> Result<Vec<Due>>;
    /// The next instant after `now` at which something becomes due.
    async fn next_due(&self, now: Millis) -> Result<Option<Millis>>;
    /// Notes what came of an attempt. A delivery that is gone meanwhile is ignored.
    async fn attempted(&self, app: &AppKey, id: &WebhookId, attempted: Attempted) -> Result<()>;
    /// Removes what is no longer kept, a bounded number; returns how many deliveries changed.
    async fn prune_outbox(&self, keep: Keeping) -> Result<u64>;
    /// How much waits.
    async fn backlog(&self) -> Result<Backlog>;
}
