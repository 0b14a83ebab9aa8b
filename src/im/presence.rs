//! Who is here, and which agents take visitors. Memory only; never derived from messages (REQ 1.16).
//!
//! Where several nodes serve one database, each knows the people of all: its own by their connections, the others' by
//! what their nodes tell (`elsewhere`). Exactly one of them tells that somebody came or went (`here`). A single node
//! has nothing of this in its path but an empty list per person.

mod elsewhere;
mod here;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::{DashMap, Entry};
use moka::sync::Cache;

use self::here::{Here, Mine};
use crate::model::{
    AppKey, Caller, Millis, NodeId, Person, Role, UserId, command::AgentStatus, node::PersonNews, presence::Transport,
};

/// When somebody went is remembered this long.
const REMEMBERED: Duration = Duration::from_hours(24);

type Key = (AppKey, UserId);

/// Everybody with a connection, and those whose last one went a moment ago.
#[derive(Debug)]
pub(super) struct Presence {
    /// Apart from the others: they are few, and asked for all the time.
    agents: DashMap<Key, Here>,
    others: DashMap<Key, Here>,
    /// When those went who are not here any more, as far as it is remembered.
    gone: Cache<Key, Gone>,
    grace_secs: i64,
    /// This node, where there are others.
    me: Option<NodeId>,
    /// Those that are heard of.
    nodes: Mutex<BTreeSet<NodeId>>,
    /// Those whose people must be asked for.
    unsure: Mutex<HashSet<NodeId>>,
    /// Counts what this node told.
    turns: AtomicU64,
    /// Who came in a way that no other node tells.
    untold: Mutex<Vec<(AppKey, Person, Change)>>,
}

/// Somebody came, or has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) online: bool,
    /// When the first connection came, or the last one went.
    pub(super) at: Millis,
    /// By what that connection was made.
    pub(super) transport: Transport,
}

/// What a connection changed.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// The person was not here before, on any node.
    pub(super) came: Option<Change>,
    /// What other nodes must know.
    pub(super) news: Option<PersonNews>,
}

/// Somebody's grace time is over, on every node.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) app: AppKey,
    pub(super) person: Person,
    pub(super) change: Change,
    /// This node tells the back end.
    pub(super) telling: bool,
    /// What other nodes must know.
    pub(super) news: Option<PersonNews>,
}

#[derive(Debug, Clone, Copy)]
struct Gone {
    at: Millis,
    /// This node told it.
    told_here: bool,
}

impl Presence {
    pub(super) fn new(grace_secs: u32, me: Option<NodeId>) -> Self {
        Self {
            agents: DashMap::new(),
            others: DashMap::new(),
            gone: Cache::builder().max_capacity(50_000).time_to_live(REMEMBERED).build(),
            grace_secs: i64::from(grace_secs),
            me,
            nodes: Mutex::default(),
            unsure: Mutex::default(),
            turns: AtomicU64::new(0),
            untold: Mutex::default(),
        }
    }

    fn map(&self, role: Role) -> &DashMap<Key, Here> {
        if role == Role::Agent { &self.agents } else { &self.others }
    }

    /// The number of a change at this node. Drawn under the lock of what changes.
    pub(super) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Whether there are other nodes by design.
    pub(super) const fn is_shared(&self) -> bool {
        self.me.is_some()
    }

    /// Notes a connection. Who may have one device only comes `alone`.
    pub(super) fn join(&self, caller: &Caller, transport: Transport, alone: bool, now: Millis) -> Joined {
        let key = (caller.app.clone(), caller.id().clone());
        self.gone.invalidate(&key);
        let mut joined = Joined::default();
        let entry = self.map(caller.person.role).entry(key);
        if matches!(entry, Entry::Vacant(_)) {
            joined.came = Some(Change { online: true, at: now, transport });
        }
        let mut here = entry.or_insert_with(|| Here::new(caller.person.clone(), now));
        here.person.clone_from(&caller.person);
        let was_here = here.mine.is_some_and(Mine::is_here);
        let mine = here.mine.get_or_insert_with(|| Mine::new(transport, now));
        if !was_here {
            mine.since = now;
        }
        mine.transport = transport;
        mine.connections += 1;
        mine.gone_at = None;
        if self.is_shared() && (!was_here || alone) {
            let turn = self.turn();
            here.alone += u64::from(alone);
            let alone = if alone { here.alone } else { 0 };
            if let Some(mine) = here.mine.as_mut() {
                (mine.turn, mine.alone) = (turn, alone);
            }
            let told = joined.came.is_some();
            joined.news = here.news(&caller.app).map(|news| PersonNews { alone, told, ..news });
        }
        joined
    }

    /// Notes that a connection went; what other nodes must know.
    pub(super) fn leave(&self, caller: &Caller, now: Millis) -> Option<PersonNews> {
        let mut here = self.map(caller.person.role).get_mut(&(caller.app.clone(), caller.id().clone()))?;
        let mine = here.mine.as_mut()?;
        mine.connections = mine.connections.saturating_sub(1);
        if mine.connections > 0 {
            return None;
        }
        mine.gone_at = Some(now);
        if !self.is_shared() {
            return None;
        }
        mine.turn = self.turn();
        here.news(&caller.app)
    }

    /// Notes whether an agent takes visitors; what other nodes must know.
    pub(super) fn set_status(&self, caller: &Caller, status: AgentStatus) -> Option<PersonNews> {
        let mut here = self.agents.get_mut(&(caller.app.clone(), caller.id().clone()))?;
        here.status = status;
        here.choice += 1;
        if !self.is_shared() {
            return None;
        }
        here.mine.as_mut()?.turn = self.turn();
        here.news(&caller.app)
    }

    pub(super) fn status(&self, app: &AppKey, agent: &UserId) -> Option<AgentStatus> {
        self.agents.get(&(app.clone(), agent.clone())).map(|here| here.status)
    }

    pub(super) fn is_here(&self, app: &AppKey, user: &UserId, now: Millis) -> bool {
        let key = (app.clone(), user.clone());
        let counts = |here: &Here| here.counts_at(now, self.grace_secs);
        self.others.get(&key).is_some_and(|here| counts(&here))
            || self.agents.get(&key).is_some_and(|here| counts(&here))
    }

    /// The agents of an app who take visitors now, by name.
    pub(super) fn agents_online(&self, app: &AppKey, now: Millis) -> Vec<Person> {
        let mut agents: Vec<Person> = self
            .agents
            .iter()
            .filter(|entry| {
                let ((its_app, _), here) = entry.pair();
                its_app == app && here.status == AgentStatus::Online && here.counts_at(now, self.grace_secs)
            })
            .map(|entry| entry.person.clone())
            .collect();
        agents.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        agents
    }

    /// Every agent of an app who is connected to this node, whatever their status.
    pub(super) fn agents_here(&self, app: &AppKey) -> Vec<UserId> {
        self.agents
            .iter()
            .filter(|entry| entry.key().0 == *app && entry.mine.is_some_and(Mine::is_here))
            .map(|entry| entry.key().1.clone())
            .collect()
    }

    /// Whether somebody is here, and since when that is so.
    pub(super) fn look(&self, app: &AppKey, user: &UserId, now: Millis) -> (bool, Option<Millis>) {
        let key = (app.clone(), user.clone());
        let look = |here: &Here| {
            let counts = here.counts_at(now, self.grace_secs);
            (counts, if counts { Some(here.since) } else { here.gone_at() })
        };
        let seen = [&self.others, &self.agents].into_iter().find_map(|map| map.get(&key).map(|here| look(&here)));
        seen.unwrap_or_else(|| (false, self.gone.get(&key).map(|gone| gone.at)))
    }

    /// Forgets those whose grace is over and returns them.
    pub(super) fn expire(&self, now: Millis) -> Vec<Left> {
        let lowest = self.is_lowest();
        let mut gone = Vec::new();
        for map in [&self.agents, &self.others] {
            map.retain(|(app, _), here| {
                let Some(over) = here.over_at(self.grace_secs).filter(|over| now >= *over) else { return true };
                let telling = here.is_mine_to_tell(self.me, lowest);
                if !telling && now < over.plus_secs(elsewhere::PATIENCE_SECS) {
                    // Another node tells, and says so.
                    return true;
                }
                let Some(at) = here.gone_at() else { return true };
                let change = Change { online: false, at, transport: here.transport() };
                let told = |news: PersonNews| PersonNews { told: true, here: false, turn: self.turn(), ..news };
                let news = if telling && self.is_shared() { Some(told(here.last_news(app, at))) } else { None };
                gone.push(Left { app: app.clone(), person: here.person.clone(), change, telling, news });
                false
            });
        }
        for left in &gone {
            let remembered = Gone { at: left.change.at, told_here: left.telling };
            self.gone.insert((left.app.clone(), left.person.id.clone()), remembered);
        }
        gone
    }

    /// Who came since the last call in a way that no other node tells.
    pub(super) fn take_untold(&self) -> Vec<(AppKey, Person, Change)> {
        std::mem::take(&mut *lock(&self.untold))
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
