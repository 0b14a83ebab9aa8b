//! Counts that several servers share.

use futures_util::future::join_all;

use super::*;
use crate::{
    model::tally::Rule,
    store::tallies::{Draw, Tallies, TallyName},
};

const RULE: Rule = Rule::window(10, 900);

fn one_of(name: u8, rule: Rule) -> Draw {
    Draw { name: [name; 16], rule, owed: 0.0, count: 1 }
}

async fn rows(database: &Database) -> i64 {
    let mut conn = database.behind().await;
    query("select count(*) from tallies").fetch_one(&mut conn).await.unwrap().try_get(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_on_two_servers_as_many_are_taken_as_there_are() {
    let (one, database) = fresh();
    let two = open(&database).await;
    // In any order of names: nobody waits in a circle.
    let tries = (0..100).map(|number| {
        let store = if number % 2 == 0 { &one } else { &two };
        let (first, second): (u8, u8) = if number % 3 == 0 { (1, 2) } else { (2, 1) };
        store.draw(vec![one_of(first, Rule::window(30, 900)), one_of(second, Rule::window(30, 900))])
    });
    let (mut taken, mut refused) = (0, 0);
    for drawn in join_all(tries).await {
        let drawn = drawn.unwrap();
        taken += drawn.iter().filter(|it| it.taken).count();
        refused += drawn.iter().filter(|it| !it.taken).count();
    }
    assert_eq!(taken, 60);
    assert!(refused >= 70, "whoever asked in vain heard so, and nothing else: {refused}");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_ends_a_draw_and_what_is_owed_counts() {
    let (store, database) = fresh();
    let owed = Draw { owed: 9.0, ..one_of(1, RULE) };
    let drawn = store.draw(vec![owed, one_of(1, RULE), one_of(2, RULE)]).await.unwrap();
    assert_eq!(drawn.iter().map(|it| it.taken).collect::<Vec<_>>(), [true, false]);
    assert_eq!(drawn[1].tally.left(RULE), 0);
    let drawn = store.draw(vec![one_of(2, RULE)]).await.unwrap();
    assert_eq!(drawn[0].tally.left(RULE), 9, "what follows a refusal was not looked at");
    store.forget_tally([1; 16]).await.unwrap();
    let drawn = store.draw(vec![one_of(1, RULE)]).await.unwrap();
    assert_eq!((drawn[0].taken, drawn[0].tally.left(RULE)), (true, 9));
    let clock = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    assert!((drawn[0].now - clock).abs() < 60_000_000, "microseconds since 1970: {}", drawn[0].now);
    assert_eq!(rows(&database).await, 2);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_what_says_nothing_any_more_is_removed() {
    let (store, database) = fresh();
    store.draw(vec![one_of(1, Rule::bucket(1_000_000, 1)), one_of(2, RULE)]).await.unwrap();
    let mut conn = database.behind().await;
    let mut session = store.session(&mut conn);
    let short_is_gone = async {
        while rows(&database).await > 1 {
            super::super::tallies::forget(&mut session).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), short_is_gone).await.expect("what is over is removed");
    let name: TallyName = [2; 16];
    let left: Vec<u8> = query("select name from tallies").fetch_one(&mut conn).await.unwrap().try_get(0).unwrap();
    assert_eq!(left, name);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_servers_that_hear_of_each_other_share_counts() {
    let (alone, database) = fresh();
    assert!(!alone.shares_tallies());
    let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
    let node = PostgresStore::open(options).await.unwrap();
    assert!(node.shares_tallies());
    node.close().await;
    assert!(node.draw(vec![one_of(1, RULE)]).await.is_err(), "a closed store says so");
    alone.close().await;
}
