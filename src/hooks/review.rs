//! Asking an app's back end about a message before it is taken. One attempt; a receiver that keeps failing is not asked
//! for a while, so that a dead one does not make every message wait for ever.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{compatible, envelope};
use crate::{
    auth::{app_secret::SharedSecret, hook_secret::HookSecret, vault::Vault},
    im::pre_send::{Reviewer, Signer},
    model::{
        AppKey, Clock, Content, Millis,
        pre_send::{PreSend, Question, Review},
    },
    outbound::{Media, Outbound, Post},
    store::outbox::SealedSecrets,
};

/// So many failures in a row, and nobody is asked for a while.
const BREAKS_AFTER: u32 = 5;
/// How long nobody is asked then; afterwards a single message finds out.
const BREAK_SECS: i64 = 30;
/// Largest answer that is read.
const MAX_ANSWER: usize = Content::MAX_BYTES + 1024;

/// Carries questions to back ends over HTTP.
pub struct HttpReviewer {
    outbound: Arc<Outbound>,
    vault: Vault,
    clock: Arc<dyn Clock>,
    failing: Cache<AppKey, Failing>,
}

/// How an app's receiver does; apps whose receiver is fine have none.
#[derive(Debug, Clone, Copy, Default)]
struct Failing {
    failures: u32,
    /// Nobody is asked until then.
    until: Option<Millis>,
}

#[derive(Serialize)]
struct Body<'q> {
    id: &'q str,
    topic: &'static str,
    app: &'q AppKey,
    data: &'q Question<'q>,
}

#[derive(Deserialize)]
struct Verdict {
    pass: bool,
    content: Option<Box<RawValue>>,
}

impl HttpReviewer {
    /// A reviewer that asks by this client.
    pub fn new(outbound: Arc<Outbound>, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, vault, clock, failing: Cache::new(10_000) }
    }

    /// Whether to ask now. When a break is over, whoever comes first asks, and the others wait for what comes of it.
    fn may_ask(&self, app: &AppKey, now: Millis) -> bool {
        let Some(failing) = self.failing.get(app) else { return true };
        match failing.until {
            Some(until) if now < until => false,
            Some(_) => {
                self.failing.insert(app.clone(), Failing { until: Some(now.plus_secs(BREAK_SECS)), ..failing });
                true
            }
            None => true,
        }
    }

    fn count(&self, app: &AppKey, answered: bool, now: Millis) {
        if answered {
            self.failing.invalidate(app);
            return;
        }
        let failures = self.failing.get(app).unwrap_or_default().failures.saturating_add(1);
        let until = (failures >= BREAKS_AFTER).then(|| now.plus_secs(BREAK_SECS));
        self.failing.insert(app.clone(), Failing { failures, until });
    }

    async fn ask(&self, app: &AppKey, hook: &PreSend, signer: &Signer, question: &Question<'_>) -> Option<Review> {
        let id = format!("ask_{}", HEXLOWER.encode(&rand::random::<[u8; 16]>()));
        match signer {
            Signer::Standard(secrets) => self.ask_standard(app, hook, secrets, (&id, question)).await,
            Signer::Compatible(secrets) => self.ask_compatible(app, hook, secrets.first(), (&id, question)).await,
        }
    }

    async fn ask_standard(
        &self,
        app: &AppKey,
        hook: &PreSend,
        secrets: &SealedSecrets,
        (id, question): (&str, &Question<'_>),
    ) -> Option<Review> {
        let now = self.clock.now();
        let body = Body { id, topic: "message.review", app, data: question };
        let body = serde_json::to_string(&body).ok()?;
        let secrets = envelope::open(&self.vault, &HookSecret::purpose_of_pre_send(app), secrets, now);
        let headers = envelope::headers(id, &body, now, &secrets);
        let answer = self.post(app, hook, &hook.url, (headers, Media::Json, body)).await?;
        Some(match serde_json::from_slice(&answer).ok()? {
            Verdict { pass: false, .. } => Review::Refuse,
            Verdict { pass: true, content: Some(content) } => Review::Replace(content),
            Verdict { pass: true, content: None } => Review::Pass,
        })
    }

    async fn ask_compatible(
        &self,
        app: &AppKey,
        hook: &PreSend,
        secret: Option<&SharedSecret>,
        (id, question): (&str, &Question<'_>),
    ) -> Option<Review> {
        let nonce = u64::from(rand::random::<u32>());
        let url = compatible::address(&hook.url, app, secret, nonce, self.clock.now());
        let body = compatible::question(app, id, question);
        let answer = self.post(app, hook, &url, (Vec::new(), Media::Form, body)).await?;
        compatible::verdict(&answer)
    }

    /// Asks once; the answer's body when it is one of success.
    async fn post(
        &self,
        app: &AppKey,
        hook: &PreSend,
        url: &str,
        (headers, media, body): (Vec<(&'static str, String)>, Media, String),
    ) -> Option<Vec<u8>> {
        let within = Some(Duration::from_millis(u64::from(hook.timeout_millis)));
        let post = Post { app, url, headers, media, body, within, wanted: MAX_ANSWER };
        let answer = self.outbound.post(post).await.ok()?;
        (200..300).contains(&answer.status).then_some(answer.body)
    }
}

#[async_trait]
impl Reviewer for HttpReviewer {
    async fn review(&self, app: &AppKey, hook: &PreSend, signer: &Signer, question: &Question<'_>) -> Review {
        if !self.may_ask(app, self.clock.now()) {
            return Review::NoAnswer;
        }
        let verdict = self.ask(app, hook, signer, question).await;
        self.count(app, verdict.is_some(), self.clock.now());
        verdict.unwrap_or(Review::NoAnswer)
    }
}
