//! Presence and the history switch, as clients meet them.

use parlor::model::Features;
use serde_json::json;

use crate::harness::{People, TestServer};

#[tokio::test]
async fn req_1_17_presence_is_asked_for_and_pushed() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut alice = people.user("alice").await;
    people.im.issue_user_token(&people.app(), "bob".parse().unwrap(), "Bob", None).await.unwrap();
    let seen = alice.ask("presence", json!({ "users": ["bob"] })).await.unwrap();
    assert_eq!(seen, json!({ "users": [{ "user": "bob", "online": false, "at": null }] }));
    let bob = people.user("bob").await;
    let came = alice.push("presence").await;
    assert_eq!((&came["user"], &came["online"]), (&json!("bob"), &json!(true)));
    drop(bob);
    alice.ask("presence", json!({ "users": ["bob"], "on": false })).await.unwrap();
}

#[tokio::test]
async fn req_2_1_req_3_1_without_history_on_the_server_list_and_pages_answer_history_off() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let features = Features { history: false, ..Features::default() };
    people.im.backend(&people.app()).set_features(features).await.unwrap();
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let sent = alice.sends(json!({ "user": "bob" }), "a1", "hi").await.unwrap();
    bob.sees("hi").await;
    assert_eq!(bob.ask("conversations", json!({})).await.unwrap_err()["code"], "history_off");
    let page = json!({ "conversation": sent["conversation"] });
    assert_eq!(bob.ask("history", page).await.unwrap_err()["code"], "history_off");
    assert_eq!(bob.ask("unread", json!({})).await.unwrap()["total"], 1);
    // The desk keeps its conversations.
    let (mut anna, mut visitor) = (people.agent("Anna").await, people.visitor().await);
    let asked = visitor.says("is this kept?").await;
    let page = visitor.ask("history", json!({ "conversation": asked["conversation"] })).await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);
    assert!(!anna.ask("conversations", json!({ "view": "waiting" })).await.unwrap()["conversations"][0].is_null());
}

#[tokio::test]
async fn req_2_2_before_hello_every_command_is_refused_cleanly() {
    let server = TestServer::start();
    let mut nobody = crate::client::Client::open(server.address(), &[]).await.unwrap();
    for cmd in ["conversations", "presence", "unread"] {
        let body = if cmd == "presence" { json!({ "users": [] }) } else { json!({}) };
        assert_eq!(nobody.ask(cmd, body).await.unwrap_err()["code"], "unauthorized");
    }
}
