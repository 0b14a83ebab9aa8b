//! Tokens and the set-up code.

use super::{House, NOON, at, login, refused, token, user};
use crate::{
    model::Role,
    store::{AgentAccount, NewLogin, Store, StoreError},
};

pub(crate) async fn a_token_opens_until_it_expires(store: &dyn Store) {
    let house = House::new(store).await;
    let new = NewLogin { site: Some(house.site.clone()), ..login("vera", 1, at(60)) };
    store.create_login(&house.app, new).await.unwrap();
    let opened = store.login(token(1), at(59)).await.unwrap().unwrap();
    assert_eq!((opened.person.id.as_str(), opened.person.role), ("vera", Role::Visitor));
    assert_eq!((opened.app, opened.site), (house.app.clone(), Some(house.site.clone())));
    assert_eq!((opened.created_at, opened.expires_at), (NOON, at(60)));
    assert_eq!(store.login(token(1), at(60)).await.unwrap(), None);
    assert_eq!(store.login(token(2), NOON).await.unwrap(), None);
    refused!(store.create_login(&house.app, login("nobody", 3, at(60))).await, StoreError::Missing("user"));
}

pub(crate) async fn a_token_can_be_extended_and_ended(store: &dyn Store) {
    let house = House::new(store).await;
    store.create_login(&house.app, login("anna", 1, at(60))).await.unwrap();
    store.extend_login(token(1), at(120)).await.unwrap();
    assert_eq!(store.login(token(1), at(90)).await.unwrap().unwrap().expires_at, at(120));
    store.end_login(token(1)).await.unwrap();
    assert_eq!(store.login(token(1), at(90)).await.unwrap(), None);
    store.end_login(token(1)).await.unwrap();
}

pub(crate) async fn a_new_password_ends_all_logins(store: &dyn Store) {
    let house = House::new(store).await;
    let person = super::person("carl", Role::Agent);
    let email = "carl@halden.example".to_owned();
    let account = AgentAccount { person, app: house.app.clone(), email, password_hash: "old".to_owned() };
    store.create_agent(account, NOON).await.unwrap();
    for number in [1, 2] {
        store.create_login(&house.app, login("carl", number, at(60))).await.unwrap();
    }
    store.create_login(&house.app, login("vera", 3, at(60))).await.unwrap();
    store.set_password(&house.app, &user("carl"), "new".to_owned()).await.unwrap();
    assert_eq!(store.agent_by_email("carl@halden.example").await.unwrap().unwrap().password_hash, "new");
    assert_eq!(store.login(token(1), NOON).await.unwrap(), None);
    assert_eq!(store.login(token(2), NOON).await.unwrap(), None);
    assert!(store.login(token(3), NOON).await.unwrap().is_some());
    let visitor = store.set_password(&house.app, &user("vera"), "new".to_owned()).await;
    refused!(visitor, StoreError::Missing("agent"));
}

pub(crate) async fn expired_tokens_do_not_pile_up(store: &dyn Store) {
    let house = House::new(store).await;
    for number in 1..20 {
        store.create_login(&house.app, login("vera", number, at(1))).await.unwrap();
    }
    let late = NewLogin { at: at(100), ..login("vera", 100, at(200)) };
    store.create_login(&house.app, late).await.unwrap();
    let mut kept = 0;
    for number in 1..20 {
        kept += u32::from(store.login(token(number), NOON).await.unwrap().is_some());
    }
    assert!(kept < 19, "{kept}");
    assert!(store.login(token(100), at(150)).await.unwrap().is_some());
}

pub(crate) async fn a_setup_code_works_once(store: &dyn Store) {
    store.put_setup_code(token(1), at(60)).await.unwrap();
    store.put_setup_code(token(2), at(60)).await.unwrap();
    assert!(!store.check_setup_code(token(1), NOON, true).await.unwrap(), "replaced");
    assert!(!store.check_setup_code(token(2), at(60), true).await.unwrap(), "expired");
    assert!(store.check_setup_code(token(2), NOON, false).await.unwrap());
    let (first, second) =
        tokio::join!(store.check_setup_code(token(2), NOON, true), store.check_setup_code(token(2), NOON, true));
    assert!(first.unwrap() != second.unwrap(), "exactly one of two takes it");
    assert!(!store.check_setup_code(token(2), NOON, false).await.unwrap());
}
