//! Counting by days, and taking everything out in its order.

use std::{collections::BTreeMap, time::Duration};

use super::{House, NOON, at, fresh_id, message, person, user};
use crate::{
    model::{
        Kind, Millis, Role,
        calendar::Day,
        clock::{Clock, SystemClock},
        conversation::Rating,
        statistics::DayFigures,
    },
    store::{NewGroup, Store, statistics::Exported},
};

/// Days are counted a moment behind the messages: until so many are there.
async fn days(store: &dyn Store, house: &House<'_>, messages: u64) -> Vec<DayFigures> {
    let day = Day::of(NOON);
    let counted = async {
        loop {
            let found = store.days(&house.app, day, Day::of(NOON.plus_secs(24 * 3600))).await.unwrap();
            if found[0].messages.values().sum::<u64>() >= messages {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), counted).await.expect("the day is counted in time")
}

pub(crate) async fn a_day_counts_what_happened_in_it(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let pair = house.private().await.id;
    for (who, second) in [("alice", 1), ("bob", 2), ("alice", 3)] {
        house.says(pair, person(who, Role::User), "hello", at(second)).await;
    }
    other.says(other.private().await.id, person("alice", Role::User), "elsewhere", at(1)).await;
    let asked = house.queued("vera", at(0)).await.id;
    house.says(asked, person("vera", Role::Visitor), "anybody?", at(0)).await;
    house.accept(asked, "anna", at(20)).await.unwrap();
    house.says(asked, person("anna", Role::Agent), "yes", at(40)).await;
    house.end(asked, "anna", at(50)).await.unwrap();
    let rating = Rating { stars: 4, tags: Vec::new(), text: String::new(), solved: None, at: at(60) };
    store.rate(&house.app, asked, rating).await.unwrap();
    let found = days(store, &house, 5).await;
    let [today, tomorrow] = &found[..] else { panic!("two days: {found:?}") };
    assert_eq!(today.messages, BTreeMap::from([(Kind::Private.number(), 3), (Kind::Service.number(), 2)]));
    assert_eq!((today.active, today.opened, today.answered, today.ended), (4, 1, 1, 1), "{today:?}");
    assert_eq!((today.new_users, today.new_visitors), (2, 2), "{today:?}");
    assert_eq!((today.median_answer_ms, today.ratings, today.mean_stars), (Some(40_000), 1, Some(4.0)));
    assert_eq!(*tomorrow, DayFigures::nothing(Day::of(NOON.plus_secs(24 * 3600))));
}

/// Everything in a window, part after part.
async fn everything(store: &dyn Store, house: &House<'_>, from: Millis, until: Millis) -> Vec<Exported> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let part = store.part(&house.app, from, until, after).await.unwrap();
        found.extend(part.messages);
        after = part.next;
        if after.is_none() {
            return found;
        }
    }
}

pub(crate) async fn everything_kept_in_a_window_comes_out_in_its_order(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    let pair = house.private().await.id;
    let group = NewGroup {
        id: fresh_id(),
        kind: Kind::Group,
        handle: Some("lamps".parse().unwrap()),
        name: "Lamps".to_owned(),
        owner: user("alice"),
        users: vec![user("bob")],
        at: NOON,
    };
    let group = store.create_group(&house.app, group).await.unwrap().id;
    other.says(other.private().await.id, person("alice", Role::User), "elsewhere", at(2)).await;
    for (place, who, words, second) in [
        (pair, "alice", "too early", 1),
        (pair, "alice", "one", 10),
        (group, "bob", "two", 20),
        (pair, "bob", "three", 30),
        (pair, "bob", "too late", 60),
    ] {
        store.append(&house.app, message(place, person(who, Role::User), words, at(second))).await.unwrap();
    }
    let found = everything(store, &house, at(5), at(60)).await;
    let seen: Vec<_> = found
        .iter()
        .map(|one| (one.message.content.words().unwrap_or_default(), one.kind, one.target.clone().unwrap_or_default()))
        .collect();
    let row = |words: &str, kind, target: &str| (words.to_owned(), kind, target.to_owned());
    assert_eq!(
        seen,
        [row("one", Kind::Private, "bob"), row("two", Kind::Group, "lamps"), row("three", Kind::Private, "alice")]
    );
}

pub(crate) async fn what_was_kept_before_an_instant_is_whole_once_that_is_over(store: &dyn Store) {
    let house = House::new(store).await;
    let pair = house.private().await.id;
    let now = SystemClock.now();
    let wait = store.seal(now.plus_secs(600), now).await.unwrap();
    assert!(wait.is_some_and(|secs| secs >= 590), "it is not over: {wait:?}");
    for second in 0..50 {
        house.says(pair, person("alice", Role::User), "words", at(second)).await;
    }
    assert_eq!(store.seal(at(100), now).await.unwrap(), None);
    assert_eq!(everything(store, &house, at(0), at(100)).await.len(), 50);
}
