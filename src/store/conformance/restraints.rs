//! What users may not do.

use super::{House, at, refused, user};
use crate::{
    model::restraint::{Restrained, Restraint, Term},
    store::{Store, StoreError},
};

pub(crate) async fn a_restraint_stands_until_its_end_or_lifting(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let bob = user("bob");
    let place = store.proofs_asked(None).await.unwrap().place;
    let first = Term { restraint: Restraint::Writing, until: Some(at(60)) };
    let longer = Term { until: None, ..first };
    let rooms = Term { restraint: Restraint::WritingChatrooms, until: Some(at(9)) };
    assert_eq!(store.restrain(&house.app, &bob, first).await.unwrap(), [first]);
    assert_eq!(store.restrain(&house.app, &bob, rooms).await.unwrap(), [first, rooms]);
    assert_eq!(store.restrain(&house.app, &bob, longer).await.unwrap(), [longer, rooms]);
    assert_eq!(store.restraints_of(&house.app, &bob).await.unwrap(), [longer, rooms]);
    assert_eq!(store.restraints_of(&other.app, &bob).await.unwrap(), []);
    assert_eq!(store.lift(&house.app, &bob, Restraint::Everything).await.unwrap(), [longer, rooms], "harmless");
    assert_eq!(store.lift(&house.app, &bob, Restraint::Writing).await.unwrap(), [rooms]);
    refused!(store.restrain(&house.app, &user("nobody"), first).await, StoreError::Missing("user"));
    assert_eq!(store.proofs_asked(Some(place)).await.unwrap().asked.len(), 5);
}

pub(crate) async fn the_restrained_are_listed_page_by_page_while_it_lasts(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let block = |until| Term { restraint: Restraint::Everything, until };
    let (alice, bob) = (user("alice"), user("bob"));
    store.restrain(&house.app, &bob, block(Some(at(60)))).await.unwrap();
    store.restrain(&house.app, &alice, block(None)).await.unwrap();
    store.restrain(&house.app, &user("anna"), Term { restraint: Restraint::Writing, until: None }).await.unwrap();
    let listed = async |app, second, after, limit| {
        store.restrained(app, Restraint::Everything, at(second), after, limit).await.unwrap()
    };
    let first = Restrained { user: alice.clone(), until: None };
    let second = Restrained { user: bob, until: Some(at(60)) };
    assert_eq!(listed(&house.app, 59, None, 10).await, [first.clone(), second.clone()]);
    assert_eq!(listed(&house.app, 59, None, 1).await, std::slice::from_ref(&first));
    assert_eq!(listed(&house.app, 59, Some(alice), 10).await, [second]);
    assert_eq!(listed(&house.app, 60, None, 10).await, [first]);
    assert_eq!(listed(&other.app, 59, None, 10).await, []);
}
