//! First answers, kept for requests that are tried again, and who is at work on one: over all servers, one.

use std::{pin::pin, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::Backend;
use crate::{
    model::{AppKey, Code, Fault, Millis},
    store::{
        Store,
        answers::{AnswerLimits, Claim, KeptAnswer},
    },
};

/// How long an answer is given again.
const KEPT_SECS: i64 = 24 * 3600;
/// Most answers kept on the server; beyond, the oldest go first.
const MOST: u64 = 1_000_000;

/// A server that is gone was at work on a request so long at most.
const CLAIM_SECS: u32 = 30;
/// A server that is at work says so this often.
const CLAIM_PAUSE: Duration = Duration::from_secs(10);

/// An answer, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// Its body.
    #[serde(skip)]
    pub body: Vec<u8>,
    /// Where what was made is found.
    pub location: Option<String>,
}

impl Backend<'_> {
    /// The first answer to the request that carried this name; another request under the same name is refused.
    pub async fn kept_answer(&self, name: &str, request: [u8; 32]) -> Result<Option<Answered>, Fault> {
        let Some(kept) = self.im.store.kept_answer(self.app, name, self.answers_since()).await? else {
            return Ok(None);
        };
        if kept.request != request {
            let message = "this idempotency key was used for another request; take a new one for each";
            return Err(Fault::new(Code::IdempotencyReused, message));
        }
        let Some(open) = self.im.vault.open_sealed(&self.answer_purpose(name), &kept.body) else {
            return Err(Fault::new(Code::Internal, "the first answer to this request cannot be read any more"));
        };
        Ok(unpack(kept.status, &open))
    }

    /// Keeps the answer to a request that worked. Sealed: it may hold a new secret.
    pub async fn keep_answer(&self, name: &str, request: [u8; 32], answer: Answered) -> Result<(), Fault> {
        let packed = pack(&answer);
        let body = self.im.with_random(|random| self.im.vault.seal(&self.answer_purpose(name), &packed, random));
        let kept = KeptAnswer { request, status: answer.status, body, at: self.im.clock.now() };
        let limits = AnswerLimits { since: self.answers_since(), most: MOST };
        Ok(self.im.store.keep_answer(self.app, name, kept, limits).await?)
    }

    /// Says to all servers that the request of this name is at work here, until the claim ends. Refused while another
    /// server works on it.
    pub async fn claim_answer(&self, name: &str) -> Result<Claimed, Fault> {
        let claim = Claim { claimant: rand::random(), secs: CLAIM_SECS };
        let claimed = Claimed {
            store: Arc::clone(&self.im.store),
            app: self.app.clone(),
            name: name.to_owned(),
            claim,
            held: true,
        };
        if self.im.store.claim_answer(self.app, name, claim).await? {
            return Ok(claimed);
        }
        claimed.let_go();
        Err(at_work())
    }

    fn answers_since(&self) -> Millis {
        self.im.clock.now().plus_secs(-KEPT_SECS)
    }

    fn answer_purpose(&self, name: &str) -> String {
        format!("answer {} {name}", self.app)
    }
}

/// One answer on whichever server a request of the same name is at work.
pub fn at_work() -> Fault {
    let message = "a request with this idempotency key is at work; ask again for its answer";
    Fault::new(Code::InProgress, message).retry_after(1)
}

/// That a request is at work here. Ends when it is dropped, soon after when nobody waits for that.
pub struct Claimed {
    store: Arc<dyn Store>,
    app: AppKey,
    name: String,
    claim: Claim,
    held: bool,
}

impl Claimed {
    /// Works under the claim, which lasts as long as the work.
    pub async fn during<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(CLAIM_PAUSE) => {}
            }
            // Who does not hear of it now will the next time.
            let said = self.store.claim_answer(&self.app, &self.name, self.claim).await;
            if said.is_err() {
                tracing::warn!(app.key = %self.app, "That a request is at work could not be told to other servers");
            }
        }
    }

    /// The work is done.
    pub async fn end(mut self) {
        self.held = false;
        if self.store.release_answer(&self.app, &self.name, self.claim.claimant).await.is_err() {
            tracing::warn!(app.key = %self.app, "A claim could not be ended; it ends by itself");
        }
    }

    fn let_go(mut self) {
        self.held = false;
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.held {
            return;
        }
        let (store, app, name) = (Arc::clone(&self.store), self.app.clone(), std::mem::take(&mut self.name));
        let claimant = self.claim.claimant;
        runtime.spawn(async move {
            // It ends by itself otherwise.
            let _ = store.release_answer(&app, &name, claimant).await;
        });
    }
}

/// A line of JSON, then the body.
fn pack(answer: &Answered) -> Vec<u8> {
    let mut packed = serde_json::to_vec(answer).expect("plain data always has a JSON form");
    packed.push(b'\n');
    packed.extend_from_slice(&answer.body);
    packed
}

fn unpack(status: u16, packed: &[u8]) -> Option<Answered> {
    let line = packed.iter().position(|byte| *byte == b'\n')?;
    let (head, body) = packed.split_at_checked(line)?;
    let head: Answered = serde_json::from_slice(head).ok()?;
    Some(Answered { status, body: body.get(1..)?.to_vec(), ..head })
}
