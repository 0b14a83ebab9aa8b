//! What one participant does not see, and what nobody sees any more.

use serde_json::json;

use super::{House, at, client_id, message, no_conversation, person, user};
use crate::{
    model::{
        Content, ConversationId, Mine, Role, Seq,
        command::History,
        content::{Mentions, names},
        conversation::Keeping,
    },
    store::{NewMessage, Store},
};

/// Names of what a reader sees, by place.
async fn seen(
    house: &House<'_>,
    id: ConversationId,
    who: &str,
    query: (Option<u64>, Option<u64>),
) -> Vec<(u64, String)> {
    let (before, after) = (query.0.map(Seq), query.1.map(Seq));
    let query = History { before, after, ..History::newest(id, 3) };
    let page = house.store.page_for(&house.app, &user(who), &query).await.unwrap();
    page.messages.iter().map(|message| (message.seq.unwrap().0, message.content.name.to_string())).collect()
}

async fn five(house: &House<'_>) -> ConversationId {
    let id = house.private().await.id;
    for second in 1..=5 {
        house.says(id, person("alice", Role::User), "words", at(second)).await;
    }
    id
}

fn texts(seqs: &[u64]) -> Vec<(u64, String)> {
    seqs.iter().map(|seq| (*seq, names::TEXT.to_owned())).collect()
}

async fn keep(house: &House<'_>, id: ConversationId, change: Keeping) -> Mine {
    house.store.keep(&house.app, id, &user("bob"), change).await.unwrap()
}

pub(crate) async fn what_was_cleared_is_gone_for_one_reader_only(store: &dyn Store) {
    let house = House::new(store).await;
    let id = five(&house).await;
    let mine = keep(&house, id, Keeping::Cleared(Seq(2))).await;
    assert_eq!((mine.cleared, mine.unread), (Seq(2), 3));
    assert_eq!(seen(&house, id, "bob", (Some(5), None)).await, texts(&[3, 4]));
    assert_eq!(seen(&house, id, "bob", (None, Some(0))).await, texts(&[3, 4, 5]));
    assert_eq!(seen(&house, id, "alice", (Some(3), None)).await, texts(&[1, 2]));
    assert_eq!(seen(&house, id, "anna", (Some(3), None)).await, texts(&[1, 2]), "who takes no part cleared nothing");
    assert_eq!(keep(&house, id, Keeping::Cleared(Seq(1))).await.cleared, Seq(2), "clearing is for ever");
    assert_eq!(keep(&house, id, Keeping::ClearedUntil(at(4))).await.cleared, Seq(4));
    assert_eq!(keep(&house, id, Keeping::ClearedUntil(at(99))).await.cleared, Seq(5));
    let bobs = store.conversation_for(&house.app, id, &user("bob")).await.unwrap().unwrap();
    assert_eq!((bobs.last, bobs.mine.unwrap().unread), (None, 0));
    assert!(house.get(id).await.last.is_some());
}

pub(crate) async fn a_deleted_message_leaves_a_mark_in_its_place(store: &dyn Store) {
    let house = House::new(store).await;
    let id = five(&house).await;
    let (bob, anna) = (user("bob"), user("anna"));
    store.delete_for(&house.app, id, &bob, &[Seq(4), Seq(5), Seq(5), Seq(77)]).await.unwrap();
    let deleted = |seq: u64| (seq, names::DELETED.to_owned());
    assert_eq!(seen(&house, id, "bob", (None, None)).await, [texts(&[3]), vec![deleted(4), deleted(5)]].concat());
    assert_eq!(seen(&house, id, "alice", (None, None)).await, texts(&[3, 4, 5]));
    let bobs = store.conversation_for(&house.app, id, &bob).await.unwrap().unwrap();
    assert_eq!(bobs.last.unwrap().content.name.as_str(), names::DELETED);
    assert!(no_conversation(&store.delete_for(&house.app, id, &anna, &[Seq(1)]).await));
}

pub(crate) async fn a_replaced_content_is_gone_and_its_retry_is_harmless(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = house.private().await.id;
    let alice = person("alice", Role::User);
    let new = NewMessage { client_id: Some(client_id("one")), ..message(id, alice, "secret", at(1)) };
    let kept = store.append(&house.app, new.clone()).await.unwrap().message;
    let notice = Content::of(names::RECALLED, &json!({ "messageUId": kept.uid }));
    assert_eq!(store.replace_content(&other.app, kept.uid, notice.clone(), at(2)).await.unwrap(), None);
    let done = store.replace_content(&house.app, kept.uid, notice.clone(), at(2)).await.unwrap().unwrap();
    let replaced = done.message;
    assert_eq!(done.at, at(2));
    assert_eq!((replaced.uid, replaced.seq, &replaced.content), (kept.uid, kept.seq, &notice));
    assert_eq!(store.message(&house.app, kept.uid).await.unwrap(), Some(replaced.clone()));
    let again = store.append(&house.app, new).await.unwrap();
    assert!(again.repeated && again.message == replaced);
}

pub(crate) async fn mentions_count_until_they_are_read(store: &dyn Store) {
    let house = House::new(store).await;
    let id = house.private().await.id;
    let says = async |mentions, second| {
        let new = NewMessage { mentions, ..message(id, person("alice", Role::User), "@", at(second)) };
        store.append(&house.app, new).await.unwrap().message
    };
    let mentioned = async |who: &str| {
        store.conversation_for(&house.app, id, &user(who)).await.unwrap().unwrap().mine.unwrap().mentions
    };
    says(Mentions::These(vec![user("bob"), user("nobody"), user("anna")]), 1).await;
    let last = says(Mentions::Everybody, 2).await;
    says(Mentions::Nobody, 3).await;
    assert_eq!((mentioned("alice").await, mentioned("bob").await), (0, 2));
    store.mark(&house.app, id, &user("bob"), None, Some(Seq(1)), at(4)).await.unwrap();
    assert_eq!(mentioned("bob").await, 1);
    store.replace_content(&house.app, last.uid, Content::of(names::RECALLED, &json!({})), at(9)).await.unwrap();
    assert_eq!(mentioned("bob").await, 0, "what was taken back calls nobody");
}
