//! Who is connected to this node. A small type around maps, with verbs; leaving happens on drop.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::{DashMap, Entry};
use moka::{policy::EvictionPolicy, sync::Cache};

use super::{
    crowd::RoomCrowds,
    ears::Ears,
    limits::Budget,
    outbox::{Outbox, Parcel},
};
use crate::{
    model::{AppKey, Audience, Caller, ConnectionId, ConversationId, Role, UserId, error::CloseCode},
    wire::Wire,
};

/// What somebody has used up is remembered this long after they went: coming again must not renew it.
const REMEMBERED: Duration = Duration::from_mins(2);

/// Every connection of this node, by whom and by app.
#[derive(Debug)]
pub(super) struct Sessions {
    all: DashMap<ConnectionId, Arc<Outbox>>,
    people: DashMap<(AppKey, UserId), Session>,
    crowds: DashMap<AppKey, Crowds>,
    /// Who hears what is said in chatrooms.
    pub(super) rooms: RoomCrowds,
    ears: Ears,
    /// Budgets of those who went a moment ago.
    spent: Cache<(AppKey, UserId), Arc<Budget>>,
    /// How often anybody was asked to prove themselves again.
    proofs_asked: AtomicU64,
}

/// How many connections of one person may stand at once, and how the oldest of more hears of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) connections: usize,
    pub(super) beyond: CloseCode,
}

impl Default for Sessions {
    fn default() -> Self {
        Self::with(Ears::default())
    }
}

impl Sessions {
    /// Nobody yet; who comes and goes is told to these ears.
    pub(super) fn with(ears: Ears) -> Self {
        let spent = Cache::builder().max_capacity(100_000).eviction_policy(EvictionPolicy::lru());
        Self {
            all: DashMap::new(),
            people: DashMap::new(),
            crowds: DashMap::new(),
            rooms: RoomCrowds::with(ears.clone()),
            ears,
            spent: spent.time_to_live(REMEMBERED).build(),
            proofs_asked: AtomicU64::new(0),
        }
    }
}

/// One person's connections, oldest first.
#[derive(Debug)]
struct Session {
    outboxes: Vec<Arc<Outbox>>,
    budget: Arc<Budget>,
}

/// Those of an app who are told of things together.
#[derive(Debug, Default)]
struct Crowds {
    agents: HashMap<ConnectionId, Arc<Outbox>>,
    visitors: HashMap<ConnectionId, Arc<Outbox>>,
}

impl Crowds {
    fn of(&mut self, role: Role) -> Option<&mut HashMap<ConnectionId, Arc<Outbox>>> {
        match role {
            Role::Agent => Some(&mut self.agents),
            Role::Visitor => Some(&mut self.visitors),
            Role::User | Role::Robot | Role::System => None,
        }
    }
}

impl Sessions {
    /// Notes a connection, authenticated or not, so that it can be told to end.
    pub(super) fn open(self: &Arc<Self>, outbox: &Arc<Outbox>) -> Open {
        self.all.insert(outbox.id, outbox.clone());
        Open { sessions: self.clone(), id: outbox.id }
    }

    /// Notes whose connection it is. Beyond `most`, the person's oldest ones are closed.
    pub(super) fn join(self: &Arc<Self>, caller: Arc<Caller>, outbox: &Arc<Outbox>, most: Most) -> Membership {
        self.ears.person(&caller, true);
        let budget = {
            let key = (caller.app.clone(), caller.id().clone());
            let mut session = self.people.entry(key.clone()).or_insert_with(|| {
                let budget = self.spent.remove(&key).unwrap_or_default();
                Session { outboxes: Vec::new(), budget }
            });
            session.outboxes.push(outbox.clone());
            let excess = session.outboxes.len().saturating_sub(most.connections);
            for oldest in session.outboxes.iter().take(excess) {
                oldest.close(most.beyond);
            }
            session.budget.clone()
        };
        if let Some(crowd) = self.crowds.entry(caller.app.clone()).or_default().of(caller.person.role) {
            crowd.insert(outbox.id, outbox.clone());
        }
        Membership { sessions: self.clone(), caller, id: outbox.id, budget }
    }

    /// Gives everybody of the audience what their wire takes. It is asked for only when somebody is there.
    pub(super) fn tell(&self, audience: &Audience, mut parcel: impl FnMut(Wire) -> Option<Parcel>) {
        let mut give = |outbox: &Arc<Outbox>| {
            if Some(outbox.id) != audience.except
                && let Some(parcel) = parcel(outbox.wire)
            {
                outbox.push(parcel);
            }
        };
        if let Some(room) = audience.room {
            self.rooms.each(room, give);
        } else if audience.agents || audience.visitors {
            self.crowd(audience).iter().for_each(give);
        } else {
            self.each_of(audience, |outbox| give(outbox));
        }
    }

    /// Whether anybody of the audience is connected here, but for the connection that knows already.
    pub(super) fn wants(&self, audience: &Audience) -> bool {
        if let Some(room) = audience.room {
            return self.rooms.has_any(room);
        }
        let mut found = false;
        self.each_of(audience, |outbox| found |= Some(outbox.id) != audience.except);
        let crowded = |crowds: &Crowds| {
            (audience.agents && !crowds.agents.is_empty()) || (audience.visitors && !crowds.visitors.is_empty())
        };
        found || self.crowds.get(&audience.app).is_some_and(|crowds| crowded(&crowds))
    }

    /// Asks every connection of the named users to prove itself again.
    pub(super) fn ask_proof(&self, audience: &Audience) {
        // First: who joins while the connections are gone through sees the count, or is gone through.
        self.proofs_asked.fetch_add(1, Ordering::SeqCst);
        self.each_of(audience, |outbox| outbox.ask_proof());
    }

    /// Closes every connection of the named users: they came with another device, elsewhere.
    pub(super) fn take_over(&self, audience: &Audience) {
        self.each_of(audience, |outbox| outbox.close(CloseCode::TakenOver));
    }

    /// How often [`Sessions::ask_proof`] was called. A proof that began at another count may be stale.
    pub(super) fn proofs_asked(&self) -> u64 {
        self.proofs_asked.load(Ordering::SeqCst)
    }

    /// Tells everybody in a chatroom for the last time; see [`RoomCrowds::dissolve`].
    pub(super) fn tell_last(&self, room: ConversationId, ticket: u64, mut parcel: impl FnMut(Wire) -> Option<Parcel>) {
        self.rooms.dissolve(room, ticket, |outbox| {
            if let Some(parcel) = parcel(outbox.wire) {
                outbox.push(parcel);
            }
        });
    }

    /// Lets the named users' connections hear no more of a chatroom; see [`RoomCrowds::put_out`].
    pub(super) fn put_out(&self, audience: &Audience, room: ConversationId, ticket: u64) {
        self.each_of(audience, |outbox| self.rooms.put_out(room, outbox.id, ticket));
    }

    /// Every connection now.
    pub(super) fn everybody(&self) -> Vec<Arc<Outbox>> {
        self.all.iter().map(|outbox| outbox.clone()).collect()
    }

    /// How many connections there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    fn each_of(&self, audience: &Audience, mut each: impl FnMut(&Arc<Outbox>)) {
        for user in &audience.users {
            if let Some(session) = self.people.get(&(audience.app.clone(), user.clone())) {
                session.outboxes.iter().for_each(&mut each);
            }
        }
    }

    /// Everybody once, though they may be meant twice. Copied out: a large crowd must not hold the map.
    fn crowd(&self, audience: &Audience) -> Vec<Arc<Outbox>> {
        let mut crowd = Vec::new();
        self.each_of(audience, |outbox| crowd.push(outbox.clone()));
        if let Some(crowds) = self.crowds.get(&audience.app) {
            if audience.agents {
                crowd.extend(crowds.agents.values().cloned());
            }
            if audience.visitors {
                crowd.extend(crowds.visitors.values().cloned());
            }
        }
        crowd.sort_unstable_by_key(|outbox| outbox.id.0);
        crowd.dedup_by_key(|outbox| outbox.id.0);
        crowd
    }

    fn leave(&self, caller: &Caller, id: ConnectionId) {
        self.ears.person(caller, false);
        if let Entry::Occupied(mut session) = self.people.entry((caller.app.clone(), caller.id().clone())) {
            session.get_mut().outboxes.retain(|outbox| outbox.id != id);
            if session.get().outboxes.is_empty() {
                let (key, session) = session.remove_entry();
                if session.budget.is_used() {
                    self.spent.insert(key, session.budget);
                }
            }
        }
        if let Some(mut crowds) = self.crowds.get_mut(&caller.app)
            && let Some(crowd) = crowds.of(caller.person.role)
        {
            crowd.remove(&id);
        }
    }
}

/// A connection that stands. Dropping it forgets the connection.
#[derive(Debug)]
pub(super) struct Open {
    sessions: Arc<Sessions>,
    id: ConnectionId,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.sessions.all.remove(&self.id);
    }
}

/// A connection with a person behind it. Dropping it takes the connection from the person.
#[derive(Debug)]
pub(super) struct Membership {
    sessions: Arc<Sessions>,
    /// Who.
    pub(super) caller: Arc<Caller>,
    id: ConnectionId,
    /// What they have used up.
    pub(super) budget: Arc<Budget>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.sessions.leave(&self.caller, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateway::outbox::Bounds,
        model::{Caller, Person},
    };

    fn caller(id: &str, role: Role) -> Arc<Caller> {
        let person = Person { id: id.parse().unwrap(), name: String::new(), role, portrait: None };
        Arc::new(Caller { app: "app1".parse().unwrap(), person, site: None })
    }

    fn outbox(id: u64) -> Arc<Outbox> {
        Arc::new(Outbox::new(ConnectionId(id), Wire::Widget, Bounds { frames: 9, bytes: 99 }))
    }

    const fn most(connections: usize) -> Most {
        Most { connections, beyond: CloseCode::Replaced }
    }

    const TEN: Most = most(10);

    fn audience() -> Audience {
        Audience::of("app1".parse().unwrap())
    }

    fn heard(outbox: &Outbox) -> usize {
        outbox.take(usize::MAX, |_| {})
    }

    #[test]
    fn a_person_hears_on_every_connection_but_the_excepted_one() {
        let sessions = Arc::new(Sessions::default());
        let (one, two) = (outbox(1), outbox(2));
        let _memberships = [&one, &two].map(|outbox| sessions.join(caller("v1", Role::Visitor), outbox, TEN));
        let audience = Audience { users: vec!["v1".parse().unwrap()], except: Some(ConnectionId(1)), ..audience() };
        sessions.tell(&audience, |_| Some(Parcel::Frame("x".into())));
        assert_eq!((heard(&one), heard(&two)), (0, 1));
    }

    #[test]
    fn who_is_meant_twice_hears_once() {
        let sessions = Arc::new(Sessions::default());
        let agent = outbox(1);
        let _membership = sessions.join(caller("a1", Role::Agent), &agent, TEN);
        let audience = Audience { users: vec!["a1".parse().unwrap()], agents: true, ..audience() };
        sessions.tell(&audience, |_| Some(Parcel::Frame("x".into())));
        assert_eq!(heard(&agent), 1);
    }

    #[test]
    fn nothing_is_encoded_when_nobody_is_there() {
        let sessions = Arc::new(Sessions::default());
        let audience = Audience { users: vec!["a1".parse().unwrap()], agents: true, visitors: true, ..audience() };
        sessions.tell(&audience, |_| panic!("nobody is there"));
    }

    #[test]
    fn another_apps_people_hear_nothing() {
        let sessions = Arc::new(Sessions::default());
        let agent = outbox(1);
        let _membership = sessions.join(caller("a1", Role::Agent), &agent, TEN);
        let other =
            Audience { users: vec!["a1".parse().unwrap()], agents: true, ..Audience::of("app2".parse().unwrap()) };
        sessions.tell(&other, |_| Some(Parcel::Frame("x".into())));
        assert_eq!(heard(&agent), 0);
    }

    #[test]
    fn the_oldest_of_too_many_connections_is_replaced() {
        let sessions = Arc::new(Sessions::default());
        let outboxes = [outbox(1), outbox(2), outbox(3)];
        let _memberships =
            outboxes.each_ref().map(|outbox| sessions.join(caller("v1", Role::Visitor), outbox, most(2)));
        assert_eq!(outboxes.map(|outbox| outbox.closing()), [Some(CloseCode::Replaced), None, None]);
    }

    #[test]
    fn who_came_elsewhere_with_their_one_device_is_closed_here() {
        let sessions = Arc::new(Sessions::default());
        let outboxes = [outbox(1), outbox(2), outbox(3)];
        let users = ["u1", "u1", "u2"];
        let join = |(outbox, user)| sessions.join(caller(user, Role::User), outbox, TEN);
        let _memberships: Vec<_> = outboxes.iter().zip(users).map(join).collect();
        sessions.take_over(&Audience { users: vec!["u1".parse().unwrap()], ..audience() });
        let over = Some(CloseCode::TakenOver);
        assert_eq!(outboxes.map(|outbox| outbox.closing()), [over, over, None]);
    }

    #[test]
    fn coming_again_renews_no_budget() {
        let sessions = Arc::new(Sessions::default());
        let rates = super::super::limits::Rates::new(&crate::config::Limits::default());
        let app = rates.app(&"app1".parse().unwrap());
        let allowed = |id: u64| {
            let membership = sessions.join(caller("v1", Role::Visitor), &outbox(id), TEN);
            (0..100).filter(|_| rates.send(&membership.budget, &app, false).is_ok()).count()
        };
        assert_eq!(allowed(1), 20);
        assert!(allowed(2) < 5);
    }

    #[test]
    fn who_leaves_is_forgotten() {
        let sessions = Arc::new(Sessions::default());
        let visitor = outbox(1);
        let open = sessions.open(&visitor);
        let membership = sessions.join(caller("v1", Role::Visitor), &visitor, TEN);
        drop((membership, open));
        let audience = Audience { users: vec!["v1".parse().unwrap()], visitors: true, ..audience() };
        sessions.tell(&audience, |_| panic!("nobody is there"));
        assert!(sessions.people.is_empty() && sessions.count() == 0);
    }
}
