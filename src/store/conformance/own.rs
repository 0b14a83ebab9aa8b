//! How each participant keeps conversations in their own list.

use super::{House, at, fresh_id, no_conversation, person, refused, user};
use crate::{
    model::{
        ConversationId, Kind, Mine, Role, Seq,
        command::List,
        conversation::{Keeping, Unread},
    },
    store::{Store, StoreError},
};

async fn with_peers(house: &House<'_>, peers: &[&str]) -> Vec<ConversationId> {
    let mut ids = Vec::new();
    for (second, peer) in (0..).zip(peers) {
        let (alice, peer) = (user("alice"), person(peer, Role::Agent));
        let made = house
            .store
            .pair_conversation(&house.app, Kind::Private, &alice, &peer.id, fresh_id(), at(second))
            .await
            .unwrap();
        house.says(made.id, peer, "hello", at(second)).await;
        ids.push(made.id);
    }
    ids
}

async fn list(house: &House<'_>, limit: u16) -> Vec<ConversationId> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let list = List { before, limit, ..List::default() };
        let page = house.store.conversations_of(&house.app, &user("alice"), &list).await.unwrap();
        let Some(last) = page.last() else { return seen };
        before = Some((last.changed_at, last.id));
        seen.extend(page.iter().map(|conversation| conversation.id));
    }
}

async fn keep(house: &House<'_>, id: ConversationId, change: Keeping) -> Mine {
    house.store.keep(&house.app, id, &user("alice"), change).await.unwrap()
}

async fn mine(house: &House<'_>, id: ConversationId, who: &str) -> Mine {
    house.store.conversation_for(&house.app, id, &user(who)).await.unwrap().unwrap().mine.unwrap()
}

pub(crate) async fn pinned_conversations_come_first_page_by_page(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = with_peers(&house, &["bob", "anna", "ben", "vera", "viktor"]).await;
    assert!(keep(&house, ids[0], Keeping::Pinned(true)).await.pinned);
    assert!(keep(&house, ids[2], Keeping::Pinned(true)).await.pinned);
    for limit in 1..=6 {
        assert_eq!(list(&house, limit).await, [ids[2], ids[0], ids[4], ids[3], ids[1]]);
    }
    assert!(!keep(&house, ids[2], Keeping::Pinned(false)).await.pinned);
    assert_eq!(list(&house, 2).await, [ids[0], ids[4], ids[3], ids[2], ids[1]]);
    let other = mine(&house, ids[0], "bob").await;
    assert!(!other.pinned, "the other side keeps it in its own way");
}

pub(crate) async fn a_removed_conversation_comes_back_with_a_new_message(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = with_peers(&house, &["bob", "anna"]).await;
    let removed = keep(&house, ids[0], Keeping::Removed).await;
    assert_eq!(removed, Mine { removed: true, ..Mine::default() });
    assert_eq!(list(&house, 10).await, [ids[1]]);
    assert!(mine(&house, ids[0], "alice").await.removed);
    assert_eq!(house.page(ids[0], None, None, 10).await.0, [1], "its messages stay");
    house.says(ids[0], person("bob", Role::User), "again", at(9)).await;
    assert_eq!(list(&house, 10).await, [ids[0], ids[1]]);
    let back = mine(&house, ids[0], "alice").await;
    assert_eq!(back, Mine { unread: 1, ..Mine::default() }, "what was thrown away is not counted again");
    let bob = house.get(ids[0]).await;
    assert_eq!(bob.participant(&user("alice")).unwrap().read, Seq(0), "removing is not reading");
}

pub(crate) async fn unread_counts_are_summed_over_the_own_list(store: &dyn Store) {
    let house = House::new(store).await;
    let ids = with_peers(&house, &["bob", "anna", "ben"]).await;
    house.says(ids[1], person("anna", Role::Agent), "more", at(10)).await;
    let unread = async |kinds: &[Kind]| store.unread(&house.app, &user("alice"), kinds).await.unwrap();
    assert_eq!(unread(&[]).await, Unread { total: 4, muted: 0 });
    assert_eq!(unread(&[Kind::Service]).await, Unread::default());
    assert!(keep(&house, ids[1], Keeping::Muted(true)).await.muted);
    assert_eq!(unread(&[Kind::Private]).await, Unread { total: 4, muted: 2 });
    store.mark(&house.app, ids[1], &user("alice"), None, Some(Seq(1)), at(11)).await.unwrap();
    assert_eq!(unread(&[]).await, Unread { total: 3, muted: 1 });
    keep(&house, ids[0], Keeping::Removed).await;
    assert_eq!(unread(&[]).await, Unread { total: 2, muted: 1 });
    let of_kind = List { kinds: vec![Kind::Service], ..List::default() };
    assert_eq!(store.conversations_of(&house.app, &user("alice"), &of_kind).await.unwrap(), []);
    let of_kind = List { kinds: vec![Kind::Service, Kind::Private], ..List::default() };
    assert_eq!(store.conversations_of(&house.app, &user("alice"), &of_kind).await.unwrap().len(), 2);
}

pub(crate) async fn only_participants_keep_a_conversation(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let id = house.private().await.id;
    let keep = |app, who| store.keep(app, id, who, Keeping::Pinned(true));
    let (alice, anna, nobody) = (user("alice"), user("anna"), user("nobody"));
    assert!(no_conversation(&keep(&house.app, &anna).await));
    assert!(no_conversation(&keep(&other.app, &alice).await));
    refused!(keep(&house.app, &nobody).await, StoreError::Missing("user"));
    assert_eq!(store.conversation_for(&house.app, id, &anna).await.unwrap().unwrap().mine, None);
    assert_eq!(store.conversation_for(&other.app, id, &alice).await.unwrap(), None);
}
