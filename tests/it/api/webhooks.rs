//! Webhooks on the real server: made by REST, told by what people do over the wire.

use parlor::config::Config;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::{
    harness::{BackEnd, People, TestServer},
    hooks::receiver::{Received, Receiver},
};

/// A server that may ask this receiver.
fn server_for(receiver: &Receiver) -> TestServer {
    let port = receiver.port();
    TestServer::start_with(|config| allow(config, port))
}

fn allow(config: &mut Config, port: u16) {
    config.outbound.allow_http = true;
    config.outbound.ports = vec![port];
    config.outbound.networks = vec!["127.0.0.1".parse().unwrap()];
}

struct House {
    people: People,
    back_end: BackEnd,
    _server: TestServer,
}

impl House {
    async fn with(receiver: &Receiver) -> Self {
        let server = server_for(receiver);
        let people = People::of(&server).await;
        let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
        Self { people, back_end, _server: server }
    }

    async fn webhook(&self, receiver: &Receiver, topics: &[&str]) -> Value {
        self.back_end.post("/v1/webhooks", &json!({ "url": receiver.url(), "topics": topics })).await.ok()
    }
}

/// REQ 4.16: the server side obtains every message by the message routing, signed, and again when it did not take it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_4_16_the_back_end_is_told_of_every_message_signed_and_again_until_it_has_it() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(500)).await;
    let house = House::with(&receiver).await;
    let made = house.webhook(&receiver, &["message.sent"]).await;
    let (mut nora, _olaf) = (house.people.user("nora").await, house.people.user("olaf").await);
    let sent = nora
        .ask(
            "send",
            json!({ "client_id": "1", "user": "olaf", "type": "RC:TxtMsg", "content": { "content": "hello" } }),
        )
        .await
        .unwrap();
    receiver.requests(1).await;
    receiver.answers(|_| ResponseTemplate::new(200));
    let arrived = receiver.requests(2).await;
    assert!(arrived.iter().all(|one| one.is_signed_by(made["secret"].as_str().unwrap())));
    assert_eq!(arrived[0].id, arrived[1].id, "the retry is the same notice");
    let data = &arrived[1].body["data"];
    assert_eq!((&data["uid"], &data["at"]), (&sent["uid"], &sent["at"]));
    assert_eq!((&data["from"]["id"], &data["target"]), (&json!("nora"), &json!("olaf")));
    assert_eq!((&data["kind"], &data["type"]), (&json!("private"), &json!("RC:TxtMsg")));
    assert_eq!((&data["content"], &data["source"]), (&json!({ "content": "hello" }), &json!("client")));

    let mut visitor = house.people.visitor().await;
    let asked = json!({ "client_id": "1", "desk": true, "type": "RC:TxtMsg", "content": { "content": "help" } });
    visitor.ask("send", asked).await.unwrap();
    let arrived = receiver.until(|all| all.iter().any(|one| one.words() == "help")).await;
    let asked = arrived.iter().find(|one| one.words() == "help").unwrap();
    assert_eq!(asked.body["data"]["target"], json!(house.people.site.key));
    assert_eq!(asked.body["data"]["source"], json!("widget"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desks_day_is_told_in_order() {
    let receiver = Receiver::start().await;
    let house = House::with(&receiver).await;
    house.webhook(&receiver, &["conversation.started", "conversation.assigned", "conversation.ended"]).await;
    let (mut anna, mut visitor) = (house.people.agent("Anna").await, house.people.visitor().await);
    let asked = json!({ "client_id": "1", "desk": true, "type": "RC:TxtMsg", "content": { "content": "help" } });
    let sent = visitor.ask("send", asked).await.unwrap();
    anna.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    anna.ask("end", json!({ "conversation": sent["conversation"] })).await.unwrap();
    let arrived = receiver.requests(3).await;
    let topics: Vec<_> = arrived.iter().map(|one| one.body["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["conversation.started", "conversation.assigned", "conversation.ended"]);
    assert!(arrived.iter().all(|one| one.body["conversation"] == sent["conversation"]));
    assert_eq!(arrived[1].body["data"]["service"]["stage"]["name"], json!("human"));
    assert_eq!(arrived.iter().map(Received::sequence).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhooks_life_by_rest() {
    let receiver = Receiver::start().await;
    let house = House::with(&receiver).await;
    let back_end = &house.back_end;
    let made = back_end.post("/v1/webhooks", &json!({ "url": receiver.url(), "description": "Routing" })).await;
    let address = made.header("location").to_owned();
    let made = made.ok();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let seen = back_end.get(&address).await.ok();
    assert_eq!((&seen["description"], &seen["enabled"]), (&json!("Routing"), &json!(true)));
    assert!(seen.get("secret").is_none());
    assert_eq!(back_end.get("/v1/webhooks").await.ok()["items"].as_array().unwrap().len(), 1);

    let changed = back_end.patch(&address, &json!({ "topics": ["user.online"] })).await.ok();
    assert_eq!((&changed["topics"], &changed["url"]), (&json!(["user.online"]), &seen["url"]));
    let rotated = back_end.ask("POST", &format!("{address}/rotate"), None).await.ok();
    assert_ne!(rotated["secret"], made["secret"]);

    assert_eq!(back_end.ask("POST", &format!("{address}/test"), None).await.ok()["sequence"], json!(1));
    let arrived = receiver.requests(1).await.remove(0);
    assert!(arrived.is_signed_by(rotated["secret"].as_str().unwrap()));
    let replayed = back_end.ask("POST", &format!("{address}/deliveries/1/replay"), None).await.ok();
    assert_eq!(replayed["id"], json!(arrived.id));
    assert_eq!(receiver.requests(2).await[1].id, arrived.id);
    let parked = back_end.post(&format!("{address}/replay"), &json!({ "since": 0 })).await.ok();
    assert_eq!(parked["replayed"], json!(0));

    assert_eq!(back_end.delete(&address).await.status, 204);
    assert_eq!(back_end.get(&address).await.code(), "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_deliveries_are_listed_without_what_the_receiver_said() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(500).set_body_string("inner workings")).await;
    let house = House::with(&receiver).await;
    let id = house.webhook(&receiver, &[]).await["id"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        house.back_end.ask("POST", &format!("/v1/webhooks/{id}/test"), None).await.ok();
    }
    receiver.requests(3).await;
    let list = format!("/v1/webhooks/{id}/deliveries");
    let page = house.back_end.get(&format!("{list}?limit=2&state=waiting")).await.ok();
    let sequences: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["sequence"].clone()).collect();
    assert_eq!(sequences, [json!(3), json!(2)]);
    let next = page["next"].as_str().unwrap();
    let rest = house.back_end.get(&format!("{list}?limit=2&state=waiting&cursor={next}")).await.ok();
    assert_eq!((rest["items"].as_array().unwrap().len(), rest.get("next")), (1, None));
    assert_eq!(house.back_end.get(&format!("{list}?state=lost")).await.code(), "bad_request");
    // What came of a request is noted a moment after its answer.
    let tried = loop {
        let tried = house.back_end.get(&format!("{list}/1")).await.ok();
        if tried["tried"].as_array().is_some_and(|tried| !tried.is_empty()) {
            break tried;
        }
    };
    assert_eq!((&tried["tried"][0]["outcome"], &tried["outcome"]), (&json!("failed"), &json!("failed")));
    assert!(!tried.to_string().contains("inner workings"));
    assert_eq!(house.back_end.get(&format!("{list}/x")).await.code(), "bad_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n1_bad_addresses_are_refused_by_rest() {
    let receiver = Receiver::start().await;
    let house = House::with(&receiver).await;
    for url in ["http://169.254.169.254/latest", "https://localhost:22/", "ftp://example.com/", "http://[::1]/", "x"] {
        let refused = house.back_end.post("/v1/webhooks", &json!({ "url": url })).await;
        assert_eq!(refused.code(), "bad_request", "{url}");
    }
    let refused = house.back_end.post("/v1/webhooks", &json!({ "url": receiver.url(), "topics": ["x"] })).await;
    assert_eq!(refused.code(), "bad_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_1_17_who_comes_online_and_what_happens_to_a_chatroom_reaches_the_back_end() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(200)).await;
    let house = House::with(&receiver).await;
    house.webhook(&receiver, &["user.online", "chatroom.created", "chatroom.joined"]).await;
    let mut nora = house.people.user("nora").await;
    nora.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
    let told = |all: &[Received], topic: &str| all.iter().any(|one| one.body["topic"] == topic);
    let topics = ["user.online", "chatroom.created", "chatroom.joined"];
    let arrived = receiver.until(|all| topics.iter().all(|topic| told(all, topic))).await;
    let online = arrived.iter().find(|one| one.body["topic"] == "user.online").unwrap();
    assert_eq!(online.body["data"]["user"].as_str().or(online.body["data"]["user"]["id"].as_str()), Some("nora"));
}
