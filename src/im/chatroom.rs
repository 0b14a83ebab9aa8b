//! Chatrooms: coming in, going, and who is inside.
//!
//! A room is made by joining it and ends when nobody speaks or comes for a while. Which rooms there are is kept; who is
//! inside is remembered by the node through which they came, so that ten thousand members cost the store nothing, and
//! other nodes ask for it (`everywhere`, `heard`) and for who tells the back end (`settle`). Below: one room's memory
//! (`room`), the order of what it is told (`line`), floods, rules, attributes, what is said, upkeep, news for the back end.

mod attributes;
mod everywhere;
mod flood;
mod heard;
mod line;
mod listen;
mod moves;
mod news;
mod refresh;
mod room;
mod rooms;
mod rules;
mod say;
mod settle;
mod upkeep;

use std::sync::Arc;

pub(super) use self::{room::Room, rooms::Rooms};
use super::Im;
use crate::{
    model::{
        AppKey, Caller, Code, ConnectionId, ConversationId, Fault, Handle, Position, Reply, Seq, UserId,
        chatroom::{
            AttributeKey, ChatroomCommand, JoinChatroom, JoinedChatroom, Lifetime, MOST_ATTRIBUTES, MOST_LATEST,
            MOST_LISTED, MOST_ROOMS_OF_USER, Right,
        },
        command::{History, Page},
    },
    store::chatrooms::NewChatroom,
};

/// Most chatrooms of one app at once.
const MOST_ROOMS: u64 = 10_000;
/// Who was away and missed more than this gets the latest messages instead.
const MOST_MISSED: u16 = 100;

/// A connection's place in a chatroom. Whoever holds it gives it to [`Im::chatroom_lost`] when the connection is gone.
#[derive(Debug, Clone)]
pub struct Place {
    /// The room's conversation.
    pub room: ConversationId,
    /// The room's handle.
    pub handle: Handle,
    /// Differs with each coming.
    pub ticket: u64,
}

/// What is known of all chatrooms, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatroomFigures {
    /// Rooms in memory.
    pub rooms: usize,
    /// People in them.
    pub members: usize,
    /// Messages refused in floods since the start.
    pub refused: u64,
}

impl Im {
    /// Lets a connection into a chatroom, which is made when it is unknown unless it must be there. From now on the
    /// connection must hear what is said there; then [`Im::chatroom_entered`] tells what was said before, so that nothing
    /// falls in between.
    pub async fn enter_chatroom(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        join: &JoinChatroom,
    ) -> Result<Place, Fault> {
        let handle = &join.chatroom;
        if join.last > MOST_LATEST {
            let message = format!("`last` is {}; allowed are 0 to {MOST_LATEST}", join.last);
            return Err(Fault::new(Code::BadRequest, message));
        }
        if self.rules_of(&caller.app, handle).await?.has(caller.id(), Right::Blocked, self.clock.now()) {
            return Err(Fault::new(Code::Banned, "you were put out of this chatroom and may not come back yet"));
        }
        // A room may end between finding and entering it; then it is made anew.
        for _ in 0..3 {
            let room = if join.only_existing {
                self.room(&caller.app, handle).await?.ok_or_else(no_chatroom)?
            } else {
                self.room_or_new(&caller.app, handle).await?
            };
            if !self.chatrooms.claim(&caller.app, caller.id(), room.id) {
                let message = format!("you are in {MOST_ROOMS_OF_USER} chatrooms already; quit one first");
                return Err(Fault::new(Code::TooManyChatrooms, message));
            }
            let ticket = self.chatrooms.ticket();
            if room.enter(caller, (connection, ticket), self.clock.now()).is_some() {
                return Ok(Place { room: room.id, handle: handle.clone(), ticket });
            }
            self.chatrooms.give_back(&caller.app, caller.id(), room.id);
            self.chatrooms.forget(&room);
        }
        Err(Fault::new(Code::Unavailable, "the chatroom is ending; try again").retry_after(1))
    }

    /// What somebody learns whose connection has its place and hears what is said.
    pub async fn chatroom_entered(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        join: &JoinChatroom,
        place: &Place,
    ) -> Result<JoinedChatroom, Fault> {
        let room = self.chatrooms.by_id(&caller.app, place.room).ok_or_else(no_chatroom)?;
        self.tell_moves(&room, false).await;
        let (page, reset) = self.missed(&caller.app, room.id, join).await?;
        room.note_heard(caller.id(), page.head.seq);
        let attributes = self.store.attributes(&caller.app, room.id, &[]).await?;
        let view = self.view_for_comer(&room).await?;
        if !room.hears(caller.id(), (connection, place.ticket)) {
            return Err(not_in_chatroom());
        }
        Ok(JoinedChatroom { room: view, head: page.head, reset, messages: page.messages, attributes })
    }

    /// Notes that a connection is gone. Its person stays for the app's grace time.
    pub fn chatroom_lost(&self, caller: &Caller, connection: ConnectionId, place: &Place) {
        if let Some(room) = self.chatrooms.by_id(&caller.app, place.room) {
            room.lose(caller.id(), (connection, place.ticket), self.clock.now());
        }
    }

    /// Does what a connected person asks about a chatroom.
    pub(super) async fn chatroom_command(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        command: ChatroomCommand,
    ) -> Result<Reply, Fault> {
        match command {
            ChatroomCommand::Join(join) => {
                let place = self.enter_chatroom(caller, connection, &join).await?;
                let joined = self.chatroom_entered(caller, connection, &join, &place).await?;
                Ok(Reply::JoinedChatroom(Box::new(joined)))
            }
            ChatroomCommand::Quit(handle) => {
                self.quit_chatroom(caller, connection, &handle).await.map(|()| Reply::Done {})
            }
            ChatroomCommand::Info { chatroom, members, order } => {
                let room = self.room_of_member(caller, &chatroom).await?;
                self.info_of(&room, members, order).await.map(|info| Reply::Chatroom(Box::new(info)))
            }
            ChatroomCommand::Attributes { chatroom, keys } => {
                few_keys(&keys)?;
                let room = self.room_of_member(caller, &chatroom).await?;
                Ok(Reply::Attributes(self.store.attributes(&caller.app, room.id, &keys).await?))
            }
            ChatroomCommand::SetAttributes(set) => {
                self.set_attributes(caller, connection, set).await.map(|version| Reply::Version { version })
            }
            ChatroomCommand::RemoveAttributes(remove) => {
                self.remove_attributes(caller, connection, remove).await.map(|version| Reply::Version { version })
            }
        }
    }

    /// The connection leaves the room; its person too, when it was their last one there.
    async fn quit_chatroom(&self, caller: &Caller, connection: ConnectionId, handle: &Handle) -> Result<(), Fault> {
        let Some(room) = self.chatrooms.get(&caller.app, handle) else { return Ok(()) };
        if room.quit(caller.id(), connection) == Some(true) {
            self.after_leaving(&room, caller.id()).await?;
        }
        Ok(())
    }

    /// Takes back what somebody who is outside now leaves behind.
    pub(in crate::im) async fn after_leaving(&self, room: &Arc<Room>, user: &UserId) -> Result<(), Fault> {
        if self.presence.is_shared() {
            self.leaves_here(room, user);
            return Ok(());
        }
        self.chatrooms.give_back(&room.app, user, room.id);
        if room.takes_owner(user) {
            self.drop_attributes_of(room, user).await?;
        }
        Ok(())
    }

    /// The latest messages, or what was missed; and whether what the client had is of no use.
    async fn missed(&self, app: &AppKey, id: ConversationId, join: &JoinChatroom) -> Result<(Page, bool), Fault> {
        let Some(have) = join.since else {
            let mut page = self.store.page(app, &History::newest(id, join.last.max(1))).await?;
            page.messages.truncate(join.last.into());
            return Ok((page, false));
        };
        let missed = History { after: Some(have.seq), ..History::newest(id, MOST_MISSED) };
        let page = self.store.page(app, &missed).await?;
        if page.more || is_lost(&page, have) {
            return Ok((self.store.page(app, &History::newest(id, MOST_LATEST)).await?, true));
        }
        Ok((page, false))
    }

    /// The room with this handle that the caller is in.
    pub(super) async fn room_of_member(&self, caller: &Caller, handle: &Handle) -> Result<Arc<Room>, Fault> {
        match self.room_inside(caller, handle).await? {
            Some(room) => Ok(room),
            None => Err(self.why_outside(&caller.app, handle).await),
        }
    }

    /// The room with this handle, if the caller is inside, here or through another node.
    pub(super) async fn room_inside(&self, caller: &Caller, handle: &Handle) -> Result<Option<Arc<Room>>, Fault> {
        if let Some(room) = self.chatrooms.get(&caller.app, handle).filter(|room| room.is_inside(caller.id())) {
            return Ok(Some(room));
        }
        if self.is_inside_elsewhere(caller, handle).await { self.room(&caller.app, handle).await } else { Ok(None) }
    }

    /// What to tell somebody who is not inside: whether there is anything to join.
    pub(super) async fn why_outside(&self, app: &AppKey, handle: &Handle) -> Fault {
        match self.store.chatroom(app, handle).await {
            Ok(Some(_)) => not_in_chatroom(),
            Ok(None) => no_chatroom(),
            Err(error) => error.into(),
        }
    }

    /// The room with this handle, if it is remembered.
    pub(in crate::im) fn known_room(&self, app: &AppKey, handle: &Handle) -> Option<Arc<Room>> {
        self.chatrooms.get(app, handle)
    }

    /// The room with this handle, remembered from now on; `None` when there is none.
    pub(in crate::im) async fn room(&self, app: &AppKey, handle: &Handle) -> Result<Option<Arc<Room>>, Fault> {
        if let Some(room) = self.chatrooms.get(app, handle)
            && self.still_stands(&room).await?
        {
            return Ok(Some(room));
        }
        match self.store.chatroom(app, handle).await? {
            Some(found) => self.remember_room(app, found).await.map(Some),
            None => Ok(None),
        }
    }

    async fn room_or_new(&self, app: &AppKey, handle: &Handle) -> Result<Arc<Room>, Fault> {
        match self.room(app, handle).await? {
            Some(room) => Ok(room),
            None => self.make_room(app, handle, String::new(), Lifetime::Idle(None)).await.map(|(room, _)| room),
        }
    }

    /// The room with this handle, made when there is none; and whether it was.
    pub(in crate::im) async fn make_room(
        &self,
        app: &AppKey,
        handle: &Handle,
        name: String,
        lifetime: Lifetime,
    ) -> Result<(Arc<Room>, bool), Fault> {
        if self.store.count_chatrooms(app).await? >= MOST_ROOMS {
            let message = format!("the app has {MOST_ROOMS} chatrooms already; end some first");
            return Err(Fault::new(Code::LimitReached, message));
        }
        let (id, at) = (self.mint_conversation_id(), self.clock.now());
        let due_at = self.due_at(app, lifetime, at).await?;
        let new = NewChatroom { id, handle: handle.clone(), name, lifetime, due_at, at };
        let (found, made) = self.store.open_chatroom(app, new).await?;
        let room = self.remember_room(app, found).await?;
        if made {
            self.tell_created(&room).await;
        }
        Ok((room, made))
    }
}

/// Refuses to look for more keys than there can be.
pub(in crate::im) fn few_keys(keys: &[AttributeKey]) -> Result<(), Fault> {
    if keys.len() > MOST_ATTRIBUTES {
        let message = format!("`keys` has {} entries; the limit is {MOST_ATTRIBUTES}", keys.len());
        return Err(Fault::new(Code::BadRequest, message));
    }
    Ok(())
}

/// Refuses to list more members than there may be in one answer.
fn few_members(members: u16) -> Result<(), Fault> {
    if members > MOST_LISTED {
        let message = format!("`members` is {members}; allowed are 0 to {MOST_LISTED}");
        return Err(Fault::new(Code::BadRequest, message));
    }
    Ok(())
}

/// Whether a client's place leads nowhere: another order, or messages that are gone.
fn is_lost(page: &Page, have: Position) -> bool {
    let first = page.messages.first().and_then(|first| first.seq).unwrap_or(page.head.seq);
    let hole = first > Seq(have.seq.0.saturating_add(1)) || (page.messages.is_empty() && page.head.seq > have.seq);
    page.head.epoch != have.epoch || page.head.seq < have.seq || hole
}

pub(in crate::im) fn no_chatroom() -> Fault {
    Fault::new(Code::NoChatroom, "there is no such chatroom now; joining makes it")
}

fn not_in_chatroom() -> Fault {
    Fault::new(Code::NotInChatroom, "you are not in this chatroom; join it first")
}
