//! First answers to requests that carried an idempotency key.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Millis};

/// An answer to give again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Hash of the request that it answers.
    pub request: [u8; 32],
    /// Its status.
    pub status: u16,
    /// Its body, sealed: it may hold a new secret.
    pub body: Vec<u8>,
    /// When it was given.
    pub at: Millis,
}

/// How long answers are kept, and how many.
#[derive(Debug, Clone, Copy)]
pub struct AnswerLimits {
    /// Older ones go.
    pub since: Millis,
    /// Beyond so many on the server the oldest go first.
    pub most: u64,
}

/// That a request is at work, for all servers to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose work it is: a number that nobody else has.
    pub claimant: i64,
    /// It ends after so many seconds unless it is said again.
    pub secs: u32,
}

/// What the store does for retried requests.
#[async_trait]
pub trait Answers: Send + Sync {
    /// The answer kept under this name, unless it was given before `since`.
    async fn kept_answer(&self, app: &AppKey, name: &str, since: Millis) -> Result<Option<KeptAnswer>>;
    /// Keeps an answer; one of the same name that is too old makes room, a younger one stays.
    async fn keep_answer(&self, app: &AppKey, name: &str, answer: KeptAnswer, limits: AnswerLimits) -> Result<()>;
    /// Says that the request of this name is at work, or still is. `false`: another one is. A server that has the store for
    /// itself knows by itself.
    async fn claim_answer(&self, _app: &AppKey, _name: &str, _claim: Claim) -> Result<bool> {
        Ok(true)
    }
    /// It is at work no more. What another one has claimed meanwhile stays.
    async fn release_answer(&self, _app: &AppKey, _name: &str, _claimant: i64) -> Result<()> {
        Ok(())
    }
}
