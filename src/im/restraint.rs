//! What the app's back end forbids its users: to come at all, or to write. Looked at with every message, from memory.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::sync::Cache;

use super::Im;
use crate::model::{
    AppKey, Audience, Caller, Code, Event, Fault, Kind, Role, Stale, UserId,
    restraint::{Restraint, Term},
};
use crate::store::{ProofAsked, ProofsAsked, changes::Place};

/// What users are under, as far as it was asked lately. Whoever changes it puts the news here.
#[derive(Debug)]
pub(super) struct Terms {
    known: Cache<(AppKey, UserId), Arc<[Term]>>,
    /// How often anything was forgotten: what was read before may be wrong.
    forgotten: AtomicU64,
    heard: Mutex<Heard>,
}

/// What other processes changed, as far as it was heard of.
#[derive(Debug, Default)]
struct Heard {
    /// Where the next look goes on.
    place: Option<Place>,
    /// What the last look found, which the next one may find again.
    last: BTreeSet<i64>,
}

impl Heard {
    /// What of this is new.
    fn take(&mut self, found: ProofsAsked) -> Vec<ProofAsked> {
        // Another server may have given the same numbers to others.
        if self.place.is_none_or(|place| place.server != found.place.server) {
            self.last.clear();
        }
        let before = std::mem::replace(&mut self.last, found.asked.iter().map(|change| change.number).collect());
        self.place = Some(found.place);
        found.asked.into_iter().filter(|change| !before.contains(&change.number)).collect()
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self { known: Cache::new(50_000), forgotten: AtomicU64::new(0), heard: Mutex::default() }
    }
}

impl Terms {
    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Takes in what other processes changed about logins and restraints since the last look. What happened before the
    /// first look needs no telling: nobody was connected.
    pub async fn hear_of_changed_people(&self) -> Result<(), Fault> {
        let since = self.terms.heard().place;
        let found = self.store.proofs_asked(since).await?;
        let new = self.terms.heard().take(found);
        for change in new {
            self.terms.forget(&change.app, &change.user);
            // Every node looks for itself.
            let audience = Audience { users: vec![change.user], ..Audience::of(change.app) };
            self.tell_here(audience, Event::ProveAgain);
        }
        Ok(())
    }
}

fn shut_out() -> Fault {
    Fault::new(Code::UserBlocked, "the operator of this app has blocked you")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(server: i64, numbers: &[i64]) -> ProofsAsked {
        let of = |number| ProofAsked { number, app: "app1app1".parse().unwrap(), user: "ann".parse().unwrap() };
        ProofsAsked { place: Place { low: 7, server }, asked: numbers.iter().copied().map(of).collect() }
    }

    fn numbers(new: &[ProofAsked]) -> Vec<i64> {
        new.iter().map(|change| change.number).collect()
    }

    #[test]
    fn what_two_looks_find_is_new_once() {
        let mut heard = Heard::default();
        assert_eq!(numbers(&heard.take(look(1, &[5, 6]))), [5, 6]);
        assert_eq!(numbers(&heard.take(look(1, &[4, 5, 6]))), [4], "a lower number that was committed later");
        assert_eq!(numbers(&heard.take(look(1, &[6]))), Vec::<i64>::new());
    }

    #[test]
    fn on_another_server_numbers_mean_something_else() {
        let mut heard = Heard::default();
        heard.take(look(1, &[5, 6]));
        assert_eq!(numbers(&heard.take(look(2, &[6]))), [6]);
    }
}
