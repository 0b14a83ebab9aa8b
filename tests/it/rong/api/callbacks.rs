//! What back ends written for the compatible protocol are told, and asked.

use std::collections::BTreeMap;

use parlor::{
    im::backend::webhooks::WebhookWish,
    model::{Topic, pre_send::PreSend, webhook::Form},
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{OldBackEnd, house_with};
use crate::{
    harness::{People, TestServer},
    hooks::receiver::{Received, Receiver},
};

/// A server that may ask this receiver.
async fn house(receiver: &Receiver) -> (TestServer, People, OldBackEnd) {
    let port = receiver.port();
    house_with(|config| {
        config.outbound.allow_http = true;
        config.outbound.ports = vec![port];
        config.outbound.networks = vec!["127.0.0.1".parse().unwrap()];
    })
    .await
}

async fn webhook(people: &People, back_end: &OldBackEnd, url: String, topics: &[Topic]) -> parlor::model::Webhook {
    let wish =
        WebhookWish { url, description: String::new(), topics: topics.to_vec(), form: Form::Compatible, enabled: true };
    people.im.backend(&back_end.app).create_webhook(wish).await.unwrap().0
}

/// What is in a form.
fn form(received: &Received) -> BTreeMap<String, String> {
    assert_eq!(received.media, "application/x-www-form-urlencoded");
    url::form_urlencoded::parse(received.raw.as_bytes()).into_owned().collect()
}

/// The one entry of a list.
fn entry(received: &Received) -> &Value {
    assert_eq!((received.media.as_str(), received.body.as_array().unwrap().len()), ("application/json", 1));
    &received.body[0]
}

/// Whether the address is signed with the app's secret, as old code finds out.
fn is_signed(received: &Received, back_end: &OldBackEnd) -> bool {
    let query: BTreeMap<_, _> = received.url.query_pairs().into_owned().collect();
    assert_eq!((query["appKey"].as_str(), &query["timestamp"]), (back_end.app.as_str(), &query["signTimestamp"]));
    assert_eq!(query["signTimestamp"].len(), 13);
    query["signature"] == back_end.signature(&query["nonce"], &query["signTimestamp"]).to_hex()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_routed_as_forms() {
    let receiver = Receiver::start().await;
    let (mut server, people, back_end) = house(&receiver).await;
    let made = webhook(&people, &back_end, format!("{}/routing?shop=1", receiver.url()), &[Topic::MessageSent]).await;
    assert_eq!(made.topics, [Topic::MessageSent]);
    // What apps' webhooks want is remembered for a few seconds.
    server.restart();
    let mut nora = people.user("nora").await;
    people.user_hello("olaf").await;
    let sent = nora.sends(json!({ "user": "olaf" }), "1", "hello & welcome").await.unwrap();
    back_end.ask("group/create", &[("groupId", "lamps"), ("userId", "nora"), ("userId", "olaf")]).await;
    nora.sends(json!({ "group": "lamps" }), "2", "to all").await.unwrap();
    // What the back end says itself is not routed.
    let own = [
        ("fromUserId", "olaf"),
        ("toUserId", "nora"),
        ("objectName", "RC:TxtMsg"),
        ("content", r#"{"content":"own"}"#),
    ];
    back_end.ask("message/private/publish", &own).await;
    nora.ask("chatroom_join", json!({ "chatroom": "hall" })).await.unwrap();
    nora.sends(json!({ "chatroom": "hall" }), "3", "in the hall").await.unwrap();

    let came = receiver.requests(3).await;
    assert!(came.iter().all(|one| is_signed(one, &back_end) && one.url.path() == "/routing"));
    let by_words = |words: &str| {
        came.iter()
            .map(form)
            .find(|form| form["content"].contains(words))
            .unwrap_or_else(|| panic!("{words}: {came:#?}"))
    };
    let private = by_words("hello");
    let expected = [
        ("fromUserId", "nora"),
        ("toUserId", "olaf"),
        ("objectName", "RC:TxtMsg"),
        ("channelType", "PERSON"),
        ("sensitiveType", "0"),
        ("source", "Websocket"),
    ];
    for (name, value) in expected {
        assert_eq!(private[name], value, "{name}");
    }
    assert_eq!(serde_json::from_str::<Value>(&private["content"]).unwrap(), json!({ "content": "hello & welcome" }));
    assert_eq!(json!(private["msgUID"]), sent["uid"]);
    assert_eq!((private["msgTimestamp"].len(), &private["timestamp"]), (13, &private["msgTimestamp"]));
    let group = by_words("to all");
    assert_eq!((group["toUserId"].as_str(), group["channelType"].as_str()), ("lamps", "GROUP"));
    let room = by_words("in the hall");
    assert_eq!((room["toUserId"].as_str(), room["channelType"].as_str()), ("hall", "TEMPGROUP"));
    assert!(came.iter().all(|one| !one.raw.contains("own")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_and_chatrooms_come_as_lists() {
    let receiver = Receiver::start().await;
    let (mut server, people, back_end) = house(&receiver).await;
    webhook(&people, &back_end, receiver.url(), &[]).await;
    server.restart();
    let mut nora = people.user("nora").await;
    let online = receiver.until(|came| came.iter().any(|one| one.raw.contains("\"userid\""))).await;
    let online = online.iter().find(|one| one.raw.contains("\"userid\"")).unwrap();
    assert!(is_signed(online, &back_end));
    assert_eq!((&entry(online)["userid"], &entry(online)["status"]), (&json!("nora"), &json!("0")));

    nora.ask("chatroom_join", json!({ "chatroom": "hall" })).await.unwrap();
    nora.ask("chatroom_quit", json!({ "chatroom": "hall" })).await.unwrap();
    back_end.ask("chatroom/destroy", &[("chatroomId", "hall")]).await;
    let of_room = |came: &[Received]| -> Vec<Value> {
        came.iter().filter(|one| one.raw.contains("chatRoomId")).map(|one| entry(one).clone()).collect()
    };
    let came = of_room(&receiver.until(|came| of_room(came).iter().any(|one| one["type"] == 3)).await);
    let kinds: Vec<_> = came.iter().map(|one| one["type"].as_u64().unwrap()).collect();
    assert_eq!(kinds, [0, 1, 2, 3], "{came:#?}");
    assert!(came.iter().all(|one| one["chatRoomId"] == "hall" && one["status"] == 0 && one["time"].is_i64()));
    assert_eq!((&came[1]["userIds"], &came[3]["userIds"]), (&json!(["nora"]), &json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_failed_comes_again_as_it_was() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(503)).await;
    let (mut server, people, back_end) = house(&receiver).await;
    webhook(&people, &back_end, receiver.url(), &[Topic::MessageSent]).await;
    server.restart();
    let mut nora = people.user("nora").await;
    people.user_hello("olaf").await;
    nora.sends(json!({ "user": "olaf" }), "1", "again").await.unwrap();
    receiver.requests(1).await;
    receiver.answers(|_| ResponseTemplate::new(200));
    let came = receiver.requests(2).await;
    assert_eq!((came[0].raw.clone(), came[0].id.clone()), (came[1].raw.clone(), came[1].id.clone()));
    assert_ne!(came[0].url, came[1].url, "each attempt is signed anew");
    assert!(is_signed(&came[1], &back_end));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_end_decides_about_messages() {
    let receiver = Receiver::answering(|asked| {
        let words = &asked.raw;
        let verdict = match () {
            () if words.contains("forbidden") => json!({ "pass": 0 }),
            () if words.contains("rewrite") => json!({ "pass": 1, "content": r#"{"content":"rewritten"}"# }),
            () => json!({ "pass": 1 }),
        };
        ResponseTemplate::new(200).set_body_json(verdict)
    })
    .await;
    let (mut server, people, back_end) = house(&receiver).await;
    let hook = PreSend {
        url: receiver.url(),
        timeout_millis: 3000,
        pass_without_answer: true,
        kinds: Vec::new(),
        form: Form::Compatible,
    };
    let (_, secret) = people.im.backend(&back_end.app).set_pre_send(hook).await.unwrap();
    assert!(secret.is_none(), "the app's own secret signs");
    server.restart();
    let (mut nora, mut olaf) = (people.user("nora").await, people.user("olaf").await);
    nora.sends(json!({ "user": "olaf" }), "1", "hello").await.unwrap();
    let refused = nora.sends(json!({ "user": "olaf" }), "2", "forbidden").await.unwrap_err();
    assert_eq!(refused["code"], "refused_by_app");
    nora.sends(json!({ "user": "olaf" }), "3", "please rewrite").await.unwrap();
    olaf.sees("hello").await;
    olaf.sees("rewritten").await;
    let asked = receiver.received();
    assert!(asked.iter().all(|one| is_signed(one, &back_end)));
    let first = form(&asked[0]);
    let expected = [
        ("fromUserId", "nora"),
        ("targetId", "olaf"),
        ("msgType", "RC:TxtMsg"),
        ("channelType", "PERSON"),
        ("messageId", "1"),
        ("os", "Websocket"),
        ("content", r#"{"content":"hello"}"#),
    ];
    for (name, value) in expected {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!((first["appKey"].as_str(), first["msgTimeStamp"].len()), (back_end.app.as_str(), 13));
}

#[tokio::test]
async fn the_form_needs_a_secret_and_tells_what_it_can() {
    let receiver = Receiver::start().await;
    let (_server, people, back_end) = house(&receiver).await;
    let wish = |topics: &[Topic]| WebhookWish {
        url: receiver.url(),
        description: String::new(),
        topics: topics.to_vec(),
        form: Form::Compatible,
        enabled: true,
    };
    let backend = people.im.backend(&back_end.app);
    let refused = backend.create_webhook(wish(&[Topic::ConversationEnded])).await.unwrap_err();
    assert!(refused.message.contains("cannot be told in the `compatible` form"), "{}", refused.message);
    let made = backend.create_webhook(wish(&[])).await.unwrap().0;
    assert_eq!(made.topics.len(), Form::Compatible.topics().len());
    assert!(backend.test_webhook(&made.id).await.is_err());
    let plain = people.im.create_app("Plain").await.unwrap().key;
    let refused = people.im.backend(&plain).create_webhook(wish(&[])).await.unwrap_err();
    assert!(refused.message.contains("make one first"), "{}", refused.message);
}
