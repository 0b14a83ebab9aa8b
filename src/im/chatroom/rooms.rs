//! The chatrooms that this node remembers, and who is in which.
//!
//! Bounded: a room nobody is in is forgotten soon (it stays in the store), and nobody is in more than 20.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dashmap::{DashMap, Entry};
use tokio::sync::Notify;

use super::{room::Room, rules::RulesCache};
use crate::model::{AppKey, ConversationId, Handle, Millis, UserId, chatroom::MOST_ROOMS_OF_USER, command::Target};

/// Every room with somebody in it, or in which something happened lately.
#[derive(Debug)]
pub(in crate::im) struct Rooms {
    by_handle: DashMap<(AppKey, Handle), Arc<Room>>,
    by_id: DashMap<ConversationId, Arc<Room>>,
    of_user: DashMap<(AppKey, UserId), Vec<ConversationId>>,
    tickets: AtomicU64,
    pub(super) rules: RulesCache,
    pub(super) held: Held,
    /// Messages refused in floods since the start.
    pub(super) refused: AtomicU64,
    /// Nothing that happened before is remembered.
    pub(super) started_at: Millis,
}

/// Rooms in whose line something is held back.
#[derive(Debug, Default)]
pub(super) struct Held {
    rooms: DashMap<ConversationId, Arc<Room>>,
    /// There are some.
    pub(super) changed: Notify,
}

impl Rooms {
    pub(in crate::im) fn new(started_at: Millis) -> Self {
        Self {
            by_handle: DashMap::new(),
            by_id: DashMap::new(),
            of_user: DashMap::new(),
            tickets: AtomicU64::new(0),
            rules: RulesCache::default(),
            held: Held::default(),
            refused: AtomicU64::new(0),
            started_at,
        }
    }

    /// A number that grows: each coming has its own.
    pub(in crate::im) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What the back end decided about one room has changed; without a handle, about all of them.
    pub(in crate::im) fn forget_rules(&self, app: &AppKey, handle: Option<&Handle>) {
        self.rules.forget(app, handle);
    }

    /// The lists of message types have changed.
    pub(in crate::im) fn forget_all_rules(&self) {
        self.rules.forget_all();
    }

    pub(in crate::im) fn forget_types(&self, app: &AppKey) {
        self.rules.forget_types(app);
    }

    /// One room may have another name, end or members than this node knows, or have ended; every room of the app without
    /// a handle.
    pub(in crate::im) fn doubt(&self, app: &AppKey, handle: Option<&Handle>) {
        match handle {
            Some(handle) => self.get(app, handle).iter().for_each(|room| room.doubt()),
            None => self.by_handle.iter().filter(|room| room.app == *app).for_each(|room| room.doubt()),
        }
    }

    /// The same of every room.
    pub(in crate::im) fn doubt_all(&self) {
        self.by_handle.iter().for_each(|room| room.doubt());
    }

    pub(super) fn get(&self, app: &AppKey, handle: &Handle) -> Option<Arc<Room>> {
        self.by_handle.get(&(app.clone(), handle.clone())).map(|room| room.clone())
    }

    pub(in crate::im) fn by_id(&self, app: &AppKey, id: ConversationId) -> Option<Arc<Room>> {
        self.by_id.get(&id).filter(|room| room.app == *app).map(|room| room.clone())
    }

    /// The remembered room that a message is meant for.
    pub(in crate::im) fn meant(&self, app: &AppKey, to: &Target) -> Option<Arc<Room>> {
        match to {
            Target::Chatroom(handle) => self.get(app, handle),
            Target::Conversation(id) => self.by_id(app, *id),
            _ => None,
        }
    }

    /// Whether this is a remembered room.
    pub(in crate::im) fn knows(&self, id: ConversationId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Whether somebody is in the room with this id.
    pub(in crate::im) fn is_inside(&self, app: &AppKey, id: ConversationId, user: &UserId) -> bool {
        self.by_id(app, id).is_some_and(|room| room.is_inside(user))
    }

    /// Remembers a room, unless somebody else was faster; the room that counts.
    pub(super) fn remember(&self, room: Room) -> Arc<Room> {
        match self.by_handle.entry((room.app.clone(), room.handle.clone())) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let room = Arc::new(room);
                self.by_id.insert(room.id, room.clone());
                place.insert(room.clone());
                room
            }
        }
    }

    /// Forgets a room that has ended, or that nobody is in.
    pub(super) fn forget(&self, room: &Arc<Room>) {
        let key = (room.app.clone(), room.handle.clone());
        self.by_handle.remove_if(&key, |_, known| {
            let same = Arc::ptr_eq(known, room);
            if same {
                self.by_id.remove(&room.id);
            }
            same
        });
    }

    /// Counts a room to those somebody is in; `false` when they are in enough.
    pub(super) fn claim(&self, app: &AppKey, user: &UserId, id: ConversationId) -> bool {
        let mut rooms = self.of_user.entry((app.clone(), user.clone())).or_default();
        if rooms.contains(&id) {
            return true;
        }
        let free = rooms.len() < MOST_ROOMS_OF_USER;
        if free {
            rooms.push(id);
        }
        free
    }

    /// Counts it no more.
    pub(super) fn give_back(&self, app: &AppKey, user: &UserId, id: ConversationId) {
        if let Entry::Occupied(mut rooms) = self.of_user.entry((app.clone(), user.clone())) {
            rooms.get_mut().retain(|other| *other != id);
            if rooms.get().is_empty() {
                rooms.remove();
            }
        }
    }

    /// Notes whether something is held back in a room's line: it is looked at again soon.
    pub(super) fn note_held(&self, room: &Arc<Room>) {
        if !room.line.is_empty() {
            self.held.rooms.insert(room.id, room.clone());
            self.held.changed.notify_one();
        }
    }

    /// Takes the rooms in whose line something was held back.
    pub(super) fn take_held(&self) -> Vec<Arc<Room>> {
        let ids: Vec<ConversationId> = self.held.rooms.iter().map(|held| *held.key()).collect();
        ids.iter().filter_map(|id| self.held.rooms.remove(id)).map(|(_, room)| room).collect()
    }

    /// Every remembered room now.
    pub(super) fn all(&self) -> Vec<Arc<Room>> {
        self.by_handle.iter().map(|room| room.clone()).collect()
    }
}
