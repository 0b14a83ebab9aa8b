//! Looking things up for a connection.

use std::{collections::HashMap, sync::Arc};

use super::{
    files,
    tell::{Learned, Lesson},
};
use crate::{
    im::Im,
    model::{
        Caller, Code, Command, ConnectionId, Conversation, ConversationId, Fault, Message, Reply, Seq,
        command::{History, List, Page, Receipt},
    },
    wire::rong::{delivery::Window, place::Place},
};

/// Messages of one page of a pull.
const MOST_PULLED: u16 = 100;

/// Whoever asks, and by which connection.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) im: Arc<Im>,
    pub(super) caller: Arc<Caller>,
    pub(super) connection: ConnectionId,
    /// Where browsers find this server, for links.
    pub(super) origin: Arc<str>,
}

impl Asker {
    pub(super) async fn command(&self, command: Command) -> Result<Reply, Fault> {
        self.im.command(&self.caller, self.connection, command).await
    }

    /// The conversation that the user means by a place; `None` when there is none yet.
    pub(super) async fn find(&self, place: &Place) -> Result<Option<ConversationId>, Fault> {
        let list = List { kinds: vec![place.kind], limit: 100, ..List::default() };
        let Reply::Conversations(page) = self.command(Command::Conversations(list)).await? else { return Ok(None) };
        let meant = |found: &&Conversation| Place::of(found, self.caller.id()).as_ref() == Some(place);
        Ok(page.conversations.iter().find(meant).map(|found| found.id))
    }

    /// The first of these places that the user has.
    pub(super) async fn find_first<'a>(
        &self,
        places: &'a [Place],
    ) -> Result<Option<(&'a Place, ConversationId)>, Fault> {
        for place in places {
            if let Some(found) = self.find(place).await? {
                return Ok(Some((place, found)));
            }
        }
        Ok(None)
    }

    /// What a pull is to bring, oldest first, and whether there is more.
    pub(super) async fn inbox(&self, window: Window) -> Result<(Vec<(Arc<Conversation>, Message)>, bool), Fault> {
        let list = List { limit: 100, ..List::default() };
        let found = match self.command(Command::Conversations(list)).await {
            Ok(Reply::Conversations(page)) => page.conversations,
            Err(fault) if fault.code != Code::HistoryOff => return Err(fault),
            _ => Vec::new(),
        };
        let mut messages = Vec::new();
        for conversation in found.into_iter().map(Arc::new) {
            let newest = History::newest(conversation.id, MOST_PULLED);
            let delivered = conversation.participant(self.caller.id()).map_or(Seq(0), |me| me.delivered);
            let after = match window.received_after {
                Some(after) => {
                    History { after_at: Some(window.own_after.map_or(after, |own| own.min(after))), ..newest }
                }
                None => History { after: Some(delivered), ..newest },
            };
            let page = self.page(after).await?;
            let wanted = |message: &Message| {
                let own = message.from.id == *self.caller.id();
                if own || window.received_after.is_some() { window.takes(message.at, own) } else { true }
            };
            let taken = page.messages.into_iter().filter(wanted);
            messages.extend(taken.map(|message| (conversation.clone(), message)));
        }
        messages.sort_by_key(|(_, message)| (message.at, message.uid));
        Ok((messages, false))
    }

    /// A page of one conversation.
    pub(super) async fn page(&self, query: History) -> Result<Page, Fault> {
        match self.command(Command::History(query)).await? {
            Reply::Page(page) => Ok(page),
            _ => Err(Fault::new(Code::Internal, "history was answered with something else")),
        }
    }

    /// What an event needs to be told. Whatever cannot be learned is not told: it comes by a pull.
    pub(super) async fn learn(&self, lesson: Lesson) -> Learned {
        match lesson {
            Lesson::Place(id) => {
                let found = self.im.conversation(&self.caller, id).await.ok();
                Learned::Place(id, found.and_then(|found| Place::of(&found, self.caller.id())))
            }
            Lesson::Message(conversation, seq) => {
                let after = Some(Seq(seq.0.saturating_sub(1)));
                let page = self.page(History { after, ..History::newest(conversation, 1) }).await;
                let found = page.ok().and_then(|mut page| page.messages.pop()).filter(|it| it.seq == Some(seq));
                Learned::Message(found.map(Box::new))
            }
            Lesson::Files(message) => {
                let mut shown = [(*message).clone()];
                self.link(&mut shown).await;
                let [shown] = shown;
                Learned::Files(Box::new(shown))
            }
        }
    }

    /// Puts whole addresses, good for a while, where messages name files of this server.
    pub(super) async fn link(&self, messages: &mut [Message]) {
        files::link(&self.im, &self.caller, &self.origin, messages).await;
    }

    /// Moves the watermarks of what has arrived at this device. Best effort: what is not marked is pulled once more.
    pub(super) async fn mark(&self, arrived: HashMap<ConversationId, Seq>) {
        for (conversation, seq) in arrived {
            let receipt = Receipt { conversation, delivered: Some(seq), read: None };
            // It may be over, or not theirs any more.
            let _ = self.command(Command::Receipt(receipt)).await;
        }
    }
}
