//! Two lists that every user has: whom they do not want to hear, and whom alone they want to hear.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Millis, Person, UserId};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contacts {
    /// Those who cannot write to the user in private.
    Blocked,
    /// Those who alone can, in apps that want it so.
    Allowed,
}

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
