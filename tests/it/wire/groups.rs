//! Groups, as their members meet them.

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// Alice's group with Bob and Cara in it.
async fn team(people: &People) -> (Client, Client, Client, Value) {
    let (mut alice, bob, cara) = (people.user("alice").await, people.user("bob").await, people.user("cara").await);
    let new = json!({ "kind": "group", "name": "Team", "users": ["bob", "cara"] });
    let group = alice.ask("create_group", new).await.unwrap();
    assert_eq!((&group["kind"], &group["group"]["name"]), (&json!("group"), &json!("Team")));
    (alice, bob, cara, group["id"].clone())
}

async fn unread(who: &mut Client, group: &Value) -> Value {
    who.ask("conversation", json!({ "conversation": group })).await.unwrap()["mine"]["unread"].take()
}

#[tokio::test]
async fn a_group_message_reaches_every_member_and_is_counted_for_each() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, mut cara, group) = team(&people).await;
    assert_eq!(bob.push("conversation").await["id"], group);
    bob.push_where("message", |notice| notice["content"]["operation"] == "Create").await;
    let sent = alice.writes(&group, "hello team").await;
    assert_eq!(bob.sees("hello team").await["seq"], sent["seq"]);
    cara.sees("hello team").await;
    assert_eq!((unread(&mut bob, &group).await, unread(&mut cara, &group).await), (json!(1), json!(1)));
    bob.ask("receipt", json!({ "conversation": group, "read": sent["seq"] })).await.unwrap();
    assert_eq!((unread(&mut bob, &group).await, unread(&mut cara, &group).await), (json!(0), json!(1)));
    let filtered = cara.ask("conversations", json!({ "kinds": ["group"] })).await.unwrap();
    assert_eq!(filtered["conversations"][0]["id"], group);
}

#[tokio::test]
async fn req_4_13_a_silenced_member_is_refused_and_a_removed_one_is_outside() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, mut cara, group) = team(&people).await;
    alice.ask("group_silence", json!({ "conversation": group, "user": "bob", "on": true })).await.unwrap();
    let refused = bob.sends(json!({ "conversation": group }), "b1", "hm").await.unwrap_err();
    assert_eq!(refused["code"], "silenced");
    alice.ask("group_kick", json!({ "conversation": group, "user": "bob", "ban": true })).await.unwrap();
    bob.push_where("conversation", |group| !group["participants"].to_string().contains("\"bob\"")).await;
    let refused = bob.sends(json!({ "conversation": group }), "b2", "hm").await.unwrap_err();
    assert_eq!(refused["code"], "not_found");
    assert_eq!(bob.ask("group_join", json!({ "conversation": group })).await.unwrap_err()["code"], "banned");
    cara.push_where("message", |notice| notice["content"]["operation"] == "Kicked").await;
    cara.ask("group_quit", json!({ "conversation": group })).await.unwrap();
    let left = alice.ask("group_dismiss", json!({ "conversation": group })).await.unwrap();
    assert_eq!(left["participants"].as_array().unwrap().len(), 1);
    assert!(left["group"]["dismissed_at"].is_number());
}

#[tokio::test]
async fn who_read_a_group_message_is_asked_and_answered() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, _cara, group) = team(&people).await;
    let sent = alice.writes(&group, "read this").await;
    let pass = |id: &str, name: &str, content: Value| json!({ "conversation": group, "client_id": id, "type": name, "content": content });
    let asked = pass("r1", "RC:RRReqMsg", json!({ "messageUId": sent["uid"] }));
    assert!(alice.ask("send", asked).await.unwrap()["seq"].is_null());
    let request = bob.push_where("message", |message| message["type"] == "RC:RRReqMsg").await;
    assert_eq!(request["content"]["messageUId"], sent["uid"]);
    let dictionary = json!({ "receiptMessageDic": { "alice": [sent["uid"]] } });
    bob.ask("send", pass("r2", "RC:RRRspMsg", dictionary.clone())).await.unwrap();
    let response = alice.push_where("message", |message| message["type"] == "RC:RRRspMsg").await;
    assert_eq!((&response["content"], &response["from"]["id"]), (&dictionary, &json!("bob")));
}
