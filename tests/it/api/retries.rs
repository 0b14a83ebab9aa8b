//! `Idempotency-Key`: what is tried again happens once.

use serde_json::{Value, json};

use super::house;
use crate::harness::{Answer, BackEnd};

async fn post(by: &BackEnd, key: &str, path: &str, body: &Value) -> Answer {
    let request = by.request("POST", path).header("idempotency-key", key).json(body);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_first_answer_is_given_again_also_after_a_restart() {
    let (mut server, _people, back_end) = house().await;
    let new = json!({ "name": "Once", "scopes": ["read"] });
    let first = post(&back_end, "one", "/v1/keys", &new).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    for _ in 0..2 {
        let again = post(&back_end, "one", "/v1/keys", &new).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(
            (again.header("idempotency-replayed"), again.header("location")),
            ("true", first.header("location"))
        );
        server.restart();
    }
    assert_eq!(back_end.get("/v1/keys").await.ok()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let (server, people, back_end) = house().await;
    post(&back_end, "one", "/v1/keys", &json!({ "name": "A", "scopes": ["read"] })).await.ok();
    let other = post(&back_end, "one", "/v1/keys", &json!({ "name": "B", "scopes": ["read"] })).await;
    assert_eq!((other.status, other.code()), (409, "idempotency_reused"));
    // Another app's key of the same name is its own.
    let app = people.im.create_app("Other").await.unwrap().key;
    let stranger = BackEnd::of(&server, &people.im, &app).await;
    post(&stranger, "one", "/v1/keys", &json!({ "name": "B", "scopes": ["read"] })).await.ok();
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_under_its_key() {
    let (_server, _people, back_end) = house().await;
    assert_eq!(post(&back_end, "one", "/v1/keys", &json!({ "name": "A", "scopes": [] })).await.code(), "bad_request");
    assert_eq!(post(&back_end, "one", "/v1/keys", &json!({ "name": "A", "scopes": ["read"] })).await.status, 201);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let (_server, _people, back_end) = house().await;
    let new = json!({ "name": "Race", "scopes": ["read"] });
    let tries = (0..8).map(|_| post(&back_end, "race", "/v1/keys", &new));
    for answer in futures_util::future::join_all(tries).await {
        assert!(answer.status == 201 || answer.code() == "in_progress", "{}", answer.body);
    }
    assert_eq!(back_end.get("/v1/keys").await.ok()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_key_has_a_form() {
    let (_server, _people, back_end) = house().await;
    for key in ["with space", &"x".repeat(65)] {
        let answer = post(&back_end, key, "/v1/keys", &json!({ "name": "A", "scopes": ["read"] })).await;
        assert_eq!(answer.code(), "bad_request", "{key}");
    }
}

#[tokio::test]
async fn a_message_is_said_once_even_when_the_first_answer_was_lost() {
    let (_server, people, back_end) = house().await;
    let mut vera = people.visitor().await;
    let id = vera.says("Hello").await["conversation"].as_str().unwrap().to_owned();
    let new = json!({ "email": "ada@lumen.example", "name": "Ada", "password": "a lamp on the table" });
    let ada = back_end.post("/v1/agents", &new).await.ok()["id"].clone();
    back_end.post(&format!("/v1/conversations/{id}/assign"), &json!({ "agent": ada })).await.ok();
    let address = format!("/v1/conversations/{id}/messages");
    let words = json!({ "agent": ada, "type": "RC:TxtMsg", "content": { "content": "Hi" } });
    let first = post(&back_end, "order-17", &address, &words).await.ok();
    // As if nobody remembered the answer: the agent's own message of that name is there all the same.
    let agent = ada.as_str().unwrap().parse().unwrap();
    let content = parlor::model::Content::text("Hi");
    let again = people.im.backend(&people.site.app);
    let again = again.say_as_agent(id.parse().unwrap(), &agent, "order-17".parse().unwrap(), content).await.unwrap();
    assert_eq!(json!(again.uid), first["uid"]);
}
