//! What is kept short beside the verbs, and connections that were left in the middle of something.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

use super::*;
use crate::{
    model::calendar::Day,
    store::{
        Retention,
        postgres::{
            error::{Trouble, Work, is_lost},
            loan::{in_time, is_late},
            session::writing,
            statistics,
        },
        statistics::Statistics,
    },
};

const TODAY: &str = "(extract(epoch from clock_timestamp()) / 86400)::bigint";

async fn add_up(store: &PostgresStore, everything: bool) -> i64 {
    writing!(store, s => statistics::add_up(s, everything)).unwrap()
}

/// Counts of one each, so many for each of these days before today.
async fn count(database: &Database, app: &str, days: [i64; 4], rows: i64) {
    let mut conn = database.behind().await;
    query(sqlx::AssertSqlSafe(format!(
        "insert into daily_messages (app_id, day, kind, count)
        select a.id, {TODAY} - d, 1, 1
        from apps a, unnest($2::bigint[]) as d, generate_series(1, $3)
        where a.key = $1"
    )))
    .bind(app)
    .bind(&days[..])
    .bind(rows)
    .execute(&mut conn)
    .await
    .unwrap();
}

async fn rows(database: &Database) -> Vec<(i64, i64, i64)> {
    let mut conn = database.behind().await;
    let rows = query(sqlx::AssertSqlSafe(format!(
        "select {TODAY} - day, count(*), sum(count)::bigint from daily_messages group by day order by day desc"
    )))
    .fetch_all(&mut conn)
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_added_up_to_the_last_when_their_day_is_over() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    count(&database, house.app.as_str(), [0, 1, 3, 300], 60).await;
    assert_eq!(add_up(&store, false).await, 60);
    assert_eq!(rows(&database).await, [(0, 60, 60), (1, 60, 60), (3, 1, 60), (300, 60, 60)]);
    assert_eq!(add_up(&store, true).await, 60, "after a start the days of long ago too");
    assert_eq!(rows(&database).await, [(0, 60, 60), (1, 60, 60), (3, 1, 60), (300, 1, 60)]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_of_adding_up_is_bounded_and_says_whether_there_is_more() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    count(&database, house.app.as_str(), [0, 0, 0, 1], 2_000).await;
    assert_eq!(add_up(&store, false).await, statistics::MOST_ADDED);
    assert!(add_up(&store, false).await > 2_900);
    assert_eq!(rows(&database).await.iter().map(|day| day.2).collect::<Vec<_>>(), [6_000, 2_000], "nothing is lost");
    let today = Day::of(Millis::new(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()));
    let figures = store.days(&house.app, today, today).await.unwrap();
    assert!(figures[0].messages.values().sum::<u64>() >= 2_000);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outdated_messages_are_found_behind_any_number_of_conversations_without() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    house.says(id, person("alice", Role::User), "old", at(1)).await;
    run(
        &database,
        "insert into conversations (app_id, key, kind, name, created_at, changed_at)
        select a.id, decode(lpad(to_hex(number), 32, '0'), 'hex'), 3, 'group', 0, 0
        from apps a, generate_series(1, 2500) as number",
    )
    .await;
    assert_eq!(store.outdated(&house.app, at(5), None, 10).await.unwrap(), [id]);
    assert_eq!(store.outdated(&house.app, at(5), Some(id), 10).await.unwrap(), []);
    assert_eq!(store.outdated(&house.app, at(1), None, 10).await.unwrap(), []);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_message_is_found_by_goes_with_it() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    for secs in 1..=3 {
        house.says(id, person("alice", Role::User), "lantern", at(secs)).await;
    }
    let pieces = async || {
        let left = "select count(*) from found f join messages m on m.id = f.message_id";
        let all = "select count(*) from found";
        let mut conn = database.behind().await;
        let (left, all) = (query(left).fetch_one(&mut conn).await, query(all).fetch_one(&mut conn).await);
        (left.unwrap().get::<i64, _>(0), all.unwrap().get::<i64, _>(0))
    };
    assert_eq!(pieces().await, (3, 3));
    assert_eq!(store.forget_messages(&house.app, id, at(3), 10).await.unwrap(), 2);
    assert_eq!(pieces().await, (1, 1));
    store.close().await;
}

/// Who asked goes away at each of the moments at which a verb waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_left_in_the_middle_is_not_used_again() {
    let database = Database::make().await;
    let store =
        PostgresStore::open(PostgresOptions { connections: 1, ..PostgresOptions::at(&database.url()) }).await.unwrap();
    let house = House::new(&store).await;
    for moment in 0..12 {
        let mut left = Box::pin(store.installation());
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            if polls > moment { Poll::Ready(()) } else { left.as_mut().poll(context).map(|done| assert!(done.is_ok())) }
        })
        .await;
        drop(left);
        // One statement without a transaction, one transaction of another kind, one that writes.
        store.outdated(&house.app, at(5), None, 10).await.unwrap();
        store.days(&house.app, Day::of(at(1)), Day::of(at(1))).await.unwrap();
        store.ready().await.unwrap();
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_still_in_a_transaction_holds_nobody_up_for_long() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    let id = house.private().await.id;
    let options = connect::options_of(&database.url()).unwrap();
    let mut frozen = connect::first(&options, Company::Any, Duration::from_secs(5)).await.unwrap();
    let mut transaction = frozen.begin().await.unwrap();
    query("select 1 from conversations for update").execute(&mut *transaction).await.unwrap();
    let kept = tokio::time::timeout(Duration::from_secs(20), house.says(id, person("alice", Role::User), "on", at(1)));
    kept.await.expect("the server ends the other's transaction");
    assert!(transaction.commit().await.is_err());
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_more_is_not_waited_for_for_ever() {
    let outcome = in_time(std::future::pending::<Work<()>>()).await;
    assert!(matches!(outcome, Err(Trouble::Engine(error)) if is_late(&error) && is_lost(&error)));
}
