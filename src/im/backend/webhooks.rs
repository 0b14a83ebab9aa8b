//! Webhooks: where the back end wants to hear of what happens, and what became of each notice.

use serde_json::json;

use super::Backend;
use crate::{
    auth::hook_secret::HookSecret,
    model::{
        Code, Fault, Millis, Notice, Stale, Topic, Webhook, WebhookId,
        webhook::{Attempt, Delivery, DeliveryList, DeliveryPage, Form, MAX_WEBHOOKS},
    },
    store::{
        StoreError,
        outbox::{NewWebhook, SealedSecrets},
    },
};

pub use crate::store::outbox::WebhookWish;

/// How long a secret signs on after another took its place.
pub(super) const ROTATION_SECS: i64 = 24 * 3600;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 200;

/// Some of what the owner of a webhook decides; what is missing stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Where the notices go.
    pub url: Option<String>,
    /// What it is for, at most 200 characters.
    pub description: Option<String>,
    /// What it hears of; everything when empty.
    pub topics: Option<Vec<Topic>>,
    /// Whether it hears of anything.
    pub enabled: Option<bool>,
}

impl Backend<'_> {
    /// Makes a webhook. Its secret is shown this once.
    pub async fn create_webhook(&self, wish: WebhookWish) -> Result<(Webhook, HookSecret), Fault> {
        self.app().await?;
        let wish = self.checked(wish)?;
        if wish.form == Form::Compatible {
            self.has_secret().await?;
        }
        let id = self.im.with_random(|random| WebhookId::random(random));
        let (secret, sealed) = self.new_secret(&id);
        let new = NewWebhook { id, wish, secret: sealed, at: self.im.now() };
        let made = self.im.store.create_webhook(self.app, new).await?.ok_or_else(too_many)?;
        self.im.stale(self.app, Stale::App).await;
        Ok((made, secret))
    }

    /// The app's webhooks, oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Fault> {
        Ok(self.im.store.webhooks(self.app).await?)
    }

    /// One webhook.
    pub async fn webhook(&self, id: &WebhookId) -> Result<Webhook, Fault> {
        self.im.store.webhook(self.app, id).await?.ok_or_else(no_webhook)
    }

    /// Changes a webhook. Its receiver gets a new chance: what waits is tried as if nothing had failed.
    pub async fn update_webhook(&self, id: &WebhookId, change: WebhookChange) -> Result<Webhook, Fault> {
        let now = self.webhook(id).await?;
        let wish = self.checked(WebhookWish {
            url: change.url.unwrap_or(now.url),
            description: change.description.unwrap_or(now.description),
            topics: change.topics.unwrap_or(now.topics),
            form: now.form,
            enabled: change.enabled.unwrap_or(now.enabled),
        })?;
        let changed = self.im.store.update_webhook(self.app, id, wish, self.im.now()).await;
        self.im.stale(self.app, Stale::App).await;
        Ok(changed?)
    }

    /// Ends a webhook. What was not delivered yet never is.
    pub async fn delete_webhook(&self, id: &WebhookId) -> Result<(), Fault> {
        let deleted = self.im.store.delete_webhook(self.app, id).await;
        self.im.stale(self.app, Stale::App).await;
        Ok(deleted?)
    }

    /// Makes a new secret, shown this once. The one before signs too for a day, so that receivers can change over.
    pub async fn rotate_webhook_secret(&self, id: &WebhookId) -> Result<HookSecret, Fault> {
        let known = self.im.store.webhook_secrets(self.app, id).await?.ok_or_else(no_webhook)?;
        let (secret, sealed) = self.new_secret(id);
        let until = self.im.now().plus_secs(ROTATION_SECS);
        let secrets = SealedSecrets { current: sealed, old: Some((known.current, until)) };
        self.im.store.set_webhook_secrets(self.app, id, secrets).await?;
        Ok(secret)
    }

    /// Sends a test notice, whatever the webhook wants to hear of; returns its place among the notices. The compatible form
    /// knows no tests.
    pub async fn test_webhook(&self, id: &WebhookId) -> Result<u64, Fault> {
        if self.webhook(id).await?.form == Form::Compatible {
            return Err(Fault::new(Code::BadRequest, "webhooks in the compatible form have no test; send a message"));
        }
        let notice = Notice::new(Topic::Test, self.im.now(), &json!({ "webhook": id }));
        Ok(self.im.store.record_for(self.app, id, notice).await?)
    }

    /// A page of a webhook's deliveries, newest first.
    pub async fn deliveries(&self, id: &WebhookId, list: DeliveryList) -> Result<DeliveryPage, Fault> {
        if !(1..=100).contains(&list.limit) {
            return Err(Fault::new(Code::BadRequest, format!("`limit` is {}; allowed are 1 to 100", list.limit)));
        }
        self.webhook(id).await?;
        Ok(self.im.store.deliveries(self.app, id, &list).await?)
    }

    /// One delivery and its attempts.
    pub async fn delivery(&self, id: &WebhookId, sequence: u64) -> Result<(Delivery, Vec<Attempt>), Fault> {
        Ok(self.im.store.delivery(self.app, id, sequence).await?.ok_or(StoreError::Missing("delivery"))?)
    }

    /// Delivers one again, or goes on with one that was given up.
    pub async fn replay(&self, id: &WebhookId, sequence: u64) -> Result<Delivery, Fault> {
        Ok(self.im.store.replay(self.app, id, sequence, self.im.now()).await?)
    }

    /// Goes on with what was given up of notices since an instant, oldest first, at most 1,000; returns how many.
    pub async fn replay_parked(&self, id: &WebhookId, since: Millis) -> Result<u64, Fault> {
        Ok(self.im.store.replay_parked(self.app, id, since, self.im.now()).await?)
    }

    fn new_secret(&self, id: &WebhookId) -> (HookSecret, Vec<u8>) {
        self.im.with_random(|random| {
            let secret = HookSecret::random(random);
            let sealed = self.im.vault.seal(&HookSecret::purpose(id), secret.as_bytes(), random);
            (secret, sealed)
        })
    }

    fn checked(&self, mut wish: WebhookWish) -> Result<WebhookWish, Fault> {
        let refused = |what: &str| Fault::new(Code::BadRequest, what.to_owned());
        let url = self.im.settings.outgoing.url(&wish.url).map_err(|refusal| refused(&format!("`url`: {refusal}")))?;
        wish.url = url.into();
        let (chars, control) = (wish.description.chars().count(), wish.description.chars().any(char::is_control));
        if chars > MAX_DESCRIPTION || control {
            let what = format!("`description` has {chars} characters; allowed are {MAX_DESCRIPTION}, all on one line");
            return Err(refused(&what));
        }
        if wish.form == Form::Compatible && wish.topics.is_empty() {
            wish.topics = wish.form.topics().to_vec();
        }
        if let Some(topic) = wish.topics.iter().find(|topic| !wish.form.topics().contains(topic)) {
            return Err(refused(&format!("`{}` cannot be told in the `{}` form", topic.name(), wish.form.name())));
        }
        wish.topics.sort_unstable_by_key(|topic| topic.name());
        wish.topics.dedup();
        Ok(wish)
    }
}

fn no_webhook() -> Fault {
    StoreError::Missing("webhook").into()
}

fn too_many() -> Fault {
    Fault::new(Code::LimitReached, format!("an app has at most {MAX_WEBHOOKS} webhooks; delete one first"))
}
