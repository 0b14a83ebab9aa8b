//! The loop: look what is due, send as much as there is room for, sleep until something changes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use rand::Rng;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Hooks, LAST_REQUESTS, compatible,
    endpoint::Begun,
    envelope,
    schedule::{self, Ended},
};
use crate::{
    auth::{app_secret::SharedSecret, hook_secret::HookSecret},
    model::{
        AppKey,
        webhook::{Attempt, Form, Outcome},
    },
    outbound::{Answer, Media, Post, Unanswered},
    store::{
        StoreError,
        outbox::{Attempted, Due, Endpoint, Keeping},
    },
};

/// Most receivers in one look.
const MAX_ENDPOINTS: u16 = 1000;
/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(2);
/// How often old deliveries are removed and the figures are brought up to date.
const HOUSEKEEPING: Duration = Duration::from_secs(15);
/// Rounds of removing in one go: more than come to an end meanwhile.
const MOST_ROUNDS: u32 = 100;
/// How long to wait when all of an app's places are taken.
const BUSY: Duration = Duration::from_millis(100);

const DAY_SECS: i64 = 24 * 3600;

/// Delivers until told to stop, then waits a moment for what is under way.
pub(super) async fn run(hooks: Arc<Hooks>, stop: CancellationToken) {
    let requests = TaskTracker::new();
    let mut kept_house: Option<Instant> = None;
    while !stop.is_cancelled() {
        if kept_house.is_none_or(|last| last.elapsed() >= HOUSEKEEPING) {
            hooks.keep_house().await;
            kept_house = Some(Instant::now());
        }
        let pause = hooks.look(&requests).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "The outbox could not be read; it is read again soon");
            hooks.parts.look_every
        });
        tokio::select! {
            () = stop.cancelled() => break,
            () = hooks.parts.store.wait_for_notices() => {}
            () = hooks.freed.notified() => {}
            () = sleep(pause) => {}
        }
        sleep(SHORTEST).await;
    }
    requests.close();
    if tokio::time::timeout(LAST_REQUESTS, requests.wait()).await.is_err() {
        tracing::info!(requests = requests.len(), "Requests to webhooks are cut off and repeated after the next start");
    }
}

impl Hooks {
    /// Sends what is due and has room; returns how long nothing more can be due.
    async fn look(self: &Arc<Self>, requests: &TaskTracker) -> Result<Duration, StoreError> {
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        for endpoint in store.due_endpoints(now, MAX_ENDPOINTS).await? {
            let endpoint = Arc::new(endpoint);
            // Read before the deliveries: one that ends in between is then still left out, though they show it as due.
            let under_way = self.endpoints.under_way(&endpoint.webhook);
            let room = self.endpoints.share(&endpoint).saturating_sub(under_way.len());
            if room > 0 && !self.send_due(&endpoint, &under_way, room, requests).await? {
                break;
            }
        }
        let next = store.next_due(now).await?.map(|at| at.since(self.parts.clock.now()));
        let next =
            next.map_or(self.parts.look_every, |millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
        Ok(next.min(self.parts.look_every))
    }

    /// Sends what is due to one receiver; `false` when there is no room left at all.
    async fn send_due(
        self: &Arc<Self>,
        endpoint: &Arc<Endpoint>,
        under_way: &BTreeSet<u64>,
        room: usize,
        requests: &TaskTracker,
    ) -> Result<bool, StoreError> {
        let limit = u16::try_from(room + under_way.len()).unwrap_or(u16::MAX);
        let now = self.parts.clock.now();
        let due = self.parts.store.due_deliveries(&endpoint.app, &endpoint.webhook, now, limit).await?;
        for due in due.into_iter().filter(|due| !under_way.contains(&due.sequence)).take(room) {
            let Ok(place) = self.places.clone().try_acquire_owned() else { return Ok(false) };
            let begun = self.endpoints.begin(endpoint, due.sequence);
            requests.spawn(self.clone().attempt(endpoint.clone(), due, begun, place));
        }
        Ok(true)
    }

    async fn attempt(self: Arc<Self>, endpoint: Arc<Endpoint>, due: Due, begun: Begun, place: OwnedSemaphorePermit) {
        let (at, began) = (self.parts.clock.now(), Instant::now());
        match self.request(&endpoint, &due).await {
            // Not tried, so nothing came of it.
            Err(Unanswered::Busy) => sleep(BUSY).await,
            answer => {
                let took = began.elapsed();
                let outcome = outcome(&answer);
                self.parts.figures.attempted(outcome.name(), took);
                let attempt = Attempt { at, millis: u32::try_from(took.as_millis()).unwrap_or(u32::MAX), outcome };
                let retry_after = answer.ok().filter(|answer| matches!(answer.status, 429 | 503));
                let retry_after = retry_after.and_then(|answer| answer.retry_after);
                self.note(&endpoint, &due, begun, attempt, retry_after).await;
            }
        }
        self.endpoints.end(&endpoint.webhook, due.sequence);
        drop(place);
        self.freed.notify_one();
    }

    async fn request(&self, endpoint: &Endpoint, due: &Due) -> Result<Answer, Unanswered> {
        let (parts, now) = (&self.parts, self.parts.clock.now());
        if endpoint.form == Form::Compatible {
            return self.compatible_request(endpoint, due).await;
        }
        let secrets = envelope::open(&parts.vault, &HookSecret::purpose(&endpoint.webhook), &endpoint.secrets, now);
        if secrets.is_empty() {
            tracing::error!(webhook.id = %endpoint.webhook, "The secret of a webhook cannot be opened; rotate it");
        }
        let body = envelope::body(&endpoint.app, due);
        let headers = envelope::headers(&due.id.to_string(), &body, now, &secrets);
        let post =
            Post { app: &endpoint.app, url: &endpoint.url, headers, media: Media::Json, body, within: None, wanted: 0 };
        parts.outbound.post(post).await
    }

    /// The same in the compatible form: signed with the oldest of the app's secrets, which its receivers know longest.
    async fn compatible_request(&self, endpoint: &Endpoint, due: &Due) -> Result<Answer, Unanswered> {
        let parts = &self.parts;
        let secret = self.app_secret(&endpoint.app).await;
        if secret.is_none() {
            tracing::error!(webhook.id = %endpoint.webhook, "There is no secret of the app to sign with; make one");
        }
        let (nonce, now) = (self.with_random(|random| random.random_range(0..1_000_000_000)), parts.clock.now());
        let url = compatible::address(&endpoint.url, &endpoint.app, secret.as_ref(), nonce, now);
        let compatible::Written { media, body } = compatible::written(&due.notice);
        let headers = vec![("webhook-id", due.id.to_string())];
        let post = Post { app: &endpoint.app, url: &url, headers, media, body, within: None, wanted: 0 };
        parts.outbound.post(post).await
    }

    async fn app_secret(&self, app: &AppKey) -> Option<SharedSecret> {
        let kept = self.parts.store.app_secrets(app).await.ok()?;
        kept.iter().find_map(|kept| {
            let purpose = SharedSecret::purpose(app, &kept.secret.id);
            SharedSecret::from_bytes(self.parts.vault.open_sealed(&purpose, &kept.sealed)?)
        })
    }

    /// Keeps what came of an attempt. When that fails it is tried again, which the receiver sees by the notice's id.
    async fn note(&self, endpoint: &Endpoint, due: &Due, begun: Begun, attempt: Attempt, retry_after: Option<u32>) {
        let failures = self.endpoints.count(&endpoint.webhook, begun, attempt.outcome);
        let (outcome, attempts, at) = (attempt.outcome, due.attempts, self.parts.clock.now());
        let ended = Ended { outcome, attempts, failures, retry_after, at };
        let (then, health) = self.with_random(|random| schedule::after(&ended, random));
        if health.gone {
            tracing::info!(webhook.id = %endpoint.webhook, "A webhook's receiver is gone for good; it is switched off");
        }
        let attempted = Attempted { sequence: due.sequence, attempt, then, health };
        if let Err(error) = self.parts.store.attempted(&endpoint.app, &endpoint.webhook, attempted).await {
            tracing::warn!(%error, webhook.id = %endpoint.webhook, "A delivery could not be noted and will be repeated");
            sleep(BUSY).await;
        }
    }

    /// Removes what is no longer kept, and brings the figures up to date.
    async fn keep_house(&self) {
        let now = self.parts.clock.now();
        let keep = Keeping {
            delivered_before: now.plus_secs(-3 * DAY_SECS),
            waiting_before: now.plus_secs(-3 * DAY_SECS),
            parked_before: now.plus_secs(-30 * DAY_SECS),
        };
        let kept = async {
            for _ in 0..MOST_ROUNDS {
                if self.parts.store.prune_outbox(keep).await? == 0 {
                    break;
                }
            }
            self.parts.store.backlog().await
        };
        match kept.await {
            Ok(backlog) => {
                self.parts.figures.waiting.set(i64::try_from(backlog.waiting).unwrap_or(i64::MAX));
                self.parts.figures.parked.set(i64::try_from(backlog.parked).unwrap_or(i64::MAX));
            }
            Err(error) => tracing::warn!(%error, "The outbox was not tidied up; that is tried again"),
        }
    }
}

/// What came of a request, in our own words.
fn outcome(answer: &Result<Answer, Unanswered>) -> Outcome {
    match answer {
        Ok(Answer { status, .. }) => match status {
            200..300 => Outcome::Delivered,
            300..400 => Outcome::Redirected,
            410 => Outcome::Gone,
            400..500 => Outcome::Refused,
            _ => Outcome::Failed,
        },
        Err(Unanswered::Refused(_)) => Outcome::Forbidden,
        Err(Unanswered::Late) => Outcome::Late,
        Err(Unanswered::Unreachable | Unanswered::Busy) => Outcome::Unreachable,
        Err(Unanswered::Broken) => Outcome::Broken,
    }
}
