//! Chatrooms, as their members meet them.

use parlor::model::{Features, chatroom::Priority};
use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// The words of people in chatrooms.
impl Client {
    async fn joins(&mut self, room: &str) -> Value {
        self.ask("chatroom_join", json!({ "chatroom": room })).await.unwrap()
    }

    async fn tells(&mut self, room: &str, client_id: &str, text: &str) -> Result<Value, Value> {
        self.sends(json!({ "chatroom": room }), client_id, text).await
    }

    async fn count(&mut self, room: &str) -> Value {
        self.ask("chatroom_info", json!({ "chatroom": room })).await.unwrap()["count"].take()
    }
}

async fn switches(people: &People, features: Features) {
    people.im.backend(&people.site.app).set_features(features).await.unwrap();
}

fn texts(joined: &Value) -> Vec<&str> {
    let messages = joined["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"]["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn req_5_1_joining_an_unknown_id_makes_the_room() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut alice = people.user("alice").await;
    let joined = alice.joins("lobby").await;
    assert_eq!((&joined["handle"], &joined["count"], &joined["messages"]), (&json!("lobby"), &json!(1), &json!([])));
    let known = people.im.backend(&people.site.app).chatrooms(None, 10).await.unwrap();
    assert_eq!(json!(known[0].id), joined["id"]);
}

#[tokio::test]
async fn req_5_2_a_silent_room_ends_and_its_members_hear_of_it() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    switches(&people, Features { chatroom_idle_secs: 5, ..Features::default() }).await;
    let mut alice = people.user("alice").await;
    let joined = alice.joins("lobby").await;
    let told = alice.push("chatroom").await;
    assert_eq!(told, json!({ "conversation": joined["id"], "chatroom": "lobby", "state": "ended" }));
    assert_eq!(alice.tells("lobby", "a1", "anybody?").await.unwrap_err()["code"], "no_chatroom");
    assert_eq!(alice.joins("lobby").await["id"], joined["id"], "joining makes it anew");
}

#[tokio::test]
async fn req_5_3_a_room_has_no_history_to_page_through() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut alice = people.user("alice").await;
    let room = alice.joins("lobby").await["id"].take();
    alice.tells("lobby", "a1", "one").await.unwrap();
    let refused = alice.ask("history", json!({ "conversation": room })).await.unwrap_err();
    assert_eq!(refused["code"], "chatroom_history_off");
}

#[tokio::test]
async fn req_5_4_joining_gives_up_to_50_of_the_latest_messages() {
    let server = TestServer::start_with(|config| config.limits.visitor_send_burst = 100);
    let people = People::of(&server).await;
    // What is said all at once here is no flood.
    let names = ["RC:TxtMsg".parse().unwrap()];
    people.im.backend(&people.site.app).set_chatroom_priority(Priority::High, &names, true).await.unwrap();
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    alice.joins("lobby").await;
    for number in 1..=60 {
        alice.tells("lobby", &format!("a{number}"), &number.to_string()).await.unwrap();
    }
    let joined = bob.joins("lobby").await;
    let expected: Vec<String> = (11..=60).map(|number| number.to_string()).collect();
    assert_eq!(texts(&joined), expected);
    let none = bob.ask("chatroom_join", json!({ "chatroom": "lobby", "last": 0 })).await.unwrap();
    assert_eq!((&none["messages"], &none["head"]["seq"]), (&json!([]), &json!(60)));
    let refused = bob.ask("chatroom_join", json!({ "chatroom": "lobby", "last": 51 })).await.unwrap_err();
    assert_eq!(refused["code"], "bad_request");
}

#[tokio::test]
async fn req_5_5_joining_before_hello_is_refused_cleanly() {
    let server = TestServer::start();
    let mut stranger = Client::open(server.address(), &[]).await.unwrap();
    let refused = stranger.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap_err();
    assert_eq!(refused["code"], "unauthorized");
}

#[tokio::test]
async fn req_5_6_and_5_7_who_came_in_is_an_ordinary_message_with_whatever_it_carries() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut vera) = (people.user("alice").await, people.visitor().await);
    alice.joins("lobby").await;
    vera.joins("lobby").await;
    let content = json!({ "message": "Vera came in", "extra": "{\"new\":true}", "colour": "red" });
    let note = json!({ "chatroom": "lobby", "client_id": "v1", "type": "RC:InfoNtf", "content": content });
    vera.ask("send", note).await.unwrap();
    let heard = alice.push("message").await;
    assert_eq!((&heard["type"], &heard["content"]), (&json!("RC:InfoNtf"), &content));
}

#[tokio::test]
async fn req_5_8_and_5_11_who_comes_back_in_time_is_inside_and_misses_nothing() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, hello) = (people.user("alice").await, people.user_hello("bob").await);
    alice.joins("lobby").await;
    let mut bob = people.connect(hello.clone()).await;
    let head = bob.joins("lobby").await["head"].take();
    bob.vanish();
    alice.tells("lobby", "a1", "while you slept").await.unwrap();
    assert_eq!(alice.count("lobby").await, 2, "he stays for a while");
    let mut bob = people.connect(hello).await;
    let since = json!({ "epoch": head["epoch"], "seq": head["seq"] });
    let back = bob.ask("chatroom_join", json!({ "chatroom": "lobby", "since": since })).await.unwrap();
    assert_eq!((texts(&back), &back["reset"], &back["count"]), (vec!["while you slept"], &json!(false), &json!(2)));
    bob.tells("lobby", "b1", "good morning").await.unwrap();
    alice.sees("good morning").await;
}

#[tokio::test]
async fn req_5_11_who_does_not_come_back_in_time_has_left() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    switches(&people, Features { chatroom_keep_secs: 1, ..Features::default() }).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    alice.joins("lobby").await;
    bob.joins("lobby").await;
    let seat = json!({ "chatroom": "lobby", "attributes": { "seat": "1" }, "auto_delete": true });
    let version = bob.ask("chatroom_attributes_set", seat).await.unwrap();
    assert_eq!(version, json!({ "version": 1 }));
    let heard = alice.push("attributes").await;
    assert_eq!((&heard["set"][0]["key"], &heard["set"][0]["value"]), (&json!("seat"), &json!("1")));
    bob.vanish();
    // What goes with him tells that he went.
    let heard = alice.push("attributes").await;
    assert_eq!((&heard["removed"], &heard["version"]), (&json!(["seat"]), &json!(2)));
    assert_eq!(alice.count("lobby").await, 1);
}

#[tokio::test]
async fn req_5_9_every_one_of_many_members_hears_every_message_once_and_in_order() {
    let server = TestServer::start_with(|config| config.limits.connections_per_network = 1000);
    let people = People::of(&server).await;
    let mut speaker = people.user("speaker").await;
    speaker.joins("lobby").await;
    let mut members = Vec::new();
    for number in 0..120 {
        let mut member = people.user(&format!("m{number}")).await;
        member.joins("lobby").await;
        members.push(member);
    }
    assert_eq!(speaker.count("lobby").await, 121);
    let ids: Vec<u64> = {
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(
                speaker
                    .say("send", crate::client::text_body(&json!({ "chatroom": "lobby" }), &format!("s{number}"), "hi"))
                    .await,
            );
        }
        ids
    };
    for id in ids {
        speaker.answer(id).await.unwrap();
    }
    for member in &mut members {
        for seq in 1..=5 {
            assert_eq!(member.push("message").await["seq"], seq);
        }
    }
}

#[tokio::test]
async fn req_5_10_a_visitor_gets_an_id_and_a_token_connects_and_then_joins() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut vera) = (people.user("alice").await, people.visitor().await);
    alice.joins("lobby").await;
    vera.joins("lobby").await;
    vera.tells("lobby", "v1", "hello from a page").await.unwrap();
    assert_eq!(alice.sees("hello from a page").await["from"]["role"], "visitor");
}

#[tokio::test]
async fn req_5_12_a_new_connection_hears_nothing_until_it_joins() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, hello) = (people.user("alice").await, people.user_hello("bob").await);
    alice.joins("lobby").await;
    let mut first = people.connect(hello.clone()).await;
    first.joins("lobby").await;
    let mut second = people.connect(hello).await;
    alice.tells("lobby", "a1", "one").await.unwrap();
    first.sees("one").await;
    second.joins("lobby").await;
    alice.tells("lobby", "a2", "two").await.unwrap();
    assert_eq!(second.push("message").await["content"]["content"], "two", "and nothing before");
    first.sees("two").await;
    second.ask("chatroom_quit", json!({ "chatroom": "lobby" })).await.unwrap();
    alice.tells("lobby", "a3", "three").await.unwrap();
    first.sees("three").await;
    assert_eq!(alice.count("lobby").await, 2, "his first device is still inside");
    second.joins("lobby").await;
    alice.tells("lobby", "a4", "four").await.unwrap();
    assert_eq!(second.push("message").await["content"]["content"], "four");
}

#[tokio::test]
async fn req_5_14_messages_go_both_ways_and_rooms_do_not_mix() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut vera, mut bob) = (people.user("alice").await, people.visitor().await, people.user("bob").await);
    let lobby = alice.joins("lobby").await["id"].take();
    vera.joins("lobby").await;
    bob.joins("attic").await;
    vera.tells("lobby", "v1", "from the web").await.unwrap();
    assert_eq!(alice.sees("from the web").await["conversation"], lobby);
    alice.tells("lobby", "a1", "from the app").await.unwrap();
    vera.sees("from the app").await;
    alice.joins("attic").await;
    alice.tells("attic", "a2", "only here").await.unwrap();
    assert_eq!(bob.push("message").await["content"]["content"], "only here");
}

#[tokio::test]
async fn rooms_outlive_a_restart_and_members_join_anew() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.user_hello("alice").await;
    let mut alice = people.connect(hello.clone()).await;
    let room = alice.joins("lobby").await["id"].take();
    alice.tells("lobby", "a1", "before").await.unwrap();
    alice.ask("chatroom_attributes_set", json!({ "chatroom": "lobby", "attributes": { "k": "v" } })).await.unwrap();
    alice.vanish();
    server.restart();
    let mut alice = people.connect(hello).await;
    assert_eq!(alice.tells("lobby", "a2", "am I in?").await.unwrap_err()["code"], "not_in_chatroom");
    let joined = alice.joins("lobby").await;
    assert_eq!((&joined["id"], texts(&joined)), (&room, vec!["before"]));
    assert_eq!(joined["attributes"]["list"][0]["value"], "v");
    assert_eq!(alice.tells("lobby", "a3", "after").await.unwrap()["seq"], 2);
}
