//! Who hears what is said in each chatroom, on this node.
//!
//! A crowd is split, so that telling ten thousand keeps who comes and goes waiting for a part of it only. Telling
//! somebody is one push into their queue; nothing is looked up by user and nothing is allocated.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dashmap::DashMap;

use super::{ears::Ears, outbox::Outbox};
use crate::model::{ConnectionId, ConversationId};

/// Parts of a crowd.
const PARTS: usize = 16;

/// Every chatroom with a connection here.
#[derive(Debug, Default)]
pub(super) struct RoomCrowds {
    crowds: DashMap<ConversationId, Arc<Crowd>>,
    ears: Ears,
}

#[derive(Debug, Default)]
struct Crowd([Mutex<HashMap<ConnectionId, Hearer>>; PARTS]);

/// A connection that hears, and the ticket with which it came.
#[derive(Debug)]
struct Hearer {
    ticket: u64,
    outbox: Arc<Outbox>,
}

impl RoomCrowds {
    /// Nobody yet; rooms that somebody hears are told to these ears.
    pub(super) fn with(ears: Ears) -> Self {
        Self { crowds: DashMap::new(), ears }
    }

    /// Lets a connection hear. An older ticket of the same connection counts no more.
    pub(super) fn enter(&self, room: ConversationId, ticket: u64, outbox: &Arc<Outbox>) {
        // Held while entering: a crowd that is empty for a moment must not be thrown away.
        let crowd = self.crowds.entry(room).or_insert_with(|| {
            self.ears.room(room, true);
            Arc::default()
        });
        crowd.part(outbox.id).insert(outbox.id, Hearer { ticket, outbox: outbox.clone() });
    }

    /// Lets a connection hear no more, if this is the ticket with which it came last.
    pub(super) fn leave(&self, room: ConversationId, id: ConnectionId, ticket: u64) {
        self.remove(room, id, |hearer| hearer.ticket == ticket);
    }

    /// Lets a connection hear no more, unless it came after this ticket.
    pub(super) fn put_out(&self, room: ConversationId, id: ConnectionId, ticket: u64) {
        self.remove(room, id, |hearer| hearer.ticket <= ticket);
    }

    /// Whether a connection hears, by this ticket.
    pub(super) fn has(&self, room: ConversationId, id: ConnectionId, ticket: u64) -> bool {
        let crowd = self.crowds.get(&room).map(|crowd| crowd.clone());
        crowd.is_some_and(|crowd| crowd.part(id).get(&id).is_some_and(|hearer| hearer.ticket == ticket))
    }

    /// Whether anybody hears what is said in a room.
    pub(super) fn has_any(&self, room: ConversationId) -> bool {
        self.crowds.get(&room).is_some_and(|crowd| !crowd.is_empty())
    }

    /// Everybody in a room, one after the other.
    pub(super) fn each(&self, room: ConversationId, mut each: impl FnMut(&Arc<Outbox>)) {
        let Some(crowd) = self.crowds.get(&room).map(|crowd| crowd.clone()) else { return };
        for part in &crowd.0 {
            lock(part).values().for_each(|hearer| each(&hearer.outbox));
        }
    }

    /// As [`RoomCrowds::each`], for the last time: nobody hears any more but those who came after this ticket, to the
    /// room's next life.
    pub(super) fn dissolve(&self, room: ConversationId, ticket: u64, mut each: impl FnMut(&Arc<Outbox>)) {
        let Some(crowd) = self.crowds.get(&room).map(|crowd| crowd.clone()) else { return };
        for part in &crowd.0 {
            lock(part).retain(|_, hearer| {
                let stays = hearer.ticket > ticket;
                if !stays {
                    each(&hearer.outbox);
                }
                stays
            });
        }
        self.forget_empty(room);
    }

    fn forget_empty(&self, room: ConversationId) {
        if self.crowds.remove_if(&room, |_, crowd| crowd.is_empty()).is_some() {
            self.ears.room(room, false);
        }
    }

    fn remove(&self, room: ConversationId, id: ConnectionId, meant: impl FnOnce(&Hearer) -> bool) {
        let Some(crowd) = self.crowds.get(&room).map(|crowd| crowd.clone()) else { return };
        {
            let mut part = crowd.part(id);
            if part.get(&id).is_some_and(meant) {
                part.remove(&id);
            }
            if !part.is_empty() {
                return;
            }
        }
        self.forget_empty(room);
    }
}

impl Crowd {
    fn part(&self, id: ConnectionId) -> MutexGuard<'_, HashMap<ConnectionId, Hearer>> {
        let at = usize::try_from(id.0 % PARTS as u64).unwrap_or(0);
        lock(self.0.get(at).unwrap_or(&self.0[0]))
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|part| lock(part).is_empty())
    }
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gateway::outbox::Bounds, wire::Wire};

    const ROOM: ConversationId = ConversationId::from_u128(7);

    fn outbox(id: u64) -> Arc<Outbox> {
        Arc::new(Outbox::new(ConnectionId(id), Wire::Widget, Bounds { frames: 9, bytes: 99 }))
    }

    fn who(crowds: &RoomCrowds) -> Vec<u64> {
        let mut ids = Vec::new();
        crowds.each(ROOM, |outbox| ids.push(outbox.id.0));
        ids.sort_unstable();
        ids
    }

    #[test]
    fn everybody_inside_hears_once_and_nobody_else() {
        let crowds = RoomCrowds::default();
        for id in 1..=40 {
            crowds.enter(ROOM, id, &outbox(id));
        }
        crowds.enter(ROOM, 41, &outbox(7));
        crowds.enter(ConversationId::from_u128(8), 42, &outbox(99));
        assert_eq!(who(&crowds), (1..=40).collect::<Vec<_>>());
        crowds.leave(ROOM, ConnectionId(7), 7);
        assert!(crowds.has(ROOM, ConnectionId(7), 41), "an old ticket takes nothing away");
        crowds.leave(ROOM, ConnectionId(7), 41);
        assert_eq!(who(&crowds).len(), 39);
    }

    #[test]
    fn who_comes_to_the_next_life_is_not_sent_home() {
        let crowds = RoomCrowds::default();
        crowds.enter(ROOM, 1, &outbox(1));
        crowds.enter(ROOM, 3, &outbox(2));
        let mut told = Vec::new();
        crowds.dissolve(ROOM, 2, |outbox| told.push(outbox.id.0));
        assert_eq!((told, who(&crowds)), (vec![1], vec![2]));
        crowds.put_out(ROOM, ConnectionId(2), 2);
        assert_eq!(who(&crowds), [2]);
        crowds.put_out(ROOM, ConnectionId(2), 3);
        assert!(crowds.crowds.is_empty(), "nothing is kept of a room nobody hears");
    }

    #[test]
    fn coming_and_going_at_once_loses_nobody() {
        let crowds = RoomCrowds::default();
        std::thread::scope(|scope| {
            for lane in 0..4_u64 {
                let crowds = &crowds;
                scope.spawn(move || {
                    for round in 0..500 {
                        let (id, ticket) = (1000 + lane, lane * 1_000_000 + round);
                        crowds.enter(ROOM, ticket, &outbox(id));
                        crowds.each(ROOM, |_| {});
                        assert!(crowds.has(ROOM, ConnectionId(id), ticket));
                        crowds.leave(ROOM, ConnectionId(id), ticket);
                    }
                    crowds.enter(ROOM, 1, &outbox(lane));
                });
            }
        });
        assert_eq!(who(&crowds), [0, 1, 2, 3]);
    }
}
