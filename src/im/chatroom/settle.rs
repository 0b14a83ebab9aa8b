//! What nodes settle among them about a room: which of them tells that somebody came or went, whether attributes go with
//! their owner, and that somebody is put out on all of them.
//!
//! One question for many rooms and people, once a second and only when something happened.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::room::{Pending, Room};
use crate::{
    im::{Im, nodes::ANSWER_TIME},
    model::{
        AppKey, Audience, ConversationId, Fault, Handle, Millis, NodeId, Question, UserId,
        chatroom::{ChatroomEvent, ChatroomNews},
        node::{RoomMoves, RoomStand, RoomUsers},
    },
};

/// About so many users are asked about at once.
const MOST_ASKED: usize = 1000;
/// Whose attributes did not go because they are inside elsewhere is asked for again after so long at least.
const ASKED_AGAIN_SECS: i64 = 5;
/// So many rooms that others may have changed are looked at in one go.
const MOST_REFRESHED: usize = 200;

/// What all others said of one room.
#[derive(Debug, Default)]
struct Said {
    since: HashMap<UserId, Millis>,
    known: HashSet<UserId>,
}

impl Im {
    /// One look at all chatrooms, with other nodes.
    pub(super) async fn look_with_others(&self, rooms: &[Arc<Room>], now: Millis) -> Result<(), Fault> {
        if self.lost.is_time_to_look(now) {
            self.chatrooms.forget_all_rules();
            self.chatrooms.doubt_all();
        }
        for room in rooms.iter().filter(|room| room.is_unsure()).take(MOST_REFRESHED) {
            self.still_stands(room).await?;
        }
        let (mut batch, mut size) = (Vec::new(), 0);
        for room in rooms {
            while let Some(pending) = room.pending(now) {
                size += pending.len();
                batch.push((room.clone(), pending));
                if size < MOST_ASKED {
                    break;
                }
                self.settle(std::mem::take(&mut batch), now).await?;
                size = 0;
            }
        }
        self.settle(batch, now).await
    }

    async fn settle(&self, batch: Vec<(Arc<Room>, Pending)>, now: Millis) -> Result<(), Fault> {
        if batch.is_empty() {
            return Ok(());
        }
        let asked = batch.iter().map(|(_, pending)| pending.asked.clone()).collect();
        let (mut said, all_answered) = self.ask_how_they_stand(asked).await;
        for (room, pending) in batch {
            let Said { since, known } = said.remove(&room.id).unwrap_or_default();
            let moves = room.settle(&pending, &since, &known);
            self.tell_these_moves(&room, &moves).await;
            for owner in pending.owners {
                if !all_answered || since.contains_key(&owner) {
                    let secs = self.keep_secs(&room.app).await?.max(ASKED_AGAIN_SECS);
                    room.spare_owner(&owner, now.plus_secs(secs));
                } else if room.is_owner_due(&owner, now) {
                    self.drop_attributes_of(&room, &owner).await?;
                    room.takes_owner(&owner);
                }
            }
        }
        Ok(())
    }

    /// What others say of each room, and whether all of them said something.
    async fn ask_how_they_stand(&self, asked: Vec<RoomMoves>) -> (HashMap<ConversationId, Said>, bool) {
        let mut said: HashMap<ConversationId, Said> = HashMap::new();
        let others = self.presence.nodes().len();
        if others == 0 {
            return (said, !self.bus.is_deaf());
        }
        let answers: Vec<Vec<RoomStand>> = self.ask_about_rooms(Question::Moves(asked)).await;
        let all_answered = answers.len() >= others;
        for stand in answers.into_iter().flatten() {
            let of = said.entry(stand.room).or_default();
            for (user, since) in stand.inside {
                let first = of.since.entry(user).or_insert(since);
                *first = since.min(*first);
            }
            of.known.extend(stand.told);
        }
        (said, all_answered)
    }

    /// What this node says of those whom another one asks about.
    pub(in crate::im) fn settle_with(&self, from: NodeId, asked: &[RoomMoves]) -> Vec<RoomStand> {
        let (asker_is_lower, now) = (self.bus.node().is_some_and(|me| from < me), self.clock.now());
        let known = asked.iter().filter_map(|asked| Some((self.chatrooms.by_id(&asked.app, asked.room)?, asked)));
        let stand = |(room, asked): (Arc<Room>, &RoomMoves)| {
            let (stand, moved) = room.stand(asked, asker_is_lower, now);
            for user in &moved {
                self.leaves_here(&room, user);
            }
            stand
        };
        known.map(stand).collect()
    }

    /// Takes back what somebody leaves behind who is outside now, as far as this node knows: what goes with them goes
    /// when they are not inside elsewhere.
    pub(super) fn leaves_here(&self, room: &Room, user: &UserId) {
        self.chatrooms.give_back(&room.app, user, room.id);
        room.owner_left(user, self.clock.now());
    }

    /// Puts people out who are inside through this node; those who were.
    pub(in crate::im) fn put_out_here(&self, room: &Arc<Room>, users: &[UserId]) -> Vec<UserId> {
        let out: Vec<UserId> = users.iter().filter(|user| room.put_out(user)).cloned().collect();
        for user in &out {
            let ticket = self.chatrooms.ticket();
            let audience = Audience { users: vec![user.clone()], ..Audience::of(room.app.clone()) };
            self.tell_here(audience, room.event(ChatroomNews::Out { ticket }));
        }
        out
    }

    /// Has other nodes put people out, and waits until they have. One that does not hear it finds them blocked in the
    /// store.
    pub(in crate::im) async fn put_out_elsewhere(&self, app: &AppKey, room: &Handle, users: &[UserId]) {
        if self.has_other_nodes() {
            let out = RoomUsers { app: app.clone(), room: room.clone(), users: users.to_vec() };
            self.bus.ask_all(Question::PutOut(out), ANSWER_TIME).await;
        }
    }

    /// Puts people out as another node asks; those who were inside.
    pub(in crate::im) fn put_out_for_others(&self, asked: &RoomUsers) -> Vec<UserId> {
        let Some(room) = self.known_room(&asked.app, &asked.room) else { return Vec::new() };
        let out = self.put_out_here(&room, &asked.users);
        for user in &out {
            self.leaves_here(&room, user);
        }
        out
    }

    /// Attributes were set through another node: those that go with somebody who is inside here too are watched here.
    pub(in crate::im) fn note_owners(&self, app: &AppKey, news: &ChatroomEvent) {
        let ChatroomNews::Attributes { set, .. } = &news.what else { return };
        let Some(room) = self.chatrooms.by_id(app, news.id) else { return };
        for one in set.iter().filter(|one| one.auto_delete) {
            room.learn_owner(&one.by, None);
        }
    }
}
