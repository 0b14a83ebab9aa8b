//! What was kept before an instant is whole only when nothing can come into it any more.

use super::*;
use crate::{
    model::clock::{Clock, SystemClock},
    store::{postgres::sealing::LATE_SECS, statistics::Statistics},
};

/// What was said in the hour before an instant, in the order in which it was kept.
async fn said_before(store: &PostgresStore, house: &House<'_>, until: Millis) -> Vec<String> {
    let part = store.part(&house.app, until.plus_secs(-3600), until, None).await.unwrap();
    assert!(part.next.is_none());
    part.messages.iter().map(|one| one.message.content.words().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_held_open_across_the_hour_is_waited_for() {
    let (one, database) = fresh();
    let two = open(&database).await;
    let house = House::new(&one).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "in time", at(-60)).await;
    // Whoever keeps the next message there waits for this row.
    let mut other = database.behind().await;
    let mut holding = other.begin().await.unwrap();
    query("select 1 from conversations for update").fetch_all(&mut *holding).await.unwrap();
    let late = message(id, person("alice", Role::User), "late", at(-1));
    let keeping = one.append(&house.app, late);
    let asking = async {
        while two.seal(NOON, NOON).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(said_before(&two, &house, NOON).await, ["in time"]);
        holding.rollback().await.unwrap();
        while two.seal(NOON, NOON).await.unwrap().is_some() {}
        assert_eq!(said_before(&two, &house, NOON).await, ["in time", "late"]);
    };
    let both = async { tokio::join!(keeping, asking) };
    let (kept, ()) = tokio::time::timeout(Duration::from_mins(1), both).await.expect("it is whole in the end");
    kept.unwrap();
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_do_on_the_same_database_holds_nothing_up() {
    let (store, database) = fresh();
    House::new(&store).await;
    let mut other = database.behind().await;
    let mut report = other.begin().await.unwrap();
    query("update apps set name = name").execute(&mut *report).await.unwrap();
    assert_eq!(store.seal(NOON, NOON).await.unwrap(), None);
    report.rollback().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_databases_clock_says_when_late_ones_cannot_come_any_more() {
    let (store, _database) = fresh();
    House::new(&store).await;
    let now = SystemClock.now();
    // The server's own clock may say anything.
    for clock in [now.plus_secs(-600), now, now.plus_secs(3600)] {
        let wait = store.seal(now, clock).await.unwrap().expect("a quarter of an hour is not over");
        assert!((LATE_SECS - 60..=LATE_SECS).contains(&i64::from(wait)), "{wait}");
        let edge = now.plus_secs(60 - LATE_SECS);
        assert!(store.seal(edge, clock).await.unwrap().is_some_and(|wait| wait <= 60));
        assert_eq!(store.seal(now.plus_secs(-LATE_SECS), clock).await.unwrap(), None);
    }
    store.close().await;
}
