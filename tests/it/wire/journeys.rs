//! Visitors and agents who chat.

use serde_json::{Value, json};

use crate::{
    client::{Client, text_body},
    harness::{People, TestServer},
};

#[tokio::test]
async fn a_visitor_asks_and_an_agent_answers() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut agent = people.agent("Anna").await;
    let mut visitor = people.visitor().await;

    let sent = visitor.says("Where is my lamp?").await;
    assert_eq!(sent["seq"], 1);
    let waiting = agent.sees_stage("queued").await;
    agent.sees("Where is my lamp?").await;

    agent.ask("accept", json!({ "conversation": waiting["id"] })).await.unwrap();
    let taken = visitor.sees_stage("human").await;
    assert_eq!(taken["participants"][1]["name"], "Anna");

    visitor.ask("typing", json!({ "conversation": waiting["id"], "on": true })).await.unwrap();
    assert_eq!(agent.push("typing").await["on"], true);

    let answer = agent.writes(&waiting["id"], "On its way.").await;
    let seen = visitor.sees("On its way.").await;
    assert_eq!(seen["seq"], answer["seq"]);
    visitor.ask("receipt", json!({ "conversation": waiting["id"], "read": answer["seq"] })).await.unwrap();
    let receipt = agent.push_where("receipt", |receipt| receipt["read"] == answer["seq"]).await;
    assert_eq!(receipt["delivered"], answer["seq"]);

    agent.ask("end", json!({ "conversation": waiting["id"] })).await.unwrap();
    visitor.sees_stage("ended").await;
    let rating = json!({ "sid": waiting["id"], "source": 5, "type": 1 });
    let body = json!({ "desk": true, "client_id": "rate", "type": "RC:CsEva", "content": rating });
    visitor.ask("send", body).await.unwrap();
    agent.push_where("conversation", |conversation| conversation["service"]["rating"]["stars"] == 5).await;
}

#[tokio::test]
async fn the_slower_of_two_agents_hears_that_the_visitor_was_taken() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut anna, mut ben) = (people.agent("Anna").await, people.agent("Ben").await);
    let sent = people.visitor().await.says("hello?").await;
    let conversation = json!({ "conversation": sent["conversation"] });
    anna.ask("accept", conversation.clone()).await.unwrap();
    assert_eq!(ben.ask("accept", conversation).await.unwrap_err()["code"], "already_taken");
}

#[tokio::test]
async fn a_visitor_leaves_a_message_while_nobody_is_there() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut visitor = people.visitor().await;
    visitor.says("anybody?").await;
    visitor.sees_stage("offline").await;
    let left = json!({ "msg_content": "Call me", "msg_email": "vera@home.example" });
    let body = json!({ "desk": true, "client_id": "lm", "type": "RC:CsLm", "content": left });
    assert_eq!(visitor.ask("send", body).await.unwrap()["seq"], 2);
    let mut agent = Client::open(server.address(), &[]).await.unwrap();
    let welcome = agent.hello(people.agent_hello("Anna").await).await.unwrap();
    assert_eq!(welcome["conversations"][0]["service"]["stage"]["name"], "offline");
}

#[tokio::test]
async fn two_tabs_of_a_visitor_see_the_same() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let (mut one, mut two) = (people.connect(hello.clone()).await, people.connect(hello).await);
    let sent = one.says("from the first tab").await;
    let seen = two.sees("from the first tab").await;
    assert_eq!((&seen["uid"], &seen["seq"]), (&sent["uid"], &sent["seq"]));
    two.writes(&sent["conversation"], "from the second").await;
    one.sees("from the second").await;
}

#[tokio::test]
async fn users_write_to_each_other() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut ada, mut bob) = (people.user("ada").await, people.user("bob").await);
    ada.sends(json!({ "user": "bob" }), "k1", "lunch?").await.unwrap();
    let seen = bob.sees("lunch?").await;
    bob.writes(&seen["conversation"], "at one").await;
    ada.sees("at one").await;
    let page = ada.ask("history", json!({ "conversation": seen["conversation"] })).await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (hello, mut agent) = (people.visitor_hello().await, people.agent("Anna").await);
    let mut visitor = people.connect(hello.clone()).await;
    let sent = visitor.says("one moment").await;
    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    let stands = agent.ask("conversation", json!({ "conversation": sent["conversation"] })).await.unwrap();
    visitor.sees_stage("human").await;
    visitor.vanish();
    agent.writes(&sent["conversation"], "still there?").await;

    let since = |epoch: &Value, seq: &Value| {
        let mut hello = hello.clone();
        hello["since"] = json!([{ "conversation": sent["conversation"], "epoch": epoch, "seq": seq }]);
        hello
    };
    let (_, welcome) = Client::connect(server.address(), since(&stands["head"]["epoch"], &stands["head"]["seq"])).await;
    let gap = &welcome["gaps"][0];
    assert_eq!((&gap["reset"], &gap["more"]), (&json!(false), &json!(false)));
    assert_eq!(gap["messages"][0]["content"]["content"], "still there?");

    let (_, welcome) = Client::connect(server.address(), since(&json!(999), &json!(1))).await;
    let gap = &welcome["gaps"][0];
    assert_eq!((&gap["reset"], &gap["messages"][0]["seq"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn d2_a_send_repeated_after_a_break_stands_once() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let mut visitor = people.connect(hello.clone()).await;
    let body = text_body(&json!({ "desk": true }), "same", "only once");
    visitor.say("send", body.clone()).await;
    visitor.vanish();

    let mut visitor = people.connect(hello).await;
    let again = visitor.ask("send", body.clone()).await.unwrap();
    let third = visitor.ask("send", body).await.unwrap();
    assert_eq!(again, third);
    let page = visitor.ask("history", json!({ "conversation": again["conversation"] })).await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);

    let other = visitor.sends(json!({ "desk": true }), "same", "something else").await;
    assert_eq!(other.unwrap_err()["code"], "client_id_reused");
}

#[tokio::test]
async fn z1_a_stranger_finds_nothing() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let sent = people.visitor().await.says("private").await;
    let mut stranger = people.visitor().await;
    let conversation = json!({ "conversation": sent["conversation"] });
    for cmd in ["history", "conversation"] {
        assert_eq!(stranger.ask(cmd, conversation.clone()).await.unwrap_err()["code"], "not_found", "{cmd}");
    }
    let written = stranger.sends(conversation.clone(), "k", "hello").await;
    assert_eq!(written.unwrap_err()["code"], "not_found");
    assert_eq!(stranger.ask("accept", conversation).await.unwrap_err()["code"], "forbidden");
}

#[tokio::test]
async fn req_4_6_a_handshake_opens_the_service_and_nothing_comes_before() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut agent = people.agent("Anna").await;
    let mut visitor = Client::open(server.address(), &[]).await.unwrap();
    let welcome = visitor.hello(people.visitor_hello().await).await.unwrap();
    assert_eq!(welcome["conversations"], json!([]), "before the handshake there is nothing");
    let body = json!({ "desk": true, "client_id": "hs", "type": "RC:CsHs", "content": {} });
    let sent = visitor.ask("send", body).await.unwrap();
    let answer = visitor.push_where("message", |message| message["type"] == "RC:CsHsR").await;
    assert_eq!(answer["content"]["data"]["sid"], sent["conversation"]);
    visitor.says("Is it on?").await;
    let waiting = agent.sees("Is it on?").await;
    agent.ask("accept", json!({ "conversation": waiting["conversation"] })).await.unwrap();
    let human = visitor.push_where("message", |message| message["type"] == "RC:CsUpdate").await;
    assert_eq!(human["content"]["serviceStatus"], "2");
    agent.writes(&waiting["conversation"], "It is.").await;
    visitor.sees("It is.").await;
}
