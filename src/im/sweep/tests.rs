//! What was told, place by place.

use super::*;
use crate::{
    bus::LocalBus,
    im::Settings,
    model::{AppKey, Millis, clock::FixedClock},
    store::{
        changes::Place,
        sqlite::{SqliteOptions, SqliteStore},
    },
};

#[test]
fn stretches_grow_together_and_every_place_is_new_once() {
    let mut stand = Stand::default();
    for place in [5, 6, 9, 8, 11] {
        assert!(stand.add(place) && !stand.add(place));
    }
    assert_eq!(stand.told, BTreeMap::from([(5, 6), (8, 9), (11, 11)]));
    assert!(stand.add(7) && stand.add(10));
    assert_eq!(stand.told, BTreeMap::from([(5, 11)]));
}

#[test]
fn what_was_lost_before_the_first_that_came_is_still_missing() {
    let mut stand = Stand::default();
    stand.add(5);
    let missing: Vec<u64> = (1..=6).filter(|place| !stand.has(*place)).collect();
    assert_eq!(missing, [1, 2, 3, 4, 6], "the one before the first may be the one that the bus lost");
    assert!(stand.add(4), "and is told when it comes late");
}

#[test]
fn whatever_the_order_each_place_is_told_once() {
    use rand::{Rng, SeedableRng, rngs::StdRng};
    for seed in 0..200 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut stand, mut told) = (Stand::default(), Vec::new());
        // Hints are lost, doubled and out of order; the look then tells what is missing.
        for _ in 0..random.random_range(0..60) {
            let place = random.random_range(1..=30);
            told.extend(stand.add(place).then_some(place));
        }
        told.extend((1..=30).filter(|place| !stand.has(*place)));
        told.sort_unstable();
        assert_eq!(told, (1..=30).collect::<Vec<u64>>(), "seed {seed}");
    }
}

#[test]
fn what_is_remembered_of_a_conversation_is_bounded() {
    let mut stand = Stand::default();
    for place in 1..=1000 {
        stand.add(2 * place);
    }
    assert!(stand.told.len() == MOST_STRETCHES && stand.has(2000) && !stand.has(2));
}

/// A page's connections, of which it is only noted that they began anew.
#[derive(Default)]
struct Ears(std::sync::atomic::AtomicUsize);

impl Listener for Ears {
    fn hear(&self, _: Hint) {}

    fn start_over(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test]
async fn who_may_have_missed_what_nobody_can_find_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(&folder.path().join("parlor.db"), options).unwrap());
    let clock = Arc::new(FixedClock::at(Millis::new(1_800_000_000_000)));
    let im = Im::new(store, Arc::new(LocalBus::default()), clock, Settings::default());
    let (app, id, ears): (AppKey, _, _) = ("app1app1".parse().unwrap(), ConversationId::from_u128(7), Ears::default());
    let people = vec!["ann".parse().unwrap()];
    im.remember(Followers { app, conversation: id, kind: Kind::Private, people, desk: None });
    *im.told.place() = Some(Reached { place: Place { low: 7, server: 1 }, at: 0, rest: None });
    im.start_over(&ears).await.unwrap();
    assert_eq!(ears.0.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(*im.told.place(), None, "looks go on from where the store is now");
    assert!(!im.told.followers.has(id), "and remember nothing of before");
}
