//! The own conversation list, as a user with two devices meets it.

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

async fn list(who: &mut Client, body: Value) -> Vec<Value> {
    let mut page = who.ask("conversations", body).await.unwrap();
    page["conversations"].as_array_mut().unwrap().drain(..).collect()
}

async fn ids(who: &mut Client) -> Vec<Value> {
    list(who, json!({})).await.iter().map(|conversation| conversation["id"].clone()).collect()
}

/// Bob and Cara have each written to Alice: her two conversations, Bob's first.
async fn written_to(people: &People) -> (Client, Client, [Value; 2]) {
    let (alice, mut bob, mut cara) = (people.user("alice").await, people.user("bob").await, people.user("cara").await);
    let to_alice = json!({ "user": "alice" });
    let from_bob = bob.sends(to_alice.clone(), "b1", "hi").await.unwrap()["conversation"].take();
    let from_cara = cara.sends(to_alice, "c1", "hello").await.unwrap()["conversation"].take();
    (alice, bob, [from_bob, from_cara])
}

#[tokio::test]
async fn req_2_7_newest_first_and_pinned_before_all() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, [from_bob, from_cara]) = written_to(&people).await;
    assert_eq!(ids(&mut alice).await, [from_cara.clone(), from_bob.clone()]);
    bob.writes(&from_bob, "are you there?").await;
    assert_eq!(ids(&mut alice).await, [from_bob.clone(), from_cara.clone()], "a message moves it up");
    let mine = alice.ask("pin", json!({ "conversation": from_cara, "on": true })).await.unwrap();
    assert_eq!(
        mine,
        json!({ "pinned": true, "muted": false, "removed": false, "unread": 1, "mentions": 0, "cleared": 0 })
    );
    assert_eq!(ids(&mut alice).await, [from_cara, from_bob.clone()]);
    let first = list(&mut alice, json!({ "limit": 1 })).await.remove(0);
    let before = json!({ "changed_at": first["changed_at"], "id": first["id"] });
    let second = list(&mut alice, json!({ "limit": 1, "before": before })).await;
    assert_eq!(second[0]["id"], from_bob, "pages continue behind the pinned ones");
}

#[tokio::test]
async fn req_2_10_a_deleted_conversation_is_gone_at_once_and_back_on_a_new_message() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, [from_bob, from_cara]) = written_to(&people).await;
    let mut phone = people.connect(people.user_hello("alice").await).await;
    let mine = alice.ask("remove", json!({ "conversation": from_bob })).await.unwrap();
    assert_eq!(mine["removed"], true);
    assert_eq!(phone.push("mine").await["conversation"], from_bob, "her other device drops it too");
    assert_eq!(ids(&mut alice).await, vec![from_cara.clone()]);
    let (_, welcome) = Client::connect(server.address(), people.user_hello("alice").await).await;
    assert_eq!(welcome["conversations"].as_array().unwrap().len(), 1, "and it stays away after a reload");
    bob.writes(&from_bob, "one more thing").await;
    alice.sees("one more thing").await;
    assert_eq!(ids(&mut alice).await, [from_bob.clone(), from_cara]);
    let back = alice.ask("conversation", json!({ "conversation": from_bob })).await.unwrap();
    assert_eq!(back["mine"]["unread"], 1);
}

#[tokio::test]
async fn req_2_12_unread_counts_grow_and_are_cleared() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, [from_bob, from_cara]) = written_to(&people).await;
    for words in ["one", "two"] {
        bob.writes(&from_bob, words).await;
    }
    assert_eq!(alice.ask("unread", json!({})).await.unwrap(), json!({ "total": 4, "muted": 0 }));
    alice.ask("mute", json!({ "conversation": from_cara, "on": true })).await.unwrap();
    assert_eq!(alice.ask("unread", json!({ "kinds": ["private"] })).await.unwrap(), json!({ "total": 4, "muted": 1 }));
    alice.ask("receipt", json!({ "conversation": from_bob, "read": 3 })).await.unwrap();
    assert_eq!(alice.ask("unread", json!({})).await.unwrap(), json!({ "total": 1, "muted": 1 }));
}

#[tokio::test]
async fn req_2_13_clearing_unread_here_clears_it_on_my_other_device() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, _bob, [from_bob, _]) = written_to(&people).await;
    let mut phone = people.connect(people.user_hello("alice").await).await;
    alice.ask("receipt", json!({ "conversation": from_bob, "read": 1 })).await.unwrap();
    let heard = phone.push_where("receipt", |receipt| receipt["user"] == "alice").await;
    assert_eq!((&heard["conversation"], &heard["read"]), (&from_bob, &json!(1)));
}

#[tokio::test]
async fn req_2_14_notes_and_commands_leave_the_badge_alone() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob, [from_bob, _]) = written_to(&people).await;
    for (id, name) in [("n1", "RC:InfoNtf"), ("n2", "RC:CmdMsg")] {
        let body = json!({ "conversation": from_bob, "client_id": id, "type": name, "content": { "message": "x" } });
        bob.ask("send", body).await.unwrap();
    }
    assert_eq!(alice.ask("unread", json!({})).await.unwrap()["total"], 2);
}
