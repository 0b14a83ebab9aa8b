//! What a line tells whoever holds it.

use crate::model::{Content, Millis};

/// The caller's number of something that was handed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A message as the server tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Who wrote it, by their id there.
    pub from: String,
    /// We did, here or elsewhere.
    pub own: bool,
    /// What it says.
    pub content: Content,
    /// Its id there; empty when it has none.
    pub uid: String,
    /// When the server took it.
    pub at: Millis,
}

/// What a line tells whoever holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The server let us in.
    In,
    /// A message with the peer.
    Message(Box<Heard>),
    /// Everything that waited was told.
    CaughtUp,
    /// What was handed up was taken, with its id and time there; or refused, with a number.
    Answered(Ticket, Result<(String, Millis), u16>),
    /// A page of history, newest first, and whether there is more before it; or a number.
    History(Result<(Vec<Heard>, bool), u16>),
    /// The line is at its end. What was not answered has an unknown outcome.
    Over(End),
}

/// Why a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The token is not taken.
    Token,
    /// Another client took our place.
    Kicked,
    /// The user is blocked there.
    Blocked,
    /// The app is not served.
    App,
    /// The server sends us to another one: navigation has to be asked anew.
    Moved,
    /// The server ended it, or refused for a reason that may pass.
    Closed,
    /// It does not answer.
    Silent,
    /// It writes what is no frame of this protocol.
    Broken,
}

impl End {
    /// Its name in figures and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Kicked => "kicked",
            Self::Blocked => "blocked",
            Self::App => "app",
            Self::Moved => "moved",
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Broken => "broken",
        }
    }
}
