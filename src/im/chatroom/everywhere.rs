//! Who is in a chatroom, over all nodes: each knows those who came in through it, and is asked for them.
//!
//! Nothing is told of who comes and goes, so ten thousand members cost nothing until somebody asks. What connected people
//! do here is decided here; only who seems to be outside is asked for elsewhere.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::{heard::Fresh, room::Room};
use crate::{
    im::Im,
    model::{
        AppKey, Caller, ConversationId, Fault, Handle, Millis, Question, UserId,
        chatroom::{ChatroomInfo, ChatroomMember, ChatroomView, Order},
        node::{RoomThere, RoomUsers, RoomsQuestion},
    },
};

/// How long other nodes have for an answer about chatrooms. Who does not answer has nobody inside.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// Most who may be inside elsewhere too are named in one answer.
const MOST_DOUBTFUL: usize = 1000;
impl Im {
    /// Whether other nodes may have something to say.
    pub(super) fn has_other_nodes(&self) -> bool {
        self.presence.is_shared() && !self.presence.nodes().is_empty()
    }

    /// A room and how many are inside, over all nodes.
    pub(in crate::im) async fn view_of(&self, room: &Arc<Room>) -> Result<ChatroomView, Fault> {
        Ok(self.look_into(room, (0, Order::Newest), Fresh::Now).await?.room)
    }

    /// As [`Im::view_of`], for one of many who come: those at other nodes may be counted as they were a second ago.
    pub(super) async fn view_for_comer(&self, room: &Arc<Room>) -> Result<ChatroomView, Fault> {
        Ok(self.look_into(room, (0, Order::Newest), Fresh::Nearly).await?.room)
    }

    /// A room and up to 500 of those inside, over all nodes.
    pub(in crate::im) async fn info_of(
        &self,
        room: &Arc<Room>,
        members: u16,
        order: Order,
    ) -> Result<ChatroomInfo, Fault> {
        super::few_members(members)?;
        self.look_into(room, (members, order), Fresh::Now).await
    }

    async fn look_into(
        &self,
        room: &Arc<Room>,
        (members, order): (u16, Order),
        fresh: Fresh,
    ) -> Result<ChatroomInfo, Fault> {
        self.still_stands(room).await?;
        if !self.has_other_nodes() {
            return Ok(ChatroomInfo { room: room.view(), members: room.members(order, members.into()) });
        }
        let ask = async |members, order| self.ask_for_rooms(&room.app, vec![room.id], members, order).await;
        let there = room.heard.of((members, order), fresh, ask).await;
        let doubtful = there.iter().flat_map(|there| &there.doubtful);
        let inside = doubtful.filter(|user| room.is_inside(user)).cloned().collect();
        let count = count(room.count(), &inside, &there);
        let mut all = room.members(order, members.into());
        all.extend(there.into_iter().flat_map(|there| there.members));
        Ok(ChatroomInfo { room: ChatroomView { count, ..room.view() }, members: in_order(all, order, members.into()) })
    }

    /// How many are in each of some chatrooms, over all nodes.
    pub(in crate::im) async fn count_inside(
        &self,
        app: &AppKey,
        rooms: Vec<ConversationId>,
    ) -> HashMap<ConversationId, usize> {
        let mut there: HashMap<ConversationId, Vec<RoomThere>> = HashMap::new();
        if self.has_other_nodes() {
            for one in self.ask_for_rooms(app, rooms.clone(), 0, Order::Newest).await {
                there.entry(one.room).or_default().push(one);
            }
        }
        let counted = |id: ConversationId| {
            let (known, there) = (self.chatrooms.by_id(app, id), there.remove(&id).unwrap_or_default());
            let is_inside = |user: &&UserId| known.as_ref().is_some_and(|room| room.is_inside(user));
            let inside = there.iter().flat_map(|there| &there.doubtful).filter(is_inside).cloned().collect();
            (id, count(known.as_ref().map_or(0, |room| room.count()), &inside, &there))
        };
        rooms.into_iter().map(counted).collect()
    }

    /// Which of these users are in a chatroom through other nodes.
    pub(in crate::im) async fn inside_elsewhere(
        &self,
        app: &AppKey,
        room: &Handle,
        users: Vec<UserId>,
    ) -> HashSet<UserId> {
        if users.is_empty() || !self.has_other_nodes() {
            return HashSet::new();
        }
        let asked = RoomUsers { app: app.clone(), room: room.clone(), users };
        let answers: Vec<Vec<UserId>> = self.ask_about_rooms(Question::Inside(asked)).await;
        answers.into_iter().flatten().collect()
    }

    /// Whether somebody who is not inside here is inside through another node.
    pub(in crate::im) async fn is_inside_elsewhere(&self, caller: &Caller, room: &Handle) -> bool {
        self.inside_elsewhere(&caller.app, room, vec![caller.id().clone()]).await.contains(caller.id())
    }

    async fn ask_for_rooms(
        &self,
        app: &AppKey,
        rooms: Vec<ConversationId>,
        members: u16,
        order: Order,
    ) -> Vec<RoomThere> {
        let asked = RoomsQuestion { app: app.clone(), rooms, members, order };
        let answers: Vec<Vec<RoomThere>> = self.ask_about_rooms(Question::Rooms(asked)).await;
        answers.into_iter().flatten().collect()
    }

    pub(super) async fn ask_about_rooms<T: DeserializeOwned>(&self, question: Question) -> Vec<T> {
        let answers = self.bus.ask_all(question, ANSWER_TIME).await;
        let read = |answer: String| {
            let read = serde_json::from_str(&answer);
            if let Err(error) = &read {
                tracing::warn!(error = %error, "Another node told its chatrooms in a way that is not known here");
            }
            read.ok()
        };
        answers.into_iter().filter_map(|(_, answer)| read(answer)).collect()
    }

    /// Who is in these chatrooms through this node.
    pub(in crate::im) fn rooms_here(&self, asked: &RoomsQuestion) -> Vec<RoomThere> {
        let RoomsQuestion { app, rooms, members, order } = asked;
        let now = self.clock.now();
        let there = |room: Arc<Room>| RoomThere {
            room: room.id,
            count: room.count(),
            doubtful: room.doubtful(MOST_DOUBTFUL, |user| self.presence.is_elsewhere(app, user, now)),
            members: room.members(*order, usize::from(*members).min(super::MOST_LISTED.into())),
        };
        rooms.iter().filter_map(|id| self.chatrooms.by_id(app, *id)).map(there).collect()
    }

    /// Which of these users are in a chatroom through this node.
    pub(in crate::im) fn inside_here(&self, asked: &RoomUsers) -> Vec<UserId> {
        let Some(room) = self.chatrooms.get(&asked.app, &asked.room) else { return Vec::new() };
        asked.users.iter().filter(|user| room.is_inside(user)).cloned().collect()
    }
}

/// How many are inside, when so many are here, among them these who are inside elsewhere too.
fn count(here: usize, both: &HashSet<UserId>, there: &[RoomThere]) -> usize {
    let mut named: HashSet<&UserId> = both.iter().collect();
    let sum = there.iter().fold(here, |sum, there| sum.saturating_add(there.count));
    let doubtful = there.iter().flat_map(|there| &there.doubtful);
    // Whoever was named before is counted already.
    doubtful.fold(sum, |sum, user| if named.insert(user) { sum } else { sum.saturating_sub(1) })
}

/// Each once, since they first came.
fn in_order(mut members: Vec<ChatroomMember>, order: Order, most: usize) -> Vec<ChatroomMember> {
    let mut since: HashMap<UserId, Millis> = HashMap::new();
    for member in &members {
        let first = since.entry(member.person.id.clone()).or_insert(member.joined_at);
        *first = member.joined_at.min(*first);
    }
    members.retain_mut(|member| {
        let first = since.remove(&member.person.id);
        member.joined_at = first.unwrap_or(member.joined_at);
        first.is_some()
    });
    // Those who came to one node at once stay in the order in which it tells them.
    match order {
        Order::Oldest => members.sort_by_key(|member| member.joined_at),
        Order::Newest => members.sort_by_key(|member| std::cmp::Reverse(member.joined_at)),
    }
    members.truncate(most);
    members
}
