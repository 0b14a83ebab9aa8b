//! For clients that name a conversation by its kind and its other side, and messages by their time or id.
//!
//! Such a client sees all its service conversations with one desk as one. What it reads, clears or puts away there is
//! done in each of those episodes.

use std::collections::BTreeMap;

use super::{Im, history::check, recall::MOST_DELETED};
use crate::model::{
    Caller, Code, ConnectionId, ConversationId, Fault, Handle, Kind, MessageUid, Millis, Position, Seq, SiteKey,
    Stretch,
    command::{Delete, History, Page, Receipt},
    conversation::Keeping,
};

/// Service conversations with one desk in which reading, clearing and putting away is done. Older ones ended long ago.
const MOST_EPISODES: u16 = 20;

impl Im {
    /// A page of what the caller means by a kind and an other side; `None` when they have no such conversation.
    pub async fn history_of(
        &self,
        caller: &Caller,
        kind: Kind,
        other_side: &Handle,
        stretch: Stretch,
    ) -> Result<Option<Page>, Fault> {
        let Some(found) = self.find(caller, kind, other_side).await? else { return Ok(None) };
        let query =
            History { before_at: stretch.before, after_at: stretch.after, ..History::newest(found.id, stretch.limit) };
        let Some(site) = site_of(kind, other_side) else { return self.history(caller, query).await.map(Some) };
        check(&query)?;
        let page = self.store.episode_page(&caller.app, caller.id(), &site, &stretch).await?;
        // Places count within one episode only.
        let head = Position { seq: Seq(0), ..found.head };
        Ok(Some(Page { head, messages: page.messages, more: page.more, offline_before: None }))
    }

    /// Notes that the caller has seen everything that was sent until an instant, inclusive.
    pub async fn read_until(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        (kind, other_side): (Kind, &Handle),
        until: Millis,
    ) -> Result<(), Fault> {
        for conversation in self.meant(caller, kind, other_side).await? {
            let read = self.store.last_until(&caller.app, conversation, until).await?;
            if read > Seq(0) {
                let receipt = Receipt { conversation, delivered: None, read: Some(read) };
                self.receipt(caller, connection, receipt).await?;
            }
        }
        Ok(())
    }

    /// Notes that the caller has seen these messages, and with them everything before: at most 100. Those that the
    /// caller does not have are passed over.
    pub async fn read_named(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        uids: &[MessageUid],
    ) -> Result<(), Fault> {
        for (conversation, seqs) in self.placed(caller, uids).await? {
            let receipt = Receipt { conversation, delivered: None, read: seqs.into_iter().max() };
            self.receipt(caller, connection, receipt).await?;
        }
        Ok(())
    }

    /// Changes how the caller keeps what they mean by a kind and an other side. Nothing is wrong when it is nothing.
    pub async fn keep_all(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        (kind, other_side): (Kind, &Handle),
        change: Keeping,
    ) -> Result<(), Fault> {
        for conversation in self.meant(caller, kind, other_side).await? {
            self.keep_as(caller, connection, conversation, change).await?;
        }
        Ok(())
    }

    /// Hides messages from the caller only, wherever they stand: at most 100. Those that the caller does not have are
    /// passed over.
    pub async fn delete_named(
        &self,
        caller: &Caller,
        connection: ConnectionId,
        uids: &[MessageUid],
    ) -> Result<(), Fault> {
        for (conversation, seqs) in self.placed(caller, uids).await? {
            self.delete(caller, connection, Delete { conversation, seqs }).await?;
        }
        Ok(())
    }

    /// Where those of these messages stand that the caller has.
    async fn placed(&self, caller: &Caller, uids: &[MessageUid]) -> Result<BTreeMap<ConversationId, Vec<Seq>>, Fault> {
        if uids.len() > MOST_DELETED {
            let message = format!("{} messages are named; allowed are {MOST_DELETED}", uids.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let mut places: BTreeMap<ConversationId, Vec<Seq>> = BTreeMap::new();
        for (conversation, seq) in self.store.placed(&caller.app, caller.id(), uids).await? {
            places.entry(conversation).or_default().push(seq);
        }
        Ok(places)
    }

    /// Every conversation that the caller means: of a desk the newest episodes.
    async fn meant(&self, caller: &Caller, kind: Kind, other_side: &Handle) -> Result<Vec<ConversationId>, Fault> {
        match site_of(kind, other_side) {
            Some(site) => Ok(self.store.episodes(&caller.app, caller.id(), &site, MOST_EPISODES).await?),
            None => Ok(self.find(caller, kind, other_side).await?.map(|found| found.id).into_iter().collect()),
        }
    }
}

/// The site, where a desk is meant.
fn site_of(kind: Kind, other_side: &Handle) -> Option<SiteKey> {
    if kind == Kind::Service { other_side.as_str().parse().ok() } else { None }
}
