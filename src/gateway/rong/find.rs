//! Looking things up for a connection.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    files,
    tell::{Learned, Lesson},
};
use crate::{
    im::Im,
    model::{
        Arrival, Caller, Code, Command, ConnectionId, Conversation, ConversationId, Fault, Inbox, Message, Reply, Seq,
        command::{History, Page, Receipt},
    },
    wire::rong::{delivery::Window, place::Place},
};

/// Messages of one page of a pull.
const MOST_PULLED: u16 = 100;
/// The store may be away for so long while something is learned.
const PATIENCE: Duration = Duration::from_secs(30);
/// It is asked again after so long.
const PAUSE: Duration = Duration::from_millis(250);

/// Whoever asks, and by which connection.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) im: Arc<Im>,
    pub(super) caller: Arc<Caller>,
    pub(super) connection: ConnectionId,
    /// Where browsers find this server, for links.
    pub(super) origin: Arc<str>,
    /// How the user is, as they said on this connection.
    pub(super) status: Arc<std::sync::atomic::AtomicI32>,
}

impl Asker {
    pub(super) async fn command(&self, command: Command) -> Result<Reply, Fault> {
        self.im.command(&self.caller, self.connection, command).await
    }

    /// The conversation that the user means by a place; `None` when there is none yet.
    pub(super) async fn find(&self, place: &Place) -> Result<Option<Arc<Conversation>>, Fault> {
        self.im.find(&self.caller, place.kind, &place.target).await
    }

    /// The first of these places that the user has.
    pub(super) async fn find_first(&self, places: &[Place]) -> Result<Option<ConversationId>, Fault> {
        for place in places {
            if let Some(found) = self.find(place).await? {
                return Ok(Some(found.id));
            }
        }
        Ok(None)
    }

    /// What a pull is to bring, oldest first, and whether there is more.
    pub(super) async fn inbox(&self, window: Window) -> Result<(Vec<(Arc<Conversation>, Arrival)>, bool), Fault> {
        let Window { received_after, own_after } = window;
        let mut page = self.im.inbox(&self.caller, Inbox { received_after, own_after, limit: MOST_PULLED }).await?;
        self.link(page.arrivals.iter_mut().map(|(_, arrival)| &mut arrival.message).collect()).await;
        Ok((page.arrivals, page.more))
    }

    /// A page of one conversation.
    async fn page(&self, query: History) -> Result<Page, Fault> {
        match self.command(Command::History(query)).await? {
            Reply::Page(page) => Ok(page),
            _ => Err(Fault::new(Code::Internal, "history was answered with something else")),
        }
    }

    /// What an event needs to be told. What is not this reader's is not told. A fault that passes is waited for: the next
    /// event would move the client beyond this one, and no pull would bring it. After a while it is returned.
    pub(super) async fn learn(&self, lesson: Lesson) -> Result<Learned, Fault> {
        Ok(match lesson {
            Lesson::Place(id) => {
                let found = patiently(|| self.im.conversation(&self.caller, id)).await?;
                Learned::Place(id, found.and_then(|found| Place::of(&found, self.caller.id())))
            }
            Lesson::Message(conversation, seq) => {
                let after = Some(Seq(seq.0.saturating_sub(1)));
                let query = History { after, ..History::newest(conversation, 1) };
                let page = patiently(|| self.page(query.clone())).await?;
                let found = page.and_then(|mut page| page.messages.pop()).filter(|it| it.seq == Some(seq));
                Learned::Message(found.map(Box::new))
            }
            Lesson::Files(message) => {
                let mut shown = (*message).clone();
                self.link(vec![&mut shown]).await;
                Learned::Files(Box::new(shown))
            }
        })
    }

    /// Puts whole addresses, good for a while, where messages name files of this server.
    pub(super) async fn link(&self, messages: Vec<&mut Message>) {
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

/// Asks, and asks again for a while when that fails for a reason that passes. `None`: it is not to be had.
async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<Option<T>, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(found) => return Ok(Some(found)),
            Err(fault) if !fault.code.temporary() => return Ok(None),
            Err(fault) if Instant::now() >= until => return Err(fault),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What comes of it when the first `faults` tries fail, and how often it was asked.
    async fn tries(faults: u32, code: Code) -> (Result<Option<u32>, Code>, u32) {
        let asked = Cell::new(0);
        let outcome = patiently(async || {
            asked.set(asked.get() + 1);
            if asked.get() > faults { Ok(asked.get()) } else { Err(Fault::new(code, "")) }
        });
        (outcome.await.map_err(|fault| fault.code), asked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_waited_for_and_the_rest_is_not() {
        assert_eq!(tries(0, Code::Unavailable).await, (Ok(Some(1)), 1));
        assert_eq!(tries(9, Code::Unavailable).await, (Ok(Some(10)), 10));
        assert_eq!(tries(9, Code::NotFound).await, (Ok(None), 1));
        let begun = Instant::now();
        assert_eq!(tries(u32::MAX, Code::Unavailable).await.0, Err(Code::Unavailable));
        assert!((PATIENCE..PATIENCE + 2 * PAUSE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
}
