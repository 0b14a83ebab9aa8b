//! What users may not do.

use async_trait::async_trait;

use super::Result;
use crate::model::{
    AppKey, Millis, UserId,
    restraint::{Restrained, Restraint, Term},
};

/// Verbs about what users may not do.
#[async_trait]
pub trait Restraints: Send + Sync {
    /// Puts a user under a restraint, in the place of the same one if there is one. Returns everything they are under.
    async fn restrain(&self, app: &AppKey, user: &UserId, term: Term) -> Result<Vec<Term>>;
    /// Lifts a restraint. Returns what remains. Lifting what is not there is harmless.
    async fn lift(&self, app: &AppKey, user: &UserId, restraint: Restraint) -> Result<Vec<Term>>;
    /// Everything a user is under, also what is over already.
    async fn restraints_of(&self, app: &AppKey, user: &UserId) -> Result<Vec<Term>>;
    /// Who is under a restraint at `now`, by id, those after `after`, at most `limit`.
    async fn restrained(
        &self,
        app: &AppKey,
        restraint: Restraint,
        now: Millis,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<Vec<Restrained>>;
}
