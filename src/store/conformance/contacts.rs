//! Whom users do not want to hear, and whom alone.

use super::{House, at, person, refused, user};
use crate::{
    model::{Contacts, Role},
    store::{Store, StoreError},
};

pub(crate) async fn a_contact_stays_on_its_list_until_taken_off(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (alice, bob) = (user("alice"), user("bob"));
    for (list, unlike) in [(Contacts::Blocked, Contacts::Allowed), (Contacts::Allowed, Contacts::Blocked)] {
        let listed = async |app, who, whom| store.has_contact(app, list, who, whom).await.unwrap();
        for second in 1..=2 {
            let both = [bob.clone(), user("anna")];
            store.set_contacts(&house.app, list, &alice, &both, true, at(second)).await.unwrap();
        }
        assert!(listed(&house.app, &alice, &bob).await);
        assert!(!listed(&house.app, &bob, &alice).await, "only one way");
        assert!(!listed(&other.app, &alice, &bob).await, "only in this app");
        assert!(!store.has_contact(&house.app, unlike, &alice, &bob).await.unwrap(), "only on this list");
        let both = [person("anna", Role::Agent), person("bob", Role::User)];
        assert_eq!(store.contacts(&house.app, list, &alice).await.unwrap(), both);
        assert_eq!(store.contacts(&other.app, list, &alice).await.unwrap(), []);
        store.set_contacts(&house.app, list, &alice, &both.map(|person| person.id), false, at(3)).await.unwrap();
        assert!(!listed(&house.app, &alice, &bob).await);
        let with_a_stranger = [bob.clone(), user("nobody")];
        let refused = store.set_contacts(&house.app, list, &alice, &with_a_stranger, true, at(4)).await;
        refused!(refused, StoreError::Missing("user"));
        assert!(!listed(&house.app, &alice, &bob).await, "all or nothing");
    }
}
