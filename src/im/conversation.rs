//! Finding conversations, and who may see and use them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use moka::sync::Cache;

use super::{Im, error::not_found, retention::history_off};
use crate::model::{
    AppKey, Audience, Caller, Code, Conversation, ConversationId, Fault, Handle, Kind, Stage, UserId,
    command::{ConversationPage, List},
    conversation::{Group, Member, Participant, View},
};

/// What the path of a message must know of a conversation. Kept in memory; its stage and people change rarely.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) id: ConversationId,
    pub(super) kind: Kind,
    /// In the order of their ids.
    pub(super) participants: Vec<UserId>,
    /// Service conversations only.
    pub(super) stage: Option<Stage>,
    /// Groups and discussions only.
    pub(super) group: Option<Group>,
    /// Members who do not have the usual rights.
    pub(super) special: Vec<(UserId, Member)>,
}

impl Route {
    /// Of a conversation whose participants all stand in it.
    fn of(conversation: &Conversation) -> Self {
        let mut participants: Vec<UserId> = conversation.participants.iter().map(|p| p.person.id.clone()).collect();
        participants.sort_unstable();
        Self {
            id: conversation.id,
            kind: conversation.kind,
            participants,
            stage: conversation.service.as_ref().map(|service| service.stage.clone()),
            group: conversation.group.clone(),
            special: Vec::new(),
        }
    }

    /// Of a group, with everybody inside in the order of their ids.
    fn of_group(conversation: &Conversation, roster: Vec<(UserId, Member)>) -> Self {
        let special = roster.iter().filter(|(_, member)| *member != Member::default()).cloned().collect();
        let participants = roster.into_iter().map(|(user, _)| user).collect();
        Self { participants, special, ..Self::of(conversation) }
    }

    pub(super) fn has(&self, user: &UserId) -> bool {
        self.participants.binary_search(user).is_ok()
    }

    /// What this user is in a group.
    pub(super) fn member(&self, user: &UserId) -> Member {
        self.special.iter().find(|(other, _)| other == user).map(|(_, member)| *member).unwrap_or_default()
    }

    /// The way to everybody in a chatroom.
    pub(super) fn of_room(id: ConversationId) -> Self {
        let (participants, special) = (Vec::new(), Vec::new());
        Self { id, kind: Kind::Chatroom, participants, stage: None, group: None, special }
    }

    /// Whether this caller may read: participants, and every agent of the app for service conversations.
    pub(super) fn may_read(&self, caller: &Caller) -> bool {
        self.has(caller.id()) || (self.kind == Kind::Service && caller.is_agent())
    }

    /// Who hears of what happens inside. While nobody has it, every agent does.
    pub(super) fn audience(&self, app: &AppKey) -> Audience {
        let unassigned = matches!(self.stage, Some(Stage::Queued { .. } | Stage::Offline { .. }));
        let room = (self.kind == Kind::Chatroom).then_some(self.id);
        Audience { users: self.participants.clone(), agents: unassigned, room, ..Audience::of(app.clone()) }
    }
}

/// People whom all remembered conversations may name together, where a conversation costs as much as 16 more.
const MOST_ROUTED: u64 = 500_000;

/// What is remembered of a conversation.
#[derive(Debug, Clone)]
struct Known {
    route: Arc<Route>,
    /// As it stood when it was looked up, without its newest message.
    conversation: Arc<Conversation>,
}

/// Conversations by id, bounded. Whoever changes a name, a stage or the people calls [`Routes::forget`].
#[derive(Debug)]
pub(super) struct Routes {
    known: Cache<(AppKey, ConversationId), Known>,
    /// How often anything was forgotten: what was read before may be wrong.
    forgotten: AtomicU64,
}

impl Default for Routes {
    fn default() -> Self {
        let weight = |_: &(AppKey, ConversationId), known: &Known| {
            let people = known.route.participants.len() + known.conversation.participants.len();
            u32::try_from(people + 16).unwrap_or(u32::MAX)
        };
        let known = Cache::builder().weigher(weight).max_capacity(MOST_ROUTED).build();
        Self { known, forgotten: AtomicU64::new(0) }
    }
}

impl Routes {
    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    pub(super) fn forget(&self, app: &AppKey, id: ConversationId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(&(app.clone(), id));
    }
}

impl Im {
    /// The route of a conversation this caller may read.
    pub(super) async fn route(&self, caller: &Caller, id: ConversationId) -> Result<Arc<Route>, Fault> {
        let route = self.route_of(&caller.app, id).await?;
        let may_read = match route.kind {
            Kind::Chatroom => self.may_read_room(caller, id).await?,
            _ => route.may_read(caller),
        };
        if may_read { Ok(route) } else { Err(not_found()) }
    }

    async fn may_read_room(&self, caller: &Caller, id: ConversationId) -> Result<bool, Fault> {
        if self.chatrooms.is_inside(&caller.app, id, caller.id()) {
            return Ok(true);
        }
        let room = self.remembered(&caller.app, id).await?;
        Ok(match &room.handle {
            Some(handle) => self.is_inside_elsewhere(caller, handle).await,
            None => false,
        })
    }

    /// The route of any conversation of the app.
    pub(super) async fn route_of(&self, app: &AppKey, id: ConversationId) -> Result<Arc<Route>, Fault> {
        self.known(app, id).await.map(|known| known.route)
    }

    /// Any conversation of the app, for what it is and who is in it: where it stands now may be another place.
    pub(super) async fn remembered(&self, app: &AppKey, id: ConversationId) -> Result<Arc<Conversation>, Fault> {
        self.known(app, id).await.map(|known| known.conversation)
    }

    async fn known(&self, app: &AppKey, id: ConversationId) -> Result<Known, Fault> {
        let key = (app.clone(), id);
        if let Some(known) = self.routes.known.get(&key) {
            return Ok(known);
        }
        let forgotten = self.routes.forgotten.load(Ordering::SeqCst);
        let found = self.store.conversation(app, id).await?.ok_or_else(not_found)?;
        let route = Arc::new(if found.kind.has_members() {
            Route::of_group(&found, self.store.roster(app, id).await?)
        } else {
            Route::of(&found)
        });
        let known = Known { route, conversation: Arc::new(Conversation { last: None, ..found }) };
        self.routes.known.insert(key.clone(), known.clone());
        // Looked at behind the insertion: who forgets meanwhile finds it, or is found here.
        if self.routes.forgotten.load(Ordering::SeqCst) != forgotten {
            self.routes.known.invalidate(&key);
        }
        Ok(known)
    }

    /// The route of a group or discussion that the app knows by this handle or by our id, if this caller may read it.
    pub(super) async fn route_by_handle(
        &self,
        caller: &Caller,
        kind: Kind,
        handle: &Handle,
    ) -> Result<Arc<Route>, Fault> {
        let id = self.find_id(caller, kind, handle).await?.ok_or_else(not_found)?;
        let route = self.route(caller, id).await?;
        if route.kind == kind { Ok(route) } else { Err(not_found()) }
    }

    /// One conversation, as this caller sees it.
    pub async fn conversation(&self, caller: &Caller, id: ConversationId) -> Result<Conversation, Fault> {
        let found = self.store.conversation_for(&caller.app, id, caller.id()).await?.ok_or_else(not_found)?;
        if !(found.has(caller.id()) || found.kind == Kind::Service && caller.is_agent()) {
            return Err(not_found());
        }
        self.complete(&caller.app, found).await
    }

    /// The caller's own conversations, or one of the desk's views.
    pub async fn conversations(&self, caller: &Caller, list: List) -> Result<ConversationPage, Fault> {
        if !(1..=100).contains(&list.limit) {
            return Err(Fault::new(Code::BadRequest, format!("`limit` is {}; allowed are 1 to 100", list.limit)));
        }
        let one_more = List { limit: list.limit + 1, ..list.clone() };
        let mut found = match list.view {
            Some(_) => {
                Self::require_agent(caller)?;
                self.store.desk_view(&caller.app, caller.id(), &one_more).await?
            }
            None if !self.has_history(caller).await? => return Err(history_off()),
            None => self.store.conversations_of(&caller.app, caller.id(), &one_more).await?,
        };
        let more = found.len() > usize::from(list.limit);
        found.truncate(usize::from(list.limit));
        let waiting_view = list.view == Some(View::Waiting) && list.before.is_none();
        let mut conversations = Vec::with_capacity(found.len());
        for (index, mut conversation) in found.into_iter().enumerate() {
            self.fill_presence(&caller.app, &mut conversation);
            if waiting_view && let Some(service) = conversation.service.as_mut() {
                // The view is in queue order: its index is the place in line.
                service.ahead = u64::try_from(index).ok();
            } else if !caller.is_agent() {
                conversation = self.complete(&caller.app, conversation).await?;
            }
            conversations.push(conversation);
        }
        Ok(ConversationPage { conversations, more })
    }

    /// Adds what the store does not know: who is here, and the place in line.
    pub(super) async fn complete(&self, app: &AppKey, mut conversation: Conversation) -> Result<Conversation, Fault> {
        self.fill_presence(app, &mut conversation);
        if let Some(service) = conversation.service.as_mut()
            && matches!(service.stage, Stage::Queued { .. })
        {
            service.ahead = self.store.queue_position(app, conversation.id).await?;
        }
        Ok(conversation)
    }

    fn fill_presence(&self, app: &AppKey, conversation: &mut Conversation) {
        self.fill_participants(app, &mut conversation.participants);
    }

    /// Adds who is here, and takes away silences that are over.
    pub(super) fn fill_participants(&self, app: &AppKey, participants: &mut [Participant]) {
        let now = self.clock.now();
        for participant in participants {
            participant.online = self.is_online(app, &participant.person.id);
            participant.member = participant.member.map(|member| member.at(now));
        }
    }
}
