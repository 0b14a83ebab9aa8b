//! Groups and discussions, whoever owns them. Nothing is announced inside: the app sends its own notices.

use super::{
    Backend,
    messages::{Place, no_user},
};
use crate::{
    im::{
        error::not_found,
        group::{full, group_name, no_member},
    },
    model::{
        Code, Conversation, ConversationId, Fault, Handle, Kind, Person, Role, UserId,
        conversation::{Group, Participant, Which},
    },
    store::{GroupStep, NewGroup},
};

/// Most groups that a user's memberships are set to at once.
pub const MOST_SYNCED: usize = 500;
/// Most members silenced or allowed in one call.
const MOST_AT_ONCE: usize = 100;
/// Groups looked at together.
const PAGE: u16 = 100;

/// A group or discussion to found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroupByBackEnd {
    /// Group or discussion.
    pub kind: Kind,
    /// The app's own id of it.
    pub handle: Handle,
    /// Its name.
    pub name: String,
    /// Who is inside. The first one owns it.
    pub users: Vec<UserId>,
}

impl Backend<'_> {
    /// Founds a group or discussion. A handle that is taken is refused.
    pub async fn create_group(&self, new: NewGroupByBackEnd) -> Result<Conversation, Fault> {
        if !new.kind.has_members() {
            return Err(Fault::new(Code::BadRequest, "`kind` must be `group` or `discussion`"));
        }
        let name = group_name(&new.name)?;
        let mut users = self.known_users(new.users).await?.into_iter();
        let owner = users.next().ok_or_else(|| Fault::new(Code::BadRequest, "a group needs somebody inside"))?;
        let (id, at) = (self.im.mint_conversation_id(), self.im.clock.now());
        let new = NewGroup { id, kind: new.kind, handle: Some(new.handle), name, owner, users: users.collect(), at };
        let group = self.im.store.create_group(self.app, new).await?;
        self.told(group, &[]).await
    }

    /// How a group stands.
    pub async fn group(&self, place: &Place) -> Result<Conversation, Fault> {
        let route = self.group_route(place).await?;
        let group = self.im.store.conversation(self.app, route.id).await?.ok_or_else(not_found)?;
        self.im.complete(self.app, group).await
    }

    /// Brings users in, also those who were banned. Who is inside already stays.
    pub async fn join_group(&self, place: &Place, users: Vec<UserId>) -> Result<Conversation, Fault> {
        let users = self.known_users(users).await?;
        self.step(place, GroupStep::Add(users), &[]).await
    }

    /// Takes users out. Who is not inside is passed over.
    pub async fn quit_group(&self, place: &Place, users: Vec<UserId>, ban: bool) -> Result<Conversation, Fault> {
        full(users.len())?;
        for user in users {
            if self.group_route(place).await?.has(&user) {
                let about = [user.clone()];
                self.step(place, GroupStep::Remove { user, ban }, &about).await?;
            }
        }
        self.group(place).await
    }

    /// Nobody writes any more. Doing so twice is harmless.
    pub async fn dismiss_group(&self, place: &Place) -> Result<Conversation, Fault> {
        let group = self.group(place).await?;
        if group.group.as_ref().is_some_and(|group| group.dismissed_at.is_some()) {
            return Ok(group);
        }
        self.step(place, GroupStep::Dismiss, &[]).await
    }

    /// Gives it another name.
    pub async fn rename_group(&self, place: &Place, name: &str) -> Result<Conversation, Fault> {
        let step = GroupStep::Rename(group_name(name)?);
        self.step(place, step, &[]).await
    }

    /// A user is inside exactly these groups from now on. Groups that are missing are founded, with the user as owner.
    pub async fn sync_groups(&self, user: &UserId, wanted: Vec<(Handle, String)>) -> Result<(), Fault> {
        if wanted.len() > MOST_SYNCED {
            let message = format!("{} groups were given; allowed are at most {MOST_SYNCED}", wanted.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        self.known_users(vec![user.clone()]).await?;
        let mut after = None;
        loop {
            let page = self.im.store.groups_of(self.app, user, after, PAGE).await?;
            after = page.last().map(|group| group.id);
            let more = page.len() == usize::from(PAGE);
            for group in page.into_iter().filter(|group| group.kind == Kind::Group) {
                if !group.handle.is_some_and(|handle| wanted.iter().any(|(other, _)| *other == handle)) {
                    self.quit_group(&Place::Conversation(group.id), vec![user.clone()], false).await?;
                }
            }
            if !more {
                break;
            }
        }
        for (handle, name) in wanted {
            let users = vec![user.clone()];
            let place = Place::Handle(Kind::Group, handle.clone());
            match self.group_route(&place).await {
                Ok(route) if route.has(user) => {}
                Ok(_) => drop(self.join_group(&place, users).await?),
                Err(missing) if missing.code == Code::NotFound => {
                    self.create_group(NewGroupByBackEnd { kind: Kind::Group, handle, name, users }).await?;
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// A page of members by id, one more than `limit` when there are more.
    pub async fn group_members(
        &self,
        place: &Place,
        which: Which,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Participant>, Fault> {
        let route = self.group_route(place).await?;
        self.im.members_of(self.app, &route, which, after, limit + 1).await
    }

    /// A page of those who were banned, by id, one more than `limit` when there are more.
    pub async fn group_bans(&self, place: &Place, after: Option<&UserId>, limit: u16) -> Result<Vec<Person>, Fault> {
        let route = self.group_route(place).await?;
        Ok(self.im.store.bans(self.app, route.id, after, limit + 1).await?)
    }

    /// Bans a user, who is put out, or forgives them.
    pub async fn ban_from_group(&self, place: &Place, user: &UserId, on: bool) -> Result<(), Fault> {
        let step = if on {
            if !self.group_route(place).await?.has(user) {
                return Err(no_member());
            }
            GroupStep::Remove { user: user.clone(), ban: true }
        } else {
            GroupStep::Forgive(user.clone())
        };
        self.step(place, step, std::slice::from_ref(user)).await.map(drop)
    }

    /// A page of a user's groups and discussions, by id, one more than `limit` when there are more.
    pub async fn groups_of_user(
        &self,
        user: &UserId,
        after: Option<ConversationId>,
        limit: u16,
    ) -> Result<Vec<Conversation>, Fault> {
        if self.im.store.user(self.app, user).await?.is_none() {
            return Err(no_user(user));
        }
        Ok(self.im.store.groups_of(self.app, user, after, limit + 1).await?)
    }

    /// Some members may not write for so many minutes, 0 being for ever; or, without minutes, they may again.
    pub async fn silence_members(
        &self,
        place: &Place,
        users: &[UserId],
        minutes: Option<u32>,
    ) -> Result<Conversation, Fault> {
        let until = self.im.silence_end(minutes.unwrap_or(0))?;
        self.each_member(place, users, |user| GroupStep::Silence { user, on: minutes.is_some(), until }).await
    }

    /// Only the owner and those allowed may write, or everybody again.
    pub async fn silence_group(&self, place: &Place, on: bool) -> Result<Conversation, Fault> {
        self.step(place, GroupStep::SilenceAll(on), &[]).await
    }

    /// The groups in which only the owner and those allowed may write, by handle, at most 1,000.
    pub async fn silenced_groups(&self) -> Result<Vec<Handle>, Fault> {
        Ok(self.im.store.silenced_groups(self.app).await?)
    }

    /// Some members may write while all others may not, or no more.
    pub async fn allow_members(&self, place: &Place, users: &[UserId], on: bool) -> Result<Conversation, Fault> {
        self.each_member(place, users, |user| GroupStep::Allow(user, on)).await
    }

    /// One step for each of some members. Strangers among them are found before the first step.
    async fn each_member(
        &self,
        place: &Place,
        users: &[UserId],
        step: impl Fn(UserId) -> GroupStep,
    ) -> Result<Conversation, Fault> {
        if !(1..=MOST_AT_ONCE).contains(&users.len()) {
            let message = format!("{} users were given; allowed are 1 to {MOST_AT_ONCE}", users.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let route = self.group_route(place).await?;
        if !users.iter().all(|user| route.has(user)) {
            return Err(no_member());
        }
        for user in users {
            self.step(place, step(user.clone()), &[]).await?;
        }
        self.group(place).await
    }

    async fn step(&self, place: &Place, step: GroupStep, about: &[UserId]) -> Result<Conversation, Fault> {
        let id = self.group_route(place).await?.id;
        let group = self.im.take_step(self.app, id, step).await?;
        self.told(group, about).await
    }

    /// Tells everybody inside, and those it is about.
    async fn told(&self, group: Conversation, about: &[UserId]) -> Result<Conversation, Fault> {
        self.im.tell_group(self.app, &group, about.iter()).await?;
        self.im.complete(self.app, group).await
    }

    /// These users, each once and in their order. Visitors, robots and strangers are refused.
    async fn known_users(&self, users: Vec<UserId>) -> Result<Vec<UserId>, Fault> {
        if users.len() > Group::MOST_MEMBERS {
            full(users.len())?;
        }
        let mut known = Vec::with_capacity(users.len());
        let mut seen = std::collections::HashSet::new();
        for user in users {
            let found = self.im.store.user(self.app, &user).await?;
            if !found.is_some_and(|person| matches!(person.role, Role::User | Role::Agent)) {
                return Err(no_user(&user));
            }
            if seen.insert(user.clone()) {
                known.push(user);
            }
        }
        Ok(known)
    }
}
