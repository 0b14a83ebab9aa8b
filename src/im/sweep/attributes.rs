//! Attributes of chatrooms: those that were told, and those whose change the bus lost.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
};

use moka::sync::Cache;

use super::others::cache;
use crate::{
    bus::Listener,
    im::Im,
    model::{
        AppKey, Audience, ConversationId, Event, Fault,
        chatroom::{Attribute, AttributeKey, ChatroomEvent, ChatroomNews},
    },
    store::StoreError,
};

/// Which attributes of a room changed, by the room's count of changes then.
pub(super) type Changed = BTreeMap<u64, BTreeSet<AttributeKey>>;

/// How attributes stood when they were told here last: values are long, so that only their marks are remembered; nothing
/// stands for one that was removed.
#[derive(Debug)]
pub(super) struct Told {
    of: Cache<(ConversationId, AttributeKey), Option<u64>>,
    marks: RandomState,
}

impl Default for Told {
    fn default() -> Self {
        Self { of: cache(), marks: RandomState::new() }
    }
}

impl Told {
    /// Somebody may have heard it.
    pub(super) fn note(&self, news: &ChatroomEvent) {
        let ChatroomNews::Attributes { set, removed, .. } = &news.what else { return };
        for one in set {
            self.of.insert((news.id, one.key.clone()), Some(self.mark(one)));
        }
        for key in removed {
            self.of.insert((news.id, key.clone()), None);
        }
    }

    /// Whether this is how it was told.
    fn knows(&self, room: ConversationId, key: &AttributeKey, stands: Option<&Attribute>) -> bool {
        self.of.get(&(room, key.clone())).is_some_and(|told| told == stands.map(|one| self.mark(one)))
    }

    fn mark(&self, one: &Attribute) -> u64 {
        self.marks.hash_one((&one.value, one.by.as_str(), one.auto_delete, one.at.get()))
    }
}

impl Im {
    /// Tells those who are inside here how attributes stand that they may not have heard of, change by change.
    pub(super) async fn make_up_attributes(
        &self,
        here: &dyn Listener,
        app: &AppKey,
        id: ConversationId,
        changed: &Changed,
    ) -> Result<(), Fault> {
        let audience = Audience { room: Some(id), ..Audience::of(app.clone()) };
        if !here.wants(&audience) {
            return Ok(());
        }
        let Some(room) = self.chatrooms.by_id(app, id) else { return Ok(()) };
        let mut keys: BTreeSet<AttributeKey> = changed.values().flatten().cloned().collect();
        let asked: Vec<AttributeKey> = keys.iter().cloned().collect();
        let stand: HashMap<AttributeKey, Attribute> = match self.store.attributes(app, id, &asked).await {
            Ok(found) => found.list.into_iter().map(|one| (one.key.clone(), one)).collect(),
            // It has ended meanwhile, and they with it.
            Err(StoreError::NoConversation) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        keys.retain(|key| !self.told.others.attributes.knows(id, key, stand.get(key)));
        for (version, of) in changed {
            let (set, removed): (Vec<_>, Vec<_>) = of.intersection(&keys).partition(|key| stand.contains_key(*key));
            if set.is_empty() && removed.is_empty() {
                continue;
            }
            let set = set.into_iter().filter_map(|key| stand.get(key).cloned()).collect();
            let removed = removed.into_iter().cloned().collect();
            let event = room.event(ChatroomNews::Attributes { version: *version, set, removed });
            if let Event::Chatroom(news) = &event {
                self.note_owners(app, news);
            }
            self.make_up_for(here, audience.clone(), event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn attribute(value: &str, at: i64) -> Attribute {
        Attribute {
            key: "seat".parse().unwrap(),
            value: value.to_owned(),
            by: "ann".parse().unwrap(),
            auto_delete: false,
            at: Millis::new(at),
        }
    }

    #[test]
    fn an_attribute_is_known_as_it_was_told_last() {
        let (told, id) = (Told::default(), ConversationId::from_u128(7));
        let (tea, later) = (attribute("tea", 1), attribute("tea", 2));
        let note = |set: &[Attribute], removed: &[AttributeKey]| {
            let what = ChatroomNews::Attributes { version: 1, set: set.to_vec(), removed: removed.to_vec() };
            told.note(&ChatroomEvent { id, handle: "lobby".parse().unwrap(), what });
        };
        let knows = |stands: Option<&Attribute>| told.knows(id, &tea.key, stands);
        assert!(!knows(None) && !knows(Some(&tea)), "nothing was told");
        note(std::slice::from_ref(&tea), &[]);
        assert!(knows(Some(&tea)) && !knows(Some(&later)) && !knows(None));
        note(&[], std::slice::from_ref(&tea.key));
        assert!(knows(None) && !knows(Some(&tea)), "it is gone");
    }
}
