//! Requests that are at work, on servers that share a database.

use super::*;
use crate::store::answers::{Answers, Claim};

async fn node(database: &Database) -> PostgresStore {
    let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
    PostgresStore::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_claims_a_request_until_it_ends() {
    let database = Database::make().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let app = House::new(&one).await.app;
    let claim = |claimant| Claim { claimant, secs: 600 };
    assert!(one.claim_answer(&app, "order", claim(1)).await.unwrap());
    assert!(!two.claim_answer(&app, "order", claim(2)).await.unwrap());
    assert!(two.claim_answer(&app, "other", claim(2)).await.unwrap());
    assert!(one.claim_answer(&app, "order", claim(1)).await.unwrap(), "who has it may say so again");
    two.release_answer(&app, "order", 2).await.unwrap();
    assert!(!two.claim_answer(&app, "order", claim(2)).await.unwrap(), "nobody ends another's");
    one.release_answer(&app, "order", 1).await.unwrap();
    assert!(two.claim_answer(&app, "order", claim(2)).await.unwrap());
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_a_server_that_is_gone_ends_and_is_forgotten() {
    let database = Database::make().await;
    let store = node(&database).await;
    let app = House::new(&store).await.app;
    for name in ["order", "other"] {
        assert!(store.claim_answer(&app, name, Claim { claimant: 1, secs: 0 }).await.unwrap());
    }
    assert!(store.claim_answer(&app, "order", Claim { claimant: 2, secs: 600 }).await.unwrap());
    assert!(!store.claim_answer(&app, "order", Claim { claimant: 1, secs: 600 }).await.unwrap());
    let mut conn = database.behind().await;
    answers::forget_claims(&mut store.session(&mut conn)).await.unwrap();
    let left: i64 = query("select count(*) from claims").fetch_one(&mut conn).await.unwrap().try_get(0).unwrap();
    assert_eq!(left, 1);
    store.close().await;
}
