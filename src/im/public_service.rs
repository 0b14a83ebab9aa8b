//! Public services: accounts of the app that users find, follow and write to.

use super::{Im, conversation::Route};
use crate::model::{
    AppKey, Caller, Code, Fault, Kind, Reply, Role, UserId,
    public_service::{PublicService, PublicServiceCommand, PublicServicePage},
};

/// Most accounts of one page.
const MOST: u16 = 100;
/// Longest search, in characters.
const MOST_WORDS: usize = 64;

impl Im {
    /// Does what a user asks about public services.
    pub(super) async fn public_services(&self, caller: &Caller, command: PublicServiceCommand) -> Result<Reply, Fault> {
        if !matches!(caller.person.role, Role::User | Role::Agent) {
            return Err(Fault::new(Code::Forbidden, "only users have public services"));
        }
        match command {
            PublicServiceCommand::Find { words, followed, after, limit } => {
                let user = Some(caller.id());
                self.find_public_services(&caller.app, user, (&words, followed), after.as_ref(), limit)
                    .await
                    .map(Reply::PublicServices)
            }
            PublicServiceCommand::Follow { account, on } => {
                self.follow(caller, &account, on).await.map(|()| Reply::Done {})
            }
        }
    }

    /// A page of public services, as this user sees them.
    pub(super) async fn find_public_services(
        &self,
        app: &AppKey,
        user: Option<&UserId>,
        (words, followed): (&str, bool),
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<PublicServicePage, Fault> {
        if !(1..=MOST).contains(&limit) {
            return Err(Fault::new(Code::BadRequest, format!("`limit` is {limit}; allowed are 1 to {MOST}")));
        }
        if words.chars().count() > MOST_WORDS {
            return Err(Fault::new(Code::BadRequest, format!("a search has at most {MOST_WORDS} characters")));
        }
        let mut accounts = self.store.public_services(app, user, (words, followed), after, limit + 1).await?;
        let more = accounts.len() > usize::from(limit);
        accounts.truncate(usize::from(limit));
        Ok(PublicServicePage { accounts, more })
    }

    async fn follow(&self, caller: &Caller, account: &UserId, on: bool) -> Result<(), Fault> {
        let service =
            self.store.public_service(&caller.app, account, Some(caller.id())).await?.ok_or_else(no_service)?;
        if service.kind == Kind::AppService {
            let message = "every user has this account; it is neither followed nor left";
            return Err(Fault::new(Code::BadRequest, message));
        }
        Ok(self.store.follow(&caller.app, account, caller.id(), on, self.clock.now()).await?)
    }

    /// The public service, if it is one and the user has it.
    pub(super) async fn service_of(
        &self,
        app: &AppKey,
        account: &UserId,
        user: &UserId,
    ) -> Result<Option<PublicService>, Fault> {
        let found = self.store.public_service(app, account, Some(user)).await?;
        match found {
            Some(service) if !service.followed => {
                Err(Fault::new(Code::Forbidden, "follow this account first, then write to it"))
            }
            found => Ok(found),
        }
    }

    /// Refuses words to an account that the caller does not follow (any more).
    pub(super) async fn may_write_to_service(&self, caller: &Caller, route: &Route) -> Result<(), Fault> {
        if route.kind != Kind::PublicService {
            return Ok(());
        }
        let Some(account) = route.participants.iter().find(|user| *user != caller.id()) else { return Ok(()) };
        self.service_of(&caller.app, account, caller.id()).await.map(drop)
    }
}

pub(super) fn no_service() -> Fault {
    Fault::new(Code::NotFound, "no such public service")
}
