//! Under which subjects things travel.
//!
//! Hints go to each node by a subject of its own. Those for people, agents, visitors, rooms and everybody are for the
//! version before: hints go by them while a node is there that has not told its slots, and are heard by them. Whatever
//! speaks of an interest or an audience here can go with the next version.

use super::slots::Fnv;
use crate::{
    bus::Interest,
    model::{AppKey, Audience, ConversationId, NodeId, UserId},
};

/// People are spread over so many subjects. Few enough that a node with everybody's people can follow them all.
const SHARDS: u64 = 4096;
/// With more people named than this a hint goes to every node.
const MOST_NAMED: usize = 64;

/// The subjects of one installation: two of them on one NATS do not hear each other.
#[derive(Debug, Clone)]
pub(super) struct Subjects {
    prefix: String,
}

impl Subjects {
    pub(super) fn of(installation: u64) -> Self {
        Self { prefix: format!("parlor.{installation:016x}") }
    }

    /// Tidings and beats.
    pub(super) fn nodes(&self) -> String {
        format!("{}.n", self.prefix)
    }

    /// Hints to one node.
    pub(super) fn hints(&self, node: NodeId) -> String {
        format!("{}.d.{:016x}", self.prefix, node.0)
    }

    /// Hints with a large audience.
    pub(super) fn everybody(&self) -> String {
        format!("{}.all", self.prefix)
    }

    /// Questions to one node.
    pub(super) fn questions(&self, node: NodeId) -> String {
        format!("{}.q.{:016x}", self.prefix, node.0)
    }

    /// Nobody listens here: NATS says so at once, which shows that it is there.
    pub(super) fn nobody(&self, node: NodeId) -> String {
        format!("{}.x.{:016x}", self.prefix, node.0)
    }

    /// Where answers come back.
    pub(super) fn inbox(&self, node: NodeId) -> String {
        format!("{}.i.{:016x}", self.prefix, node.0)
    }

    /// Where hints come that somebody with this interest must hear.
    pub(super) fn of_interest(&self, interest: &Interest) -> String {
        match interest {
            Interest::Person(app, user) => self.person(app, user),
            Interest::Agents(app) => self.agents(app),
            Interest::Visitors(app) => self.visitors(app),
            Interest::Room(room) => self.room(*room),
        }
    }

    /// Where a hint for this audience must go: each subject once.
    pub(super) fn of_audience(&self, audience: &Audience) -> Vec<String> {
        if let Some(room) = audience.room {
            return vec![self.room(room)];
        }
        let Audience { app, users, agents, visitors, .. } = audience;
        if users.len() > MOST_NAMED {
            return vec![self.everybody()];
        }
        let mut subjects: Vec<_> = users.iter().map(|user| self.person(app, user)).collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects.extend(agents.then(|| self.agents(app)));
        subjects.extend(visitors.then(|| self.visitors(app)));
        subjects
    }

    fn person(&self, app: &AppKey, user: &UserId) -> String {
        format!("{}.p.{:03x}", self.prefix, shard(app, user))
    }

    fn agents(&self, app: &AppKey) -> String {
        format!("{}.a.{app}", self.prefix)
    }

    fn visitors(&self, app: &AppKey) -> String {
        format!("{}.v.{app}", self.prefix)
    }

    fn room(&self, room: ConversationId) -> String {
        format!("{}.r.{room}", self.prefix)
    }
}

fn shard(app: &AppKey, user: &UserId) -> u64 {
    Fnv::of_person(app, user) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppKey {
        "app1".parse().unwrap()
    }

    fn user(number: usize) -> UserId {
        format!("user{number}").parse().unwrap()
    }

    #[test]
    fn a_shard_never_changes_between_versions() {
        let subjects = Subjects::of(0xab);
        let interest = Interest::Person(app(), user(1));
        assert_eq!(subjects.of_interest(&interest), "parlor.00000000000000ab.p.02d");
    }

    #[test]
    fn people_are_spread_evenly() {
        let mut counts = vec![0_u32; SHARDS.try_into().unwrap()];
        for number in 0..40_960 {
            counts[usize::try_from(shard(&app(), &user(number))).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| *count < 40), "{:?}", counts.iter().max());
    }

    #[test]
    fn an_audience_is_reached_where_its_people_are_followed() {
        let subjects = Subjects::of(1);
        let few =
            Audience { users: vec![user(1), user(2), user(1)], agents: true, visitors: true, ..Audience::of(app()) };
        let found = subjects.of_audience(&few);
        for interest in [
            Interest::Person(app(), user(1)),
            Interest::Person(app(), user(2)),
            Interest::Agents(app()),
            Interest::Visitors(app()),
        ] {
            assert!(found.contains(&subjects.of_interest(&interest)), "{interest:?}");
        }
        assert_eq!(found.len(), 4);
        let many = Audience { users: (0..65).map(user).collect(), ..Audience::of(app()) };
        assert_eq!(subjects.of_audience(&many), ["parlor.0000000000000001.all"]);
        let room = ConversationId::from_u128(7);
        let inside = Audience { room: Some(room), ..Audience::of(app()) };
        assert_eq!(subjects.of_audience(&inside), [subjects.of_interest(&Interest::Room(room))]);
        assert!(subjects.of_audience(&Audience::of(app())).is_empty());
    }
}
