//! Everybody's own list of conversations, as the requirements describe it.

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

async fn list(who: &mut Client, body: Value) -> Vec<Value> {
    who.ask("conversations", body).await.unwrap()["conversations"].as_array().unwrap().clone()
}

async fn ids(who: &mut Client, body: Value) -> Vec<Value> {
    list(who, body).await.into_iter().map(|mut conversation| conversation["id"].take()).collect()
}

async fn tells(who: &mut Client, user: &str, text: &str) -> Value {
    who.sends(json!({ "user": user }), &format!("{user}-{text}"), text).await.unwrap()
}

async fn total(who: &mut Client) -> Value {
    who.ask("unread", json!({})).await.unwrap()["total"].take()
}

#[tokio::test]
async fn req_2_3_one_message_makes_one_conversation() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    assert!(list(&mut bob, json!({})).await.is_empty());
    let sent = tells(&mut alice, "bob", "one").await;
    tells(&mut alice, "bob", "two").await;
    assert_eq!(ids(&mut bob, json!({})).await, [sent["conversation"].clone()]);
}

#[tokio::test]
async fn req_2_4_the_list_takes_kinds_and_a_limit_and_the_filter_filters() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let private = tells(&mut alice, "bob", "one").await["conversation"].clone();
    let new = json!({ "kind": "group", "name": "Team", "users": ["bob"] });
    let group = alice.ask("create_group", new).await.unwrap()["id"].clone();
    alice.writes(&group, "hello").await;
    assert_eq!(ids(&mut bob, json!({ "kinds": ["private"] })).await, std::slice::from_ref(&private));
    assert_eq!(ids(&mut bob, json!({ "kinds": ["group"] })).await, std::slice::from_ref(&group));
    assert_eq!(ids(&mut bob, json!({ "kinds": ["group", "private"], "limit": 1 })).await, std::slice::from_ref(&group));
    let page = bob.ask("conversations", json!({ "limit": 1 })).await.unwrap();
    let last = &page["conversations"][0];
    assert_eq!((&last["id"], &page["more"]), (&group, &json!(true)), "a limit gives the newest ones");
    let before = json!({ "changed_at": last["changed_at"], "id": last["id"] });
    assert_eq!(ids(&mut bob, json!({ "limit": 1, "before": before })).await, [private], "pages lead to all");
}

#[tokio::test]
async fn req_2_7_pinned_ones_come_first_then_the_newest_message() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, mut cara) =
        (people.user("alice").await, people.user("bob").await, people.user("cara").await);
    let of_bob = tells(&mut bob, "alice", "one").await["conversation"].clone();
    let of_cara = tells(&mut cara, "alice", "two").await["conversation"].clone();
    assert_eq!(ids(&mut alice, json!({})).await, [of_cara.clone(), of_bob.clone()]);
    tells(&mut bob, "alice", "three").await;
    assert_eq!(ids(&mut alice, json!({})).await, [of_bob.clone(), of_cara.clone()]);
    alice.ask("pin", json!({ "conversation": of_cara, "on": true })).await.unwrap();
    assert_eq!(ids(&mut alice, json!({})).await, [of_cara, of_bob]);
}

#[tokio::test]
async fn req_2_10_a_removed_conversation_stays_away_until_something_is_said() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let conversation = tells(&mut alice, "bob", "one").await["conversation"].clone();
    bob.ask("remove", json!({ "conversation": conversation })).await.unwrap();
    assert!(list(&mut bob, json!({})).await.is_empty());
    let mut again = people.connect(people.user_hello("bob").await).await;
    assert!(list(&mut again, json!({})).await.is_empty(), "also after a reload");
    tells(&mut alice, "bob", "two").await;
    assert_eq!(ids(&mut bob, json!({})).await, [conversation]);
}

#[tokio::test]
async fn req_2_12_each_counted_message_counts_once_and_survives_a_reconnect() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, bob) = (people.user("alice").await, people.user("bob").await);
    let mut last = Value::Null;
    for text in ["one", "two", "three"] {
        last = tells(&mut alice, "bob", text).await;
    }
    bob.vanish();
    let mut bob = people.connect(people.user_hello("bob").await).await;
    assert_eq!(total(&mut bob).await, json!(3));
    bob.ask("receipt", json!({ "conversation": last["conversation"], "read": last["seq"] })).await.unwrap();
    assert_eq!(total(&mut bob).await, json!(0));
}

#[tokio::test]
async fn req_2_13_reading_on_one_device_clears_the_others() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut phone) = (people.user("alice").await, people.user("bob").await);
    let mut desktop = people.connect(people.user_hello("bob").await).await;
    let sent = tells(&mut alice, "bob", "one").await;
    phone.ask("receipt", json!({ "conversation": sent["conversation"], "read": sent["seq"] })).await.unwrap();
    let heard = desktop.push("receipt").await;
    assert_eq!((&heard["user"], &heard["read"]), (&json!("bob"), &sent["seq"]));
    let sync = json!({ "conversation": sent["conversation"], "client_id": "s1", "type": "RC:SRSMsg",
        "content": { "lastMessageSendTime": sent["at"] } });
    phone.ask("send", sync).await.unwrap();
    desktop.push_where("message", |message| message["type"] == "RC:SRSMsg").await;
}

#[tokio::test]
async fn req_2_14_types_that_do_not_count_leave_the_count_alone() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let conversation = tells(&mut alice, "bob", "one").await["conversation"].clone();
    for (id, name, content) in [
        ("n1", "RC:InfoNtf", json!({ "message": "a note" })),
        ("n2", "RC:CmdMsg", json!({ "name": "x", "data": "{}" })),
        ("n3", "RC:ContactNtf", json!({ "operation": "ContactOperationRequest" })),
    ] {
        let body = json!({ "conversation": conversation, "client_id": id, "type": name, "content": content });
        alice.ask("send", body).await.unwrap();
        bob.push_where("message", |message| message["type"] == name).await;
    }
    assert_eq!(total(&mut bob).await, json!(1));
}
