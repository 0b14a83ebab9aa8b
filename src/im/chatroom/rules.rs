//! What the back end decided, as messages and joins look at it: from memory, a few seconds old at most.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;

use super::flood::Weight;
use crate::{
    im::Im,
    model::{
        AppKey, Code, Content, Fault, Handle, Millis, ObjectName, UserId,
        chatroom::{Priority, Right, Rule},
        content::names,
    },
    store::chatrooms::ChatroomRules,
};

/// A change by another process is noticed within this time; our own at once.
const FRESH: Duration = Duration::from_secs(5);

/// Rules by room, and lists of message types by app. Bounded.
#[derive(Debug)]
pub(super) struct RulesCache {
    rooms: Cache<(AppKey, Handle), Arc<Rules>>,
    types: Cache<AppKey, Arc<HashMap<ObjectName, Priority>>>,
    /// Changes so far: what was read before one must not be remembered after it.
    changes: AtomicU64,
}

impl Default for RulesCache {
    fn default() -> Self {
        Self {
            rooms: Cache::builder().max_capacity(10_000).time_to_live(FRESH).build(),
            types: Cache::builder().max_capacity(10_000).time_to_live(FRESH).build(),
            changes: AtomicU64::new(0),
        }
    }
}

impl RulesCache {
    /// Forgets one room's rules; those of every room without a handle.
    pub(super) fn forget(&self, app: &AppKey, handle: Option<&Handle>) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        match handle {
            Some(handle) => self.rooms.invalidate(&(app.clone(), handle.clone())),
            None => self.rooms.invalidate_all(),
        }
    }

    pub(super) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.rooms.invalidate_all();
        self.types.invalidate_all();
    }

    pub(super) fn forget_types(&self, app: &AppKey) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.types.invalidate(app);
    }

    fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
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
        if let Some(rules) = self.chatrooms.rules.rooms.get(&key) {
            return Ok(rules);
        }
        let changes = self.chatrooms.rules.changes();
        let rules = Arc::new(Rules::of(self.store.chatroom_rules(app, handle, self.clock.now()).await?));
        if self.chatrooms.rules.changes() == changes {
            self.chatrooms.rules.rooms.insert(key, rules.clone());
        }
        Ok(rules)
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
        if let Some(types) = self.chatrooms.rules.types.get(app) {
            return Ok(types);
        }
        let changes = self.chatrooms.rules.changes();
        let found = self.store.priorities(app).await?;
        let types: Arc<HashMap<_, _>> = Arc::new(found.into_iter().map(|(priority, name)| (name, priority)).collect());
        if self.chatrooms.rules.changes() == changes {
            self.chatrooms.rules.types.insert(app.clone(), types.clone());
        }
        Ok(types)
    }
}
