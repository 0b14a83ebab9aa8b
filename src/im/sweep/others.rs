//! What else the bus may have lost, besides messages: receipts, own lists, messages that were taken back or thrown away,
//! lists of people, attributes of chatrooms.

use std::{collections::BTreeMap, time::Duration};

use moka::sync::Cache;

use super::{attributes, followed::Followed, stood::Stood};
use crate::{
    bus::Listener,
    im::Im,
    model::{
        AppKey, Audience, Content, ConversationId, Event, Fault, Hint, Kind, Millis, Mine, Seq, Stale, UserId,
        command::History,
    },
    store::changes::{Followers, Other},
};

/// Of each kind so many are remembered.
const MOST: u64 = 50_000;
/// A look comes long before.
const REMEMBERED: Duration = Duration::from_mins(10);

type Place = (ConversationId, Seq);
type Whose = (ConversationId, UserId);

/// What this node's connections were told besides messages. What is forgotten is told again, which changes nothing.
#[derive(Debug)]
pub(super) struct Told {
    read: Cache<Whose, (Seq, Seq)>,
    kept: Cache<Whose, Mine>,
    replaced: Cache<Place, Content>,
    thrown_away: Cache<(Whose, Seq), ()>,
    /// How a conversation stood of which somebody was told that they are outside.
    went: Cache<Whose, Stood>,
    pub(super) attributes: attributes::Told,
}

pub(super) fn cache<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V>
{
    Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build()
}

impl Default for Told {
    fn default() -> Self {
        Self {
            read: cache(),
            kept: cache(),
            replaced: cache(),
            thrown_away: cache(),
            went: cache(),
            attributes: attributes::Told::default(),
        }
    }
}

impl Told {
    /// Somebody may have heard it.
    pub(super) fn note(&self, hint: &Hint) {
        match &hint.event {
            Event::Receipt { conversation, user, delivered, read, .. } => {
                let (old, new) = (self.read_by(*conversation, user), (*delivered, *read));
                self.read.insert((*conversation, user.clone()), (old.0.max(new.0), old.1.max(new.1)));
            }
            Event::Mine { conversation, mine } => {
                for user in &hint.audience.users {
                    self.kept.insert((*conversation, user.clone()), mine.clone());
                }
            }
            Event::Recalled { message, .. } => {
                if let Some(seq) = message.seq {
                    self.replaced.insert((message.conversation, seq), message.content.clone());
                }
            }
            Event::Deleted { conversation, seqs } => {
                for user in &hint.audience.users {
                    for seq in seqs {
                        self.thrown_away.insert(((*conversation, user.clone()), *seq), ());
                    }
                }
            }
            Event::Chatroom(news) => self.attributes.note(news),
            _ => {}
        }
    }

    /// Whether this is known here by now, as far as that can be seen from it alone.
    pub(super) fn has(&self, other: &Other) -> bool {
        match other {
            Other::Read { conversation, user, delivered, read, .. } => {
                let told = self.read_by(*conversation, user);
                told.0 >= *delivered && told.1 >= *read
            }
            Other::ThrownAway { conversation, user, seq, .. } => {
                self.thrown_away.contains_key(&((*conversation, user.clone()), *seq))
            }
            _ => false,
        }
    }

    fn read_by(&self, conversation: ConversationId, user: &UserId) -> (Seq, Seq) {
        self.read.get(&(conversation, user.clone())).unwrap_or((Seq(0), Seq(0)))
    }

    /// Whether somebody knows that they keep a conversation so. What they have not read is counted by other news.
    fn knows(&self, whose: &Whose, mine: &Mine) -> bool {
        let same = |told: &Mine| {
            (told.pinned, told.muted, told.removed, told.cleared)
                == (mine.pinned, mine.muted, mine.removed, mine.cleared)
        };
        self.kept.get(whose).is_some_and(|told| same(&told))
    }
}

impl Im {
    /// Tells this node's connections what nobody told them.
    pub(super) async fn make_up_others(
        &self,
        here: &dyn Listener,
        others: Vec<Other>,
        followed: &Followed,
    ) -> Result<(), Fault> {
        let mut thrown_away: BTreeMap<(AppKey, ConversationId, UserId), Vec<Seq>> = BTreeMap::new();
        let mut attributes: BTreeMap<(AppKey, ConversationId), attributes::Changed> = BTreeMap::new();
        for other in others {
            match other {
                Other::ThrownAway { app, conversation, user, seq } => {
                    thrown_away.entry((app, conversation, user)).or_default().push(seq);
                }
                Other::Attributed { app, conversation, version, key } => {
                    let changed = attributes.entry((app, conversation)).or_default();
                    changed.entry(version).or_default().insert(key);
                }
                other => goes_on(self.make_up_other(here, other, followed).await)?,
            }
        }
        for ((app, room), changed) in attributes {
            goes_on(self.make_up_attributes(here, &app, room, &changed).await)?;
        }
        for ((app, conversation, user), seqs) in thrown_away {
            self.make_up_for(here, only(&app, user), Event::Deleted { conversation, seqs });
        }
        Ok(())
    }

    async fn make_up_other(&self, here: &dyn Listener, other: Other, followed: &Followed) -> Result<(), Fault> {
        match other {
            Other::Read { conversation, user, delivered, read, at, .. } => {
                if let Some(of) = followed.get(&conversation) {
                    self.make_up_for(here, of.audience(), Event::Receipt { conversation, user, delivered, read, at });
                }
                Ok(())
            }
            Other::Kept { app, conversation, user } => self.make_up_kept(here, &app, conversation, user).await,
            Other::Replaced { conversation, seq, at, .. } => match followed.get(&conversation) {
                Some(of) => self.make_up_replaced(here, of, seq, at).await,
                None => Ok(()),
            },
            Other::Went { app, conversation, user } => self.make_up_went(here, &app, conversation, user).await,
            Other::Listed { app, user } => {
                self.forget(&app, &Stale::Contacts(user));
                Ok(())
            }
            // Told together.
            Other::ThrownAway { .. } | Other::Attributed { .. } => Ok(()),
        }
    }

    pub(super) fn make_up_for(&self, here: &dyn Listener, audience: Audience, event: Event) {
        if here.wants(&audience) {
            let hint = Hint { audience, event };
            self.told.others.note(&hint);
            here.hear(hint);
        }
    }

    async fn make_up_kept(
        &self,
        here: &dyn Listener,
        app: &AppKey,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<(), Fault> {
        let Some(audience) = wanted(here, app, &user) else { return Ok(()) };
        let found = self.store.conversation_for(app, conversation, &user).await?.and_then(|found| found.mine);
        if let Some(mine) = found.filter(|mine| !self.told.others.knows(&(conversation, user), mine)) {
            self.make_up_for(here, audience, Event::Mine { conversation, mine });
        }
        Ok(())
    }

    /// Who was put out hears how the conversation stands without them.
    async fn make_up_went(
        &self,
        here: &dyn Listener,
        app: &AppKey,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<(), Fault> {
        let Some(audience) = wanted(here, app, &user) else { return Ok(()) };
        let Some(found) = self.store.conversation(app, conversation).await? else { return Ok(()) };
        let (stands, whose) = (Some(Stood::of(&found)), (conversation, user));
        let told = [self.told.others.went.get(&whose), self.told.stand(conversation).stood];
        if found.kind == Kind::Chatroom || told.contains(&stands) {
            return Ok(());
        }
        // Whatever is remembered still has them inside.
        self.forget(app, &Stale::Conversation(conversation));
        if !self.route_of(app, conversation).await?.has(&whose.1) {
            let told = self.complete(app, found).await?;
            self.told.others.went.insert(whose, Stood::of(&told));
            self.make_up_for(here, audience, Event::Conversation(told.into()));
        }
        Ok(())
    }

    async fn make_up_replaced(&self, here: &dyn Listener, of: &Followers, seq: Seq, at: Millis) -> Result<(), Fault> {
        let (app, conversation) = (&of.app, of.conversation);
        let query = History { after: Some(Seq(seq.0.saturating_sub(1))), ..History::newest(conversation, 1) };
        let found = self.store.page(app, &query).await?.messages.into_iter().find(|found| found.seq == Some(seq));
        let Some(message) = found else { return Ok(()) };
        if self.told.others.replaced.get(&(conversation, seq)).is_some_and(|told| told == message.content) {
            return Ok(());
        }
        let mut audience = of.audience();
        if of.kind != Kind::Chatroom {
            let for_some = self.store.recipients(app, message.uid).await?;
            if !for_some.is_empty() {
                audience.users = for_some;
            }
        }
        self.make_up_for(here, audience, Event::Recalled { message: message.into(), at });
        Ok(())
    }
}

/// One person alone, if they are connected here.
fn wanted(here: &dyn Listener, app: &AppKey, user: &UserId) -> Option<Audience> {
    Some(only(app, user.clone())).filter(|audience| here.wants(audience))
}

/// What cannot be told for good keeps nobody from the rest; after what may work later the next look begins where this one did.
pub(super) fn goes_on(made_up: Result<(), Fault>) -> Result<(), Fault> {
    match made_up {
        Err(fault) if !fault.code.temporary() => {
            tracing::warn!(code = fault.code.name(), "Something that changed cannot be told");
            Ok(())
        }
        other => other,
    }
}

fn only(app: &AppKey, user: UserId) -> Audience {
    Audience { users: vec![user], ..Audience::of(app.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(event: Event) -> Hint {
        Hint { audience: only(&"app1app1".parse().unwrap(), "ann".parse().unwrap()), event }
    }

    #[test]
    fn watermarks_that_were_told_only_grow() {
        let (told, id, ann) = (Told::default(), ConversationId::from_u128(7), "ann".parse::<UserId>().unwrap());
        let receipt = |delivered, read| {
            let (delivered, read, at) = (Seq(delivered), Seq(read), Millis::new(0));
            hint(Event::Receipt { conversation: id, user: ann.clone(), delivered, read, at })
        };
        for (delivered, read) in [(5, 2), (3, 3), (4, 1)] {
            told.note(&receipt(delivered, read));
        }
        assert_eq!(told.read_by(id, &ann), (Seq(5), Seq(3)), "news that come late take nothing back");
    }

    #[test]
    fn a_list_that_looks_the_same_is_not_told_for_a_count() {
        let (told, id, ann) = (Told::default(), ConversationId::from_u128(7), "ann".parse::<UserId>().unwrap());
        let pinned = Mine { pinned: true, unread: 3, ..Mine::default() };
        told.note(&hint(Event::Mine { conversation: id, mine: pinned.clone() }));
        let whose = (id, ann);
        assert!(told.knows(&whose, &Mine { unread: 9, ..pinned.clone() }));
        assert!(!told.knows(&whose, &Mine { pinned: false, ..pinned }));
    }
}
