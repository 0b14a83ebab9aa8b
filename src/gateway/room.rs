//! A connection's places in chatrooms. Giving one up happens on drop.

use std::{collections::HashMap, sync::Arc};

use super::{Gateway, outbox::Outbox};
use crate::{
    im::chatroom::Place,
    model::{
        Caller, ConnectionId, ConversationId, Fault, Handle,
        chatroom::{JoinChatroom, JoinedChatroom, MOST_ROOMS_OF_USER},
    },
};

/// A place in one chatroom. Dropping it tells that the connection hears no more.
pub(super) struct RoomSeat {
    gateway: Arc<Gateway>,
    caller: Arc<Caller>,
    connection: ConnectionId,
    place: Place,
}

impl RoomSeat {
    /// Comes in: first the connection hears what is said from now on, then it learns what was said before.
    pub(super) async fn take(
        gateway: Arc<Gateway>,
        caller: Arc<Caller>,
        outbox: Arc<Outbox>,
        join: JoinChatroom,
    ) -> Result<(Self, JoinedChatroom), Fault> {
        let connection = outbox.id;
        let place = gateway.im.enter_chatroom(&caller, connection, &join).await?;
        gateway.sessions.rooms.enter(place.room, place.ticket, &outbox);
        let seat = Self { gateway, caller, connection, place };
        let joined = seat.gateway.im.chatroom_entered(&seat.caller, connection, &join, &seat.place).await?;
        Ok((seat, joined))
    }

    fn is_heard(&self) -> bool {
        self.gateway.sessions.rooms.has(self.place.room, self.connection, self.place.ticket)
    }
}

impl Drop for RoomSeat {
    fn drop(&mut self) {
        self.gateway.sessions.rooms.leave(self.place.room, self.connection, self.place.ticket);
        self.gateway.im.chatroom_lost(&self.caller, self.connection, &self.place);
    }
}

/// Every place of one connection.
#[derive(Default)]
pub(super) struct RoomSeats(HashMap<ConversationId, RoomSeat>);

impl RoomSeats {
    /// Keeps a place. An older one in the same room goes.
    pub(super) fn keep(&mut self, seat: RoomSeat) {
        // Rooms that ended leave places behind that mean nothing.
        if self.0.len() >= 2 * MOST_ROOMS_OF_USER {
            self.0.retain(|_, seat| seat.is_heard());
        }
        self.0.insert(seat.place.room, seat);
    }

    /// Gives the place in this room up.
    pub(super) fn give_up(&mut self, handle: &Handle) {
        self.0.retain(|_, seat| seat.place.handle != *handle);
    }
}
