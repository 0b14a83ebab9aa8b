//! What changed is found by every look that could not see it before, in whichever order transactions end.

use super::*;
use crate::store::{changes::Changes, conformance::client_id};

async fn node(database: &Database) -> PostgresStore {
    let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
    PostgresStore::open(options).await.unwrap()
}

/// Where a look found a conversation, and whether it had turned. Tests beside this one hold looks back: what was found
/// before may be found again.
fn found(changes: &Changes, id: ConversationId) -> Option<(u64, bool)> {
    let of = changes.conversations.iter().find(|change| change.conversation == id);
    of.map(|change| (change.head, change.turned))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_since_a_look_is_found_by_the_next() {
    let database = Database::make().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let house = House::new(&one).await;
    let id = house.private().await.id;
    let first = two.changes(None).await.unwrap();
    assert!(first.place.is_some() && first.conversations.is_empty(), "a first look has missed nothing: {first:?}");
    let say = async |words: &str| {
        let new =
            NewMessage { client_id: Some(client_id(words)), ..message(id, person("alice", Role::User), words, NOON) };
        one.append(&house.app, new).await.unwrap();
    };
    say("one").await;
    say("two").await;
    let second = two.changes(first.place).await.unwrap();
    assert_eq!(found(&second, id).map(|(head, _)| head), Some(2));

    // Somebody writes slowly: others, who came later, are seen before.
    let mut slow = database.behind().await;
    query("set parlor.nodes = on").execute(&mut slow).await.unwrap();
    let mut writing = slow.begin().await.unwrap();
    let other = house.queued("vera", at(1)).await.id;
    query("update conversations set rating = 'late' where key = $1")
        .bind(other.as_u128().to_be_bytes().to_vec())
        .execute(&mut *writing)
        .await
        .unwrap();
    say("three").await;
    let third = two.changes(second.place).await.unwrap();
    assert_eq!(found(&third, id).map(|(head, _)| head), Some(3));
    writing.commit().await.unwrap();
    let fourth = two.changes(third.place).await.unwrap();
    assert_eq!(found(&fourth, other), Some((0, true)), "what was under way is found now");
    let mut last = fourth;
    let nothing = async {
        while found(&last, id).is_some() {
            last = two.changes(last.place).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), nothing).await.expect("what was seen is told no more");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_alone_notes_nothing() {
    let (store, database) = fresh();
    let house = House::new(&store).await;
    house.private().await;
    let row = query("select count(*) from changes").fetch_one(&mut database.behind().await).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 0);
    store.close().await;
}
