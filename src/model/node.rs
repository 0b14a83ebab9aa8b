//! What servers on one database tell and ask each other. No client ever sees it.
//!
//! Tidings are hints like everything on the bus: whoever misses one finds the truth in the store a little later, or,
//! for what only memory knows (who is here), when the node that knows it speaks again.

use serde::{Deserialize, Serialize};

use super::{
    AppKey, ConversationId, Handle, Millis, Person, UserId,
    chatroom::{ChatroomMember, Order},
    command::AgentStatus,
    presence::Transport,
};

/// One running server among those on the same database. Drawn at random at each start, so a restarted server is another
/// node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u64);

/// What one node tells all others. A version that does not know a kind ignores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Tidings {
    /// Something that nodes remember of an app has changed: look anew.
    Stale(AppKey, Stale),
    /// Somebody's first connection to the telling node came, their last one went, or an agent chose another status.
    Person(Box<PersonNews>),
    /// The desk of an app may look different: agents, or who waits.
    Desk(AppKey),
}

/// What nodes remember, by what makes it wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Stale {
    /// The app itself: switches, words, webhooks, hooks, secrets, who leads its conversations.
    App,
    /// A conversation's name, stage, people or rights.
    Conversation(ConversationId),
    /// A user's lists of people, both ways.
    Contacts(UserId),
    /// What a user is under, or their credentials: their connections prove themselves again.
    Person(UserId),
    /// What the back end decided about one chatroom, its name and end too; without a handle, about all of them.
    RoomRules(Option<Handle>),
}

/// How somebody stands at the telling node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonNews {
    /// Within this app.
    pub app: AppKey,
    /// Who.
    pub person: Person,
    /// Whether any connection stands there.
    pub here: bool,
    /// When the first connection came, or the last one went.
    pub at: Millis,
    /// How the newest connection was made.
    pub transport: Transport,
    /// Agents only: whether they take visitors.
    pub status: AgentStatus,
    /// How often they chose a status, as far as the node knew. The highest counts.
    pub choice: u64,
    /// Not 0: this is about a new connection of somebody who may have one device only; other nodes close theirs, unless
    /// they know of a later one. Counts such connections of the person, as far as the node knew.
    pub alone: u64,
    /// The telling node tells the back end of it: they came, or they went and their grace time is over.
    pub told: bool,
    /// Grows with each change at the telling node: what is older than what is known says nothing.
    pub turn: u64,
}

/// What one node asks another, or all others. Answers are JSON of the shape that the asker knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Question {
    /// Some of those with a connection at that node.
    People(PeopleQuestion),
    /// Who is in some chatrooms through that node: a [`RoomThere`] for each that it knows.
    Rooms(RoomsQuestion),
    /// Which of these users are in a chatroom through that node: their ids.
    Inside(RoomUsers),
    /// What the back end should hear of who came and went: a [`RoomStand`] for each chatroom that the node knows.
    Moves(Vec<RoomMoves>),
    /// The back end put these users out of a chatroom: those whom that node has put out.
    PutOut(RoomUsers),
    /// A request for a long-poll session that lives there, as the gateway wrote it.
    Poll(String),
    /// A chatroom has ended: the back end is to hear first who came and went through that node.
    Ended(AppKey, ConversationId),
    /// As [`Tidings::Stale`], for one who waits until that node looks anew.
    Forget(AppKey, Stale),
}

/// Some of the people of one node: those whose id falls into one of equal parts. An answer has a bounded size; a node
/// with more people than fit tells only how many they are, and is asked again in smaller parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleQuestion {
    /// Which part, from 0.
    pub part: u16,
    /// Of how many.
    pub of: u16,
}

/// Who is in some chatrooms of an app through one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomsQuestion {
    /// Within this app.
    pub app: AppKey,
    /// Which.
    pub rooms: Vec<ConversationId>,
    /// Most members to name of each.
    pub members: u16,
    /// Which of them first.
    pub order: Order,
}

/// Some users, for one chatroom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomUsers {
    /// Within this app.
    pub app: AppKey,
    /// Which chatroom.
    pub room: Handle,
    /// Who.
    pub users: Vec<UserId>,
}

/// Who came to and left a chatroom through the asking node since the back end was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomMoves {
    /// Within this app.
    pub app: AppKey,
    /// Which chatroom.
    pub room: ConversationId,
    /// They are inside now, and were not before.
    pub came: Vec<UserId>,
    /// They were inside before, and are not now.
    pub went: Vec<UserId>,
    /// They came and went, or the asker must know for another reason whether they are inside.
    pub about: Vec<UserId>,
}

/// How those asked about stand at the answering node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomStand {
    /// Which chatroom.
    pub room: ConversationId,
    /// Those who are inside there, and since when.
    pub inside: Vec<(UserId, Millis)>,
    /// Those of whom the asker tells the back end nothing: it knows, or the answering node tells it.
    pub told: Vec<UserId>,
}

/// Who is in one chatroom through the answering node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomThere {
    /// Which.
    pub room: ConversationId,
    /// How many people.
    pub count: usize,
    /// Those of them who may be inside through another node too, up to a thousand: they count once.
    pub doubtful: Vec<UserId>,
    /// Some of them, in the order asked for.
    pub members: Vec<ChatroomMember>,
}
