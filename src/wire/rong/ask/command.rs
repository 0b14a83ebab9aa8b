//! Asks as commands of the domain, where one command does it.

use super::{Ask, HistoryAsk};
use crate::{
    model::{
        ClientId, Command, ConversationId, Kind, Stretch,
        command::{Send, Target},
    },
    wire::rong::place::Place,
};

impl Ask {
    /// The place to look for before the command can be made; `None` when the conversation is found, or made, by its
    /// other side.
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Send { to, .. } if !matches!(to.kind, Kind::AppService | Kind::PublicService) => None,
            Self::Send { to: at, .. } | Self::Typing(at) => Some(at),
            _ => None,
        }
    }

    /// The command that does it, with the conversation that [`Ask::place`] stands for. `None` when nothing is there,
    /// or when it takes more than one command.
    pub fn command(&self, at: Option<ConversationId>, client_id: &ClientId) -> Option<Command> {
        match self {
            Self::Send { to, content, only } => Some(Command::Send(Send {
                to: target(to, at)?,
                client_id: client_id.clone(),
                content: content.clone(),
                only: only.clone(),
            })),
            Self::Typing(_) => Some(Command::Typing { conversation: at?, on: true }),
            Self::Recall(uid) => Some(Command::Recall(*uid)),
            Self::Chatroom(command) => Some(Command::Chatroom(command.clone())),
            Self::Block { user, on } => Some(Command::Block { user: user.clone(), on: *on }),
            Self::Blocked | Self::IsBlocked(_) => Some(Command::Blocked),
            _ => None,
        }
    }
}

fn target(to: &Place, at: Option<ConversationId>) -> Option<Target> {
    Some(match to.kind {
        Kind::Private => Target::User(to.user()?),
        Kind::Service => Target::DeskOf(to.target.as_str().parse().ok()?),
        Kind::Chatroom => Target::Chatroom(to.target.clone()),
        // Groups without a handle of the app go by their own id.
        Kind::Discussion | Kind::Group => match to.target.as_str().parse() {
            Ok(id) => Target::Conversation(id),
            Err(_) => Target::Group(to.kind, to.target.clone()),
        },
        Kind::System | Kind::AppService | Kind::PublicService => Target::Conversation(at?),
    })
}

impl HistoryAsk {
    /// Older pages end before the time, newer ones begin after it.
    pub fn stretch(&self) -> Stretch {
        let limit = self.count;
        if self.newer {
            Stretch { before: None, after: Some(self.time), limit }
        } else {
            Stretch { before: Some(self.time).filter(|time| time.get() > 0), after: None, limit }
        }
    }
}
