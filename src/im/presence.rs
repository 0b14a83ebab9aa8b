//! Who is here, and which agents take visitors. Memory only; never derived from messages (REQ 1.16).

use std::time::Duration;

use dashmap::DashMap;
use moka::sync::Cache;

use crate::model::{AppKey, Caller, Millis, Person, Role, UserId, command::AgentStatus, presence::Transport};

/// When somebody went is remembered this long.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Everybody with a connection, and those whose last one went a moment ago.
#[derive(Debug)]
pub(super) struct Presence {
    /// Apart from the others: they are few, and asked for all the time.
    agents: DashMap<(AppKey, UserId), Here>,
    others: DashMap<(AppKey, UserId), Here>,
    /// When those went who are not here any more, as far as it is remembered.
    gone: Cache<(AppKey, UserId), Millis>,
    grace_secs: i64,
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

#[derive(Debug, Clone)]
struct Here {
    person: Person,
    connections: u32,
    since: Millis,
    /// Of the newest connection.
    transport: Transport,
    /// When the last connection went; `None` while there is one.
    gone_at: Option<Millis>,
    status: AgentStatus,
}

impl Here {
    fn counts_at(&self, now: Millis, grace_secs: i64) -> bool {
        self.gone_at.is_none_or(|gone| now < gone.plus_secs(grace_secs))
    }
}

impl Presence {
    pub(super) fn new(grace_secs: u32) -> Self {
        let gone = Cache::builder().max_capacity(50_000).time_to_live(REMEMBERED).build();
        Self { agents: DashMap::new(), others: DashMap::new(), gone, grace_secs: i64::from(grace_secs) }
    }

    fn map(&self, role: Role) -> &DashMap<(AppKey, UserId), Here> {
        if role == Role::Agent { &self.agents } else { &self.others }
    }

    /// Notes a connection; tells when the person was not here before.
    pub(super) fn join(&self, caller: &Caller, transport: Transport, now: Millis) -> Option<Change> {
        let key = (caller.app.clone(), caller.id().clone());
        self.gone.invalidate(&key);
        let mut came = None;
        let mut here = self.map(caller.person.role).entry(key).or_insert_with(|| {
            came = Some(Change { online: true, at: now, transport });
            Here {
                person: caller.person.clone(),
                connections: 0,
                since: now,
                transport,
                gone_at: None,
                status: AgentStatus::Online,
            }
        });
        here.person = caller.person.clone();
        here.transport = transport;
        here.connections += 1;
        here.gone_at = None;
        came
    }

    /// Notes that a connection went.
    pub(super) fn leave(&self, caller: &Caller, now: Millis) {
        if let Some(mut here) = self.map(caller.person.role).get_mut(&(caller.app.clone(), caller.id().clone())) {
            here.connections = here.connections.saturating_sub(1);
            if here.connections == 0 {
                here.gone_at = Some(now);
            }
        }
    }

    pub(super) fn set_status(&self, caller: &Caller, status: AgentStatus) {
        if let Some(mut here) = self.agents.get_mut(&(caller.app.clone(), caller.id().clone())) {
            here.status = status;
        }
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

    /// Every connected agent of an app, whatever their status.
    pub(super) fn agents_here(&self, app: &AppKey) -> Vec<UserId> {
        self.agents
            .iter()
            .filter(|entry| entry.key().0 == *app && entry.connections > 0)
            .map(|entry| entry.key().1.clone())
            .collect()
    }

    /// Whether somebody is here, and since when that is so.
    pub(super) fn look(&self, app: &AppKey, user: &UserId, now: Millis) -> (bool, Option<Millis>) {
        let key = (app.clone(), user.clone());
        let here = [&self.others, &self.agents].into_iter().find_map(|map| map.get(&key).map(|here| here.clone()));
        match here {
            Some(here) if here.counts_at(now, self.grace_secs) => (true, Some(here.since)),
            Some(here) => (false, here.gone_at),
            None => (false, self.gone.get(&key)),
        }
    }

    /// Forgets those whose grace is over and returns them.
    pub(super) fn expire(&self, now: Millis) -> Vec<(AppKey, Person, Change)> {
        let mut gone = Vec::new();
        for map in [&self.agents, &self.others] {
            map.retain(|(app, _), here| {
                let stays = here.counts_at(now, self.grace_secs);
                if let Some(at) = here.gone_at.filter(|_| !stays) {
                    let change = Change { online: false, at, transport: here.transport };
                    gone.push((app.clone(), here.person.clone(), change));
                }
                stays
            });
        }
        for (app, person, change) in &gone {
            self.gone.insert((app.clone(), person.id.clone()), change.at);
        }
        gone
    }
}
