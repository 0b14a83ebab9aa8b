//! Word lists, and messages that were rewritten on their way.

use super::{House, NOON, at, client_id, message, person, refused};
use crate::{
    model::{Content, Role, words::Word},
    store::{Demand, NewMessage, Store, StoreError},
};

fn word(text: &str, replacement: Option<&str>) -> (String, Word) {
    let replacement = replacement.map(str::to_owned);
    (text.to_lowercase(), Word { word: text.to_owned(), replacement, whole: false, added_at: NOON })
}

pub(crate) async fn words_come_and_go_per_app(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "elsewhere").await);
    let both = vec![word("Damn", None), word("Heck", Some("h**k"))];
    assert!(store.put_words(&house.app, both, 2).await.unwrap());
    assert!(!store.put_words(&house.app, vec![word("third", None)], 2).await.unwrap(), "the list is full");
    assert!(store.put_words(&house.app, vec![word("DAMN", Some("d**n"))], 2).await.unwrap(), "but takes changes");
    let listed = store.words(&house.app).await.unwrap();
    assert_eq!(listed, [word("DAMN", Some("d**n")).1, word("Heck", Some("h**k")).1]);
    assert!(store.words(&other.app).await.unwrap().is_empty());
    assert_eq!(store.remove_words(&other.app, vec!["damn".to_owned()]).await.unwrap(), 0, "not theirs");
    assert_eq!(store.remove_words(&house.app, vec!["damn".to_owned(), "none".to_owned()]).await.unwrap(), 1);
    assert_eq!(store.words(&house.app).await.unwrap().len(), 1);
}

pub(crate) async fn d2_a_rewritten_message_is_the_same_in_a_retry(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let plain = NewMessage {
        client_id: Some(client_id("one")),
        demand: Demand::Inside,
        ..message(id, person("alice", Role::User), "damn it", at(1))
    };
    let rewritten =
        NewMessage { content: Content::text("**** it"), original: Some(Content::text("damn it")), ..plain.clone() };
    let first = store.append(&house.app, rewritten.clone()).await.unwrap();
    assert_eq!(first.message.content, Content::text("**** it"));
    let other_rules = NewMessage { content: Content::text("d*** it"), ..rewritten.clone() };
    for retry in [rewritten, other_rules, plain.clone(), NewMessage { demand: Demand::Again, ..plain.clone() }] {
        let again = store.append(&house.app, retry).await.unwrap();
        assert!(again.repeated && again.message == first.message, "whatever the rules say by now");
    }
    let other = NewMessage { content: Content::text("darn it"), ..plain };
    refused!(store.append(&house.app, other).await, StoreError::ClientIdReused);
}

pub(crate) async fn what_must_be_a_retry_is_nothing_new(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new = NewMessage {
        client_id: Some(client_id("one")),
        demand: Demand::Again,
        ..message(id, person("alice", Role::User), "damn it", at(1))
    };
    refused!(store.append(&house.app, new.clone()).await, StoreError::Missing(_));
    store.append(&house.app, NewMessage { demand: Demand::Inside, ..new.clone() }).await.unwrap();
    assert!(store.append(&house.app, new).await.unwrap().repeated);
}

pub(crate) async fn a_rewritten_message_can_go(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new = NewMessage {
        original: Some(Content::text("damn it")),
        ..message(id, person("alice", Role::User), "**** it", at(1))
    };
    store.append(&house.app, new).await.unwrap();
    house.says(id, person("bob", Role::User), "calm down", at(2)).await;
    assert!(store.forget_messages(&house.app, id, at(60), 10).await.unwrap() > 0);
}
