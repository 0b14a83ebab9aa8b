//! What a client of this protocol wants, in words that name conversations as it does.
//!
//! A frame becomes an [`Ask`]; with the conversation that its [`Place`] stands for, an ask becomes a command of the
//! domain. What has no words in the domain is refused with a number, never with silence.
//! Source: compatible protocol, "Topics", "Conversations and history" and "Message contents".

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    dialect::Dialect,
    frame::{BadFrame, Request},
    place::Place,
    status::Status,
    text,
    topic::{Asking, Sending},
};
use crate::{
    model::{
        Content, Handle, Kind, MessageUid, Millis, UserId,
        chatroom::{AttributeKey, ChatroomCommand},
        content::{Flags, InvalidContent, names},
        conversation::Keeping,
    },
    proto::rong,
};

mod chatroom;
mod command;
mod discussion;
mod query;
mod settings;
#[cfg(test)]
mod tests;

pub use discussion::DiscussionAsk;
pub use query::of_query;

/// Bits of `sessionId`: the message is kept, and counted as unread.
const KEEP: i32 = 1;
const COUNT: i32 = 2;
/// Most members to whom a group message may be directed.
const MOST_DIRECTED: usize = 100;

/// What a client wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// To send a message.
    Send {
        /// Where.
        to: Place,
        /// What.
        content: Content,
        /// Only these members of a group hear it; everybody when empty.
        only: Vec<UserId>,
    },
    /// Others to know that the user is typing.
    Typing(Place),
    /// Everything up to a time to count as read.
    Read {
        /// Where.
        at: Place,
        /// Time of the newest message that was read.
        until: Millis,
    },
    /// Messages of a group to count as read.
    ReadMessages(Vec<MessageUid>),
    /// Who has read an own message.
    Readers(MessageUid),
    /// To take an own message back.
    Recall(MessageUid),
    /// What came since.
    Pull(rong::SyncRequestMsg),
    /// A page of history.
    History(HistoryAsk),
    /// Something about a chatroom.
    Chatroom(ChatroomCommand),
    /// Several attributes of a chatroom set or removed, each by itself: its key, and the command.
    Attributes(Vec<(AttributeKey, ChatroomCommand)>),
    /// What came in a chatroom since.
    PullChatroom(ChatroomPull),
    /// To throw messages away.
    Delete(Vec<MessageUid>),
    /// To throw away everything up to a time, inclusive.
    Clear {
        /// Where.
        at: Place,
        /// Until when.
        until: Millis,
    },
    /// The list of conversations, at most so many.
    Conversations(u16),
    /// To take conversations out of the list.
    Remove(Vec<Place>),
    /// To hear nothing more from a user, or again.
    Block {
        /// From whom.
        user: UserId,
        /// Nothing more.
        on: bool,
    },
    /// Whom the user blocked.
    Blocked,
    /// Whether the user blocked somebody: success when they did, an error when not.
    IsBlocked(UserId),
    /// How the user keeps conversations: what changed since, or all that is not as usual.
    Settings {
        /// What the client knows; 0: nothing.
        since: Millis,
    },
    /// To keep conversations in another way.
    ChangeSettings(Vec<(Place, Keeping)>),
    /// Whether new messages there make no sound. Several places when the topic does not say which kind.
    IsSilent(Vec<Place>),
    /// That new messages there make no sound, or make one again.
    Silence {
        /// Where: the first that the user has.
        at: Vec<Place>,
        /// No sound.
        on: bool,
    },
    /// How the user is, as they said.
    OwnStatus,
    /// To say how the user is, by a number of the application's.
    SetStatus(i32),
    /// To hear who comes and goes of these.
    Watch(Vec<UserId>),
    /// Something about a discussion.
    Discussion(DiscussionAsk),
    /// A ticket to upload with.
    UploadTicket,
    /// The address of a file that the user uploaded under this key.
    Download(String),
    /// Something that needs nobody to be asked: this is the answer.
    Settled(Vec<u8>),
}

/// Which page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryAsk {
    /// Where. Several when the topic does not say which kind: the first that the user has.
    pub at: Vec<Place>,
    /// Where to go on; 0: from the newest.
    pub time: Millis,
    /// Newer than the time rather than older.
    pub newer: bool,
    /// At most so many: 1–100.
    pub count: u16,
}

/// Which messages of a chatroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatroomPull {
    /// Which room.
    pub room: Handle,
    /// Newer than this.
    pub after: Millis,
    /// The newest ones, at most so many.
    pub most: u16,
}

/// Reads a PUBLISH.
pub fn of_publish(request: &Request, dialect: Dialect) -> Result<Ask, Status> {
    let topic = Sending::from_name(&request.topic).ok_or(Status::PARAMETER)?;
    let sent: rong::UpStreamMessage = read(dialect, &request.body)?;
    if topic == Sending::Recall {
        return recall(&sent);
    }
    let place = topic.kind().and_then(|kind| Place::new(kind, &request.target)).ok_or(Status::NO_TARGET)?;
    if place.kind == Kind::System {
        return Err(Status::of(crate::model::Code::Forbidden, Some(Kind::System)));
    }
    let content = kept_as(content(&sent)?, topic, sent.session_id);
    match content.name.as_str() {
        names::TYPING => Ok(Ask::Typing(place)),
        names::SYNC_READ => read_up_to(place, &content),
        // In pairs the domain itself takes the message for a receipt and hands it on.
        names::READ if !place.kind.is_pair() => read_up_to(place, &content),
        _ => Ok(Ask::Send { only: directed(&place, &sent)?, to: place, content }),
    }
}

/// How a message is kept and counted is decided by its type; of an app's own types by the client, which was told when
/// they were registered. Topics for passing messages keep nothing.
fn kept_as(content: Content, topic: Sending, bits: i32) -> Content {
    let flags = |stored, counted| Flags { stored, counted };
    if topic.is_passing() {
        content.with_flags(flags(false, false))
    } else if content.name.is_built_in() {
        content
    } else {
        let stored = bits & KEEP != 0;
        content.with_flags(flags(stored, stored && bits & COUNT != 0))
    }
}

/// The object name and the JSON text, in whichever form its characters came.
fn content(sent: &rong::UpStreamMessage) -> Result<Content, Status> {
    let name = sent.classname.parse().map_err(|_| Status::PARAMETER)?;
    let body = text::read_lossy(&sent.content).into_owned();
    let body = RawValue::from_string(body).map_err(|_| Status::PARAMETER)?;
    Content::new(name, body).map_err(|invalid| match invalid {
        InvalidContent::TooLarge { .. } => Status::of(crate::model::Code::TooLarge, None),
        _ => Status::PARAMETER,
    })
}

fn directed(place: &Place, sent: &rong::UpStreamMessage) -> Result<Vec<UserId>, Status> {
    if sent.user_id.is_empty() {
        return Ok(Vec::new());
    }
    if !place.kind.has_members() || sent.user_id.len() > MOST_DIRECTED {
        return Err(Status::PARAMETER);
    }
    sent.user_id.iter().map(|user| user.parse().map_err(|_| Status::PARAMETER)).collect()
}

fn recall(sent: &rong::UpStreamMessage) -> Result<Ask, Status> {
    #[derive(Deserialize)]
    struct Recalled {
        #[serde(rename = "messageUId")]
        uid: MessageUid,
    }
    let content = content(sent)?;
    let named: Option<Recalled> = content.view().filter(|_| content.is_recalled());
    named.map(|named| Ask::Recall(named.uid)).ok_or(Status::RECALL)
}

/// Clients write the time as a number or as text.
fn read_up_to(at: Place, content: &Content) -> Result<Ask, Status> {
    #[derive(Deserialize)]
    struct Seen {
        #[serde(rename = "lastMessageSendTime")]
        until: Value,
    }
    let until = content.view::<Seen>().and_then(|seen| match seen.until {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let until = until.filter(|until| *until > 0).map(Millis::new).ok_or(Status::PARAMETER)?;
    Ok(Ask::Read { at, until })
}

fn read<M>(dialect: Dialect, body: &[u8]) -> Result<M, Status>
where
    M: prost::Message + Default + serde::de::DeserializeOwned,
{
    dialect.read(body).map_err(|_: BadFrame| Status::PARAMETER)
}
