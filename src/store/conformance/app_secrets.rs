//! Secrets that apps share with their back ends.

use super::{House, NOON, at, refused};
use crate::{
    model::{AppSecret, Millis},
    store::{Store, StoreError, app_secrets::KeptSecret},
};

fn kept(id: &str, at: Millis) -> KeptSecret {
    KeptSecret { secret: AppSecret { id: id.parse().unwrap(), created_at: at }, sealed: vec![9; 70] }
}

pub(crate) async fn a5_two_secrets_stand_side_by_side_and_one_goes(store: &dyn Store) {
    let house = House::new(store).await;
    let (one, two) = (kept("secretone", NOON), kept("secrettwo", at(1)));
    store.add_app_secret(&house.app, one.clone(), 2).await.unwrap();
    refused!(store.add_app_secret(&house.app, one.clone(), 2).await, StoreError::AlreadyExists);
    store.add_app_secret(&house.app, two.clone(), 2).await.unwrap();
    refused!(store.add_app_secret(&house.app, kept("three", at(2)), 2).await, StoreError::TooMany("secrets"));
    assert_eq!(store.app_secrets(&house.app).await.unwrap(), [one.clone(), two.clone()]);

    let stranger = "nobodysapp".parse().unwrap();
    assert_eq!(store.app_secrets(&stranger).await.unwrap(), []);
    refused!(store.add_app_secret(&stranger, kept("four", at(2)), 2).await, StoreError::Missing(_));
    let other = House::named(store, "otherapp").await;
    assert!(!store.remove_app_secret(&other.app, &one.secret.id).await.unwrap(), "another app's is left alone (Z1)");

    assert!(store.remove_app_secret(&house.app, &one.secret.id).await.unwrap());
    assert!(!store.remove_app_secret(&house.app, &one.secret.id).await.unwrap());
    assert_eq!(store.app_secrets(&house.app).await.unwrap(), [two]);
}
