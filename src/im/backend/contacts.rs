//! Users' lists of whom they do not want to hear, and whom alone they want to hear.

use super::{Backend, users::at_most};
use crate::model::{Contacts, Fault, Person, UserId};

/// Most users put on a list or taken off at once.
const MOST: usize = 20;

impl Backend<'_> {
    /// Puts up to 20 others on a user's list, or takes them off.
    pub async fn set_contacts(&self, list: Contacts, user: &UserId, others: &[UserId], on: bool) -> Result<(), Fault> {
        at_most("users", others.len(), MOST)?;
        self.user(user).await?;
        self.im.set_contacts(self.app, list, user, others, on).await
    }

    /// Who is on a user's list, by id, at most 1,000.
    pub async fn contacts(&self, list: Contacts, user: &UserId) -> Result<Vec<Person>, Fault> {
        self.user(user).await?;
        Ok(self.im.store.contacts(self.app, list, user).await?)
    }
}
