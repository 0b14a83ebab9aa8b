//! What a room has to do with other nodes: who may be inside there too, which node tells of those who came and went, and
//! whose attributes go.
//!
//! Each node asks the others before it tells the back end that somebody came or went. Who was inside elsewhere before did
//! not come, and who is inside elsewhere still did not go. When two nodes have the same to tell at the same time, the one
//! with the lower id does; a coming here and a going there at the same time come to nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
};

use super::Room;
use crate::{
    im::chatroom::moves::{How, Move, Net},
    model::{
        Millis, UserId,
        node::{RoomMoves, RoomStand},
    },
};

/// What others are asked about.
#[derive(Debug)]
pub(in crate::im::chatroom) struct Pending {
    pub(in crate::im::chatroom) asked: RoomMoves,
    /// Those whose attributes go, unless they are inside elsewhere.
    pub(in crate::im::chatroom) owners: Vec<UserId>,
    moves: usize,
}

impl Pending {
    /// How many users it names.
    pub(in crate::im::chatroom) const fn len(&self) -> usize {
        self.asked.came.len() + self.asked.went.len() + self.asked.about.len()
    }
}

impl Room {
    /// Notes that others may have changed it.
    pub(in crate::im::chatroom) fn doubt(&self) {
        self.unsure.store(true, Ordering::SeqCst);
    }

    /// Whether others may have changed it.
    pub(in crate::im::chatroom) fn is_unsure(&self) -> bool {
        self.unsure.load(Ordering::SeqCst)
    }

    /// As [`Room::is_unsure`]; whoever hears so looks anew.
    pub(in crate::im::chatroom) fn takes_doubt(&self) -> bool {
        self.is_unsure() && self.unsure.swap(false, Ordering::SeqCst)
    }

    /// Some of those who may be inside through another node too: those who are `elsewhere`, or without a connection here.
    pub(in crate::im::chatroom) fn doubtful(&self, most: usize, elsewhere: impl Fn(&UserId) -> bool) -> Vec<UserId> {
        let inside = self.inside();
        let doubtful = inside.members.iter().filter(|(user, member)| member.gone_at.is_some() || elsewhere(user));
        doubtful.map(|(user, _)| user.clone()).take(most).collect()
    }

    /// Those inside of whom this holds.
    pub(in crate::im::chatroom) fn those_inside(&self, holds: impl Fn(&UserId) -> bool) -> Vec<UserId> {
        self.inside().members.keys().filter(|user| holds(user)).cloned().collect()
    }

    /// What others must be asked about now.
    pub(in crate::im::chatroom) fn pending(&self, now: Millis) -> Option<Pending> {
        let inside = self.inside();
        let owners: Vec<UserId> = inside.due(now).cloned().collect();
        if inside.ended || (owners.is_empty() && inside.moves.is_empty()) {
            return None;
        }
        let (moves, nets) = inside.moves.first();
        let of = |wanted: fn(&Net) -> bool| {
            let users = nets.iter().filter(move |(_, net)| wanted(net));
            users.map(|(user, _)| (*user).clone()).collect::<Vec<_>>()
        };
        let mut about = of(|net| *net == Net::Nothing);
        about.extend(owners.iter().filter(|owner| !nets.contains_key(owner)).cloned());
        let (came, went) = (of(|net| *net == Net::Came), of(|net| matches!(net, Net::Went(_))));
        let asked = RoomMoves { app: self.app.clone(), room: self.id, came, went, about };
        Some(Pending { asked, owners, moves })
    }

    /// Takes in what others said: since when people are inside, and who is told of by them. The moves to tell here.
    pub(in crate::im::chatroom) fn settle(
        &self,
        pending: &Pending,
        since: &HashMap<UserId, Millis>,
        known: &HashSet<UserId>,
    ) -> Vec<Move> {
        let mut inside = self.inside();
        if inside.ended {
            return Vec::new();
        }
        for (user, since) in since {
            let Some(member) = inside.members.get_mut(user).filter(|member| *since < member.joined_at) else {
                continue;
            };
            let was = (std::mem::replace(&mut member.joined_at, *since), member.number);
            let now = (*since, member.number);
            inside.order.remove(&was);
            inside.order.insert(now, user.clone());
        }
        inside.moves.settle(pending.moves, known)
    }

    /// What this node says of those whom another one asks about; and those who are not inside here any more, because
    /// they have no connection here and came back there.
    pub(in crate::im::chatroom) fn stand(
        &self,
        asked: &RoomMoves,
        asker_is_lower: bool,
        now: Millis,
    ) -> (RoomStand, Vec<UserId>) {
        let mut inside = self.inside();
        let RoomMoves { came, went, about, .. } = asked;
        let nets = inside.moves.of(&came.iter().chain(went).collect());
        let mut stand = RoomStand { room: self.id, inside: Vec::new(), told: Vec::new() };
        let (mut off, mut moved) = (HashSet::new(), Vec::new());
        for user in came.iter().chain(went).chain(about) {
            if let Some(member) = inside.members.get(user) {
                stand.inside.push((user.clone(), member.joined_at));
            }
        }
        for user in came {
            match (inside.members.contains_key(user), nets.get(user)) {
                (true, Some(Net::Came)) if asker_is_lower => {
                    off.insert(user.clone());
                }
                (true, _) => stand.told.push(user.clone()),
                (false, Some(Net::Went(how))) if *how != How::PutOut => {
                    off.insert(user.clone());
                    stand.told.push(user.clone());
                }
                (false, _) => {}
            }
            if inside.leaves_silently(user) {
                moved.push(user.clone());
            }
        }
        for user in went {
            match (inside.members.contains_key(user), nets.get(user)) {
                (true, net) => {
                    stand.told.push(user.clone());
                    if net == Some(&Net::Came) {
                        off.insert(user.clone());
                    }
                }
                (false, Some(Net::Went(_))) if asker_is_lower => {
                    off.insert(user.clone());
                }
                (false, Some(Net::Went(_))) => stand.told.push(user.clone()),
                (false, _) => {}
            }
            // What goes with them may be this node's to watch.
            if let Some(Some(due)) = inside.owners.get_mut(user) {
                *due = now;
            }
        }
        stand.told.extend(about.iter().filter(|user| inside.members.contains_key(user)).cloned());
        inside.moves.call_off(&off);
        (stand, moved)
    }

    /// Somebody with attributes that go with them is outside now, as far as this node knows.
    pub(in crate::im::chatroom) fn owner_left(&self, user: &UserId, now: Millis) {
        if let Some(due) = self.inside().owners.get_mut(user) {
            *due = Some(now);
        }
    }

    /// Notes somebody whose attributes go with them, if that is not known here. Those who are not inside are asked for at
    /// `due`; without it, another node watches them.
    pub(in crate::im::chatroom) fn learn_owner(&self, user: &UserId, due: Option<Millis>) {
        let mut inside = self.inside();
        let is_inside = inside.members.contains_key(user);
        if is_inside || due.is_some() {
            inside.owners.entry(user.clone()).or_insert(if is_inside { None } else { due });
        }
    }

    /// Somebody is inside elsewhere, or that is not known: their attributes stay until `later` at least.
    pub(in crate::im::chatroom) fn spare_owner(&self, user: &UserId, later: Millis) {
        if let Some(Some(due)) = self.inside().owners.get_mut(user) {
            *due = later;
        }
    }

    /// Whether somebody's attributes are due still: they did not come back.
    pub(in crate::im::chatroom) fn is_owner_due(&self, user: &UserId, now: Millis) -> bool {
        self.inside().due(now).any(|owner| owner == user)
    }
}

impl super::Inside {
    /// Those whose attributes go now, because they did not come.
    pub(super) fn due(&self, now: Millis) -> impl Iterator<Item = &UserId> {
        self.owners.iter().filter(move |(_, due)| due.is_some_and(|due| due <= now)).map(|(user, _)| user)
    }

    /// Takes somebody without a connection out, who is inside elsewhere now: `false` when they are not such a one.
    fn leaves_silently(&mut self, user: &UserId) -> bool {
        if self.members.get(user).is_none_or(|member| member.gone_at.is_none()) {
            return false;
        }
        if let Some(member) = self.members.remove(user) {
            self.order.remove(&(member.joined_at, member.number));
        }
        true
    }
}
