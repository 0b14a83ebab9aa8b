//! Not hearing from somebody.

use moka::sync::Cache;

use super::Im;
use crate::model::{AppKey, Caller, Code, Fault, Kind, Person, Role, UserId};

/// Who has blocked whom, as far as it was asked lately: a private message must not read the store for it.
#[derive(Debug)]
pub(super) struct Blocks(Cache<(AppKey, UserId, UserId), bool>);

impl Default for Blocks {
    fn default() -> Self {
        Self(Cache::new(50_000))
    }
}

impl Im {
    /// The caller hears nothing more from a user in private, or again.
    pub(super) async fn block(&self, caller: &Caller, user: &UserId, on: bool) -> Result<(), Fault> {
        if caller.person.role == Role::Visitor {
            return Err(Fault::new(Code::Forbidden, "visitors have nobody to block"));
        }
        if user == caller.id() {
            return Err(Fault::new(Code::BadRequest, "nobody can block themselves"));
        }
        self.store.block(&caller.app, caller.id(), user, on, self.clock.now()).await?;
        self.blocks.0.insert((caller.app.clone(), caller.id().clone(), user.clone()), on);
        Ok(())
    }

    /// Whom the caller has blocked.
    pub(super) async fn blocked(&self, caller: &Caller) -> Result<Vec<Person>, Fault> {
        Ok(self.store.blocked_by(&caller.app, caller.id()).await?)
    }

    /// Refuses what the other side of a private conversation does not want to hear.
    pub(super) async fn not_blocked(&self, caller: &Caller, kind: Kind, people: &[UserId]) -> Result<(), Fault> {
        if kind != Kind::Private {
            return Ok(());
        }
        let Some(other) = people.iter().find(|user| *user != caller.id()) else { return Ok(()) };
        let key = (caller.app.clone(), other.clone(), caller.id().clone());
        let blocked = if let Some(known) = self.blocks.0.get(&key) {
            known
        } else {
            let blocked = self.store.has_blocked(&caller.app, other, caller.id()).await?;
            // Whoever blocked meanwhile has the last word.
            self.blocks.0.entry(key).or_insert(blocked).into_value()
        };
        if blocked { Err(Fault::new(Code::Blocked, "they do not want to hear from you")) } else { Ok(()) }
    }
}
