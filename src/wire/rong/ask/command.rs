//! Asks as commands of the domain, once it is known which conversation their place stands for.

use super::{Ask, HistoryAsk};
use crate::{
    model::{
        ClientId, Command, ConversationId, Kind, Millis,
        chatroom::{ChatroomCommand, JoinChatroom},
        command::{Delete, History, Page, Receipt, Send, Target},
        conversation::Keeping,
    },
    wire::rong::place::Place,
};

impl Ask {
    /// The places to look for, the first that the user has counts. Empty when no conversation is meant, or when it is
    /// found, or made, by its other side.
    pub fn places(&self) -> &[Place] {
        match self {
            Self::Send { to, .. } if !matches!(to.kind, Kind::AppService | Kind::PublicService) => &[],
            Self::Send { to: at, .. }
            | Self::Typing(at)
            | Self::Read { at, .. }
            | Self::Delete { at, .. }
            | Self::Clear { at, .. } => std::slice::from_ref(at),
            Self::History(asked) => &asked.at,
            Self::Remove(places) => places,
            _ => &[],
        }
    }

    /// Pages to fetch before the command can be made: the domain names messages by their place, clients by their time.
    pub fn look_ups(&self, conversation: ConversationId) -> Vec<History> {
        match self {
            Self::Read { until, .. } => vec![sent_until(conversation, *until)],
            Self::Delete { messages, .. } => {
                let mut times: Vec<_> = messages.iter().map(|(_, at)| *at).collect();
                times.sort_unstable();
                times.dedup();
                times.into_iter().map(|at| sent_at(conversation, at)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The command that does it, with what [`Ask::look_ups`] brought. `None` when nothing is left to do, or when it
    /// takes more than one command.
    pub fn command(&self, at: Option<ConversationId>, client_id: &ClientId, pages: &[Page]) -> Option<Command> {
        match self {
            Self::Send { to, content, only } => {
                let to = match to.kind {
                    Kind::Private => Target::User(to.user()?),
                    Kind::Service => Target::DeskOf(to.target.as_str().parse().ok()?),
                    Kind::Chatroom => Target::Chatroom(to.target.clone()),
                    // Groups without a handle of the app go by their own id.
                    Kind::Discussion | Kind::Group => match to.target.as_str().parse() {
                        Ok(id) => Target::Conversation(id),
                        Err(_) => Target::Group(to.kind, to.target.clone()),
                    },
                    Kind::System | Kind::AppService | Kind::PublicService => Target::Conversation(at?),
                };
                Some(Command::Send(Send {
                    to,
                    client_id: client_id.clone(),
                    content: content.clone(),
                    only: only.clone(),
                }))
            }
            Self::Typing(_) => Some(Command::Typing { conversation: at?, on: true }),
            Self::Read { .. } => {
                let read = pages.first()?.messages.last()?.seq;
                Some(Command::Receipt(Receipt { conversation: at?, delivered: None, read: Some(read?) }))
            }
            Self::Recall(uid) => Some(Command::Recall(*uid)),
            Self::History(asked) => Some(Command::History(asked.page(at?))),
            Self::Delete { messages, .. } => {
                let found = pages.iter().flat_map(|page| &page.messages);
                let named = found.filter(|found| messages.iter().any(|(uid, _)| *uid == found.uid));
                let seqs: Vec<_> = named.filter_map(|message| message.seq).collect();
                (!seqs.is_empty()).then_some(Command::Delete(Delete { conversation: at?, seqs }))
            }
            Self::Chatroom(command) => Some(Command::Chatroom(command.clone())),
            // Who comes in is given the latest messages; who is in already only hears them again.
            Self::PullChatroom(pull) => Some(Command::Chatroom(ChatroomCommand::Join(JoinChatroom {
                chatroom: pull.room.clone(),
                last: pull.most,
                since: None,
            }))),
            Self::Clear { until, .. } => {
                Some(Command::Keep { conversation: at?, change: Keeping::ClearedUntil(*until) })
            }
            Self::Remove(places) if places.len() == 1 => {
                Some(Command::Keep { conversation: at?, change: Keeping::Removed })
            }
            Self::Block { user, on } => Some(Command::Block { user: user.clone(), on: *on }),
            Self::Blocked | Self::IsBlocked(_) => Some(Command::Blocked),
            Self::Pull(_) | Self::Conversations(_) | Self::Remove(_) | Self::Settled(_) => None,
        }
    }
}

impl HistoryAsk {
    /// The page of a conversation: older ones end before the time, newer ones begin after it.
    pub fn page(&self, conversation: ConversationId) -> History {
        let page = History::newest(conversation, self.count);
        if self.newer {
            History { after_at: Some(self.time), ..page }
        } else {
            History { before_at: Some(self.time).filter(|time| time.get() > 0), ..page }
        }
    }
}

/// The newest message sent until a time, inclusive.
fn sent_until(conversation: ConversationId, until: Millis) -> History {
    History { before_at: Some(next(until)), ..History::newest(conversation, 1) }
}

/// Everything sent in one millisecond.
fn sent_at(conversation: ConversationId, at: Millis) -> History {
    let before = Millis::new(at.get().saturating_sub(1));
    let page = History::newest(conversation, History::MAX_LIMIT);
    History { after_at: Some(before), before_at: Some(next(at)), ..page }
}

fn next(at: Millis) -> Millis {
    Millis::new(at.get().saturating_add(1))
}
