//! Telling who came and who went: those who watch, the app's back end, and visitors of their agent.

use std::collections::HashSet;

use dashmap::DashMap;
use serde_json::json;

use super::{Im, presence::Change};
use crate::model::{
    AppKey, Audience, Caller, Code, Contacts, Event, Fault, Notice, Role, UserId,
    command::List,
    conversation::View,
    notice::Topic,
    presence::{Presence, Watch},
};

type Key = (AppKey, UserId);

/// Who watches whom. A person watches until they have gone themselves.
#[derive(Debug, Default)]
pub(super) struct Watches {
    /// By who watches: at most [`Watch::MOST`] each.
    watched: DashMap<Key, HashSet<UserId>>,
    /// By who is watched.
    watchers: DashMap<Key, HashSet<UserId>>,
}

impl Watches {
    /// Adds what a person watches; refuses when that would be too much.
    fn add(&self, watcher: &Key, users: &[UserId]) -> Result<(), Fault> {
        let mut watched = self.watched.entry(watcher.clone()).or_default();
        let more = users.iter().filter(|user| !watched.contains(*user)).count();
        if watched.len() + more > Watch::MOST {
            let message = format!("you would watch {} people; allowed are {}", watched.len() + more, Watch::MOST);
            return Err(Fault::new(Code::BadRequest, message));
        }
        // The order of locks is always: who watches, then who is watched.
        for user in users {
            watched.insert(user.clone());
            self.watchers.entry((watcher.0.clone(), user.clone())).or_default().insert(watcher.1.clone());
        }
        Ok(())
    }

    /// Ends what a person watches of these.
    fn remove(&self, watcher: &Key, users: &[UserId]) {
        if let Some(mut watched) = self.watched.get_mut(watcher) {
            for user in users {
                watched.remove(user);
                self.forget_watcher(watcher, user);
            }
        }
        self.watched.remove_if(watcher, |_, watched| watched.is_empty());
    }

    /// Ends everything a person watches.
    fn forget(&self, watcher: &Key) {
        if let Some((_, watched)) = self.watched.remove(watcher) {
            for user in &watched {
                self.forget_watcher(watcher, user);
            }
        }
    }

    fn forget_watcher(&self, watcher: &Key, user: &UserId) {
        let key = (watcher.0.clone(), user.clone());
        if let Some(mut watchers) = self.watchers.get_mut(&key) {
            watchers.remove(&watcher.1);
        }
        self.watchers.remove_if(&key, |_, watchers| watchers.is_empty());
    }

    fn of(&self, watched: &Key) -> Vec<UserId> {
        self.watchers.get(watched).map(|watchers| watchers.iter().cloned().collect()).unwrap_or_default()
    }
}

impl Im {
    /// Watches users of the app, or no more, and tells whether they are here now. Who has blocked the caller seems away.
    pub(super) async fn watch(&self, caller: &Caller, watch: Watch) -> Result<Vec<Presence>, Fault> {
        if caller.person.role == Role::Visitor {
            return Err(Fault::new(Code::Forbidden, "visitors see who answers them, and nobody else"));
        }
        let Watch { users, on } = watch;
        if users.len() > Watch::MOST {
            let message = format!("`users` holds {}; allowed are at most {}", users.len(), Watch::MOST);
            return Err(Fault::new(Code::BadRequest, message));
        }
        let key = (caller.app.clone(), caller.id().clone());
        if !on {
            self.watches.remove(&key, &users);
            return Ok(Vec::new());
        }
        let (mut shown, mut hidden) = (Vec::new(), HashSet::new());
        for user in &users {
            let person = self.store.user(&caller.app, user).await?;
            if !person.is_some_and(|person| matches!(person.role, Role::User | Role::Agent)) {
                return Err(Fault::new(Code::NotFound, format!("no such user: {user}")));
            }
            if self.has_contact(&caller.app, Contacts::Blocked, user, caller.id()).await? {
                hidden.insert(user.clone());
            } else {
                shown.push(user.clone());
            }
        }
        self.watches.add(&key, &shown)?;
        let away = |user: UserId| Presence { user, online: false, at: None };
        let look = |user| if hidden.contains(&user) { away(user) } else { self.presence_of(&caller.app, user) };
        Ok(users.into_iter().map(look).collect())
    }

    /// A user does not want to be seen by another one any more.
    pub(super) fn hide_from(&self, app: &AppKey, user: &UserId, other: &UserId) {
        self.watches.remove(&(app.clone(), other.clone()), std::slice::from_ref(user));
    }

    /// Whether somebody is here now. Strangers are away.
    pub(super) fn presence_of(&self, app: &AppKey, user: UserId) -> Presence {
        let (online, at) = self.presence.look(app, &user, self.clock.now());
        Presence { user, online, at }
    }

    /// Somebody came, or has gone and their grace time is over.
    pub(super) async fn tell_presence(&self, caller: &Caller, now: &Change) {
        self.presence_changed(caller).await;
        let topic = if now.online { Topic::UserOnline } else { Topic::UserOffline };
        let body = json!({
            "user": caller.id(),
            "role": caller.person.role,
            "online": now.online,
            "at": now.at,
            "transport": now.transport,
        });
        self.notify_back_end(&caller.app, Notice::new(topic, now.at, &body).of_user(caller.id().clone())).await;
        let visitors = if caller.is_agent() { self.visitors_of(caller).await } else { Vec::new() };
        self.tell_watchers(&caller.app, caller.id(), now, visitors);
    }

    /// Tells those who watch somebody by this node, and others, that they came or went. Who went watches nobody.
    pub(super) fn tell_watchers(&self, app: &AppKey, user: &UserId, now: &Change, others: Vec<UserId>) {
        let key = (app.clone(), user.clone());
        if !now.online {
            self.watches.forget(&key);
        }
        let mut users = self.watches.of(&key);
        users.extend(others);
        if !users.is_empty() {
            let seen = Presence { user: user.clone(), online: now.online, at: Some(now.at) };
            self.publish(Audience { users, ..Audience::of(app.clone()) }, Event::Presence(seen));
        }
    }

    /// Whom an agent answers now.
    async fn visitors_of(&self, agent: &Caller) -> Vec<UserId> {
        let list = List { view: Some(View::Mine), limit: 100, ..List::default() };
        // A failed look-up costs a stale dot, nothing more.
        let mine = self.store.desk_view(&agent.app, agent.id(), &list).await.unwrap_or_default();
        mine.into_iter().filter_map(|conversation| conversation.service.map(|service| service.visitor)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user: &str) -> Key {
        ("app1".parse().unwrap(), user.parse().unwrap())
    }

    fn users(names: std::ops::Range<u16>) -> Vec<UserId> {
        names.map(|n| format!("u{n}").parse().unwrap()).collect()
    }

    #[test]
    fn who_goes_leaves_no_trace() {
        let watches = Watches::default();
        watches.add(&key("alice"), &users(0..3)).unwrap();
        watches.add(&key("bob"), &users(2..4)).unwrap();
        assert_eq!(watches.of(&key("u2")).len(), 2);
        watches.remove(&key("bob"), &users(2..3));
        assert_eq!(watches.of(&key("u2")), [key("alice").1]);
        watches.forget(&key("alice"));
        watches.forget(&key("bob"));
        assert!(watches.watched.is_empty() && watches.watchers.is_empty());
    }

    #[test]
    fn nobody_watches_more_than_a_hundred() {
        let watches = Watches::default();
        watches.add(&key("alice"), &users(0..99)).unwrap();
        assert!(watches.add(&key("alice"), &users(90..101)).is_err());
        assert!(watches.of(&key("u100")).is_empty());
        watches.add(&key("alice"), &users(0..100)).unwrap();
    }
}
