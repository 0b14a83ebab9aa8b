//! Accounts that speak to many, and messages to everybody.

use super::Backend;
use crate::{
    im::public_service::no_service,
    model::{
        Broadcast, BroadcastId, ClientId, Code, Content, Fault, Kind, Person, PublicService, Role, UserId,
        content::names,
        person::display_name,
        public_service::{MAX_ABOUT, PublicServicePage},
    },
    store::broadcasts::NewBroadcast,
};

/// Longest address of a picture, in bytes.
const MAX_PORTRAIT: usize = 512;

/// A message to everybody, as the back end asks for it.
#[derive(Debug, Clone)]
pub struct BroadcastCall {
    /// A public service, or a system sender; the house without.
    pub from: Option<UserId>,
    /// What it says.
    pub content: Content,
    /// Makes the call harmless to repeat.
    pub client_id: Option<ClientId>,
    /// Only who is connected hears it, and it is not kept.
    pub online_only: bool,
    /// A person may send it too, as the compatible server API has it.
    pub any_sender: bool,
}

/// An account of no person, as the back end describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name shown.
    pub name: String,
    /// Address of a picture.
    pub portrait: Option<String>,
}

impl Backend<'_> {
    /// Begins to send a message to every user of the app; from a public service, to those who follow it. It goes on in
    /// the background, also after a restart.
    pub async fn broadcast(&self, call: BroadcastCall) -> Result<Broadcast, Fault> {
        self.im.check_content(&call.content)?;
        if matches!(call.content.name.as_str(), names::RECALLED | names::DELETED) {
            return Err(Fault::new(Code::BadRequest, "messages are taken back by a call of its own"));
        }
        if !call.online_only && !call.content.name.flags().stored {
            let message = format!("`{}` is not kept; only `online_only` can send it", call.content.name);
            return Err(Fault::new(Code::BadRequest, message));
        }
        let from = call.from.unwrap_or_else(|| Person::house().id);
        let fits = |role| role == Role::System || (call.any_sender && role == Role::User);
        let sender = self.im.store.user(self.app, &from).await?.filter(|sender| fits(sender.role));
        if sender.is_none() {
            return Err(Fault::new(Code::NotFound, "no such public service or system sender"));
        }
        let kind = self.im.store.public_service(self.app, &from, None).await?.map_or(Kind::System, |found| found.kind);
        let id = self.im.with_random(|random| BroadcastId::random(random));
        let (client_id, content, at) = (call.client_id, call.content, self.im.clock.now());
        let new = NewBroadcast { id, client_id, from, kind, content, online_only: call.online_only, at };
        Ok(self.im.store.create_broadcast(self.app, new).await?)
    }

    /// How far a message to everybody got.
    pub async fn broadcast_progress(&self, id: &BroadcastId) -> Result<Broadcast, Fault> {
        let found = self.im.store.broadcast(self.app, id).await?;
        found.ok_or_else(|| Fault::new(Code::NotFound, "no such broadcast"))
    }

    /// Makes a sender of system messages, or renames one.
    pub async fn save_system_sender(&self, id: &UserId, account: Account) -> Result<Person, Fault> {
        let sender = person(id, account, Role::System)?;
        self.im.store.save_user(self.app, sender.clone(), self.im.clock.now()).await?;
        Ok(sender)
    }

    /// Makes a public service, or changes what is known of it. What every user has and what users follow stays so.
    pub async fn save_public_service(
        &self,
        id: &UserId,
        kind: Kind,
        account: Account,
        about: &str,
    ) -> Result<PublicService, Fault> {
        if !matches!(kind, Kind::AppService | Kind::PublicService) {
            return Err(Fault::new(Code::BadRequest, "`kind` must be `app_service` or `public_service`"));
        }
        let chars = about.chars().count();
        if chars > MAX_ABOUT {
            let message = format!("`about` has {chars} characters; the limit is {MAX_ABOUT}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        let person = person(id, account, Role::System)?;
        let about = about.to_owned();
        let service = PublicService { person, kind, about, followed: kind == Kind::AppService };
        self.im.store.save_public_service(self.app, service.clone(), self.im.clock.now()).await?;
        Ok(service)
    }

    /// A public service.
    pub async fn public_service(&self, id: &UserId) -> Result<PublicService, Fault> {
        self.im.store.public_service(self.app, id, None).await?.ok_or_else(no_service)
    }

    /// A page of public services whose id or name holds `words`, by id.
    pub async fn public_services(
        &self,
        words: &str,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<PublicServicePage, Fault> {
        self.im.find_public_services(self.app, None, (words, false), after, limit).await
    }
}

pub(super) fn person(id: &UserId, account: Account, role: Role) -> Result<Person, Fault> {
    if *id == Person::house().id {
        return Err(Fault::new(Code::BadRequest, "`system` is the house itself; take another id"));
    }
    let name = display_name(&account.name).ok_or_else(|| Fault::new(Code::BadRequest, "an account needs a `name`"))?;
    if account.portrait.as_ref().is_some_and(|portrait| portrait.len() > MAX_PORTRAIT) {
        return Err(Fault::new(Code::BadRequest, format!("`portrait` has at most {MAX_PORTRAIT} bytes")));
    }
    Ok(Person { id: id.clone(), name, role, portrait: account.portrait })
}
