//! Private and service conversations.

use super::{House, NOON, at, fresh_id, person, refused, user};
use crate::{
    model::{
        Kind, Role, Stage,
        command::List,
        conversation::{Context, Rating},
    },
    store::{NewTicket, Store, StoreError},
};

pub(crate) async fn a_private_conversation_is_the_same_from_both_sides(store: &dyn Store) {
    let house = House::new(store).await;
    let (alice, bob) = (user("alice"), user("bob"));
    let first = store.pair_conversation(&house.app, Kind::Private, &alice, &bob, fresh_id(), NOON).await.unwrap();
    let second = store.pair_conversation(&house.app, Kind::Private, &bob, &alice, fresh_id(), at(5)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!((first.kind, first.head.seq.0, first.created_at), (Kind::Private, 0, NOON));
    assert!(first.has(&alice) && first.has(&bob) && first.participants.len() == 2);
    assert!(first.service.is_none() && first.last.is_none());
    let lost = store.pair_conversation(&house.app, Kind::Private, &alice, &user("nobody"), fresh_id(), NOON).await;
    refused!(lost, StoreError::Missing("user"));
}

pub(crate) async fn racing_private_conversations_become_one(store: &dyn Store) {
    let house = House::new(store).await;
    let (alice, bob) = (user("alice"), user("bob"));
    let make = || store.pair_conversation(&house.app, Kind::Private, &alice, &bob, fresh_id(), NOON);
    let (a, b, c) = tokio::join!(make(), make(), make());
    let (a, b, c) = (a.unwrap().id, b.unwrap().id, c.unwrap().id);
    assert!(a == b && b == c);
}

pub(crate) async fn a_users_conversations_come_newest_change_first(store: &dyn Store) {
    let house = House::new(store).await;
    let alice = user("alice");
    let mut ids = Vec::new();
    for peer in ["bob", "anna", "ben", "vera", "viktor"] {
        let made =
            store.pair_conversation(&house.app, Kind::Private, &alice, &user(peer), fresh_id(), NOON).await.unwrap();
        ids.push(made.id);
    }
    house.says(ids[1], person("alice", Role::User), "one", at(10)).await;
    house.says(ids[3], person("alice", Role::User), "two", at(20)).await;
    // The rest changed at the same instant: their ids decide.
    let expected = [ids[3], ids[1], ids[4], ids[2], ids[0]];
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let list = List { before, limit: 2, ..List::default() };
        let page = store.conversations_of(&house.app, &alice, &list).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.changed_at, last.id));
        seen.extend(page.iter().map(|conversation| conversation.id));
    }
    assert_eq!(seen, expected);
    let list = List { limit: 1, ..List::default() };
    let newest = store.conversations_of(&house.app, &alice, &list).await.unwrap();
    assert_eq!(newest[0].last.as_ref().unwrap().content.words().as_deref(), Some("two"));
}

pub(crate) async fn a_visitor_has_one_open_service_conversation(store: &dyn Store) {
    let house = House::new(store).await;
    let first = house.queued("vera", NOON).await;
    assert_eq!(house.queued("vera", at(5)).await, first);
    assert_eq!(store.open_service(&house.app, &user("vera"), &house.site).await.unwrap(), Some(first.clone()));
    assert_eq!(store.open_service(&house.app, &user("viktor"), &house.site).await.unwrap(), None);
    let service = first.service.clone().unwrap();
    assert_eq!((service.stage, service.waiting_since), (Stage::Queued { since: NOON }, Some(NOON)));
    assert_eq!((service.site, service.visitor), (house.site.clone(), user("vera")));
    assert!(first.has(&user("vera")) && first.participants.len() == 1);
    house.end(first.id, "anna", at(10)).await.unwrap();
    assert_eq!(store.open_service(&house.app, &user("vera"), &house.site).await.unwrap(), None);
    let (a, b) = tokio::join!(house.queued("vera", at(20)), house.queued("vera", at(20)));
    assert!(a.id == b.id && a.id != first.id);
}

pub(crate) async fn context_adds_to_what_is_known(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    let text = |text: &str| Some(text.to_owned());
    let first = Context { page: text("https://shop.example/a"), language: text("en"), ..Context::default() };
    let then = Context { page: text("https://shop.example/b"), title: text("B"), ..Context::default() };
    store.set_context(&house.app, id, first).await.unwrap();
    store.set_context(&house.app, id, then).await.unwrap();
    let known = house.get(id).await.service.unwrap().context;
    let all =
        Context { page: text("https://shop.example/b"), title: text("B"), language: text("en"), ..Context::default() };
    assert_eq!(known, all);
}

pub(crate) async fn a_later_rating_replaces_the_first(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    let rating = |stars| Rating {
        stars,
        tags: vec!["fast".to_owned()],
        text: "thanks".to_owned(),
        solved: Some(true),
        at: at(5),
    };
    store.rate(&house.app, id, rating(2)).await.unwrap();
    let rated = store.rate(&house.app, id, rating(5)).await.unwrap();
    assert_eq!(rated.service.unwrap().rating, Some(rating(5)));
    let private = house.private().await.id;
    refused!(store.rate(&house.app, private, rating(1)).await, StoreError::NoConversation);
}

pub(crate) async fn tickets_need_their_conversation(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = house.begin("vera", Stage::Offline { since: NOON }, NOON).await.id;
    let ticket = |conversation| NewTicket { conversation, answers: r#"{"email":"v@x.example"}"#.to_owned(), at: NOON };
    store.create_ticket(&house.app, ticket(conversation)).await.unwrap();
    refused!(store.create_ticket(&house.app, ticket(fresh_id())).await, StoreError::NoConversation);
}
