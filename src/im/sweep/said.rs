//! Messages that the bus lost.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    bus::Listener,
    im::Im,
    model::{AppKey, Audience, ConversationId, Event, Fault, Hint, Kind, Message, Seq, UserId, command::History},
    store::{changes::Followers, readership::Unseen},
};

impl Im {
    /// Everybody here hears what they may read of these places.
    pub(super) async fn make_up_said(
        &self,
        here: &dyn Listener,
        of: &Followers,
        missing: BTreeSet<u64>,
    ) -> Result<(), Fault> {
        match of.kind {
            Kind::Chatroom => self.make_up_room(here, of, &missing).await?,
            _ => self.make_up_messages(here, of, &missing).await?,
        }
        // What is not there any more is nothing to look for again.
        self.told.with(of.conversation, |stand| {
            for place in missing {
                stand.add(place);
            }
        });
        Ok(())
    }

    /// Everybody in a room here hears what was said after the first of them came, unless the back end stopped that.
    async fn make_up_room(&self, here: &dyn Listener, of: &Followers, missing: &BTreeSet<u64>) -> Result<(), Fault> {
        let (app, id) = (&of.app, of.conversation);
        let Some(after) = self.heard_in_room_after(app, id).await? else { return Ok(()) };
        let missing = missing.range(after.0 + 1..).copied().collect();
        for message in self.read_places(app, id, &missing).await? {
            self.tell_once(here, of.audience(), message);
        }
        Ok(())
    }

    async fn make_up_messages(
        &self,
        here: &dyn Listener,
        of: &Followers,
        missing: &BTreeSet<u64>,
    ) -> Result<(), Fault> {
        let (app, id) = (&of.app, of.conversation);
        let Audience { mut users, agents, .. } = of.audience();
        let nobody = Audience::of(app.clone());
        users.retain(|user| here.wants(&Audience { users: vec![user.clone()], ..nobody.clone() }));
        let agents = agents && here.wants(&Audience { agents, ..nobody.clone() });
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(()) };
        if users.is_empty() && !agents {
            return Ok(());
        }
        let messages = self.read_places(app, id, missing).await?;
        let unseen = if users.is_empty() {
            Unseen::default()
        } else {
            self.store.unseen(app, id, Seq(*first), Seq(*last)).await?
        };
        for message in messages {
            let sees = |user: &&UserId| message.seq.is_none_or(|place| unseen.sees(user, place));
            let users: Vec<UserId> = users.iter().filter(sees).cloned().collect();
            if agents || !users.is_empty() {
                self.tell_once(here, Audience { users, agents, ..nobody.clone() }, message);
            }
        }
        Ok(())
    }

    /// Tells a message here, unless its hint came while it was read.
    pub(super) fn tell_once(&self, here: &dyn Listener, audience: Audience, message: Message) {
        let hint = Hint { audience, event: Event::Message(Arc::new(message)) };
        if self.told.note(&hint) {
            here.hear(hint);
        }
    }

    /// Messages in these places, in their order, as they are; but for those that are gone.
    async fn read_places(
        &self,
        app: &AppKey,
        id: ConversationId,
        missing: &BTreeSet<u64>,
    ) -> Result<Vec<Message>, Fault> {
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(Vec::new()) };
        let mut found: Vec<Message> = Vec::new();
        let mut after = first - 1;
        while after < *last {
            let query = History { after: Some(Seq(after)), ..History::newest(id, History::MAX_LIMIT) };
            let page = self.store.page(app, &query).await?;
            let Some(reached) = page.messages.iter().filter_map(|message| message.seq).map(|place| place.0).max()
            else {
                break;
            };
            let wanted = |message: &Message| message.seq.is_some_and(|place| missing.contains(&place.0));
            found.extend(page.messages.into_iter().filter(wanted).filter(|message| !message.content.is_gone()));
            after = reached;
        }
        Ok(found)
    }
}
