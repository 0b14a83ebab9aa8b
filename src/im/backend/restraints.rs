//! Blocking users from everything, and taking their word.

use super::{Backend, users::no_user};
use crate::model::{
    Code, Fault, Role, UserId,
    restraint::{Restrained, Restraint, Term},
};

/// Longest time in minutes: 30 days. Longer is for ever.
const MOST_MINUTES: u32 = 43_200;
/// Largest page of a list.
const MOST_LISTED: u16 = 100;

impl Backend<'_> {
    /// Puts a user under a restraint for some minutes (1 to 43,200), or for ever. Doing so again replaces the end. Who is
    /// blocked from everything loses their connections at once.
    pub async fn restrain(&self, user: &UserId, restraint: Restraint, minutes: Option<u32>) -> Result<Term, Fault> {
        if let Some(given) = minutes
            && !(1..=MOST_MINUTES).contains(&given)
        {
            let message = format!("`minutes` is {given}; allowed are 1 to {MOST_MINUTES}, or none for ever");
            return Err(Fault::new(Code::BadRequest, message));
        }
        self.a_user(user).await?;
        let until = minutes.map(|minutes| self.im.clock.now().plus_secs(i64::from(minutes) * 60));
        let term = Term { restraint, until };
        let terms = self.im.store.restrain(self.app, user, term).await?;
        self.im.know_terms(self.app, user, terms).await;
        if restraint == Restraint::Everything {
            self.im.ask_proof(self.app, user);
        }
        Ok(term)
    }

    /// Lifts a restraint. Lifting what is not there is harmless.
    pub async fn lift(&self, user: &UserId, restraint: Restraint) -> Result<(), Fault> {
        self.a_user(user).await?;
        let terms = self.im.store.lift(self.app, user, restraint).await?;
        self.im.know_terms(self.app, user, terms).await;
        Ok(())
    }

    /// Who is under a restraint now, by id: a page of at most 100 after the given one, and whether there are more.
    pub async fn restrained(
        &self,
        restraint: Restraint,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<(Vec<Restrained>, bool), Fault> {
        if !(1..=MOST_LISTED).contains(&limit) {
            return Err(Fault::new(Code::BadRequest, format!("`limit` is {limit}; allowed are 1 to {MOST_LISTED}")));
        }
        let now = self.im.clock.now();
        let mut found = self.im.store.restrained(self.app, restraint, now, after, limit + 1).await?;
        let more = found.len() > usize::from(limit);
        found.truncate(usize::from(limit));
        Ok((found, more))
    }

    /// Visitors and agents are not the back end's to restrain.
    async fn a_user(&self, user: &UserId) -> Result<(), Fault> {
        let person = self.im.store.user(self.app, user).await?;
        if person.is_some_and(|person| person.role == Role::User) { Ok(()) } else { Err(no_user()) }
    }
}
