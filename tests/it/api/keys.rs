//! Keys: who they let in, what they may do, how they come and go.

use parlor::model::Scope;
use serde_json::json;

use super::house;
use crate::harness::BackEnd;

#[tokio::test]
async fn the_first_call_shows_whose_key_it_is() {
    let (_server, people, back_end) = house().await;
    let answer = back_end.get("/v1/ping").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(answer.header("ratelimit-limit"), "100");
    assert!(!answer.header("x-request-id").is_empty());
    let pong = answer.ok();
    assert_eq!((&pong["app"], &pong["key"]), (&json!(people.site.app), &json!(back_end.key_id)));
}

#[tokio::test]
async fn a5_two_keys_live_at_once_and_one_is_revoked_at_once() {
    let (_server, _people, back_end) = house().await;
    let made = back_end.post("/v1/keys", &json!({ "name": "Next", "scopes": ["read"] })).await;
    assert_eq!(made.status, 201);
    let address = made.header("location").to_owned();
    let next = back_end.clone().with_key(made.ok()["key"].as_str().unwrap());
    assert_eq!((back_end.get("/v1/app").await.status, next.get("/v1/app").await.status), (200, 200));
    assert_eq!(back_end.delete(&address).await.status, 204);
    assert_eq!((back_end.get("/v1/app").await.status, next.get("/v1/app").await.status), (200, 401));
    assert_eq!(back_end.delete(&address).await.code(), "not_found");
}

#[tokio::test]
async fn a_key_is_listed_without_its_secret() {
    let (_server, _people, back_end) = house().await;
    let list = back_end.get("/v1/keys").await.ok();
    assert_eq!(list["items"][0]["id"], json!(back_end.key_id));
    let secret = back_end.key.rsplit('_').next().unwrap();
    assert!(!list.to_string().contains(secret) && list["items"][0]["last_used_at"].is_i64(), "{list}");
}

#[tokio::test]
async fn nobody_gives_a_scope_that_they_lack() {
    let (server, people, _back_end) = house().await;
    let manager = BackEnd::with_scopes(&server, &people.im, &people.site.app, &[Scope::App]).await;
    let refused = manager.post("/v1/keys", &json!({ "name": "More", "scopes": ["app", "messages"] })).await;
    assert_eq!(refused.code(), "forbidden");
    manager.post("/v1/keys", &json!({ "name": "Same", "scopes": ["app"] })).await.ok();
}

#[tokio::test]
async fn an_app_has_at_most_twenty_keys() {
    let (_server, _people, back_end) = house().await;
    for number in 1..20 {
        back_end.post("/v1/keys", &json!({ "name": format!("{number}"), "scopes": ["read"] })).await.ok();
    }
    let refused = back_end.post("/v1/keys", &json!({ "name": "One more", "scopes": ["read"] })).await;
    assert_eq!((refused.status, refused.code()), (409, "limit_reached"));
}

#[tokio::test]
async fn l2_what_was_done_is_written_down() {
    let (_server, _people, back_end) = house().await;
    let changed = back_end.patch("/v1/app", &json!({ "features": { "history": false } })).await;
    let request = changed.header("x-request-id").to_owned();
    assert_eq!(changed.ok()["features"]["history"], false);
    back_end.post("/v1/keys", &json!({ "name": "Next", "scopes": ["read"] })).await.ok();
    let first = back_end.get("/v1/audit?limit=1").await.ok();
    assert_eq!(first["items"][0]["what"], "createKey");
    assert!(first["items"][0]["target"].as_str().unwrap().starts_with("/v1/keys/"), "{first}");
    let second = back_end.get(&format!("/v1/audit?cursor={}", first["next"].as_str().unwrap())).await.ok();
    let entry = &second["items"][0];
    assert_eq!((&entry["what"], &entry["request_id"]), (&json!("changeApp"), &json!(request)));
    assert_eq!(entry["who"], json!(format!("key:{}", back_end.key_id)));
    assert_eq!((second["items"].as_array().unwrap().len(), second.get("next")), (1, None));
}

#[tokio::test]
async fn odd_addresses_and_methods_are_answered_in_json() {
    let (_server, _people, back_end) = house().await;
    let unknown = back_end.request("GET", "/v1/nothing").header("accept", "text/html").send().await.unwrap();
    let unknown = crate::harness::Answer::of(unknown).await;
    assert_eq!((unknown.status, unknown.code()), (404, "not_found"));
    assert_eq!(back_end.delete("/v1/app").await.code(), "method_not_allowed");
    let text = back_end.request("PATCH", "/v1/app").body("{}").send().await.unwrap();
    assert_eq!(text.status(), 415);
}
