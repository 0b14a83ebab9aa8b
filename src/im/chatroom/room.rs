//! One chatroom as this node remembers it: who is inside, and since when.
//!
//! Gone after a restart: members come anew. Whoever lost their last connection stays for a while (REQ 5.11).

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

mod nodes;

pub(super) use self::nodes::Pending;
use super::{
    flood::{Flood, Weight},
    heard::Heard,
    line::Line,
    moves::{How, Move, Moves},
};
use crate::model::{
    AppKey, Audience, Caller, ConnectionId, ConversationId, Handle, Message, Millis, Person, Seq, UserId,
    chatroom::{Chatroom, ChatroomMember, ChatroomView, Lifetime, Order},
};

/// A chatroom that has not ended, as far as anybody knows.
#[derive(Debug)]
pub(in crate::im) struct Room {
    pub(super) app: AppKey,
    pub(in crate::im) id: ConversationId,
    pub(super) handle: Handle,
    pub(super) created_at: Millis,
    /// Kept messages on their way to the members.
    pub(super) line: Line<(Audience, Arc<Message>)>,
    /// Messages are kept and not passed on.
    pub(in crate::im) stopped: AtomicBool,
    pub(super) heard: Heard,
    /// Others may have changed it: look anew. Only where there are other nodes.
    unsure: AtomicBool,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    name: String,
    lifetime: Lifetime,
    ended: bool,
    /// When somebody last spoke or came.
    active_at: Millis,
    members: HashMap<UserId, Member>,
    /// Members by when they came, and the ticket with which they did: in the order of their coming.
    order: BTreeMap<(Millis, u64), UserId>,
    /// Those without a connection, who went first stands first. Some may be back.
    absent: VecDeque<(Millis, UserId)>,
    /// Users with attributes that go with them; for those who are not inside, when the attributes go.
    owners: HashMap<UserId, Option<Millis>>,
    flood: Flood,
    /// Who came and went since the back end was told.
    moves: Moves,
    /// Messages kept since the oldest were last forgotten.
    untrimmed: u32,
    /// When it would have ended by what other nodes know.
    due_told: Millis,
}

#[derive(Debug)]
struct Member {
    person: Person,
    /// When they came, to whichever node.
    joined_at: Millis,
    /// The newest message when they came through this one, which they were told as what was said before. None yet: they are
    /// about to be told.
    heard_after: Option<Seq>,
    number: u64,
    connections: Vec<(ConnectionId, u64)>,
    gone_at: Option<Millis>,
}

impl Room {
    /// The newest message when the first of those came who are connected here: they hear what is said after it.
    pub(super) fn heard_after(&self) -> Option<Seq> {
        let inside = self.inside();
        let here = inside.members.values().filter(|member| !member.connections.is_empty());
        here.map(|member| member.heard_after.unwrap_or_default()).min()
    }

    /// Somebody who came is told what was said before, up to this message.
    pub(super) fn note_heard(&self, user: &UserId, newest: Seq) {
        if let Some(member) = self.inside().members.get_mut(user) {
            member.heard_after = Some(member.heard_after.map_or(newest, |before| before.min(newest)));
        }
    }

    /// A room nobody is in yet, with those whose attributes go unless they come by `due`.
    pub(super) fn new(app: AppKey, room: Chatroom, owners: Vec<UserId>, now: Millis, due: Millis) -> Self {
        Self {
            app,
            id: room.id,
            handle: room.handle,
            created_at: room.created_at,
            line: Line::from(room.head.seq.0 + 1),
            stopped: AtomicBool::new(false),
            heard: Heard::default(),
            unsure: AtomicBool::new(false),
            inside: Mutex::new(Inside {
                name: room.name,
                lifetime: room.lifetime,
                ended: false,
                active_at: now,
                members: HashMap::new(),
                order: BTreeMap::new(),
                absent: VecDeque::new(),
                owners: owners.into_iter().map(|owner| (owner, Some(due))).collect(),
                flood: Flood::default(),
                moves: Moves::default(),
                untrimmed: u32::MAX,
                due_told: Millis::default(),
            }),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing in here panics half-way.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody inside, but this connection.
    pub(super) fn audience(&self, except: Option<ConnectionId>) -> Audience {
        Audience { room: Some(self.id), except, ..Audience::of(self.app.clone()) }
    }

    /// Lets a connection in; `None` when the room has ended meanwhile, else whether its person was not inside before.
    pub(super) fn enter(&self, caller: &Caller, at: (ConnectionId, u64), now: Millis) -> Option<bool> {
        let mut inside = self.inside();
        if inside.ended {
            return None;
        }
        inside.active_at = inside.active_at.max(now);
        if let Some(due) = inside.owners.get_mut(caller.id()) {
            *due = None;
        }
        let (connection, ticket) = at;
        if let Some(member) = inside.members.get_mut(caller.id()) {
            member.person = caller.person.clone();
            member.connections.retain(|(other, _)| *other != connection);
            member.connections.push(at);
            member.gone_at = None;
            return Some(false);
        }
        let member = Member {
            person: caller.person.clone(),
            joined_at: now,
            heard_after: None,
            number: ticket,
            connections: vec![at],
            gone_at: None,
        };
        inside.members.insert(caller.id().clone(), member);
        inside.order.insert((now, ticket), caller.id().clone());
        inside.moves.note(caller.id().clone(), How::Joined);
        Some(true)
    }

    /// A connection went. Its person stays for a while.
    pub(super) fn lose(&self, user: &UserId, at: (ConnectionId, u64), now: Millis) {
        let mut inside = self.inside();
        let Some(member) = inside.members.get_mut(user) else { return };
        member.connections.retain(|other| *other != at);
        if member.connections.is_empty() && member.gone_at.is_none() {
            member.gone_at = Some(now);
            inside.absent.push_back((now, user.clone()));
        }
    }

    /// A connection leaves; `Some(true)` when its person is outside now, `None` when they were not inside.
    pub(super) fn quit(&self, user: &UserId, connection: ConnectionId) -> Option<bool> {
        let mut inside = self.inside();
        let member = inside.members.get_mut(user)?;
        member.connections.retain(|(other, _)| *other != connection);
        let last = member.connections.is_empty();
        if last {
            inside.remove(user, How::Quit);
        }
        Some(last)
    }

    /// Puts somebody out; tells whether they were inside.
    pub(in crate::im) fn put_out(&self, user: &UserId) -> bool {
        self.inside().remove(user, How::PutOut)
    }

    /// Whether anybody inside may have no connection.
    pub(super) fn has_absent(&self) -> bool {
        !self.inside().absent.is_empty()
    }

    /// Lets those go who lost their last connection before `before`, unless they `stay`.
    pub(super) fn expire(&self, before: Millis, stays: impl Fn(&UserId) -> bool) -> Vec<UserId> {
        let mut inside = self.inside();
        let mut out = Vec::new();
        while let Some((gone_at, user)) = inside.absent.front().cloned() {
            if gone_at > before {
                break;
            }
            inside.absent.pop_front();
            let is_gone = inside.members.get(&user).is_some_and(|member| member.gone_at == Some(gone_at));
            if is_gone && !stays(&user) && inside.remove(&user, How::Away) {
                out.push(user);
            }
        }
        out
    }

    /// Notes that a user has attributes that go with them, at `due` when they are not inside.
    pub(super) fn note_owner(&self, user: &UserId, due: Millis) {
        let mut inside = self.inside();
        let due = (!inside.members.contains_key(user)).then_some(due);
        inside.owners.insert(user.clone(), due);
    }

    /// Whether a user has attributes that go with them; they are forgotten.
    pub(super) fn takes_owner(&self, user: &UserId) -> bool {
        self.inside().owners.remove(user).is_some()
    }

    /// Those whose attributes go now, because they did not come.
    pub(super) fn owners_due(&self, now: Millis) -> Vec<UserId> {
        self.inside().due(now).cloned().collect()
    }

    /// Ends the room for good; those inside, or `None` when it had ended.
    pub(super) fn end(&self) -> Option<Vec<UserId>> {
        let mut inside = self.inside();
        if std::mem::replace(&mut inside.ended, true) {
            return None;
        }
        inside.order.clear();
        Some(std::mem::take(&mut inside.members).into_keys().collect())
    }

    /// As [`Room::end`], if nobody is inside and nothing is left to do: the room goes from memory only.
    pub(super) fn let_go(&self, before: Millis) -> Option<Millis> {
        let mut inside = self.inside();
        let idle = inside.members.is_empty() && inside.moves.is_empty() && inside.owners.is_empty();
        if inside.ended || !idle || inside.active_at > before || !self.line.is_empty() {
            return None;
        }
        inside.ended = true;
        Some(inside.active_at)
    }

    pub(in crate::im) fn is_inside(&self, user: &UserId) -> bool {
        self.inside().members.contains_key(user)
    }

    /// Whether this connection still has its place.
    pub(super) fn hears(&self, user: &UserId, at: (ConnectionId, u64)) -> bool {
        self.inside().members.get(user).is_some_and(|member| member.connections.contains(&at))
    }

    /// Whether a message is taken, and notes that somebody spoke.
    pub(super) fn takes(&self, sender: &UserId, weight: Weight, now: Millis) -> bool {
        let mut inside = self.inside();
        let takes = inside.flood.takes(sender, weight, now);
        if takes {
            inside.active_at = inside.active_at.max(now);
        }
        takes
    }

    /// Notes that somebody spoke.
    pub(super) fn touch(&self, now: Millis) {
        let mut inside = self.inside();
        inside.active_at = inside.active_at.max(now);
    }

    pub(super) fn takes_change(&self, now: Millis) -> bool {
        self.inside().flood.takes_change(now)
    }

    /// Notes that a message was kept.
    pub(super) fn note_kept(&self) {
        let mut inside = self.inside();
        inside.untrimmed = inside.untrimmed.saturating_add(1);
    }

    /// Whether at least `most` messages were kept since the last call that said so.
    pub(super) fn takes_trim(&self, most: u32) -> bool {
        let mut inside = self.inside();
        let due = inside.untrimmed >= most;
        if due {
            inside.untrimmed = 0;
        }
        due
    }

    /// Whether it is due this much later than other nodes know; they are told now.
    pub(super) fn takes_due(&self, due_at: Millis, later_by_ms: i64) -> bool {
        let mut inside = self.inside();
        let takes = due_at.since(inside.due_told) >= later_by_ms.max(1);
        if takes {
            inside.due_told = due_at;
        }
        takes
    }

    pub(super) fn active_at(&self) -> Millis {
        self.inside().active_at
    }

    pub(super) fn lifetime(&self) -> Lifetime {
        self.inside().lifetime
    }

    /// Takes over another name or lifetime.
    pub(in crate::im) fn change(&self, name: &str, lifetime: Lifetime) {
        let mut inside = self.inside();
        name.clone_into(&mut inside.name);
        inside.lifetime = lifetime;
    }

    pub(super) fn count(&self) -> usize {
        self.inside().members.len()
    }

    pub(in crate::im) fn view(&self) -> ChatroomView {
        let inside = self.inside();
        ChatroomView {
            id: self.id,
            handle: self.handle.clone(),
            name: inside.name.clone(),
            count: inside.members.len(),
            created_at: self.created_at,
        }
    }

    /// Some of those inside.
    pub(super) fn members(&self, order: Order, most: usize) -> Vec<ChatroomMember> {
        let inside = self.inside();
        let member = |user: &UserId| {
            let member = inside.members.get(user)?;
            Some(ChatroomMember { person: member.person.clone(), joined_at: member.joined_at })
        };
        match order {
            Order::Oldest => inside.order.values().take(most).filter_map(member).collect(),
            Order::Newest => inside.order.values().rev().take(most).filter_map(member).collect(),
        }
    }

    /// Who came and went since the last call; nothing while few did and `all` is not asked for.
    pub(super) fn take_moves(&self, all: bool) -> Vec<Move> {
        self.inside().moves.take(all)
    }
}

impl Inside {
    fn remove(&mut self, user: &UserId, how: How) -> bool {
        let Some(member) = self.members.remove(user) else { return false };
        self.order.remove(&(member.joined_at, member.number));
        self.moves.note(user.clone(), how);
        true
    }
}
