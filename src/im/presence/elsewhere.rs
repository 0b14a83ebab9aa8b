//! The people of other nodes, as far as those tell.

use std::collections::{BTreeSet, HashSet};

use dashmap::{DashMap, Entry};

use super::{
    Change, Gone, Key, Presence,
    here::{Here, There},
    lock,
};
use crate::model::{AppKey, Millis, NodeId, Person, Role, UserId, command::AgentStatus, node::PersonNews};

/// Who went from a node that does not say so is forgotten this long after their grace time.
pub(super) const PATIENCE_SECS: i64 = 10;

/// What another node's news changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::im) struct Learned {
    /// Somebody came or has gone, as all nodes together see it. Their watchers here must hear of it.
    pub(in crate::im) change: Option<Change>,
    /// Their connections here end: they came elsewhere, and may have one device only.
    pub(in crate::im) taken_over: bool,
    /// An agent stands otherwise.
    pub(in crate::im) desk: bool,
}

impl Presence {
    /// Takes in what another node told. Twice, late or out of order changes nothing.
    pub(in crate::im) fn learn(&self, from: NodeId, news: &PersonNews, now: Millis) -> Learned {
        if self.me == Some(from) {
            return Learned::default();
        }
        let key = (news.app.clone(), news.person.id.clone());
        let mut learned =
            if news.here { self.learn_came(from, &key, news) } else { self.learn_went(from, &key, news, now) };
        learned.desk &= news.person.role == Role::Agent;
        learned
    }

    /// Whether a node is heard of. Asked while the entry is held: when the node goes after that, its people are gone through
    /// behind it, and what comes later (an answer that took long) brings nobody back.
    fn hears_of(&self, node: NodeId) -> bool {
        lock(&self.nodes).contains(&node)
    }

    fn learn_came(&self, from: NodeId, key: &Key, news: &PersonNews) -> Learned {
        let mut learned = Learned::default();
        let entry = self.map(news.person.role).entry(key.clone());
        if !self.hears_of(from) {
            return learned;
        }
        if matches!(entry, Entry::Vacant(_)) {
            let change = Change { online: true, at: news.at, transport: news.transport };
            learned.change = Some(change);
            // This node told that they went, and that one believed them to be here.
            if !news.told && self.gone.get(key).is_some_and(|gone| gone.told_here) {
                lock(&self.untold).push((news.app.clone(), news.person.clone(), change));
            }
            self.gone.invalidate(key);
        }
        let mut here = entry.or_insert_with(|| Here::new(news.person.clone(), news.at));
        if !here.note(from, news, None) {
            return learned;
        }
        learned.desk = true;
        here.person.clone_from(&news.person);
        // Whom a node that is gone left behind has come to another.
        here.there.retain(|there| !there.orphan);
        let is_later = news.alone > here.alone || (news.alone == here.alone && self.me < Some(from));
        learned.taken_over = news.alone > 0 && is_later;
        here.alone = here.alone.max(news.alone);
        learned
    }

    fn learn_went(&self, from: NodeId, key: &Key, news: &PersonNews, now: Millis) -> Learned {
        let mut learned = Learned::default();
        let Entry::Occupied(mut entry) = self.map(news.person.role).entry(key.clone()) else { return learned };
        if !self.hears_of(from) {
            return learned;
        }
        let here = entry.get_mut();
        learned.desk = here.note(from, news, Some(now));
        if learned.desk && news.told {
            here.there.retain(|there| there.node != from && !there.orphan);
            // Who is connected came meanwhile: the telling node hears that, and tells it.
            if !here.is_connected() {
                learned.change = Some(here.change(false, news.at));
                self.gone.insert(key.clone(), Gone { at: news.at, told_here: false });
                entry.remove();
            }
        }
        learned
    }

    /// What a node told as a whole: everybody of it, as of a turn of its. Who is not named is not there.
    pub(in crate::im) fn learn_all(
        &self,
        from: NodeId,
        turn: u64,
        named: &HashSet<Key>,
        now: Millis,
    ) -> Vec<(AppKey, Person, Change)> {
        let mut gone = Vec::new();
        for map in [&self.agents, &self.others] {
            map.retain(|key, here| {
                let before = here.there.len();
                here.there.retain(|there| there.node != from || there.turn > turn || named.contains(key));
                if here.there.len() == before || here.mine.is_some() || !here.there.is_empty() {
                    return true;
                }
                let change = here.change(false, now);
                gone.push((key.0.clone(), here.person.clone(), change));
                false
            });
        }
        for (app, person, change) in &gone {
            self.gone.insert((app.clone(), person.id.clone()), Gone { at: change.at, told_here: false });
        }
        gone
    }

    /// Who this node's people are.
    pub(in crate::im) fn people(&self) -> Vec<Key> {
        let of = |map: &DashMap<Key, Here>| {
            map.iter().filter(|entry| entry.mine.is_some()).map(|entry| entry.key().clone()).collect::<Vec<_>>()
        };
        let mut people = of(&self.agents);
        people.append(&mut of(&self.others));
        people
    }

    /// How many this node's people are.
    pub(in crate::im) fn count_people(&self) -> usize {
        let of = |map: &DashMap<Key, Here>| map.iter().filter(|entry| entry.mine.is_some()).count();
        of(&self.agents) + of(&self.others)
    }

    /// How one of this node's people stands, for a node that may have heard none of it.
    pub(in crate::im) fn news_of(&self, key: &Key) -> Option<PersonNews> {
        let of = |map: &DashMap<Key, Here>| map.get(key)?.news_once_more(&key.0);
        of(&self.others).or_else(|| of(&self.agents))
    }

    /// How much this node has told so far. What is told later has a higher turn.
    pub(in crate::im) fn turns(&self) -> u64 {
        self.turns.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// What is known of a node may be wrong.
    pub(in crate::im) fn node_missed(&self, node: NodeId) {
        lock(&self.nodes).insert(node);
        lock(&self.unsure).insert(node);
    }

    /// A node is not there any more. Its people have their grace time; the apps whose agents are among them.
    pub(in crate::im) fn node_gone(&self, node: NodeId, now: Millis) -> HashSet<AppKey> {
        lock(&self.nodes).remove(&node);
        lock(&self.unsure).remove(&node);
        let mut apps = HashSet::new();
        for map in [&self.agents, &self.others] {
            for mut entry in map.iter_mut() {
                let (key, here) = entry.pair_mut();
                let Some(there) = here.there.iter_mut().find(|there| there.node == node) else { continue };
                there.orphan = true;
                there.gone_at.get_or_insert(now);
                if here.person.role == Role::Agent {
                    apps.insert(key.0.clone());
                }
            }
        }
        apps
    }

    /// Whether somebody has a connection to another node, or had one a moment ago.
    pub(in crate::im) fn is_elsewhere(&self, app: &AppKey, user: &UserId, now: Millis) -> bool {
        let key = (app.clone(), user.clone());
        let lately = |there: &There| there.gone_at.is_none_or(|gone| now < gone.plus_secs(self.grace_secs));
        let is_there = |map: &DashMap<_, Here>| map.get(&key).is_some_and(|here| here.there.iter().any(lately));
        is_there(&self.others) || is_there(&self.agents)
    }

    /// The nodes that are heard of.
    pub(in crate::im) fn nodes(&self) -> BTreeSet<NodeId> {
        lock(&self.nodes).clone()
    }

    /// Takes the nodes whose people must be asked for.
    pub(in crate::im) fn take_unsure(&self) -> Vec<NodeId> {
        lock(&self.unsure).drain().collect()
    }

    /// Whether this node has the lowest id of those that are heard of.
    pub(in crate::im) fn is_lowest(&self) -> bool {
        let Some(me) = self.me else { return true };
        lock(&self.nodes).first().is_none_or(|first| me < *first)
    }
}

impl Here {
    /// Notes how they stand at a node; `false` when more is known already.
    fn note(&mut self, from: NodeId, news: &PersonNews, gone_at: Option<Millis>) -> bool {
        let known = self.there.iter_mut().find(|there| there.node == from);
        if known.as_ref().is_some_and(|known| known.turn >= news.turn) {
            return false;
        }
        let PersonNews { turn, at, transport, .. } = *news;
        let there = There { node: from, turn, at, transport, gone_at, orphan: false };
        match known {
            Some(known) => *known = there,
            None => self.there.push(there),
        }
        // Of two at once every node takes the same.
        let rank = |status| match status {
            AgentStatus::Away => 2,
            AgentStatus::Busy => 1,
            AgentStatus::Online => 0,
        };
        if (news.choice, rank(news.status)) > (self.choice, rank(self.status)) {
            (self.choice, self.status) = (news.choice, news.status);
        }
        true
    }
}
