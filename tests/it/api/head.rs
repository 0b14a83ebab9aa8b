//! HEAD answers like GET, without a body.

use std::collections::BTreeMap;

use serde_json::json;

use super::{document::Document, house};
use crate::harness::Answer;

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let (_server, people, back_end) = house().await;
    let mut vera = people.visitor().await;
    let conversation = vera.says("Hello").await["conversation"].as_str().unwrap().to_owned();
    back_end.put("/v1/users/nora", &json!({})).await.ok();
    for path in [
        "/v1/ping".to_owned(),
        "/v1/app".to_owned(),
        "/v1/users/nora".to_owned(),
        "/v1/users/nobody".to_owned(),
        "/v1/conversations?limit=1".to_owned(),
        format!("/v1/conversations/{conversation}/messages"),
        "/v1/exports/2026010100".to_owned(),
        "/v1/exports/nonsense".to_owned(),
        "/v1/openapi.json".to_owned(),
    ] {
        let get = back_end.request("GET", &path).send().await.unwrap();
        let head = back_end.request("HEAD", &path).send().await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        for name in ["content-type", "content-disposition", "ratelimit-limit", "cache-control"] {
            assert_eq!(head.headers().get(name), get.headers().get(name), "{path}: {name}");
        }
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
    let bare = back_end.bare("HEAD", "/v1/app").send().await.unwrap();
    assert_eq!(bare.status(), 401);
}

#[tokio::test]
async fn head_is_taken_wherever_get_is_and_nowhere_else() {
    let (_server, _people, back_end) = house().await;
    let ids = ["key", "site", "user", "conversation", "webhook", "sequence", "uid", "group", "chatroom", "account"];
    let others = ["agent", "gag", "list", "hour", "broadcast", "secret"];
    let ids: BTreeMap<&str, String> = ids.into_iter().chain(others).map(|name| (name, "1".to_owned())).collect();
    let document = Document::read();
    let reads: Vec<String> = document.operations().filter(|it| it.method == "GET").map(|it| it.address(&ids)).collect();
    for operation in document.operations() {
        let address = operation.address(&ids);
        let head = Answer::of(back_end.request("HEAD", &address).send().await.unwrap()).await;
        assert_eq!(head.status == 405, !reads.contains(&address), "{}: {}", operation.name, head.status);
    }
}
