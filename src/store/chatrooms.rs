//! Chatrooms: which there are, their attributes, and what the back end decides about them.
//!
//! Who is inside is not kept: members come anew after a restart. A room that ended keeps its conversation and the count
//! of its messages, so that a client that comes back to the same handle never takes a new message for an old one.

use async_trait::async_trait;

use super::Result;
use crate::model::{
    AppKey, ConversationId, Handle, Millis, ObjectName, UserId,
    chatroom::{AttributeKey, Attributes, Chatroom, Entitled, Lifetime, Priority, Right, Rule},
};

/// A chatroom to make.
#[derive(Debug, Clone)]
pub struct NewChatroom {
    /// The id of its conversation, unless the handle had a room before.
    pub id: ConversationId,
    /// The app's own id of it.
    pub handle: Handle,
    /// Its name.
    pub name: String,
    /// When it ends by itself.
    pub lifetime: Lifetime,
    /// When to look whether it has ended.
    pub due_at: Millis,
    /// The server's time.
    pub at: Millis,
}

/// A chatroom that may have to end.
#[derive(Debug, Clone)]
pub struct DueChatroom {
    /// Its app.
    pub app: AppKey,
    /// Which.
    pub room: Chatroom,
}

/// Attributes to set.
#[derive(Debug, Clone)]
pub struct NewAttributes {
    /// What, by key.
    pub attributes: Vec<(AttributeKey, String)>,
    /// Who sets them.
    pub by: UserId,
    /// They go when who set them leaves.
    pub auto_delete: bool,
    /// Also over what others set.
    pub force: bool,
    /// The server's time.
    pub at: Millis,
}

/// What became of a change of attributes. All or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributesChanged {
    /// Done; the room's count of changes now.
    Done(u64),
    /// There would be more than the room may have.
    TooMany,
    /// Somebody else set this one.
    Taken(AttributeKey),
    /// There is none with this key.
    Missing(AttributeKey),
}

/// Everything the back end decided that matters for one chatroom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChatroomRules {
    /// What holds for the whole room.
    pub rules: Vec<Rule>,
    /// What holds for some users in it, or in every room of the app.
    pub people: Vec<(Right, Entitled)>,
}

/// Who has a right, in one chatroom or, without a handle, in every room of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightOf {
    /// Where.
    pub handle: Option<Handle>,
    /// What.
    pub right: Right,
}

/// Verbs about chatrooms. Rights, rules and priorities outlive a room and may be set before it is made.
#[async_trait]
pub trait Chatrooms: Send + Sync {
    /// The open chatroom with this handle, and whether it was made now. One that has ended is made anew.
    async fn open_chatroom(&self, app: &AppKey, new: NewChatroom) -> Result<(Chatroom, bool)>;
    /// The chatroom with this handle, unless it has ended.
    async fn chatroom(&self, app: &AppKey, handle: &Handle) -> Result<Option<Chatroom>>;
    /// Chatrooms that have not ended, by handle, after one of them, at most `limit`.
    async fn chatrooms(&self, app: &AppKey, after: Option<&Handle>, limit: u16) -> Result<Vec<Chatroom>>;
    /// How many chatrooms of the app have not ended.
    async fn count_chatrooms(&self, app: &AppKey) -> Result<u64>;
    /// Chatrooms to look at by `now`, any app, at most `limit`, the longest due first.
    async fn due_chatrooms(&self, now: Millis, limit: u16) -> Result<Vec<DueChatroom>>;
    /// Looks at a chatroom again at `due_at`, or later when somebody said so before. Ended ones are left alone.
    async fn postpone_chatroom(&self, app: &AppKey, id: ConversationId, due_at: Millis) -> Result<()>;
    /// Another name or lifetime. Ended: [`StoreError::NoConversation`](super::StoreError::NoConversation).
    async fn change_chatroom(
        &self,
        app: &AppKey,
        id: ConversationId,
        name: Option<String>,
        lifetime: Option<(Lifetime, Millis)>,
    ) -> Result<Chatroom>;
    /// Ends a chatroom: its messages and attributes are gone, it takes no more. `false` when it had ended before.
    async fn end_chatroom(&self, app: &AppKey, id: ConversationId, at: Millis) -> Result<bool>;
    /// Forgets all messages but the newest `keep`, a bounded number at once; tells how many went.
    async fn trim_chatroom(&self, app: &AppKey, id: ConversationId, keep: u16) -> Result<u64>;

    /// The attributes with these keys; all of them when empty.
    async fn attributes(&self, app: &AppKey, id: ConversationId, keys: &[AttributeKey]) -> Result<Attributes>;
    /// Sets attributes of an open chatroom.
    async fn set_attributes(&self, app: &AppKey, id: ConversationId, new: NewAttributes) -> Result<AttributesChanged>;
    /// Removes attributes that `by` set, or also those of others.
    async fn remove_attributes(
        &self,
        app: &AppKey,
        id: ConversationId,
        keys: &[AttributeKey],
        by: &UserId,
        force: bool,
    ) -> Result<AttributesChanged>;
    /// Removes what goes with a user who left: the count of changes now, and the keys that are gone.
    async fn remove_attributes_of(
        &self,
        app: &AppKey,
        id: ConversationId,
        user: &UserId,
    ) -> Result<(u64, Vec<AttributeKey>)>;

    /// Everything that matters for one chatroom at `now`.
    async fn chatroom_rules(&self, app: &AppKey, handle: &Handle, now: Millis) -> Result<ChatroomRules>;
    /// Gives users a right, until then or for good, and forgets rights that are over. `false`, and nothing is done, when
    /// more than `most` would have it. Users must exist.
    async fn entitle(&self, app: &AppKey, of: &RightOf, users: &[Entitled], most: usize, now: Millis) -> Result<bool>;
    /// Takes a right from users. Those who do not have it are ignored.
    async fn disentitle(&self, app: &AppKey, of: &RightOf, users: &[UserId]) -> Result<()>;
    /// Who has a right at `now`, by id.
    async fn entitled(&self, app: &AppKey, of: &RightOf, now: Millis) -> Result<Vec<Entitled>>;
    /// Whether a rule holds for chatrooms. `false`, and nothing is done, when it would hold for more than `most`.
    async fn set_chatroom_rule(
        &self,
        app: &AppKey,
        rule: Rule,
        handles: &[Handle],
        on: bool,
        most: usize,
    ) -> Result<bool>;
    /// The chatrooms for which a rule holds, by handle.
    async fn chatrooms_under(&self, app: &AppKey, rule: Rule) -> Result<Vec<Handle>>;
    /// Puts message types on a list, or takes them off. `false`, and nothing is done, when it would be longer than `most`.
    async fn set_priority(
        &self,
        app: &AppKey,
        priority: Priority,
        names: &[ObjectName],
        on: bool,
        most: usize,
    ) -> Result<bool>;
    /// The message types on both lists.
    async fn priorities(&self, app: &AppKey) -> Result<Vec<(Priority, ObjectName)>>;
}
