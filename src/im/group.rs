//! Groups and discussions: founding them, coming and going, and who may write.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use super::{Im, conversation::Route, error::not_found};
use crate::{
    model::{
        AppKey, Audience, Caller, Code, Content, Conversation, ConversationId, Event, Fault, Kind, Millis, Person,
        Reply, Role, Source, Stale, UserId,
        command::{CreateGroup, GroupChange},
        content::{Mentions, names},
        conversation::Group,
        person::display_name,
    },
    store::{Demand, GroupStep, NewGroup, NewMessage, StoreError},
};

/// Most users whom a notice names.
const MOST_NAMED: usize = 100;

/// Longest silence of a member that ends by itself, in minutes: 30 days.
const LONGEST_SILENCE: u32 = 43_200;

/// What happened, as the notices name it: the group's word, the discussion's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happened {
    Created,
    Added,
    Quit,
    Kicked,
    Renamed,
    Dismissed,
}

impl Happened {
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "Create",
            Self::Added => "Add",
            Self::Quit => "Quit",
            Self::Kicked => "Kicked",
            Self::Renamed => "Rename",
            Self::Dismissed => "Dismiss",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Created | Self::Added => 1,
            Self::Quit | Self::Dismissed => 2,
            Self::Renamed => 3,
            Self::Kicked => 4,
        }
    }
}

impl Im {
    /// Founds a group or discussion; the caller owns it.
    pub async fn create_group(&self, caller: &Caller, new: CreateGroup) -> Result<Conversation, Fault> {
        if !matches!(caller.person.role, Role::User | Role::Agent) {
            return Err(Fault::new(Code::Forbidden, "only users found groups"));
        }
        if !new.kind.has_members() {
            return Err(Fault::new(Code::BadRequest, "`kind` must be `group` or `discussion`"));
        }
        let name = group_name(&new.name)?;
        let guests = self.guests(caller, new.users).await?;
        full(1 + guests.len())?;
        let users: Vec<UserId> = guests.iter().map(|guest| guest.id.clone()).collect();
        let (id, at) = (self.mint_conversation_id(), self.clock.now());
        let new = NewGroup { id, kind: new.kind, handle: None, name, owner: caller.id().clone(), users, at };
        let group = self.store.create_group(&caller.app, new).await?;
        self.group_changed(caller, &group, Some(Happened::Created), &guests).await?;
        self.conversation(caller, id).await
    }

    /// Changes a group or discussion, as far as the caller may.
    pub async fn change_group(&self, caller: &Caller, id: ConversationId, change: GroupChange) -> Result<Reply, Fault> {
        let found = self.store.conversation(&caller.app, id).await?.ok_or_else(not_found)?;
        let group = found.group.as_ref().ok_or_else(not_found)?;
        if change == GroupChange::Join {
            return self.join(caller, &found).await;
        }
        let route = self.route(caller, id).await?;
        let member = route.member(caller.id());
        if group.dismissed_at.is_some() {
            return Err(Fault::new(Code::ConversationClosed, "this group was dismissed"));
        }
        let anybody = match &change {
            GroupChange::Add(_) | GroupChange::Quit => true,
            GroupChange::Rename(_) => found.kind == Kind::Discussion,
            _ => false,
        };
        if !anybody && !member.owner {
            return Err(Fault::new(Code::Forbidden, "only the owner may do this"));
        }
        let quits = change == GroupChange::Quit;
        let (step, happened, about) = self.step(caller, &found, &route, change).await?;
        let group = self.take_step(&caller.app, id, step).await?;
        self.group_changed(caller, &group, happened, &about).await?;
        if quits {
            return Ok(Reply::Done {});
        }
        self.conversation(caller, id).await.map(|group| Reply::Conversation(Box::new(group)))
    }

    /// Changes a group in the store.
    pub(super) async fn take_step(
        &self,
        app: &AppKey,
        id: ConversationId,
        step: GroupStep,
    ) -> Result<Conversation, Fault> {
        match self.store.change_group(app, id, step, self.clock.now()).await {
            Err(StoreError::TooMany(_)) => Err(too_many(Group::MOST_MEMBERS + 1)),
            changed => Ok(changed?),
        }
    }

    /// What the store must do, what is told of it, and about whom.
    async fn step(
        &self,
        caller: &Caller,
        found: &Conversation,
        route: &Route,
        change: GroupChange,
    ) -> Result<(GroupStep, Option<Happened>, Vec<Person>), Fault> {
        Ok(match change {
            GroupChange::Add(users) => {
                let mut guests = self.guests(caller, users).await?;
                guests.retain(|guest| !route.has(&guest.id));
                full(route.participants.len() + guests.len())?;
                let users: Vec<UserId> = guests.iter().map(|guest| guest.id.clone()).collect();
                if !route.member(caller.id()).owner
                    && !self.store.banned(&caller.app, found.id, &users).await?.is_empty()
                {
                    return Err(Fault::new(Code::Banned, "only the owner may bring back who was banned"));
                }
                let happened = (!users.is_empty()).then_some(Happened::Added);
                (GroupStep::Add(users), happened, guests)
            }
            // Whoever is not inside was treated before.
            GroupChange::Join => (GroupStep::Add(Vec::new()), None, Vec::new()),
            GroupChange::Quit => {
                let step = GroupStep::Remove { user: caller.id().clone(), ban: false };
                (step, Some(Happened::Quit), vec![caller.person.clone()])
            }
            GroupChange::Dismiss => (GroupStep::Dismiss, Some(Happened::Dismissed), Vec::new()),
            GroupChange::Rename(name) => (GroupStep::Rename(group_name(&name)?), Some(Happened::Renamed), Vec::new()),
            GroupChange::Kick { user, ban } => {
                if user == *caller.id() {
                    return Err(Fault::new(Code::BadRequest, "to leave, use `group_quit`"));
                }
                let out = self.store.user(&caller.app, &user).await?.filter(|out| route.has(&out.id));
                let out = out.ok_or_else(no_member)?;
                (GroupStep::Remove { user, ban }, Some(Happened::Kicked), vec![out])
            }
            GroupChange::SilenceAll(on) => (GroupStep::SilenceAll(on), None, Vec::new()),
            GroupChange::Silence { user, on, minutes } => {
                let until = self.silence_end(minutes)?;
                (GroupStep::Silence { user, on, until }, None, Vec::new())
            }
            GroupChange::Allow { user, on } => (GroupStep::Allow(user, on), None, Vec::new()),
        })
    }

    /// When a silence of so many minutes ends; 0 minutes never end.
    pub(super) fn silence_end(&self, minutes: u32) -> Result<Option<Millis>, Fault> {
        if minutes > LONGEST_SILENCE {
            let message = format!("`minutes` is {minutes}; allowed are 1 to {LONGEST_SILENCE}, and 0 for ever");
            return Err(Fault::new(Code::BadRequest, message));
        }
        Ok((minutes > 0).then(|| self.clock.now().plus_secs(i64::from(minutes) * 60)))
    }

    /// The caller comes in by themselves. Coming in twice is no error.
    async fn join(&self, caller: &Caller, found: &Conversation) -> Result<Reply, Fault> {
        if found.kind != Kind::Group || !matches!(caller.person.role, Role::User | Role::Agent) {
            return Err(not_found());
        }
        let inside = self.route_of(&caller.app, found.id).await?;
        if !inside.has(caller.id()) {
            if !self.store.banned(&caller.app, found.id, std::slice::from_ref(caller.id())).await?.is_empty() {
                return Err(Fault::new(Code::Banned, "you were put out of this group"));
            }
            full(inside.participants.len() + 1)?;
            let step = GroupStep::Add(vec![caller.id().clone()]);
            let group = self.take_step(&caller.app, found.id, step).await?;
            self.group_changed(caller, &group, Some(Happened::Added), std::slice::from_ref(&caller.person)).await?;
        }
        self.conversation(caller, found.id).await.map(|group| Reply::Conversation(Box::new(group)))
    }

    /// These users, each once and without the caller. Visitors, robots and strangers are refused.
    async fn guests(&self, caller: &Caller, users: Vec<UserId>) -> Result<Vec<Person>, Fault> {
        full(users.len())?;
        let mut guests = Vec::with_capacity(users.len());
        for id in users.into_iter().filter(|id| id != caller.id()).collect::<BTreeSet<_>>() {
            let guest = self.store.user(&caller.app, &id).await?;
            let guest = guest.filter(|guest| matches!(guest.role, Role::User | Role::Agent));
            guests.push(guest.ok_or_else(|| Fault::new(Code::NotFound, format!("no such user: {id}")))?);
        }
        Ok(guests)
    }

    /// Keeps a notice and tells everybody inside, and those it is about, how the group stands.
    async fn group_changed(
        &self,
        caller: &Caller,
        group: &Conversation,
        happened: Option<Happened>,
        about: &[Person],
    ) -> Result<(), Fault> {
        let users = self.tell_group(&caller.app, group, about.iter().map(|person| &person.id)).await?;
        match happened {
            Some(happened) => self.announce(&caller.app, group, notice(caller, group, happened, about), users).await,
            None => Ok(()),
        }
    }

    /// Tells everybody inside, and those it is about, how a group stands now. Returns whom it told.
    pub(super) async fn tell_group(
        &self,
        app: &AppKey,
        group: &Conversation,
        about: impl Iterator<Item = &UserId>,
    ) -> Result<Vec<UserId>, Fault> {
        self.stale(app, Stale::Conversation(group.id)).await;
        let route = self.route_of(app, group.id).await?;
        let mut users = route.participants.clone();
        users.extend(about.filter(|id| !route.has(id)).cloned());
        let told = self.complete(app, group.clone()).await?;
        let audience = Audience { users: users.clone(), ..Audience::of(app.clone()) };
        self.publish(audience, Event::Conversation(Arc::new(told)));
        Ok(users)
    }

    async fn announce(
        &self,
        app: &AppKey,
        group: &Conversation,
        content: Content,
        users: Vec<UserId>,
    ) -> Result<(), Fault> {
        let new = NewMessage {
            conversation: group.id,
            from: Person::house(),
            client_id: None,
            content,
            counted: false,
            mentions: Mentions::Nobody,
            only: Vec::new(),
            at: self.clock.now(),
            demand: Demand::Nothing,
            source: Source::House,
            original: None,
        };
        let message = self.store.append(app, new).await?.message;
        let audience = Audience { users, ..Audience::of(app.clone()) };
        self.publish(audience, Event::Message(Arc::new(message)));
        Ok(())
    }
}

fn notice(caller: &Caller, group: &Conversation, happened: Happened, about: &[Person]) -> Content {
    let about = about.get(..MOST_NAMED).unwrap_or(about);
    let ids: Vec<&UserId> = about.iter().map(|person| &person.id).collect();
    let name = group.group.as_ref().map_or("", |group| group.name.as_str());
    if group.kind == Kind::Discussion {
        let joined = ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(",");
        let extension = if happened == Happened::Renamed { name.to_owned() } else { joined };
        let body = json!({ "type": happened.number(), "extension": extension, "operation": caller.id() });
        return Content::of(names::DISCUSSION_NOTICE, &body);
    }
    let names_of: Vec<&str> = about.iter().map(|person| person.name.as_str()).collect();
    let body = json!({
        "operatorUserId": caller.id(),
        "operation": happened.word(),
        "data": {
            "operatorNickname": caller.person.name,
            "targetUserIds": ids,
            "targetUserDisplayNames": names_of,
            "targetGroupName": name,
        },
        "message": "",
    });
    Content::of(names::GROUP_NOTICE, &body)
}

pub(super) fn group_name(text: &str) -> Result<String, Fault> {
    display_name(text).ok_or_else(|| Fault::new(Code::BadRequest, "a group needs a name"))
}

pub(super) fn no_member() -> Fault {
    Fault::new(Code::NotFound, "no such member")
}

pub(super) fn full(members: usize) -> Result<(), Fault> {
    if members <= Group::MOST_MEMBERS {
        return Ok(());
    }
    Err(too_many(members))
}

fn too_many(members: usize) -> Fault {
    let message = format!("a group has at most {} members; these would be {members}", Group::MOST_MEMBERS);
    Fault::new(Code::GroupFull, message)
}
