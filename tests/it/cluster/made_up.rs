//! Without a bus: whatever people do at one node is known at the other within seconds, not messages alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{node::Cluster, turn};
use crate::client::Client;

/// What the bus lost is known by then. Promised are five seconds, to a machine that is not busy with other tests.
const HEALED: Duration = Duration::from_secs(15);

/// Two nodes; Alice and Bob have a device at each, and the bus is gone.
struct Parted {
    cluster: Cluster,
    alice: [Client; 2],
    bob: [Client; 2],
    /// Their conversation, with one message of Alice.
    pair: Value,
    first: Value,
}

async fn enter(cluster: &Cluster, token: &str, node: usize) -> Client {
    let hello = json!({ "v": 1, "as": "user", "token": token });
    Client::connect(cluster.nodes[node].address().parse().unwrap(), hello).await.0
}

async fn both(cluster: &Cluster, user: &str) -> [Client; 2] {
    let token = cluster.token(user).await;
    [enter(cluster, &token, 0).await, enter(cluster, &token, 1).await]
}

impl Parted {
    async fn new() -> Self {
        let mut cluster = Cluster::start(2).await;
        let (mut alice, mut bob) = (both(&cluster, "alice").await, both(&cluster, "bob").await);
        let first = alice[0].sends(json!({ "user": "bob" }), "first", "first").await.unwrap();
        bob[1].sees("first").await;
        cluster.bus.kill();
        Self { cluster, alice, bob, pair: json!({ "conversation": first["conversation"] }), first }
    }

    fn pair_with(&self, more: &Value) -> Value {
        with(&self.pair, more)
    }
}

fn with(conversation: &Value, more: &Value) -> Value {
    let mut body = conversation.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// What is pushed to somebody, in time.
async fn heard(who: &mut Client, push: &str, meant: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    let found = who.push_where(push, meant).await;
    let took = began.elapsed();
    eprintln!("{push} after {took:?}");
    assert!(took <= HEALED, "{push} came only after {took:?}: {found}");
    found
}

/// Until a send is refused with this code.
async fn refused(who: &mut Client, to: &Value, code: &str) {
    let began = Instant::now();
    for attempt in 0.. {
        match who.sends(to.clone(), &format!("{code}{attempt}"), "may I?").await {
            Err(error) => {
                assert_eq!(error["code"], code, "{error}");
                return;
            }
            Ok(_) => assert!(began.elapsed() <= HEALED, "still allowed after {:?}", began.elapsed()),
        }
        // Asking more often would only be refused for being too much.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_receipts_and_own_lists_are_known_on_other_nodes() {
    let _turn = turn().await;
    let mut parted = Parted::new().await;
    let read = parted.pair_with(&json!({ "read": 1 }));
    parted.bob[1].ask("receipt", read).await.unwrap();
    let is_bobs = |receipt: &Value| receipt["user"] == "bob" && receipt["read"] == 1;
    heard(&mut parted.alice[0], "receipt", is_bobs).await;
    heard(&mut parted.bob[0], "receipt", is_bobs).await;
    let seen = parted.bob[0].ask("conversation", parted.pair.clone()).await.unwrap();
    assert_eq!(seen["mine"]["unread"], 0, "cleared on the other device");

    let pin = parted.pair_with(&json!({ "on": true }));
    parted.alice[0].ask("pin", pin).await.unwrap();
    heard(&mut parted.alice[1], "mine", |mine| mine["pinned"] == true).await;
    parted.alice[1].ask("remove", parted.pair.clone()).await.unwrap();
    heard(&mut parted.alice[0], "mine", |mine| mine["removed"] == true).await;

    let delete = parted.pair_with(&json!({ "seqs": [1] }));
    parted.alice[0].ask("delete", delete).await.unwrap();
    assert_eq!(heard(&mut parted.alice[1], "deleted", |_| true).await["seqs"], json!([1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_messages_that_are_taken_back_go_on_other_nodes() {
    let _turn = turn().await;
    let mut parted = Parted::new().await;
    let uid = json!({ "uid": parted.first["uid"] });
    parted.alice[0].ask("recall", uid).await.unwrap();
    for who in [&mut parted.bob[1], &mut parted.alice[1]] {
        let gone = heard(who, "recalled", |_| true).await;
        assert_eq!((&gone["uid"], &gone["type"]), (&parted.first["uid"], &json!("RC:RcCmd")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_blocks_and_rights_of_single_members_hold_on_other_nodes() {
    let _turn = turn().await;
    let mut parted = Parted::new().await;
    let [alice, _] = &mut parted.alice;
    let new = json!({ "kind": "group", "name": "Team", "users": ["bob"] });
    let group = json!({ "conversation": alice.ask("create_group", new).await.unwrap()["id"] });
    let [_, bob] = &mut parted.bob;
    heard(bob, "conversation", |seen| seen["id"] == group["conversation"]).await;
    bob.sends(group.clone(), "allowed", "allowed").await.unwrap();
    alice.ask("group_silence", with(&group, &json!({ "user": "bob", "on": true }))).await.unwrap();
    refused(bob, &group, "silenced").await;
    alice.ask("group_silence", with(&group, &json!({ "user": "bob", "on": false }))).await.unwrap();
    alice.ask("group_kick", with(&group, &json!({ "user": "bob", "ban": true }))).await.unwrap();
    heard(bob, "conversation", |seen| seen["id"] == group["conversation"] && !inside(seen, "bob")).await;
    refused(bob, &group, "not_found").await;

    let to_bob = json!({ "user": "bob" });
    bob.ask("block", json!({ "user": "alice", "on": true })).await.unwrap();
    refused(alice, &to_bob, "blocked").await;
}

fn inside(seen: &Value, user: &str) -> bool {
    seen["participants"].as_array().unwrap().iter().any(|one| one["id"] == user)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_the_last_words_in_a_chatroom_are_heard_on_other_nodes() {
    let _turn = turn().await;
    let mut parted = Parted::new().await;
    let room = json!({ "chatroom": "lobby" });
    let ([alice, _], [_, bob]) = (&mut parted.alice, &mut parted.bob);
    alice.ask("chatroom_join", room.clone()).await.unwrap();
    alice.sends(room.clone(), "early", "early").await.unwrap();
    let joined = bob.ask("chatroom_join", with(&room, &json!({ "last": 0 }))).await.unwrap();
    assert_eq!(joined["messages"], json!([]), "{joined}");
    let last = alice.sends(room, "last", "last words").await.unwrap();
    // What was said before he came is not for him, though nobody told him of it.
    let told = heard(bob, "message", |message| message["conversation"] == joined["id"]).await;
    assert_eq!((&told["uid"], &told["content"]["content"]), (&last["uid"], &json!("last words")));
    assert!(parted.cluster.nodes.iter_mut().all(super::node::Node::stands));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_attributes_of_a_chatroom_are_seen_on_other_nodes() {
    let _turn = turn().await;
    let mut parted = Parted::new().await;
    let room = json!({ "chatroom": "lobby" });
    let ([alice, _], [_, bob]) = (&mut parted.alice, &mut parted.bob);
    alice.ask("chatroom_join", room.clone()).await.unwrap();
    bob.ask("chatroom_join", room.clone()).await.unwrap();
    let seats = with(&room, &json!({ "attributes": { "seat": "alice", "topic": "tea" } }));
    let set = alice.ask("chatroom_attributes_set", seats).await.unwrap();
    let told = heard(bob, "attributes", |_| true).await;
    let pairs: Vec<_> = told["set"].as_array().unwrap().iter().map(|one| (&one["key"], &one["value"])).collect();
    assert_eq!(pairs, [(&json!("seat"), &json!("alice")), (&json!("topic"), &json!("tea"))]);
    assert_eq!((&told["version"], &told["chatroom"]), (&set["version"], &json!("lobby")));

    let again = with(&room, &json!({ "attributes": { "seat": "free" } }));
    alice.ask("chatroom_attributes_set", again).await.unwrap();
    let remove = with(&room, &json!({ "keys": ["topic"] }));
    let removed = alice.ask("chatroom_attributes_remove", remove).await.unwrap();
    let told = heard(bob, "attributes", |push| push["removed"] == json!(["topic"])).await;
    assert_eq!(told["version"], removed["version"]);
    let seen = bob.ask("chatroom_attributes", room).await.unwrap();
    assert_eq!((&seen["version"], &seen["list"][0]["value"]), (&removed["version"], &json!("free")));
    assert!(parted.cluster.nodes.iter_mut().all(super::node::Node::stands));
}
