//! Who does not want to hear from whom.

use super::{House, at, person, refused, user};
use crate::{
    model::Role,
    store::{Store, StoreError},
};

pub(crate) async fn a_block_stands_until_it_is_lifted(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (alice, bob) = (user("alice"), user("bob"));
    let blocked = async |app, who, whom| store.has_blocked(app, who, whom).await.unwrap();
    for second in 1..=2 {
        store.block(&house.app, &alice, &bob, true, at(second)).await.unwrap();
    }
    assert!(blocked(&house.app, &alice, &bob).await);
    assert!(!blocked(&house.app, &bob, &alice).await, "only one way");
    assert!(!blocked(&other.app, &alice, &bob).await, "only in this app");
    assert_eq!(store.blocked_by(&house.app, &alice).await.unwrap(), [person("bob", Role::User)]);
    assert_eq!(store.blocked_by(&other.app, &alice).await.unwrap(), []);
    store.block(&house.app, &alice, &bob, false, at(3)).await.unwrap();
    assert!(!blocked(&house.app, &alice, &bob).await);
    refused!(store.block(&house.app, &alice, &user("nobody"), true, at(4)).await, StoreError::Missing("user"));
}
