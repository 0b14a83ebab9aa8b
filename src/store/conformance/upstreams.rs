//! Upstreams, and copies of what is said there.

use super::{Demand, House, NewMessage, Store, at, client_id, message, person, user};
use crate::{
    model::{
        Content, Conversation, MessageUid, Millis, Role, Seq, Stage, Upstream,
        command::History,
        upstream::{Peer, Pending, Seat},
    },
    store::upstreams::Mirrored,
};

fn upstream(key: &str) -> Upstream {
    Upstream {
        navigation: "https://nav.example".to_owned(),
        api: "https://api.example".to_owned(),
        app_key: key.to_owned(),
        peer: Peer::Service("KEFU1".to_owned()),
    }
}

async fn open(house: &House<'_>) -> Conversation {
    house.begin("vera", Stage::Human { agent: user("anna"), since: at(0) }, at(0)).await
}

/// Somebody says something; the visitor or the agent.
fn said(conversation: &Conversation, who: &str, words: &str, secs: i64) -> NewMessage {
    let role = if who == "vera" { Role::Visitor } else { Role::Agent };
    message(conversation.id, person(who, role), words, at(secs))
}

fn copy(new: NewMessage, uid: &str) -> Mirrored {
    Mirrored { new, uid: uid.to_owned(), visitor: user("vera"), now: at(100) }
}

fn pending(conversation: &Conversation, id: &str, text: &str) -> Pending {
    let content = Content::text(text);
    let digest = Pending::digest_of(&content);
    Pending { conversation: conversation.id, client_id: client_id(id), name: content.name, digest, at: at(1) }
}

pub(crate) async fn an_app_has_one_upstream(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    assert_eq!(store.upstream(&house.app).await.unwrap(), None);
    store.set_upstream(&house.app, upstream("one"), vec![1]).await.unwrap();
    store.set_upstream(&house.app, upstream("two"), vec![2]).await.unwrap();
    assert_eq!(store.upstream(&house.app).await.unwrap(), Some((upstream("two"), vec![2])));
    assert_eq!(store.upstream(&other.app).await.unwrap(), None);
    assert!(!store.remove_upstream(&other.app).await.unwrap());
    assert!(store.remove_upstream(&house.app).await.unwrap());
    assert_eq!(store.upstream(&house.app).await.unwrap(), None);
}

pub(crate) async fn a_copy_has_the_id_time_and_order_of_its_original(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = open(&house).await;
    let uid = MessageUid::from_number((at(5).get() - MessageUid::EPOCH_MS) << 22 | 7);
    let own = said(&conversation, "vera", "one", 5);
    let kept = store.mirror(&house.app, copy(own, &uid.to_string())).await.unwrap();
    assert!(!kept.repeated);
    assert_eq!((kept.message.uid, kept.message.at, kept.message.seq), (uid, at(5), Some(Seq(1))));
    let theirs = said(&conversation, "anna", "two", 6);
    let foreign = store.mirror(&house.app, copy(theirs, "ANOTHER-FORM-OF-ID")).await.unwrap().message;
    assert_eq!(foreign.seq, Some(Seq(2)));
    assert_eq!(store.mirror_of(&house.app, "ANOTHER-FORM-OF-ID").await.unwrap(), Some(foreign.uid));
    let there = store.upstream_uid(&house.app, foreign.uid).await.unwrap();
    assert_eq!(there.as_deref(), Some("ANOTHER-FORM-OF-ID"));
    let page = store.page(&house.app, &History::newest(conversation.id, 10)).await.unwrap();
    let places: Vec<_> = page.messages.iter().map(|message| (message.seq.unwrap().0, message.at)).collect();
    assert_eq!(places, [(1, at(5)), (2, at(6))]);
    assert_eq!((page.messages[0].uid, page.head.seq), (uid, Seq(2)));
    let next = store.append(&house.app, said(&conversation, "vera", "ours", 8)).await.unwrap().message;
    assert!(next.uid > uid && next.seq == Some(Seq(3)));
}

pub(crate) async fn a_copy_is_made_once(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let conversation = open(&house).await;
    let hello = said(&conversation, "anna", "hello", 5);
    let first = store.mirror(&house.app, copy(hello.clone(), "U1")).await.unwrap();
    let again = store.mirror(&house.app, copy(hello.clone(), "U1")).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(again.message, first.message);
    // The same words under another id are another message; another app's ids are its own.
    assert!(!store.mirror(&house.app, copy(hello, "U2")).await.unwrap().repeated);
    assert_eq!(store.mirror_of(&other.app, "U1").await.unwrap(), None);
    assert_eq!(store.upstream_uid(&other.app, first.message.uid).await.unwrap(), None);
}

pub(crate) async fn an_id_that_is_taken_or_from_the_future_is_not_taken_over(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = open(&house).await;
    let ours = store.append(&house.app, said(&conversation, "vera", "ours", 8)).await.unwrap().message;
    let copied = store
        .mirror(&house.app, copy(said(&conversation, "anna", "a", 7), &ours.uid.to_string()))
        .await
        .unwrap()
        .message;
    assert_ne!(copied.uid, ours.uid);
    assert_eq!(store.mirror_of(&house.app, &ours.uid.to_string()).await.unwrap(), Some(copied.uid));
    let future = MessageUid::from_number(i64::MAX - 1);
    let copied =
        store.mirror(&house.app, copy(said(&conversation, "anna", "b", 7), &future.to_string())).await.unwrap().message;
    assert_ne!(copied.uid, future);
    assert!(store.append(&house.app, said(&conversation, "vera", "still works", 8)).await.is_ok());
}

pub(crate) async fn a_seat_knows_how_far_it_came_and_what_is_on_its_way(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = open(&house).await;
    let vera = user("vera");
    assert_eq!(store.seat(&house.app, &vera).await.unwrap(), Seat::default());
    store.put_pending(&house.app, &vera, pending(&conversation, "one", "hello")).await.unwrap();
    let theirs = said(&conversation, "anna", "hi", 3);
    store.mirror(&house.app, copy(theirs, "U1")).await.unwrap();
    store.heard_until(&house.app, &vera, at(4)).await.unwrap();
    store.heard_until(&house.app, &vera, at(2)).await.unwrap();
    let seat = store.seat(&house.app, &vera).await.unwrap();
    let waiting = Some(pending(&conversation, "one", "hello"));
    assert_eq!(seat, Seat { received_at: at(4), sent_at: Millis::new(0), pending: waiting.clone() });
    store.drop_pending(&house.app, &vera, &"two".parse().unwrap()).await.unwrap();
    assert_eq!(store.seat(&house.app, &vera).await.unwrap().pending, waiting);
    let own = NewMessage { client_id: Some(client_id("one")), ..said(&conversation, "vera", "hello", 5) };
    store.mirror(&house.app, copy(own, "U2")).await.unwrap();
    let seat = store.seat(&house.app, &vera).await.unwrap();
    assert_eq!(seat, Seat { received_at: at(4), sent_at: at(5), pending: None });
}

pub(crate) async fn d2_a_retry_finds_the_copy(store: &dyn Store) {
    let house = House::new(store).await;
    let conversation = open(&house).await;
    let own = NewMessage { client_id: Some(client_id("one")), ..said(&conversation, "vera", "hello", 5) };
    let kept = store.mirror(&house.app, copy(own.clone(), "U1")).await.unwrap().message;
    let retry = NewMessage { demand: Demand::Again, at: at(9), ..own };
    let found = store.append(&house.app, retry).await.unwrap();
    assert!(found.repeated && found.message.uid == kept.uid && found.message.at == at(5));
    assert_eq!(kept.seq, Some(Seq(1)));
}
