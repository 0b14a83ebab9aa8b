//! First answers, kept for requests that are tried again.

use serde::{Deserialize, Serialize};

use super::Backend;
use crate::{
    model::{Code, Fault, Millis},
    store::answers::{AnswerLimits, KeptAnswer},
};

/// How long an answer is given again.
const KEPT_SECS: i64 = 24 * 3600;
/// Most answers kept on the server; beyond, the oldest go first.
const MOST: u64 = 1_000_000;

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

    fn answers_since(&self) -> Millis {
        self.im.clock.now().plus_secs(-KEPT_SECS)
    }

    fn answer_purpose(&self, name: &str) -> String {
        format!("answer {} {name}", self.app)
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
