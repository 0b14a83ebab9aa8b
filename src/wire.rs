//! What travels between clients and the server, as bytes and as words. Sans-IO: no sockets, clocks or tasks.
//!
//! Floor 2. A protocol is a folder: frames ⇄ `model::{Command, Reply, Event}`. Every connection speaks one [`Wire`]; the
//! domain knows none of this.

use crate::model::{Command, ConversationId, Fault, Position, SiteKey};

pub mod rong;
pub mod websocket;
pub mod widget;

/// The protocols a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// JSON frames, `docs/PROTOCOL.md`: everybody who hears an event gets the same bytes.
    Widget,
    /// The compatible protocol, `docs/COMPATIBLE.md`: what is pushed depends on who reads it, so that each connection
    /// makes its own frames.
    Rong,
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
