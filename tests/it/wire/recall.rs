//! Messages taken back, thrown away and cleared, on the wire.

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

async fn types(who: &mut Client, conversation: &Value) -> Vec<Value> {
    let page = who.ask("history", json!({ "conversation": conversation })).await.unwrap();
    page["messages"].as_array().unwrap().iter().map(|message| message["type"].clone()).collect()
}

#[tokio::test]
async fn a_message_taken_back_is_replaced_on_every_screen_and_in_history() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut agent, mut visitor) = (people.agent("Anna").await, people.visitor().await);
    let sent = visitor.says("my card is 1234").await;
    agent.sees("my card is 1234").await;
    let recalled = visitor.ask("recall", json!({ "uid": sent["uid"] })).await.unwrap();
    let heard = agent.push("recalled").await;
    assert_eq!(heard, recalled);
    assert_eq!((&heard["type"], &heard["seq"], &heard["uid"]), (&json!("RC:RcCmd"), &sent["seq"], &sent["uid"]));
    assert_eq!(heard["content"]["messageUId"], sent["uid"]);
    assert_eq!(types(&mut agent, &sent["conversation"]).await, ["RC:RcCmd"]);
    let refused = agent.ask("recall", json!({ "uid": sent["uid"] })).await.unwrap_err();
    assert_eq!(refused["code"], "forbidden");
}

#[tokio::test]
async fn req_3_12_clearing_and_deleting_are_for_me_and_reach_my_other_device() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let mut phone = people.connect(people.user_hello("alice").await).await;
    let there = bob.sends(json!({ "user": "alice" }), "1", "one").await.unwrap()["conversation"].take();
    bob.writes(&there, "two").await;
    bob.writes(&there, "three").await;
    alice.ask("delete", json!({ "conversation": there, "seqs": [3] })).await.unwrap();
    assert_eq!(phone.push("deleted").await, json!({ "conversation": there, "seqs": [3] }));
    let mine = alice.ask("clear", json!({ "conversation": there, "seq": 1 })).await.unwrap();
    assert_eq!(mine["cleared"], 1);
    assert_eq!(phone.push("mine").await["cleared"], 1);
    assert_eq!(types(&mut phone, &there).await, ["RC:TxtMsg", "parlor:deleted"]);
    assert_eq!(types(&mut bob, &there).await, ["RC:TxtMsg", "RC:TxtMsg", "RC:TxtMsg"]);
}

#[tokio::test]
async fn a_mention_is_counted_until_it_is_read() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let content = json!({ "content": "@alice look", "mentionedInfo": { "type": 2, "userIdList": ["alice"] } });
    let body = json!({ "user": "alice", "client_id": "1", "type": "RC:TxtMsg", "content": content });
    let there = bob.ask("send", body).await.unwrap()["conversation"].take();
    let mentions = async |alice: &mut Client| {
        alice.ask("conversation", json!({ "conversation": there })).await.unwrap()["mine"]["mentions"].take()
    };
    assert_eq!(mentions(&mut alice).await, 1);
    alice.ask("receipt", json!({ "conversation": there, "read": 1 })).await.unwrap();
    assert_eq!(mentions(&mut alice).await, 0);
}
