//! Finding conversations by their other side.

use super::{House, at, user};
use crate::{
    model::{Kind, Stage},
    store::Store,
};

pub(crate) async fn a_pair_is_found_from_both_sides_once_it_is_there(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(store.find_pair(&house.app, Kind::Private, &alice, &bob).await.unwrap(), None);
    let id = house.private().await.id;
    assert_eq!(store.find_pair(&house.app, Kind::Private, &alice, &bob).await.unwrap(), Some(id));
    assert_eq!(store.find_pair(&house.app, Kind::Private, &bob, &alice).await.unwrap(), Some(id));
    assert_eq!(store.find_pair(&house.app, Kind::System, &bob, &alice).await.unwrap(), None);
    assert_eq!(store.find_pair(&other.app, Kind::Private, &bob, &alice).await.unwrap(), None);
}

pub(crate) async fn the_newest_episode_is_found_open_or_ended(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let newest = async |who| store.newest_episode(&house.app, &user(who), &house.site).await.unwrap();
    assert_eq!(newest("vera").await, None);
    let first = house.queued("vera", at(1)).await.id;
    assert_eq!(newest("vera").await, Some(first));
    house.accept(first, "anna", at(2)).await.unwrap();
    house.end(first, "anna", at(3)).await.unwrap();
    assert_eq!(newest("vera").await, Some(first));
    let second = house.begin("vera", Stage::Offline { since: at(4) }, at(4)).await.id;
    assert_eq!(newest("vera").await, Some(second));
    assert_eq!(newest("viktor").await, None);
    let (vera, elsewhere) = (user("vera"), "nosuch".parse().unwrap());
    assert_eq!(store.newest_episode(&house.app, &vera, &elsewhere).await.unwrap(), None);
    assert_eq!(store.newest_episode(&other.app, &vera, &house.site).await.unwrap(), None);
}
