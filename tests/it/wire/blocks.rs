//! Not hearing from somebody, on the wire.

use serde_json::json;

use crate::harness::{People, TestServer};

#[tokio::test]
async fn req_4_13_a_blocked_user_is_told_so_and_unblocked_again() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    bob.ask("block", json!({ "user": "alice", "on": true })).await.unwrap();
    let refused = alice.sends(json!({ "user": "bob" }), "1", "hi").await.unwrap_err();
    assert_eq!(refused["code"], "blocked");
    assert_eq!(bob.ask("blocked", json!({})).await.unwrap()["users"][0]["id"], "alice");
    bob.ask("block", json!({ "user": "alice", "on": false })).await.unwrap();
    alice.sends(json!({ "user": "bob" }), "2", "hello again").await.unwrap();
    bob.sees("hello again").await;
}
