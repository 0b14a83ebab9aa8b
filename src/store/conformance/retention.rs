//! Old messages that need not be kept.

use super::{House, at, person, refused, user};
use crate::{
    model::{Role, Seq},
    store::{Store, StoreError},
};

pub(crate) async fn old_messages_go_in_batches_and_are_unread_no_more(store: &dyn Store) {
    let house = House::new(store).await;
    let (alice, bob) = (person("alice", Role::User), user("bob"));
    let id = house.private().await.id;
    for second in 1..=6 {
        house.says(id, alice.clone(), "hi", at(second)).await;
    }
    let unread = async || store.unread(&house.app, &bob, &[]).await.unwrap().total;
    assert_eq!(unread().await, 6);
    assert_eq!(store.outdated(&house.app, at(1), None, 10).await.unwrap(), []);
    assert_eq!(store.outdated(&house.app, at(5), None, 10).await.unwrap(), [id]);
    assert_eq!(store.outdated(&house.app, at(5), Some(id), 10).await.unwrap(), []);
    assert_eq!(store.forget_messages(&house.app, id, at(5), 3).await.unwrap(), 3);
    assert_eq!(house.page(id, None, None, 10).await.0, [4, 5, 6]);
    assert_eq!(store.forget_messages(&house.app, id, at(5), 3).await.unwrap(), 1);
    assert_eq!(store.forget_messages(&house.app, id, at(5), 3).await.unwrap(), 0);
    assert_eq!(unread().await, 2);
    store.mark(&house.app, id, &bob, None, Some(Seq(2)), at(7)).await.unwrap();
    assert_eq!(unread().await, 2, "who read only what is gone has still two to read");
    store.mark(&house.app, id, &bob, None, Some(Seq(5)), at(8)).await.unwrap();
    assert_eq!(unread().await, 1);
    assert_eq!(house.says(id, alice, "on", at(9)).await, Seq(7));
    assert_eq!(unread().await, 2);
    assert_eq!(store.forget_messages(&house.app, id, at(60), 9).await.unwrap(), 3);
    assert_eq!((unread().await, house.get(id).await.last), (0, None));
}

pub(crate) async fn what_is_young_of_the_desk_or_of_another_app_stays(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let desk = house.queued("vera", at(1)).await.id;
    house.says(desk, person("vera", Role::Visitor), "hello?", at(1)).await;
    let theirs = other.private().await.id;
    other.says(theirs, person("bob", Role::User), "hi", at(1)).await;
    assert_eq!(store.outdated(&house.app, at(60), None, 10).await.unwrap(), []);
    for kept in [desk, theirs] {
        refused!(store.forget_messages(&house.app, kept, at(60), 10).await, StoreError::NoConversation);
    }
    // A clock that stepped back does not let younger ones go before their time.
    let ours = house.private().await.id;
    for second in [1, 50, 2] {
        house.says(ours, person("bob", Role::User), "hi", at(second)).await;
    }
    assert_eq!(store.forget_messages(&house.app, ours, at(10), 10).await.unwrap(), 1);
    assert_eq!(house.page(ours, None, None, 10).await.0, [2, 3]);
    assert_eq!(
        (house.page(desk, None, None, 10).await.0, other.page(theirs, None, None, 10).await.0),
        (vec![1], vec![1])
    );
}
