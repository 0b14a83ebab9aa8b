//! Coming and going: what a client learns when it connects, and how it catches up.

use std::collections::HashSet;

use super::Im;
use crate::model::{
    Caller, Code, Conversation, ConversationId, Event, Fault, Kind, Position, Role,
    command::{AgentStatus, Desk, Gap, History, List, Welcome},
    conversation::{Service, View},
    event::Audience,
    presence::Transport,
};

/// The protocol version of the welcome.
const VERSION: u32 = 1;
/// When missed messages hold this many bytes, the gaps after them are only named.
const MOST_GAP_BYTES: usize = 512 << 10;
/// Most agents named to a visitor.
const NAMED_AGENTS: usize = 3;

impl Im {
    /// Notes that a connection of this caller stands. Who may have one device only comes `alone`: their connections to
    /// other nodes end.
    pub async fn connected(&self, caller: &Caller, transport: Transport, alone: bool) {
        let joined = self.presence.join(caller, transport, alone, self.clock.now());
        self.announce_person(joined.news);
        if let Some(change) = joined.came {
            self.tell_presence(caller, &change).await;
        }
    }

    /// Notes that a connection of this caller went. Others hear of it after the grace time (see `upkeep`).
    pub fn disconnected(&self, caller: &Caller) {
        let news = self.presence.leave(caller, self.clock.now());
        self.announce_person(news);
    }

    /// Whether this agent takes new visitors.
    pub fn set_status(&self, caller: &Caller, status: AgentStatus) -> Result<(), Fault> {
        Self::require_agent(caller)?;
        let news = self.presence.set_status(caller, status);
        self.announce_person(news);
        self.desk_changed(&caller.app);
        Ok(())
    }

    /// The status an agent chose; `Away` when they are not connected.
    pub fn agent_status(&self, caller: &Caller) -> AgentStatus {
        self.presence.status(&caller.app, caller.id()).unwrap_or(AgentStatus::Away)
    }

    /// Everything a client needs to show the present and close its gaps.
    pub async fn welcome(&self, caller: &Caller, since: &[(ConversationId, Position)]) -> Result<Welcome, Fault> {
        self.listen_up(caller).await?;
        let (mut gaps, mut bytes, mut seen) = (Vec::new(), 0, HashSet::new());
        for (conversation, position) in since.iter().take(128).filter(|(conversation, _)| seen.insert(*conversation)) {
            let Some(mut gap) = self.gap(caller, *conversation, *position).await? else { continue };
            // Who was away for long fetches the rest one by one: a welcome has its bounds too (W3).
            if bytes >= MOST_GAP_BYTES {
                gap = Gap { messages: Vec::new(), more: true, ..gap };
            }
            bytes += gap.messages.iter().map(|message| message.content.body().len()).sum::<usize>();
            gaps.push(gap);
        }
        Ok(Welcome {
            v: VERSION,
            me: caller.person.clone(),
            now: self.clock.now(),
            desk: self.desk(caller).await?,
            conversations: self.newest(caller).await?,
            gaps,
        })
    }

    /// Whether and by whom visitors are answered, as this caller may know it.
    pub async fn desk(&self, caller: &Caller) -> Result<Desk, Fault> {
        if !caller.is_agent() {
            return self.public_desk(&caller.app).await;
        }
        let mut agents = self.presence.agents_online(&caller.app, self.clock.now());
        let online = !agents.is_empty();
        agents.truncate(NAMED_AGENTS);
        let counts = self.store.desk_counts(&caller.app, caller.id()).await?;
        Ok(Desk { online, agents, waiting: counts.waiting, mine: counts.mine })
    }

    /// The desk of an app as somebody without an account sees it.
    pub async fn public_desk(&self, app: &crate::model::AppKey) -> Result<Desk, Fault> {
        if let Some(online) = self.answered_elsewhere(app).await? {
            return Ok(Desk { online, agents: Vec::new(), waiting: 0, mine: 0 });
        }
        let mut agents = self.presence.agents_online(app, self.clock.now());
        let online = !agents.is_empty();
        agents.truncate(NAMED_AGENTS);
        Ok(Desk { online, agents, waiting: 0, mine: 0 })
    }

    async fn newest(&self, caller: &Caller) -> Result<Vec<Conversation>, Fault> {
        let list = |view, limit| List { view, limit, ..List::default() };
        if !self.has_history(caller).await? {
            return Ok(Vec::new());
        }
        if !caller.is_agent() {
            return Ok(self.conversations(caller, list(None, 20)).await?.conversations);
        }
        let mut newest = self.conversations(caller, list(Some(View::Waiting), 100)).await?.conversations;
        newest.extend(self.conversations(caller, list(Some(View::Mine), 100)).await?.conversations);
        Ok(newest)
    }

    /// What was missed in one conversation; nothing when it is gone or was never theirs.
    async fn gap(&self, caller: &Caller, conversation: ConversationId, have: Position) -> Result<Option<Gap>, Fault> {
        match self.route(caller, conversation).await {
            // Who comes back joins anew, and then hears what they missed.
            Ok(route) if route.kind == Kind::Chatroom => return Ok(None),
            Ok(_) => {}
            Err(fault) if fault.code == Code::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        }
        let newest = History::newest(conversation, 30);
        let missed = History { after: Some(have.seq), limit: History::MAX_LIMIT, ..newest.clone() };
        let page = self.store.page_for(&caller.app, caller.id(), &missed).await?;
        // What was cleared away meanwhile leaves a hole that nothing fills.
        let cleared = page.messages.first().and_then(|first| first.seq).is_some_and(|first| first.0 > have.seq.0 + 1);
        if page.head.epoch != have.epoch || page.head.seq < have.seq || cleared {
            let page = self.store.page_for(&caller.app, caller.id(), &newest).await?;
            return Ok(Some(Gap { conversation, reset: true, messages: page.messages, more: false }));
        }
        if page.messages.is_empty() {
            return Ok(None);
        }
        Ok(Some(Gap { conversation, reset: false, messages: page.messages, more: page.more }))
    }

    /// Somebody came or went: agents change the desk, whoever asks the desk changes their open conversations.
    pub(super) async fn presence_changed(&self, caller: &Caller) {
        match caller.person.role {
            Role::Agent => self.desk_changed(&caller.app),
            Role::Visitor | Role::User => {
                // A failed look-up costs a stale dot, nothing more.
                let open = self.store.open_services(&caller.app, caller.id()).await.unwrap_or_default();
                for conversation in open {
                    let Ok(conversation) = self.complete(&caller.app, conversation).await else { continue };
                    if conversation.service.as_ref().is_some_and(Service::has_moved_on) {
                        // Whoever moved it tells how it stands.
                        continue;
                    }
                    let audience = Audience { agents: true, ..Audience::of(caller.app.clone()) };
                    self.publish(audience, Event::Conversation(conversation.into()));
                }
            }
            Role::Robot | Role::System => {}
        }
    }
}
