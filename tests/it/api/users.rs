//! What a back end does with its users, and what their clients notice of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::house;
use crate::{
    client::Client,
    harness::{BackEnd, TestServer},
};

/// A user's hello, with a token that the back end issued.
async fn hello(back_end: &BackEnd, user: &str) -> Value {
    let issued = back_end.post(&format!("/v1/users/{user}/tokens"), &json!({ "name": user })).await;
    json!({ "v": 1, "as": "user", "token": issued.ok()["token"] })
}

async fn connected(server: &TestServer, hello: &Value) -> Client {
    Client::connect(server.address(), hello.clone()).await.0
}

#[tokio::test]
async fn req_1_4_only_the_back_end_gets_tokens_for_users() {
    let (server, _people, back_end) = house().await;
    let body = json!({ "name": "Bob", "lives_secs": 600 });
    let unsigned = back_end.bare("POST", "/v1/users/bob/tokens").json(&body).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    let from_a_page = back_end.bare("POST", "/v1/users/bob/tokens").header("origin", server.url("")).json(&body);
    assert_eq!(from_a_page.send().await.unwrap().status(), 401);
    let issued = back_end.post("/v1/users/bob/tokens", &body).await;
    assert_eq!((issued.status, issued.header("location")), (201, "/v1/users/bob"));
    let issued = issued.ok();
    assert!(issued["expires_at"].is_i64());
    let hello = json!({ "v": 1, "as": "user", "token": issued["token"] });
    let (_bob, welcome) = Client::connect(server.address(), hello).await;
    assert_eq!(welcome["me"], json!({ "id": "bob", "name": "Bob", "role": "user" }));
}

#[tokio::test]
async fn a_profile_is_made_read_and_changed() {
    let (_server, _people, back_end) = house().await;
    assert_eq!(back_end.get("/v1/users/nora").await.code(), "not_found");
    let portrait = "https://shop.example/nora.png";
    let made = back_end.ask("PUT", "/v1/users/nora", Some(&json!({ "name": "Nora", "portrait": portrait }))).await.ok();
    assert_eq!((&made["name"], &made["portrait"]), (&json!("Nora"), &json!(portrait)));
    let evil = json!({ "portrait": "javascript:alert(1)" });
    assert_eq!(back_end.ask("PUT", "/v1/users/nora", Some(&evil)).await.code(), "bad_request");
    let tags = json!({ "users": ["nora"], "tags": ["vip", "north"] });
    assert_eq!(back_end.ask("PUT", "/v1/tags", Some(&tags)).await.status, 204);
    let renamed = back_end.ask("PUT", "/v1/users/nora", Some(&json!({ "name": "N." }))).await.ok();
    assert_eq!((&renamed["portrait"], &renamed["tags"]), (&json!(portrait), &json!(["vip", "north"])));
    assert_eq!(back_end.get("/v1/users/nora").await.ok(), renamed);
    let found = back_end.post("/v1/tags/query", &json!({ "users": ["nora", "nobody"] })).await.ok();
    assert_eq!(found["items"], json!([{ "user": "nora", "tags": ["vip", "north"] }]));
}

#[tokio::test]
async fn req_1_15_several_devices_are_switched_on_and_off_while_people_are_connected() {
    let (server, _people, back_end) = house().await;
    let hello = hello(&back_end, "bob").await;
    let (mut one, mut two) = (connected(&server, &hello).await, connected(&server, &hello).await);
    back_end.patch("/v1/app", &json!({ "features": { "multi_device": false } })).await.ok();
    one.ask("ping", json!({})).await.unwrap();
    let mut three = connected(&server, &hello).await;
    assert_eq!((one.closed().await, two.closed().await), (4410, 4410));
    back_end.patch("/v1/app", &json!({ "features": { "multi_device": true } })).await.ok();
    let mut four = connected(&server, &hello).await;
    three.ask("ping", json!({})).await.unwrap();
    four.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_block_ends_connections_within_a_second_and_is_listed_until_lifted() {
    let (server, _people, back_end) = house().await;
    let hello = hello(&back_end, "bob").await;
    let mut bob = connected(&server, &hello).await;
    let began = Instant::now();
    let blocked = back_end.ask("PUT", "/v1/users/bob/block", Some(&json!({ "minutes": 60 }))).await.ok();
    assert!(blocked["until"].is_i64());
    assert_eq!(bob.closed().await, 4403);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let mut refused = Client::open(server.address(), &[]).await.unwrap();
    assert_eq!(refused.hello(hello.clone()).await.unwrap_err()["code"], "user_blocked");
    assert_eq!(refused.closed().await, 4403);
    assert_eq!(back_end.get("/v1/blocks").await.ok()["items"], json!([blocked]));
    let too_long = back_end.ask("PUT", "/v1/users/bob/block", Some(&json!({ "minutes": 43_201 }))).await;
    assert_eq!(too_long.code(), "bad_request");
    assert_eq!(back_end.delete("/v1/users/bob/block").await.status, 204);
    assert_eq!(back_end.get("/v1/blocks").await.ok()["items"], json!([]));
    connected(&server, &hello).await.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn the_list_of_blocks_goes_page_by_page() {
    let (_server, _people, back_end) = house().await;
    for user in ["a", "b", "c"] {
        hello(&back_end, user).await;
        back_end.ask("PUT", &format!("/v1/users/{user}/block"), Some(&json!({}))).await.ok();
    }
    let first = back_end.get("/v1/blocks?limit=2").await.ok();
    assert_eq!(first["items"], json!([{ "user": "a" }, { "user": "b" }]));
    let rest = back_end.get(&format!("/v1/blocks?cursor={}", first["next"].as_str().unwrap())).await.ok();
    assert_eq!(rest, json!({ "items": [{ "user": "c" }] }));
}

#[tokio::test]
async fn req_4_13_mutes_and_blocks_of_the_back_end_are_obeyed_at_once() {
    let (server, _people, back_end) = house().await;
    let mut bob = connected(&server, &hello(&back_end, "bob").await).await;
    let mut alice = connected(&server, &hello(&back_end, "alice").await).await;
    back_end.ask("PUT", "/v1/users/bob/gags/private", Some(&json!({ "minutes": 5 }))).await.ok();
    let to_alice = json!({ "user": "alice" });
    assert_eq!(bob.sends(to_alice.clone(), "b1", "hm").await.unwrap_err()["code"], "silenced");
    assert_eq!(back_end.get("/v1/gags/private").await.ok()["items"][0]["user"], "bob");
    assert_eq!(back_end.get("/v1/gags/nonsense").await.code(), "bad_request");
    back_end.delete("/v1/users/bob/gags/private").await.ok();
    bob.sends(to_alice.clone(), "b1", "hm").await.unwrap();
    alice.sees("hm").await;
    let list = back_end.patch("/v1/users/alice/contacts/blocked", &json!({ "add": ["bob"] })).await.ok();
    assert_eq!(list["items"], json!([{ "id": "bob", "name": "bob" }]));
    assert_eq!(bob.sends(to_alice.clone(), "b2", "hm").await.unwrap_err()["code"], "blocked");
    back_end.patch("/v1/users/alice/contacts/blocked", &json!({ "remove": ["bob"] })).await.ok();
    back_end.patch("/v1/app", &json!({ "features": { "whitelist": true } })).await.ok();
    assert_eq!(bob.sends(to_alice.clone(), "b3", "hm").await.unwrap_err()["code"], "not_on_list");
    back_end.patch("/v1/users/alice/contacts/allowed", &json!({ "add": ["bob"] })).await.ok();
    bob.sends(to_alice, "b3", "hm").await.unwrap();
}

#[tokio::test]
async fn v2_a_revoked_token_ends_its_connections_at_once() {
    let (server, _people, back_end) = house().await;
    let (first, second) = (hello(&back_end, "bob").await, hello(&back_end, "bob").await);
    let (mut one, mut two) = (connected(&server, &first).await, connected(&server, &second).await);
    let revoked = back_end.post("/v1/tokens/revoke", &json!({ "token": first["token"] })).await.ok();
    assert_eq!(revoked, json!({ "revoked": true }));
    assert_eq!(one.closed().await, 4401);
    two.ask("ping", json!({})).await.unwrap();
    assert_eq!(back_end.delete("/v1/users/bob/tokens").await.status, 204);
    assert_eq!(two.closed().await, 4401);
}

#[tokio::test]
async fn req_1_17_the_back_end_asks_who_is_here() {
    let (server, people, back_end) = house().await;
    let _bob = connected(&server, &hello(&back_end, "bob").await).await;
    let _anna = people.agent("Anna").await;
    hello(&back_end, "alice").await;
    let found = back_end.post("/v1/presence", &json!({ "users": ["bob", "alice", "nobody"] })).await.ok();
    let online: Vec<_> = found["items"].as_array().unwrap().iter().map(|it| it["online"].clone()).collect();
    assert_eq!(online, [json!(true), json!(false), json!(false)]);
    let many: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    assert_eq!(back_end.post("/v1/presence", &json!({ "users": many })).await.code(), "bad_request");
}

#[tokio::test]
async fn a_conversation_is_pinned_and_muted_for_a_user_who_hears_of_it() {
    let (server, _people, back_end) = house().await;
    let mut bob = connected(&server, &hello(&back_end, "bob").await).await;
    let mut alice = connected(&server, &hello(&back_end, "alice").await).await;
    let sent = alice.sends(json!({ "user": "bob" }), "a1", "hi").await.unwrap();
    let address = format!("/v1/users/bob/conversations/{}/settings", sent["conversation"].as_str().unwrap());
    let kept = back_end.patch(&address, &json!({ "pinned": true, "muted": true })).await.ok();
    assert_eq!(kept, json!({ "pinned": true, "muted": true, "removed": false, "unread": 1 }));
    assert_eq!(bob.push("mine").await["muted"], true);
    assert_eq!(back_end.get(&address).await.ok(), kept);
    hello(&back_end, "cara").await;
    let not_hers = address.replace("/bob/", "/cara/");
    assert_eq!(back_end.patch(&not_hers, &json!({ "pinned": true })).await.code(), "not_found");
}
