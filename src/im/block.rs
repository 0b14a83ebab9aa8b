//! Not hearing from somebody, and hearing from some only.

use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;

use super::{Im, apps::no_app};
use crate::model::{AppKey, Caller, Code, Contacts, Fault, Kind, Person, Role, Stale, UserId};

/// Who is on whose lists, as far as it was asked lately: a private message must not read the store for it.
#[derive(Debug)]
pub(super) struct Lists {
    known: Cache<(AppKey, Contacts, UserId, UserId), bool>,
    /// How often anything was forgotten: what was read before may be wrong.
    forgotten: AtomicU64,
}

impl Default for Lists {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(50_000).support_invalidation_closures().build();
        Self { known, forgotten: AtomicU64::new(0) }
    }
}

impl Lists {
    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    /// Forgets who is on this user's lists.
    pub(super) fn forget(&self, app: &AppKey, user: &UserId) {
        let (app, user) = (app.clone(), user.clone());
        // Refused only by a cache that was not built for it.
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        let _ = self.known.invalidate_entries_if(move |(its_app, _, whose, _), _| *its_app == app && *whose == user);
    }
}

impl Im {
    /// The caller hears nothing more from a user in private, or again.
    pub(super) async fn block(&self, caller: &Caller, user: &UserId, on: bool) -> Result<(), Fault> {
        if caller.person.role == Role::Visitor {
            return Err(Fault::new(Code::Forbidden, "visitors have nobody to block"));
        }
        self.set_contacts(&caller.app, Contacts::Blocked, caller.id(), std::slice::from_ref(user), on).await
    }

    /// Whom the caller has blocked.
    pub(super) async fn blocked(&self, caller: &Caller) -> Result<Vec<Person>, Fault> {
        Ok(self.store.contacts(&caller.app, Contacts::Blocked, caller.id()).await?)
    }

    /// Puts others on a user's list, or takes them off.
    pub(super) async fn set_contacts(
        &self,
        app: &AppKey,
        list: Contacts,
        user: &UserId,
        others: &[UserId],
        on: bool,
    ) -> Result<(), Fault> {
        if others.contains(user) {
            return Err(Fault::new(Code::BadRequest, "nobody can block or allow themselves"));
        }
        self.store.set_contacts(app, list, user, others, on, self.clock.now()).await?;
        for other in others {
            self.lists.known.insert((app.clone(), list, user.clone(), other.clone()), on);
            if on && list == Contacts::Blocked {
                self.hide_from(app, user, other);
            }
        }
        self.stale_elsewhere(app, Stale::Contacts(user.clone())).await;
        Ok(())
    }

    /// Refuses what the other side of a private conversation does not want to hear. Agents are heard by everybody who
    /// did not block them.
    pub(super) async fn not_blocked(
        &self,
        app: &AppKey,
        sender: &Person,
        kind: Kind,
        people: &[UserId],
    ) -> Result<(), Fault> {
        if kind != Kind::Private {
            return Ok(());
        }
        let Some(other) = people.iter().find(|user| **user != sender.id) else { return Ok(()) };
        if self.has_contact(app, Contacts::Blocked, other, &sender.id).await? {
            return Err(Fault::new(Code::Blocked, "they do not want to hear from you"));
        }
        if sender.role == Role::User
            && self.app_of(app).await?.ok_or_else(no_app)?.features.whitelist
            && !self.has_contact(app, Contacts::Allowed, other, &sender.id).await?
        {
            return Err(Fault::new(Code::NotOnList, "they hear only from those on their list, and you are not on it"));
        }
        Ok(())
    }

    /// Whether somebody is on a user's list.
    pub(super) async fn has_contact(
        &self,
        app: &AppKey,
        list: Contacts,
        user: &UserId,
        other: &UserId,
    ) -> Result<bool, Fault> {
        let key = (app.clone(), list, user.clone(), other.clone());
        if let Some(known) = self.lists.known.get(&key) {
            return Ok(known);
        }
        let forgotten = self.lists.forgotten.load(Ordering::SeqCst);
        let found = self.store.has_contact(app, list, user, other).await?;
        // Whoever changed the list meanwhile has the last word.
        let known = self.lists.known.entry(key.clone()).or_insert(found).into_value();
        // Another node changed it meanwhile: what was read may be older.
        if self.lists.forgotten.load(Ordering::SeqCst) != forgotten {
            self.lists.known.invalidate(&key);
        }
        Ok(known)
    }
}
