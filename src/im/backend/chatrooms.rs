//! Chatrooms: making and ending them, who is inside, their attributes, and speaking in them without being inside.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use super::Backend;
use crate::{
    im::chatroom::{Room, few_keys, no_chatroom},
    model::{
        Caller, ClientId, Code, Content, Fault, Handle, Stale, UserId,
        chatroom::{
            AttributeKey, Attributes, Chatroom, ChatroomInfo, ChatroomView, Lifetime, Order, RemoveAttributes, Rule,
            SetAttributes,
        },
        command::Sent,
    },
};

/// Most chatrooms named in one call.
const MOST_NAMED: usize = 20;
/// Most chatrooms that one message goes to by name.
const MOST_ADDRESSED: usize = 10;
/// Most users asked about at once.
const MOST_ASKED: usize = 1000;
/// Longest name in characters.
const MAX_NAME: usize = 64;
/// A room's own idle time.
const IDLE_SECS: std::ops::RangeInclusive<u32> = 5..=7 * 24 * 3600;
/// A room that ends at an instant ends within a year.
const LONGEST_SECS: i64 = 365 * 24 * 3600;
/// Rooms looked up together for a message to all of them.
const PAGE: u16 = 100;

/// How the back end says something in chatrooms.
#[derive(Debug, Clone, Default)]
pub struct Saying {
    /// Makes the call harmless to repeat: one message per room and client id, while it is kept.
    pub client_id: Option<ClientId>,
    /// Kept, whatever its type says.
    pub stored: Option<bool>,
}

impl Backend<'_> {
    /// Makes a chatroom, or gives another name and lifetime to one that is there. Tells whether it was made.
    pub async fn create_chatroom(
        &self,
        handle: &Handle,
        name: &str,
        lifetime: Lifetime,
    ) -> Result<(ChatroomView, bool), Fault> {
        let now = self.im.now();
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Fault::new(Code::BadRequest, format!("`name` has at most {MAX_NAME} visible characters")));
        }
        match lifetime {
            Lifetime::Idle(Some(secs)) if !IDLE_SECS.contains(&secs) => {
                let (least, most) = (IDLE_SECS.start(), IDLE_SECS.end());
                let message = format!("the idle time is {secs} seconds; allowed are {least} to {most}");
                return Err(Fault::new(Code::BadRequest, message));
            }
            Lifetime::Until(at) if at <= now || at > now.plus_secs(LONGEST_SECS) => {
                return Err(Fault::new(Code::BadRequest, "a chatroom ends in the future, within a year"));
            }
            Lifetime::Idle(_) | Lifetime::Until(_) => {}
        }
        if let Some(room) = self.im.room(self.app, handle).await? {
            let due_at = self.im.due_at(self.app, lifetime, now).await?;
            let wish = Some((lifetime, due_at));
            let changed = self.im.store.change_chatroom(self.app, room.id, Some(name.to_owned()), wish).await?;
            room.change(&changed.name, changed.lifetime);
            self.im.stale(self.app, Stale::RoomRules(Some(handle.clone()))).await;
            return Ok((self.im.view_of(&room).await?, false));
        }
        let (room, made) = self.im.make_room(self.app, handle, name.to_owned(), lifetime).await?;
        Ok((self.im.view_of(&room).await?, made))
    }

    /// Ends a chatroom. What was decided about it stays.
    pub async fn end_chatroom(&self, handle: &Handle) -> Result<(), Fault> {
        let ended = self.end_chatrooms(std::slice::from_ref(handle)).await?;
        if ended.is_empty() { Err(no_chatroom()) } else { Ok(()) }
    }

    /// Ends chatrooms; those that were there. What was decided about them stays.
    pub async fn end_chatrooms(&self, handles: &[Handle]) -> Result<Vec<Handle>, Fault> {
        some("chatrooms", handles.len(), MOST_NAMED)?;
        let mut ended = Vec::new();
        for handle in handles {
            let Some(room) = self.im.store.chatroom(self.app, handle).await? else { continue };
            if self.im.end_room(self.app, room.id, handle, "back_end").await? {
                ended.push(handle.clone());
            }
        }
        Ok(ended)
    }

    /// A chatroom, with up to 500 of those inside.
    pub async fn chatroom(&self, handle: &Handle, members: u16, order: Order) -> Result<ChatroomInfo, Fault> {
        let room = self.open_room(handle).await?;
        self.im.info_of(&room, members, order).await
    }

    /// A page of the app's chatrooms, by handle, at most 100.
    pub async fn chatrooms(&self, after: Option<&Handle>, limit: u16) -> Result<Vec<ChatroomView>, Fault> {
        let found = self.im.store.chatrooms(self.app, after, limit.clamp(1, PAGE)).await?;
        let counts = self.im.count_inside(self.app, found.iter().map(|room| room.id).collect()).await;
        let view = |room: Chatroom| {
            let Chatroom { id, handle, name, created_at, .. } = room;
            ChatroomView { id, handle, name, count: counts.get(&id).copied().unwrap_or_default(), created_at }
        };
        Ok(found.into_iter().map(view).collect())
    }

    /// Which of these users are inside, in their order.
    pub async fn are_in_chatroom(&self, handle: &Handle, users: &[UserId]) -> Result<Vec<(UserId, bool)>, Fault> {
        some("users", users.len(), MOST_ASKED)?;
        let room = self.open_room(handle).await?;
        let outside: Vec<UserId> = users.iter().filter(|user| !room.is_inside(user)).cloned().collect();
        let elsewhere = self.im.inside_elsewhere(self.app, handle, outside).await;
        Ok(users.iter().map(|user| (user.clone(), room.is_inside(user) || elsewhere.contains(user))).collect())
    }

    /// The attributes with these keys; all of them when empty.
    pub async fn chatroom_attributes(&self, handle: &Handle, keys: &[AttributeKey]) -> Result<Attributes, Fault> {
        few_keys(keys)?;
        let room = self.open_room(handle).await?;
        Ok(self.im.store.attributes(self.app, room.id, keys).await?)
    }

    /// Sets attributes in the name of a user, who need not be inside; the room's count of changes then.
    pub async fn set_chatroom_attributes(&self, by: &UserId, set: SetAttributes) -> Result<u64, Fault> {
        let room = self.open_room(&set.chatroom).await?;
        let by = self.speaker(by).await?;
        self.im.put_attributes(&room, &by, None, set).await
    }

    /// Removes attributes in the name of a user, who need not be inside; the room's count of changes then.
    pub async fn remove_chatroom_attributes(&self, by: &UserId, remove: RemoveAttributes) -> Result<u64, Fault> {
        let room = self.open_room(&remove.chatroom).await?;
        let by = self.speaker(by).await?;
        self.im.take_attributes(&room, &by, None, remove).await
    }

    /// Says something in up to 10 chatrooms in the name of a user, who need not be inside. Gags and floods do not hold
    /// the back end up.
    pub async fn say_in_chatrooms(
        &self,
        from: &UserId,
        handles: &[Handle],
        content: &Content,
        how: &Saying,
    ) -> Result<Vec<(Handle, Result<Sent, Fault>)>, Fault> {
        some("chatrooms", handles.len(), MOST_ADDRESSED)?;
        self.im.check_content(content)?;
        let from = self.speaker(from).await?;
        let mut told = HashSet::new();
        let mut sent = Vec::with_capacity(handles.len());
        for handle in handles.iter().filter(|handle| told.insert(*handle)) {
            sent.push((handle.clone(), self.say_in(&from, handle, content, how).await));
        }
        Ok(sent)
    }

    /// Says something in every chatroom of the app; in how many it was said.
    pub async fn say_in_every_chatroom(&self, from: &UserId, content: &Content, how: &Saying) -> Result<usize, Fault> {
        self.im.check_content(content)?;
        let from = self.speaker(from).await?;
        let (mut after, mut sent) = (None, 0);
        loop {
            let page = self.im.store.chatrooms(self.app, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(sent) };
            after = Some(last.handle.clone());
            for room in &page {
                match self.say_in(&from, &room.handle, content, how).await {
                    Ok(_) => sent += 1,
                    // It ended meanwhile.
                    Err(fault) if fault.code == Code::NoChatroom => {}
                    Err(fault) => return Err(fault),
                }
            }
        }
    }

    async fn say_in(&self, from: &Caller, handle: &Handle, content: &Content, how: &Saying) -> Result<Sent, Fault> {
        let room = self.open_room(handle).await?;
        let stopped = self.im.rules_of(self.app, handle).await?.holds(Rule::Stopped);
        room.stopped.store(stopped, Ordering::Relaxed);
        self.im.say_as_back_end(&room, from, content.clone(), (how.client_id.clone(), how.stored)).await
    }

    async fn open_room(&self, handle: &Handle) -> Result<Arc<Room>, Fault> {
        self.im.room(self.app, handle).await?.ok_or_else(no_chatroom)
    }

    /// In whose name the back end speaks.
    async fn speaker(&self, user: &UserId) -> Result<Caller, Fault> {
        let person = self.im.store.user(self.app, user).await?;
        let person = person.ok_or_else(|| Fault::new(Code::NotFound, format!("no such user: {user}")))?;
        Ok(Caller { app: self.app.clone(), person, site: None })
    }
}

/// Refuses lists that are empty or too long.
pub(super) fn some(what: &str, given: usize, most: usize) -> Result<(), Fault> {
    if (1..=most).contains(&given) {
        return Ok(());
    }
    Err(Fault::new(Code::BadRequest, format!("`{what}` has {given} entries; allowed are 1 to {most}")))
}
