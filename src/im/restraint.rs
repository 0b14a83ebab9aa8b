//! What the app's back end forbids its users: to come at all, or to write. Looked at with every message, from memory.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use moka::sync::Cache;

use super::Im;
use crate::model::{
    AppKey, Audience, Caller, Code, Event, Fault, Kind, Role, Stale, UserId,
    restraint::{Restraint, Term},
};

/// Most changes by other processes that are taken in at one look.
const LOOK: u16 = 1000;

/// What users are under, as far as it was asked lately. Whoever changes it puts the news here.
#[derive(Debug)]
pub(super) struct Terms {
    known: Cache<(AppKey, UserId), Arc<[Term]>>,
    /// How often anything was forgotten: what was read before may be wrong.
    forgotten: AtomicU64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { known: Cache::new(50_000), forgotten: AtomicU64::new(0) }
    }
}

impl Terms {
    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    pub(super) fn forget(&self, app: &AppKey, user: &UserId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(&(app.clone(), user.clone()));
    }
}

impl Im {
    /// Refuses a user who is blocked from everything.
    pub(super) async fn may_come(&self, caller: &Caller) -> Result<(), Fault> {
        if caller.person.role != Role::User {
            return Ok(());
        }
        let terms = self.terms(&caller.app, caller.id()).await?;
        if self.counts(&terms, |restraint| restraint == Restraint::Everything) { Err(shut_out()) } else { Ok(()) }
    }

    /// Refuses what a user may not write in conversations of this kind now. Who is silenced may still tell what they
    /// have read.
    pub(super) async fn may_say(&self, caller: &Caller, kind: Kind, name: &str) -> Result<(), Fault> {
        if caller.person.role != Role::User {
            return Ok(());
        }
        let terms = self.terms(&caller.app, caller.id()).await?;
        if terms.is_empty() {
            return Ok(());
        }
        if self.counts(&terms, |restraint| restraint == Restraint::Everything) {
            return Err(shut_out());
        }
        let silenced = self.counts(&terms, |restraint| restraint.forbids_writing_in(kind));
        if silenced && !matches!(name, "RC:RRRspMsg" | "RC:ReadNtf" | "RC:SRSMsg") {
            return Err(Fault::new(Code::Silenced, "you may read, but not write now"));
        }
        Ok(())
    }

    fn counts(&self, terms: &[Term], which: impl Fn(Restraint) -> bool) -> bool {
        let now = self.clock.now();
        terms.iter().any(|term| which(term.restraint) && term.counts_at(now))
    }

    async fn terms(&self, app: &AppKey, user: &UserId) -> Result<Arc<[Term]>, Fault> {
        let key = (app.clone(), user.clone());
        if let Some(known) = self.terms.known.get(&key) {
            return Ok(known);
        }
        let forgotten = self.terms.forgotten.load(Ordering::SeqCst);
        let found = self.store.restraints_of(app, user).await?.into();
        // Whoever changed them meanwhile has the last word.
        let known = self.terms.known.entry(key.clone()).or_insert(found).into_value();
        // Another node changed them meanwhile: what was read may be older.
        if self.terms.forgotten.load(Ordering::SeqCst) != forgotten {
            self.terms.known.invalidate(&key);
        }
        Ok(known)
    }

    /// Puts what a user is under from now on in the place of what was known.
    pub(super) async fn know_terms(&self, app: &AppKey, user: &UserId, terms: Vec<Term>) {
        self.terms.known.insert((app.clone(), user.clone()), terms.into());
        self.stale_elsewhere(app, Stale::Person(user.clone())).await;
    }

    /// Has every connection of this user prove itself again.
    pub(super) fn ask_proof(&self, app: &AppKey, user: &UserId) {
        let audience = Audience { users: vec![user.clone()], ..Audience::of(app.clone()) };
        self.publish(audience, Event::ProveAgain);
    }

    /// Takes in what other processes changed about logins and restraints since the last look; returns where to go on.
    pub async fn hear_of_changed_people(&self, since: i64) -> Result<i64, Fault> {
        let mut place = since;
        loop {
            let changes = self.store.proofs_asked_after(place, LOOK).await?;
            for change in &changes {
                self.terms.forget(&change.app, &change.user);
                // Every node looks for itself.
                let audience = Audience { users: vec![change.user.clone()], ..Audience::of(change.app.clone()) };
                self.tell_here(audience, Event::ProveAgain);
                place = change.place;
            }
            if changes.len() < usize::from(LOOK) {
                return Ok(place);
            }
        }
    }
}

fn shut_out() -> Fault {
    Fault::new(Code::UserBlocked, "the operator of this app has blocked you")
}
