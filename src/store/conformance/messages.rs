//! Keeping and reading messages, and watermarks.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::{House, NOON, at, client_id, fresh_id, message, no_conversation, person, refused, user};
use crate::{
    model::{Content, ConversationId, Role, Seq, command::History},
    store::{Demand, NewMessage, Store, StoreError, Watermarks},
};

pub(crate) async fn d2_a_retry_returns_the_first_result(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let alice = person("alice", Role::User);
    let new = NewMessage { client_id: Some(client_id("one")), ..message(id, alice.clone(), "hello", NOON) };
    let first = store.append(&house.app, new.clone()).await.unwrap();
    assert!(!first.repeated);
    assert_eq!((first.message.seq, first.message.from.clone()), (Some(Seq(1)), alice));
    house.says(id, person("bob", Role::User), "hi", at(1)).await;
    let retry = store.append(&house.app, NewMessage { at: at(9), ..new }).await.unwrap();
    assert!(retry.repeated);
    assert_eq!(retry.message, first.message);
    assert_eq!(house.get(id).await.head.seq, Seq(2));
}

pub(crate) async fn d2_a_reused_client_id_is_refused(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new = |from, words| NewMessage {
        client_id: Some(client_id("one")),
        ..message(id, person(from, Role::User), words, NOON)
    };
    store.append(&house.app, new("alice", "hello")).await.unwrap();
    refused!(store.append(&house.app, new("alice", "other")).await, StoreError::ClientIdReused);
    let renamed =
        NewMessage { content: Content::of("RC:InfoNtf", &serde_json::json!({"content": "hello"})), ..new("alice", "") };
    refused!(store.append(&house.app, renamed).await, StoreError::ClientIdReused);
    assert!(!store.append(&house.app, new("bob", "other")).await.unwrap().repeated, "another sender");
    let elsewhere = house.queued("vera", NOON).await.id;
    let elsewhere = NewMessage { conversation: elsewhere, ..new("alice", "other") };
    assert!(!store.append(&house.app, elsewhere).await.unwrap().repeated, "another conversation");
    assert_eq!(house.page(id, None, None, 10).await.0, [1, 2]);
}

pub(crate) async fn d2_racing_retries_become_one_message(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new =
        NewMessage { client_id: Some(client_id("one")), ..message(id, person("alice", Role::User), "hello", NOON) };
    let racing = (0..16).map(|_| store.append(&house.app, new.clone()));
    let kept: Vec<_> = futures_util::future::join_all(racing).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(kept.iter().filter(|kept| !kept.repeated).count(), 1);
    assert!(kept.iter().all(|other| other.message == kept[0].message));
}

pub(crate) async fn d3_racing_messages_get_places_without_gaps(store: &dyn Store) {
    const EACH: u64 = 20;
    let house = House::new(store).await;
    let ids = [house.private().await.id, house.queued("vera", NOON).await.id];
    let sender = |number: u64| {
        let house = &house;
        async move {
            let mut seen = Vec::new();
            for turn in 0..EACH {
                let conversation = ids[usize::try_from((number + turn) % 2).unwrap()];
                let words = format!("{number} {turn}");
                let new = NewMessage {
                    client_id: Some(client_id(&format!("c{number}-{turn}"))),
                    ..message(conversation, person("alice", Role::User), &words, at(1))
                };
                let kept = store.append(&house.app, new).await.unwrap().message;
                seen.push((conversation, kept.seq.unwrap().0, kept.uid));
            }
            seen
        }
    };
    let seen: Vec<_> = futures_util::future::join_all((0..64).map(sender)).await.into_iter().flatten().collect();
    for id in ids {
        let places: BTreeSet<u64> = seen.iter().filter(|(at, ..)| *at == id).map(|(_, seq, _)| *seq).collect();
        assert_eq!(places, (1..=64 * EACH / 2).collect());
        assert_eq!(house.get(id).await.head.seq, Seq(64 * EACH / 2));
    }
    let mut by_place: Vec<_> = seen.iter().filter(|(at, ..)| *at == ids[0]).collect();
    by_place.sort_by_key(|(_, seq, _)| *seq);
    assert!(by_place.is_sorted_by_key(|(.., uid)| *uid), "uids grow like places");
    assert_eq!(seen.iter().map(|(.., uid)| *uid).collect::<BTreeSet<_>>().len(), seen.len());
}

pub(crate) async fn pages_go_before_after_and_newest(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    assert_eq!(house.page(id, None, None, 3).await, (vec![], false));
    for number in 1..=10 {
        house.says(id, person("alice", Role::User), &number.to_string(), at(number)).await;
    }
    assert_eq!(house.page(id, None, None, 3).await, (vec![8, 9, 10], true));
    assert_eq!(house.page(id, Some(8), None, 3).await, (vec![5, 6, 7], true));
    assert_eq!(house.page(id, Some(3), None, 3).await, (vec![1, 2], false));
    assert_eq!(house.page(id, Some(4), None, 3).await, (vec![1, 2, 3], false));
    assert_eq!(house.page(id, None, Some(0), 3).await, (vec![1, 2, 3], true));
    assert_eq!(house.page(id, None, Some(8), 3).await, (vec![9, 10], false));
    assert_eq!(house.page(id, None, Some(7), 3).await, (vec![8, 9, 10], false));
    assert_eq!(house.page(id, None, Some(10), 3).await, (vec![], false));
    assert_eq!(house.page(id, None, Some(u64::MAX), 3).await, (vec![], false));
    assert_eq!(house.page(id, Some(1), None, 3).await, (vec![], false));
    assert_eq!(house.page(id, Some(6), Some(3), 100).await, (vec![4, 5], false));
    assert_eq!(house.page(id, None, None, 100).await.0.len(), 10);
    let lost = History::newest(fresh_id(), 3);
    assert!(no_conversation(&store.page(&house.app, &lost).await));
    let newest = History::newest(id, 1);
    let page = store.page(&house.app, &newest).await.unwrap();
    assert_eq!((page.head, page.messages[0].at), (house.get(id).await.head, at(10)));
}

/// Places of the page between two instants, in seconds after noon.
async fn between(house: &House<'_>, id: ConversationId, after: Option<i64>, before: Option<i64>) -> (Vec<u64>, bool) {
    let query = History { after_at: after.map(at), before_at: before.map(at), ..History::newest(id, 3) };
    let page = house.store.page(&house.app, &query).await.unwrap();
    (page.messages.iter().map(|message| message.seq.unwrap().0).collect(), page.more)
}

pub(crate) async fn pages_go_by_time(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    assert_eq!(between(&house, id, Some(0), None).await, (vec![], false), "an empty conversation has no times");
    for second in [10, 20, 20, 30, 40, 50] {
        house.says(id, person("alice", Role::User), "words", at(second)).await;
    }
    assert_eq!(between(&house, id, None, Some(40)).await, (vec![2, 3, 4], true), "the newest before");
    assert_eq!(between(&house, id, None, Some(20)).await, (vec![1], false));
    assert_eq!(between(&house, id, None, Some(10)).await, (vec![], false));
    assert_eq!(between(&house, id, Some(10), None).await, (vec![2, 3, 4], true), "the oldest after");
    assert_eq!(between(&house, id, Some(20), None).await, (vec![3, 4, 5], true), "the third has a time of its own");
    assert_eq!(between(&house, id, Some(21), None).await, (vec![4, 5, 6], false));
    assert_eq!(between(&house, id, Some(50), None).await, (vec![], false));
    assert_eq!(between(&house, id, Some(10), Some(40)).await, (vec![2, 3, 4], false), "between");
    let window = History { after_at: Some(at(0)), before_at: Some(at(45)), ..History::newest(id, 2) };
    let next = History { before: Some(Seq(4)), ..window.clone() };
    let places = async |query| {
        let page = store.page(&house.app, &query).await.unwrap();
        (page.messages.iter().map(|message| message.seq.unwrap().0).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(places(window).await, (vec![4, 5], true));
    assert_eq!(places(next).await, (vec![2, 3], true), "a window is walked by place");
}

pub(crate) async fn pages_by_time_bear_a_clock_that_was_put_back(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    for second in [10, 50, 20, 30, 60] {
        house.says(id, person("alice", Role::User), "words", at(second)).await;
    }
    for instant in 0..70 {
        let query = History { before_at: Some(at(instant)), ..History::newest(id, 100) };
        let page = store.page(&house.app, &query).await.unwrap();
        assert!(page.messages.iter().all(|message| message.at < at(instant)), "never what came later");
    }
}

pub(crate) async fn a_page_keeps_the_body_byte_for_byte(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let body = "{ \"content\":\"Grüße 🙂 \\u00e9 'quote' \\\"x\\\"\", \"unknown\":[1, 2.50, null] }";
    let content =
        Content::new("App:Own-Type".parse().unwrap(), RawValue::from_string(body.to_owned()).unwrap()).unwrap();
    let new = NewMessage { content, ..message(id, person("alice", Role::User), "", NOON) };
    let kept = store.append(&house.app, new).await.unwrap().message;
    let read = store.message(&house.app, kept.uid).await.unwrap().unwrap();
    assert_eq!(read.content.body(), body);
    assert_eq!(read, kept);
}

pub(crate) async fn an_ended_conversation_takes_no_messages_but_answers_retries(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.queued("vera", NOON).await.id;
    let vera = person("vera", Role::Visitor);
    let new = NewMessage { client_id: Some(client_id("one")), ..message(id, vera.clone(), "hello", NOON) };
    let first = store.append(&house.app, new.clone()).await.unwrap();
    house.end(id, "anna", at(5)).await.unwrap();
    refused!(store.append(&house.app, message(id, vera.clone(), "late", at(6))).await, StoreError::WrongStage);
    let retry = store.append(&house.app, new.clone()).await.unwrap();
    assert!(retry.repeated && retry.message == first.message);
    let reused = NewMessage { content: Content::text("other"), ..new };
    refused!(store.append(&house.app, reused).await, StoreError::ClientIdReused);
    let note = NewMessage { demand: Demand::Nothing, ..message(id, vera, "after all", at(7)) };
    assert_eq!(store.append(&house.app, note).await.unwrap().message.seq, Some(Seq(2)));
    assert_eq!(house.get(id).await.service.unwrap().waiting_since, None);
}

pub(crate) async fn strangers_cannot_send(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let nobody = message(id, person("nobody", Role::User), "hello", NOON);
    refused!(store.append(&house.app, nobody).await, StoreError::Missing("user"));
    let nowhere = message(fresh_id(), person("alice", Role::User), "hello", NOON);
    assert!(no_conversation(&store.append(&house.app, nowhere).await));
    assert_eq!(house.get(id).await.head.seq, Seq(0));
}

pub(crate) async fn a_message_is_found_by_its_uid(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let new =
        NewMessage { client_id: Some(client_id("one")), ..message(id, person("alice", Role::User), "hello", NOON) };
    let kept = store.append(&house.app, new).await.unwrap().message;
    assert_eq!(store.message(&house.app, kept.uid).await.unwrap(), Some(kept.clone()));
    let other = crate::model::MessageUid::from_number(kept.uid.number() + 1);
    assert_eq!(store.message(&house.app, other).await.unwrap(), None);
    assert_eq!(house.get(id).await.last, Some(kept));
}

pub(crate) async fn watermarks_only_go_forward_and_stop_at_the_head(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    for number in 1..=5 {
        house.says(id, person("alice", Role::User), &number.to_string(), at(number)).await;
    }
    let bob = user("bob");
    let mark = |delivered: Option<u64>, read: Option<u64>, when| {
        store.mark(&house.app, id, &bob, delivered.map(Seq), read.map(Seq), when)
    };
    let marks = |delivered, read, moved| Watermarks { delivered: Seq(delivered), read: Seq(read), moved };
    assert_eq!(mark(Some(2), None, at(10)).await.unwrap(), marks(2, 0, true));
    assert_eq!(mark(Some(1), None, at(11)).await.unwrap(), marks(2, 0, false));
    assert_eq!(mark(None, Some(3), at(12)).await.unwrap(), marks(3, 3, true), "read raises delivered");
    assert_eq!(mark(Some(1), Some(2), at(13)).await.unwrap(), marks(3, 3, false));
    let conversation = house.get(id).await;
    let seen = conversation.participant(&bob).unwrap();
    assert_eq!((seen.read_at, seen.unread), (Some(at(12)), 2));
    assert_eq!(mark(Some(99), Some(u64::MAX), at(14)).await.unwrap(), marks(5, 5, true), "cut to the head");
    let conversation = house.get(id).await;
    assert_eq!(conversation.participant(&bob).unwrap().unread, 0);
    let alice = conversation.participant(&user("alice")).unwrap();
    assert_eq!((alice.delivered, alice.read, alice.unread), (Seq(5), Seq(5), 0), "own messages are read");
    let stranger = store.mark(&house.app, id, &user("anna"), None, Some(Seq(1)), at(15)).await;
    assert!(no_conversation(&stranger));
}
