//! A room that others may have changed, looked at anew: its name and end, whether it is over, who may not be inside, and
//! whose attributes go with them.

use std::sync::Arc;

use super::room::Room;
use crate::{
    im::Im,
    model::{Fault, chatroom::Right},
};

impl Im {
    /// Whether this is the room that the store knows. What others may have changed is looked up first.
    pub(super) async fn still_stands(&self, room: &Arc<Room>) -> Result<bool, Fault> {
        if !room.takes_doubt() {
            return Ok(true);
        }
        let stands = self.refresh(room).await;
        if stands.is_err() {
            room.doubt();
        }
        stands
    }

    async fn refresh(&self, room: &Arc<Room>) -> Result<bool, Fault> {
        let found = self.store.chatroom(&room.app, &room.handle).await?;
        let Some(found) = found.filter(|found| found.created_at == room.created_at) else {
            // Its end was not heard here; a room that was made since is another one.
            self.room_is_over(room);
            return Ok(false);
        };
        room.change(&found.name, found.lifetime);
        let now = self.clock.now();
        let due = self.grace_over(&room.app, now).await?;
        let attributes = self.store.attributes(&room.app, room.id, &[]).await?;
        for one in attributes.list.iter().filter(|one| one.auto_delete) {
            room.learn_owner(&one.by, Some(due));
        }
        let rules = self.rules_of(&room.app, &room.handle).await?;
        let blocked = room.those_inside(|user| rules.has(user, Right::Blocked, now));
        for user in self.put_out_here(room, &blocked) {
            self.leaves_here(room, &user);
        }
        Ok(true)
    }
}
