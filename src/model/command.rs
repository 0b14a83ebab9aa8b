//! What a client may ask, and what it hears back.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use super::{
    ClientId, Content, Conversation, ConversationId, FileId, Handle, Kind, Message, MessageUid, Millis, Mine, Person,
    Position, Seq, SiteKey, UserId,
    chatroom::{Attributes, ChatroomCommand, ChatroomInfo, JoinedChatroom},
    conversation::{Keeping, Participant, Unread, View},
    file::Link,
    presence::{Presence, Watch},
    public_service::{PublicServiceCommand, PublicServicePage},
    search::{Found, Search},
};

/// One request of an authenticated client. Every one is answered exactly once.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Send a message. Answered when it is durable.
    Send(Send),
    /// A page of messages.
    History(History),
    /// Move the own watermarks forward.
    Receipt(Receipt),
    /// The caller began or stopped typing.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Began or stopped.
        on: bool,
    },
    /// The caller's conversations (visitors, users), or one of the desk's views (agents).
    Conversations(List),
    /// One conversation.
    Conversation(ConversationId),
    /// The caller keeps a conversation in another way: pinned, muted, out of the list.
    Keep {
        /// Which.
        conversation: ConversationId,
        /// How.
        change: Keeping,
    },
    /// The caller hears nothing more from a user in private, or again.
    Block {
        /// From whom.
        user: UserId,
        /// Nothing more.
        on: bool,
    },
    /// Whom the caller has blocked.
    Blocked,
    /// Something about a chatroom.
    Chatroom(ChatroomCommand),
    /// The caller wants to hear who comes and goes.
    Watch(Watch),
    /// The caller founds a group or discussion and owns it.
    CreateGroup(CreateGroup),
    /// Something about a group or discussion, or the caller's place in it, changes.
    Group {
        /// Which.
        conversation: ConversationId,
        /// What.
        change: GroupChange,
    },
    /// A page of a group's members.
    Members(MembersQuery),
    /// Who has read one of the caller's own messages.
    Readers(ReadersQuery),
    /// About public services.
    PublicService(PublicServiceCommand),
    /// The caller takes one of their own messages back, for everybody.
    Recall(MessageUid),
    /// The caller throws messages away, for themselves only.
    Delete(Delete),
    /// Messages that the caller may see, by what they say.
    Search(Box<Search>),
    /// Links to files, for a while.
    Links(Vec<FileId>),
    /// How much the caller has not read, in conversations of these kinds; of every kind when empty.
    Unread(Vec<Kind>),
    /// An agent takes a waiting conversation.
    Accept(ConversationId),
    /// An agent ends a conversation.
    End(ConversationId),
    /// An agent says whether new visitors may come.
    Status(AgentStatus),
    /// Is anybody there? Answered at once.
    Ping,
}

/// Sends one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// Where to.
    pub to: Target,
    /// The sender's own id: a retry with the same id returns the first result.
    pub client_id: ClientId,
    /// What.
    pub content: Content,
    /// Whom it is for besides the sender, in groups and discussions; empty: everybody inside.
    pub only: Vec<UserId>,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An existing conversation.
    Conversation(ConversationId),
    /// The group or discussion that the app knows by this handle.
    Group(Kind, Handle),
    /// The private conversation with this user; made when missing.
    User(UserId),
    /// The visitor's open service conversation; a new one when there is none.
    Desk,
    /// The same for users, who name the site whose desk is to answer.
    DeskOf(SiteKey),
    /// The chatroom with this handle, in which the sender is.
    Chatroom(Handle),
}

/// Which page of messages. Every bound that is given holds; without any: the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Where.
    pub conversation: ConversationId,
    /// Older than this place.
    pub before: Option<Seq>,
    /// Newer than this place.
    pub after: Option<Seq>,
    /// Sent before this instant.
    pub before_at: Option<Millis>,
    /// Sent after this instant.
    pub after_at: Option<Millis>,
    /// At most this many: 1–100.
    pub limit: u16,
}

impl History {
    /// Largest page (security §13).
    pub const MAX_LIMIT: u16 = 100;

    /// The newest messages of a conversation.
    pub const fn newest(conversation: ConversationId, limit: u16) -> Self {
        Self { conversation, before: None, after: None, before_at: None, after_at: None, limit }
    }

    /// Whether the oldest messages within the bounds are chosen rather than the newest: when `after` is given, or
    /// `after_at` without anything that bounds from above.
    pub const fn is_forward(&self) -> bool {
        let from_above = self.before.is_some() || self.before_at.is_some();
        self.after.is_some() || (self.after_at.is_some() && !from_above)
    }
}

/// A group or discussion to found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateGroup {
    /// Group or discussion.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Who is inside from the beginning, besides the founder.
    pub users: Vec<UserId>,
}

/// A change of a group or discussion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// Brings users in.
    Add(Vec<UserId>),
    /// The caller comes in; groups only.
    Join,
    /// The caller leaves.
    Quit,
    /// Nobody writes any more.
    Dismiss,
    /// Another name.
    Rename(String),
    /// Puts a member out.
    Kick {
        /// Whom.
        user: UserId,
        /// And for good: they cannot come back by themselves.
        ban: bool,
    },
    /// Only the owner and those allowed may write, or everybody again.
    SilenceAll(bool),
    /// One member may not write, or may again.
    Silence {
        /// Whom.
        user: UserId,
        /// May not.
        on: bool,
        /// For so many minutes; 0: for ever.
        minutes: u32,
    },
    /// One member may write while all others may not.
    Allow {
        /// Whom.
        user: UserId,
        /// May.
        on: bool,
    },
}

/// Which members of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersQuery {
    /// Of which.
    pub conversation: ConversationId,
    /// Those whose ids come after this one.
    pub after: Option<UserId>,
    /// At most this many: 1–100.
    pub limit: u16,
}

/// Which readers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadersQuery {
    /// Of which; it must be the caller's own.
    pub uid: MessageUid,
    /// Those whose ids come after this one.
    pub after: Option<UserId>,
    /// At most this many: 1–100.
    pub limit: u16,
}

/// Messages to throw away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// Where.
    pub conversation: ConversationId,
    /// Their places: 1–100.
    pub seqs: Vec<Seq>,
}

/// Moves watermarks forward; what lies behind them already is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where.
    pub conversation: ConversationId,
    /// Everything up to here has arrived.
    pub delivered: Option<Seq>,
    /// Everything up to here was seen (and so has arrived).
    pub read: Option<Seq>,
}

/// Which conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The desk's view; agents only. Without it: the caller's own list, pinned ones first.
    pub view: Option<View>,
    /// Of the caller's own list only these kinds; every kind when empty.
    pub kinds: Vec<Kind>,
    /// Continue after the conversation that last changed at this instant and has this id.
    pub before: Option<(Millis, ConversationId)>,
    /// At most this many: 1–100.
    pub limit: u16,
}

/// The newest 30 of the caller's own.
impl Default for List {
    fn default() -> Self {
        Self { view: None, kinds: Vec::new(), before: None, limit: 30 }
    }
}

/// Whether an agent takes new visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// Takes new visitors.
    Online,
    /// At work, takes no new visitors.
    Busy,
    /// Not here.
    Away,
}

/// The answer to a command that worked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// To `hello`.
    Welcome(Box<Welcome>),
    /// To `send`.
    Sent(Sent),
    /// To `history`.
    Page(Page),
    /// To `conversations`.
    Conversations(ConversationPage),
    /// To `conversation`, `accept` and `end`.
    Conversation(Box<Conversation>),
    /// To `group_members`.
    Members(MemberPage),
    /// To `readers`.
    Readers(ReaderPage),
    /// To `public_services`.
    PublicServices(PublicServicePage),
    /// To `recall`: what stands there now.
    Message(Box<Message>),
    /// To `pin`, `mute`, `remove` and `clear`.
    Mine(Mine),
    /// To `blocked`.
    Blocked {
        /// Who, by id.
        users: Vec<Person>,
    },
    /// To `search`.
    Found(Found),
    /// To `links`.
    Links {
        /// In the order asked for, without what the caller may not see.
        links: Vec<Link>,
    },
    /// To `presence`.
    Presence {
        /// Whether those asked about are here, in the order asked.
        users: Vec<Presence>,
    },
    /// To `unread`.
    Unread(Unread),
    /// To `chatroom_join`.
    JoinedChatroom(Box<JoinedChatroom>),
    /// To `chatroom_info`.
    Chatroom(Box<ChatroomInfo>),
    /// To `chatroom_attributes`.
    Attributes(Attributes),
    /// To changes of attributes: the room's count of them now.
    Version {
        /// Pushes of later changes carry later ones.
        version: u64,
    },
    /// To everything that has nothing to tell.
    Done {},
}

/// Who the client is and where everything stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Welcome {
    /// Protocol version the server speaks.
    pub v: u32,
    /// The caller.
    pub me: Person,
    /// The server's clock.
    pub now: Millis,
    /// Where the desk stands.
    pub desk: Desk,
    /// Visitors and users: their newest conversations, newest change first. Agents: those waiting and their own.
    pub conversations: Vec<Conversation>,
    /// What was missed since the positions given in `hello`.
    pub gaps: Vec<Gap>,
}

/// What a returning client missed in one conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Where.
    pub conversation: ConversationId,
    /// The client's epoch is not ours: drop what you have, `messages` is the newest page.
    pub reset: bool,
    /// The missed messages, oldest first.
    pub messages: Vec<Message>,
    /// There are more; fetch them with `history`.
    pub more: bool,
}

/// Whether and by whom visitors are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Somebody takes visitors now.
    pub online: bool,
    /// The agents who are here, at most 3.
    pub agents: Vec<Person>,
    /// Visitors who wait; agents are told, visitors see 0.
    pub waiting: u64,
    /// Open conversations of the caller; agents only.
    pub mine: u64,
}

/// A message was taken and is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Its public id.
    pub uid: MessageUid,
    /// Where it went (new when the target was not an existing conversation).
    pub conversation: ConversationId,
    /// Its place; `null` for messages that are not stored.
    pub seq: Option<Seq>,
    /// When the server took it.
    pub at: Millis,
    /// What was kept is not what was sent: some words were replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Where the conversation stands.
    pub head: Position,
    /// The messages.
    pub messages: Vec<Message>,
    /// There are more in the direction asked for.
    pub more: bool,
    /// Messages of the page that were sent before this instant, the reader's welcome, are offline ones (REQ 3.11).
    pub offline_before: Option<Millis>,
}

/// `{head, messages, more}`; a message has `offline: true` besides its own fields when it is one.
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            #[serde(flatten)]
            message: &'a Message,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            offline: bool,
        }
        let entry = |message| Entry { message, offline: self.offline_before.is_some_and(|since| message.at < since) };
        let mut fields = serializer.serialize_struct("Page", 3)?;
        fields.serialize_field("head", &self.head)?;
        fields.serialize_field("messages", &self.messages.iter().map(entry).collect::<Vec<_>>())?;
        fields.serialize_field("more", &self.more)?;
        fields.end()
    }
}

/// A page of a group's members, by id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberPage {
    /// Some of them.
    pub members: Vec<Participant>,
    /// There are more.
    pub more: bool,
}

/// Somebody who has read a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenBy {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// When they last read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Millis>,
}

/// A page of those who have read a message, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReaderPage {
    /// How many have read it.
    pub count: u64,
    /// How many could have.
    pub of: u64,
    /// Some of those who have.
    pub readers: Vec<SeenBy>,
    /// There are more.
    pub more: bool,
}

/// A page of conversations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationPage {
    /// The conversations, in the order asked for.
    pub conversations: Vec<Conversation>,
    /// There are more.
    pub more: bool,
}
