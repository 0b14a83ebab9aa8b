//! Profiles, tags, and logins that end early.

use super::{House, NOON, at, login, refused, token, user};
use crate::{
    model::{Person, Role},
    store::{NewLogin, Store, StoreError},
};

pub(crate) async fn a_profile_tells_name_portrait_and_age(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let zoe = Person {
        id: user("zoe"),
        name: "Zoe".to_owned(),
        role: Role::User,
        portrait: Some("https://a.example/z.png".to_owned()),
    };
    store.save_user(&house.app, zoe.clone(), at(5)).await.unwrap();
    store.save_user(&house.app, Person { name: "Zoë".to_owned(), ..zoe.clone() }, at(9)).await.unwrap();
    let profile = store.profile(&house.app, &zoe.id).await.unwrap().unwrap();
    assert_eq!((profile.person.name.as_str(), profile.created_at), ("Zoë", at(5)));
    assert_eq!((profile.person.portrait, profile.tags), (zoe.portrait, Vec::<String>::new()));
    assert_eq!(store.profile(&other.app, &zoe.id).await.unwrap(), None);
}

pub(crate) async fn tags_are_set_for_all_or_nobody(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (both, tags) = ([user("alice"), user("bob")], ["vip".to_owned(), "höst".to_owned()]);
    store.set_tags(&house.app, &both, &tags).await.unwrap();
    refused!(store.set_tags(&house.app, &[user("alice"), user("nobody")], &[]).await, StoreError::Missing("user"));
    let asked = [user("bob"), user("nobody"), user("alice")];
    let found = store.tags_of(&house.app, &asked).await.unwrap();
    assert_eq!(found, both.clone().map(|user| (user, tags.to_vec())));
    assert!(store.tags_of(&other.app, &both).await.unwrap().iter().all(|(_, tags)| tags.is_empty()));
    store.set_tags(&house.app, &both, &[]).await.unwrap();
    assert_eq!(store.profile(&house.app, &both[0]).await.unwrap().unwrap().tags, Vec::<String>::new());
}

pub(crate) async fn logins_before_an_instant_end(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    for (number, second) in [(1, 1), (2, 2), (3, 3)] {
        store.create_login(&house.app, NewLogin { at: at(second), ..login("bob", number, at(60)) }).await.unwrap();
    }
    store.create_login(&house.app, login("alice", 4, at(60))).await.unwrap();
    store.create_login(&other.app, login("bob", 5, at(60))).await.unwrap();
    store.end_logins(&house.app, &user("bob"), Some(at(3))).await.unwrap();
    let mut open = Vec::new();
    for number in 1..=5 {
        if store.login(token(number), at(10)).await.unwrap().is_some() {
            open.push(number);
        }
    }
    assert_eq!(open, [3, 4, 5]);
    refused!(store.end_logins(&house.app, &user("nobody"), None).await, StoreError::Missing("user"));
}

pub(crate) async fn all_logins_of_a_user_end_whatever_their_time(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    // As a server with a clock that is ahead keeps it.
    for (number, second) in [(1, 1), (2, 3600)] {
        store.create_login(&house.app, NewLogin { at: at(second), ..login("bob", number, at(9000)) }).await.unwrap();
    }
    store.create_login(&house.app, login("alice", 3, at(9000))).await.unwrap();
    store.create_login(&other.app, login("bob", 4, at(9000))).await.unwrap();
    store.end_logins(&house.app, &user("bob"), None).await.unwrap();
    let mut open = Vec::new();
    for number in 1..=4 {
        if store.login(token(number), at(10)).await.unwrap().is_some() {
            open.push(number);
        }
    }
    assert_eq!(open, [3, 4]);
}

pub(crate) async fn one_login_of_a_user_ends_by_their_own_app_only(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    for (who, number) in [("bob", 1), ("vera", 2), ("anna", 3)] {
        store.create_login(&house.app, login(who, number, at(60))).await.unwrap();
    }
    assert_eq!(store.end_user_login(&other.app, token(1)).await.unwrap(), None);
    assert_eq!(store.end_user_login(&house.app, token(2)).await.unwrap(), None, "a visitor's");
    assert_eq!(store.end_user_login(&house.app, token(3)).await.unwrap(), None, "an agent's");
    assert_eq!(store.end_user_login(&house.app, token(9)).await.unwrap(), None);
    assert_eq!(store.end_user_login(&house.app, token(1)).await.unwrap(), Some(user("bob")));
    assert!(store.login(token(1), NOON).await.unwrap().is_none());
    assert!(store.login(token(2), NOON).await.unwrap().is_some());
}

pub(crate) async fn every_ended_login_asks_for_proof(store: &dyn Store) {
    let house = House::new(store).await;
    let first = store.proofs_asked(None).await.unwrap();
    assert!(first.asked.is_empty(), "a first look has missed nothing");
    for (who, number) in [("bob", 1), ("anna", 2), ("alice", 3)] {
        store.create_login(&house.app, login(who, number, at(60))).await.unwrap();
    }
    store.end_user_login(&house.app, token(1)).await.unwrap();
    store.end_login(token(9)).await.unwrap();
    store.end_login(token(2)).await.unwrap();
    store.end_logins(&house.app, &user("alice"), None).await.unwrap();
    let found = store.proofs_asked(Some(first.place)).await.unwrap();
    let users: Vec<_> = found.asked.iter().map(|change| change.user.as_str()).collect();
    assert_eq!(users, ["bob", "anna", "alice"]);
    assert!(found.asked.iter().all(|change| change.app == house.app));
    store.end_logins(&house.app, &user("bob"), None).await.unwrap();
    // Tests beside this one hold looks back: what was found before may be found again.
    let mut next = store.proofs_asked(Some(found.place)).await.unwrap().asked;
    next.retain(|change| !found.asked.contains(change));
    assert_eq!(next.iter().map(|change| change.user.as_str()).collect::<Vec<_>>(), ["bob"]);
}
