//! Beginning a service conversation, waiting in line, and what the desk shows of it.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::Notify;

use crate::{
    im::{Im, conversation::Route, deliver::Outgoing, error::not_found},
    model::{
        AppKey, Audience, Caller, Code, Conversation, Event, Fault, Kind, Person, Role, SiteKey, Stage, Stale, Tidings,
        command::{Desk, List, Send, Sent, Target},
        conversation::{Context, View},
    },
    store::{NewService, StoreError, Transition},
};

/// Nobody says whose desk is to answer.
fn no_site() -> Fault {
    Fault::new(Code::Forbidden, "only visitors write to the desk without naming its site")
}

/// Apps whose desk changed since everybody was told.
#[derive(Debug, Default)]
pub(in crate::im) struct Dirty {
    /// With whether other nodes were told that they changed.
    pub(in crate::im) apps: DashMap<AppKey, bool>,
    pub(in crate::im) changed: Notify,
}

/// Where a message to the desk goes.
pub(in crate::im) enum DeskRoute {
    /// Into this conversation.
    Open(Arc<Route>),
    /// Nowhere: it is a retry of a message that stands in a conversation which has ended since.
    Repeated(Sent),
}

impl Im {
    /// The visitor's open conversation for this message; begins one when there is none.
    pub(in crate::im) async fn desk_route(&self, caller: &Caller, send: &Send) -> Result<DeskRoute, Fault> {
        let site = Self::site_of_desk(caller, &send.to)?;
        if let Some(open) = self.store.open_service(&caller.app, caller.id(), &site).await? {
            return Ok(DeskRoute::Open(self.route(caller, open.id).await?));
        }
        if let Some(sent) = self.sent_before_the_end(caller, &site, send).await? {
            return Ok(DeskRoute::Repeated(sent));
        }
        // What is refused begins nothing.
        self.judge_words(&caller.app, &send.content).await?;
        let begun = self.begin(caller, &site, Context::default()).await?;
        Ok(DeskRoute::Open(self.route(caller, begun.id).await?))
    }

    /// The site whose desk a message is for: a visitor's own, or the one that a user names.
    fn site_of_desk(caller: &Caller, to: &Target) -> Result<SiteKey, Fault> {
        match (caller.person.role, to) {
            (Role::Visitor, Target::DeskOf(named)) if caller.site.as_ref() != Some(named) => Err(not_found()),
            (Role::Visitor, _) => caller.site.clone().ok_or_else(no_site),
            (Role::User, Target::DeskOf(named)) => Ok(named.clone()),
            (Role::User, _) => Err(no_site()),
            _ => Err(Fault::new(Code::Forbidden, "only visitors and users write to the desk")),
        }
    }

    /// The site whose desk is spoken to; `None` when somebody else is.
    pub(in crate::im) async fn desk_meant(&self, caller: &Caller, to: &Target) -> Result<Option<SiteKey>, Fault> {
        match (caller.person.role, to) {
            (_, Target::Chatroom(_)) | (Role::Agent | Role::Robot | Role::System, _) => Ok(None),
            (Role::Visitor, _) | (Role::User, Target::Desk | Target::DeskOf(_)) => {
                Self::site_of_desk(caller, to).map(Some)
            }
            (Role::User, Target::Conversation(id)) if self.route(caller, *id).await?.kind == Kind::Service => {
                let found = self.remembered(&caller.app, *id).await?;
                Ok(found.service.as_ref().map(|service| service.site.clone()))
            }
            (Role::User, _) => Ok(None),
        }
    }

    /// Begins a conversation: in line when somebody takes visitors, otherwise as a left message.
    pub(super) async fn begin(&self, caller: &Caller, site: &SiteKey, context: Context) -> Result<Conversation, Fault> {
        let (id, at) = (self.mint_conversation_id(), self.clock.now());
        let stage =
            if self.somebody_online(&caller.app) { Stage::Queued { since: at } } else { Stage::Offline { since: at } };
        let new = NewService { id, site: site.clone(), visitor: caller.id().clone(), stage, context, at };
        let begun = self.store.begin_service(&caller.app, new).await?;
        let begun = self.complete(&caller.app, begun).await?;
        if begun.id == id {
            self.publish_conversation(&caller.app, begun.clone());
            self.desk_changed(&caller.app);
        }
        Ok(begun)
    }

    /// A retry may arrive after its conversation ended. It must find its first result, not begin a new conversation.
    pub(in crate::im) async fn sent_before_the_end(
        &self,
        caller: &Caller,
        site: &SiteKey,
        send: &Send,
    ) -> Result<Option<Sent>, Fault> {
        let last = self.store.episodes(&caller.app, caller.id(), site, 1).await?.pop();
        let Some(last) = last else { return Ok(None) };
        self.kept_before(last, Outgoing::by(caller, None, send.clone())).await
    }

    /// A waiting conversation follows the desk: in line while somebody is there, a left message while nobody is.
    pub(in crate::im) async fn follow_availability(
        &self,
        caller: &Caller,
        route: Arc<Route>,
    ) -> Result<Arc<Route>, Fault> {
        // Asked only while somebody waits: this stands in the path of every message.
        let somebody = || self.somebody_online(&caller.app);
        let (from, to): (&[&str], _) = match &route.stage {
            Some(Stage::Offline { since }) if somebody() => (&["offline"], Stage::Queued { since: *since }),
            Some(Stage::Queued { since }) if !somebody() => (&["queued"], Stage::Offline { since: *since }),
            _ => return Ok(route),
        };
        let at = self.clock.now();
        let moved = Transition { conversation: route.id, from, only_agent: None, to, at };
        match self.store.transition(&caller.app, moved).await {
            Ok(conversation) => {
                self.stage_changed(&caller.app, conversation).await?;
                self.route(caller, route.id).await
            }
            // Somebody else moved it meanwhile, such as an agent who took it.
            Err(StoreError::WrongStage) => {
                self.forget(&caller.app, &Stale::Conversation(route.id));
                self.route(caller, route.id).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells everybody that a conversation moved to another stage, and those in line of their new places.
    pub(super) async fn stage_changed(&self, app: &AppKey, conversation: Conversation) -> Result<Conversation, Fault> {
        self.forget(app, &Stale::Conversation(conversation.id));
        self.hint_stale(app, Stale::Conversation(conversation.id));
        let conversation = self.complete(app, conversation).await?;
        self.publish_conversation(app, conversation.clone());
        self.tell_places(app, &conversation).await?;
        self.desk_changed(app);
        Ok(conversation)
    }

    /// Tells everybody who waits in line where they stand now. The line told is at most 100 long.
    async fn tell_places(&self, app: &AppKey, but: &Conversation) -> Result<(), Fault> {
        let list = List { view: Some(View::Waiting), limit: 100, ..List::default() };
        let nobody = Person::house().id;
        let waiting = self.store.desk_view(app, &nobody, &list).await?;
        let queued = waiting.into_iter().filter(|c| {
            c.service.as_ref().is_some_and(|service| matches!(service.stage, Stage::Queued { .. })) && c.id != but.id
        });
        for mut conversation in queued {
            let Some(visitor) = conversation.service.as_ref().map(|service| service.visitor.clone()) else { continue };
            // Who was taken meanwhile stands in no line: whoever took them tells them so.
            let Some(ahead) = self.store.queue_position(app, conversation.id).await? else { continue };
            if let Some(service) = conversation.service.as_mut() {
                service.ahead = Some(ahead);
            }
            let audience = Audience { users: vec![visitor], ..Audience::of(app.clone()) };
            self.publish(audience, Event::Conversation(Arc::new(conversation)));
        }
        Ok(())
    }

    /// Whether an agent takes visitors now.
    pub(super) fn somebody_online(&self, app: &AppKey) -> bool {
        !self.presence.agents_online(app, self.clock.now()).is_empty()
    }

    /// How many visitors wait, all apps together.
    pub async fn count_waiting(&self) -> Result<u64, Fault> {
        let mut waiting = 0;
        for app in self.store.apps().await? {
            waiting += self.store.desk_counts(&app.key, &Person::house().id).await?.waiting;
        }
        Ok(waiting)
    }

    /// Notes that the desk of an app changed; `upkeep` tells everybody soon, a few times a second at most.
    pub(in crate::im) fn desk_changed(&self, app: &AppKey) {
        let other_nodes_know = self.dirty.apps.insert(app.clone(), true) == Some(true);
        self.dirty.changed.notify_one();
        if self.presence.is_shared() && !other_nodes_know {
            self.bus.announce(Tidings::Desk(app.clone()));
        }
    }

    /// Tells every agent and visitor of an app who is connected to this node how its desk stands.
    pub(in crate::im) async fn tell_desk(&self, app: &AppKey) -> Result<(), Fault> {
        let public = self.public_desk(app).await?;
        let everybody = Audience { visitors: true, ..Audience::of(app.clone()) };
        let changed = self.told_desks.insert(app.clone(), public.clone()).is_none_or(|told| told != public);
        if changed {
            self.tell_here(everybody, Event::Desk(public.clone()));
        }
        for agent in self.presence.agents_here(app) {
            let counts = self.store.desk_counts(app, &agent).await?;
            let desk = Desk { waiting: counts.waiting, mine: counts.mine, ..public.clone() };
            let audience = Audience { users: vec![agent], ..Audience::of(app.clone()) };
            self.tell_here(audience, Event::Desk(desk));
        }
        Ok(())
    }
}
