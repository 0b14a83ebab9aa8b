//! Messages of every kind and through every door, as the requirements describe them.

use parlor::model::Kind;
use serde_json::{Value, json};

use crate::harness::{BackEnd, People, TestServer};

#[tokio::test]
async fn req_4_14_what_the_back_end_sends_arrives_unknown_types_included() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
    let (_alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    for (name, content) in [
        ("RC:TxtMsg", json!({ "content": "hi", "user": { "id": "x", "name": "X" }, "extra": "e" })),
        ("shop:odd", json!({ "anything": [1, { "deep": null }] })),
    ] {
        let call = json!({ "from": "alice", "users": ["bob"], "type": name, "content": content });
        let sent = back_end.post("/v1/messages", &call).await.ok();
        let heard = bob.push_where("message", |message| message["type"] == name).await;
        assert_eq!((&heard["uid"], &heard["content"]), (&sent["items"][0]["uid"], &content));
        assert_eq!(heard["from"]["id"], "alice");
    }
}

#[tokio::test]
async fn req_4_15_a_message_has_one_id_at_every_door() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let sent = alice.sends(json!({ "user": "bob" }), "k1", "hi").await.unwrap();
    let uid = sent["uid"].as_str().unwrap();
    assert_eq!(uid.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    assert_eq!(bob.sees("hi").await["uid"], uid);
    let page = bob.ask("history", json!({ "conversation": sent["conversation"] })).await.unwrap();
    assert_eq!(page["messages"][0]["uid"], uid);
    let gone = back_end.post(&format!("/v1/messages/{uid}/recall"), &json!({ "admin": true })).await.ok();
    assert_eq!((&gone["uid"], &gone["type"]), (&json!(uid), &json!("RC:RcCmd")));
    let recalled = bob.push("recalled").await;
    assert_eq!((&recalled["uid"], &recalled["content"]["isAdmin"]), (&json!(uid), &json!(true)));
}

#[tokio::test]
async fn req_7_1_a_message_has_all_its_fields() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let content = json!({
        "content": "hi",
        "user": { "id": "alice", "name": "Al", "portraitUri": "https://a.example/a.png" },
        "extra": "anything",
        "mentionedInfo": { "type": 2, "userIdList": ["bob"], "mentionedContent": "" },
    });
    let body = json!({ "user": "bob", "client_id": "k1", "type": "RC:TxtMsg", "content": content });
    let sent = alice.ask("send", body).await.unwrap();
    let heard = bob.sees("hi").await;
    for (field, value) in [
        ("uid", &sent["uid"]),
        ("conversation", &sent["conversation"]),
        ("seq", &sent["seq"]),
        ("at", &sent["at"]),
        ("client_id", &json!("k1")),
        ("type", &json!("RC:TxtMsg")),
        ("content", &content),
    ] {
        assert_eq!(&heard[field], value, "{field}");
    }
    assert_eq!((&heard["from"]["id"], &heard["from"]["role"]), (&json!("alice"), &json!("user")));
}

/// What somebody reads in the conversation of this kind in their list.
async fn read(who: &mut crate::client::Client, kind: Kind) -> Vec<Value> {
    let found = who.ask("conversations", json!({ "kinds": [kind] })).await.unwrap();
    let conversation = &found["conversations"][0];
    assert_eq!(conversation["kind"], json!(kind));
    let page = who.ask("history", json!({ "conversation": conversation["id"] })).await.unwrap();
    page["messages"].as_array().unwrap().iter().map(|message| message["content"]["content"].clone()).collect()
}

#[tokio::test]
async fn req_3_2_every_kind_of_conversation_has_history() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    alice.sends(json!({ "user": "bob" }), "k1", "private").await.unwrap();
    for kind in ["discussion", "group"] {
        let group = json!({ "id": kind, "kind": kind, "name": kind, "users": ["alice", "bob"] });
        back_end.post("/v1/groups", &group).await.ok();
        alice.sends(json!({ kind: kind }), &format!("g-{kind}"), kind).await.unwrap();
    }
    for (id, kind) in [("news", "public_service"), ("weather", "app_service")] {
        let service = json!({ "kind": kind, "name": id });
        back_end.ask("PUT", &format!("/v1/public-services/{id}"), Some(&service)).await.ok();
    }
    bob.ask("follow", json!({ "account": "news" })).await.unwrap();
    for (from, text) in [(Value::Null, "system"), (json!("news"), "public_service"), (json!("weather"), "app_service")]
    {
        let call = json!({ "from": from, "system": ["bob"], "type": "RC:TxtMsg", "content": { "content": text } });
        let sent = back_end.post("/v1/messages", &call).await.ok();
        assert!(sent["items"][0]["uid"].is_string(), "{sent}");
        bob.sees(text).await;
    }
    for (kind, text) in [
        (Kind::Private, "private"),
        (Kind::Discussion, "discussion"),
        (Kind::Group, "group"),
        (Kind::System, "system"),
        (Kind::AppService, "app_service"),
        (Kind::PublicService, "public_service"),
    ] {
        assert_eq!(read(&mut bob, kind).await, [json!(text)], "{kind:?}");
    }
    let mut visitor = people.visitor().await;
    visitor.says("service").await;
    assert_eq!(read(&mut visitor, Kind::Service).await, [json!("service")]);
}

#[tokio::test]
async fn a_broadcast_reaches_a_connected_user_and_its_progress_can_be_read() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
    let mut bob = people.user("bob").await;
    let call = json!({ "type": "RC:TxtMsg", "content": { "content": "back at noon" } });
    let begun = back_end.post("/v1/broadcasts", &call).await.ok();
    bob.sees("back at noon").await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let progress = back_end.get(&format!("/v1/broadcasts/{}", begun["id"].as_str().unwrap())).await.ok();
        if progress["finished_at"].is_number() {
            assert_eq!(progress["sent"], 1);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the broadcast ends: {progress}");
        tokio::task::yield_now().await;
    }
}
