//! Who is here now.

use super::{Backend, users::at_most};
use crate::model::{
    Fault, UserId,
    presence::{Presence, Watch},
};

impl Backend<'_> {
    /// Whether up to 100 users, visitors or agents are here now. Strangers are away.
    pub fn presence(&self, users: Vec<UserId>) -> Result<Vec<Presence>, Fault> {
        at_most("users", users.len(), Watch::MOST)?;
        Ok(users.into_iter().map(|user| self.im.presence_of(self.app, user)).collect())
    }
}
