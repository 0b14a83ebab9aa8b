//! What travels between clients and the server, as bytes and as words. Sans-IO: no sockets, clocks or tasks.
//!
//! Floor 2. A protocol is a folder: frames ⇄ `model::{Command, Reply, Event}`. The gateway picks one by [`Wire`] and
//! cannot tell which client spoke; the domain knows none of this.

use bytestring::ByteString;

use crate::model::{Command, ConversationId, Event, Fault, Position, Reply, SiteKey};

pub mod rong;
pub mod websocket;
pub mod widget;

/// The protocols a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// JSON frames, `docs/PROTOCOL.md`.
    Widget,
}

impl Wire {
    /// How many there are.
    pub const COUNT: usize = 1;

    /// Its place among all of them.
    pub const fn index(self) -> usize {
        match self {
            Self::Widget => 0,
        }
    }

    /// Reads one frame.
    pub fn decode(self, frame: &str) -> Result<(u64, Request), Refused> {
        match self {
            Self::Widget => widget::decode(frame),
        }
    }

    /// The frame that answers a command.
    pub fn reply(self, id: u64, reply: &Reply) -> ByteString {
        match self {
            Self::Widget => widget::reply(id, reply),
        }
    }

    /// The frame that refuses a command, or a frame without a readable id.
    pub fn fault(self, id: Option<u64>, fault: &Fault) -> ByteString {
        match self {
            Self::Widget => widget::fault(id, fault),
        }
    }

    /// The frame that tells of an event; `None` for events without words on this wire.
    pub fn push(self, event: &Event) -> Option<ByteString> {
        match self {
            Self::Widget => widget::push(event),
        }
    }
}

/// What a client may ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Who it is; the first frame of a connection.
    Hello(Box<Hello>),
    /// Anything else.
    Command(Command),
}

/// Who a client says it is, and what it has already.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Protocol version.
    pub version: u32,
    /// Whose credentials to look for.
    pub kind: ClientKind,
    /// The site of the widget; visitors only.
    pub site: Option<SiteKey>,
    /// The credential; without it the cookie counts.
    pub token: Option<String>,
    /// Positions to resume from.
    pub since: Vec<(ConversationId, Position)>,
}

/// Never prints the token.
impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello").field("version", &self.version).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Whose credentials a client brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// A visitor of a site.
    Visitor,
    /// An agent.
    Agent,
    /// A user named by the app's back end.
    User,
}

/// Why a frame is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The frame's id, if it could be read.
    pub id: Option<u64>,
    /// What to answer.
    pub fault: Fault,
    /// The frame itself is broken: it counts towards the five that end a connection.
    pub bad_frame: bool,
}
