//! Users' lists of whom they do not want to hear, and whom alone they want to hear.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Contacts, Millis, Person, UserId};

/// Verbs about users' lists.
#[async_trait]
pub trait ContactLists: Send + Sync {
    /// Puts others on a user's list, or takes them off. Doing so twice is harmless. One is unknown: `Missing`, and
    /// nothing changes.
    async fn set_contacts(
        &self,
        app: &AppKey,
        list: Contacts,
        user: &UserId,
        others: &[UserId],
        on: bool,
        at: Millis,
    ) -> Result<()>;
    /// Whether somebody is on a user's list.
    async fn has_contact(&self, app: &AppKey, list: Contacts, user: &UserId, other: &UserId) -> Result<bool>;
    /// Who is on a user's list, by id, at most 1,000.
    async fn contacts(&self, app: &AppKey, list: Contacts, user: &UserId) -> Result<Vec<Person>>;
}
