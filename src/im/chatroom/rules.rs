//! What the back end decided, as messages and joins look at it: from memory, a few seconds old at most.

use std::{collections::HashMap, sync::Arc};

use super::flood::Weight;
use crate::{
    im::{Im, remembered::Remembered},
    model::{
        AppKey, Code, Content, Fault, Handle, Millis, ObjectName, UserId,
        chatroom::{Priority, Right, Rule},
        content::names,
    },
    store::chatrooms::ChatroomRules,
};

/// Rules by room, and lists of message types by app. Bounded.
#[derive(Debug)]
pub(super) struct RulesCache {
    rooms: Remembered<(AppKey, Handle), Arc<Rules>>,
    types: Remembered<AppKey, Arc<HashMap<ObjectName, Priority>>>,
}

impl Default for RulesCache {
    fn default() -> Self {
        Self { rooms: Remembered::at_most(10_000), types: Remembered::at_most(10_000) }
    }
}

impl RulesCache {
    /// Forgets one room's rules; those of every room without a handle.
    pub(super) fn forget(&self, app: &AppKey, handle: Option<&Handle>) {
        match handle {
            Some(handle) => self.rooms.forget(&(app.clone(), handle.clone())),
            None => self.rooms.forget_all(),
        }
    }

    pub(super) fn forget_all(&self) {
        self.rooms.forget_all();
        self.types.forget_all();
    }

    pub(super) fn forget_types(&self, app: &AppKey) {
        self.types.forget(app);
    }
}

/// One room's rules.
#[derive(Debug, Default)]
pub(in crate::im) struct Rules {
    whole: Vec<Rule>,
    people: HashMap<UserId, Vec<(Right, Option<Millis>)>>,
}

impl Rules {
    fn of(found: ChatroomRules) -> Self {
        let mut people: HashMap<UserId, Vec<_>> = HashMap::new();
        for (right, who) in found.people {
            people.entry(who.user).or_default().push((right, who.until));
        }
        Self { whole: found.rules, people }
    }

    pub(in crate::im) fn holds(&self, rule: Rule) -> bool {
        self.whole.contains(&rule)
    }

    pub(super) fn has(&self, user: &UserId, right: Right, now: Millis) -> bool {
        let counts = |(given, until): &(Right, Option<Millis>)| *given == right && until.is_none_or(|end| now < end);
        self.people.get(user).is_some_and(|rights| rights.iter().any(counts))
    }

    /// Refuses who may not write in this room now.
    pub(super) fn may_write(&self, user: &UserId, now: Millis) -> Result<(), Fault> {
        if self.has(user, Right::Gagged, now) {
            return Err(Fault::new(Code::Silenced, "you may read, but not write in this chatroom now"));
        }
        let spared = self.has(user, Right::Allowed, now) || self.has(user, Right::Protected, now);
        if self.holds(Rule::Silenced) && !spared {
            return Err(Fault::new(Code::Silenced, "nobody may write in this chatroom now"));
        }
        Ok(())
    }
}

impl Im {
    pub(in crate::im) async fn rules_of(&self, app: &AppKey, handle: &Handle) -> Result<Arc<Rules>, Fault> {
        let key = (app.clone(), handle.clone());
        let read = async { Ok(Arc::new(Rules::of(self.store.chatroom_rules(app, handle, self.clock.now()).await?))) };
        self.chatrooms.rules.rooms.get(&key, read).await
    }

    /// How much a message matters in a flood.
    pub(super) async fn weight_of(
        &self,
        app: &AppKey,
        rules: &Rules,
        sender: &UserId,
        content: &Content,
    ) -> Result<Weight, Fault> {
        let is_notice = matches!(content.name.as_str(), names::INFO | names::ATTRIBUTE_NOTICE);
        if is_notice || rules.has(sender, Right::Protected, self.clock.now()) {
            return Ok(Weight::Free);
        }
        Ok(match self.types_of(app).await?.get(&content.name) {
            Some(Priority::High) => Weight::Free,
            Some(Priority::Low) => Weight::Low,
            None => Weight::Usual,
        })
    }

    async fn types_of(&self, app: &AppKey) -> Result<Arc<HashMap<ObjectName, Priority>>, Fault> {
        let read = async {
            let found = self.store.priorities(app).await?;
            Ok(Arc::new(found.into_iter().map(|(priority, name)| (name, priority)).collect()))
        };
        self.chatrooms.rules.types.get(app, read).await
    }
}
