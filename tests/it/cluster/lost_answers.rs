//! Commits that PostgreSQL makes and whose answers never come back: nobody knows whether the message stands.

use serde_json::{Value, json};

use super::{node::Cluster, turn};
use crate::client::{Client, Heard, text_body};

async fn user(cluster: &Cluster, node: usize, user: &str) -> Client {
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token(user).await });
    Client::connect(cluster.nodes[node].address().parse().unwrap(), hello).await.0
}

async fn kept(who: &mut Client, conversation: &Value) -> Vec<Value> {
    let page = who.ask("history", json!({ "conversation": conversation, "limit": 100 })).await.unwrap();
    page["messages"].as_array().unwrap().iter().map(|one| one["content"]["content"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_commit_whose_answer_is_lost_is_found_out_and_told_once() {
    const ROUNDS: usize = 5;
    let _turn = turn().await;
    let cluster = Cluster::start(2).await;
    let (mut alice, mut bob) = (user(&cluster, 0, "alice").await, user(&cluster, 1, "bob").await);
    let to = json!({ "user": "bob" });
    let conversation = alice.sends(to.clone(), "first", "first").await.unwrap()["conversation"].clone();
    bob.sees("first").await;
    let way = &cluster.nodes[0].to_database;
    for round in 1..=ROUNDS {
        way.lose_answers(1);
        let text = format!("round {round}");
        let sent = alice.sends(to.clone(), &format!("k{round}"), &text).await.unwrap();
        assert_eq!((sent["seq"].as_u64(), way.lost()), (Some(round as u64 + 1), round), "{sent}");
        assert_eq!(bob.sees(&text).await["seq"], sent["seq"]);
    }
    assert_eq!(kept(&mut bob, &conversation).await.len(), ROUNDS + 1, "each stands once");
}

/// Sends, and hears neither an answer nor an error: the connection is closed, with the code that says "come back".
async fn hears_nothing(mut who: Client, to: &Value, client_id: &str, text: &str) {
    let id = who.say("send", text_body(to, client_id, text)).await;
    loop {
        match who.hear().await {
            Heard::Frame(frame) => assert_ne!(frame["id"], id, "nobody knows, so nothing is said: {frame}"),
            Heard::Closed(code) => return assert_eq!(code, 1013),
            Heard::Gone => panic!("the connection broke without a close frame"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_while_every_answer_is_lost_nothing_is_said_and_sending_again_settles_it() {
    let _turn = turn().await;
    let cluster = Cluster::start(2).await;
    // Bob has a device at each node.
    let mut bob = [user(&cluster, 0, "bob").await, user(&cluster, 1, "bob").await];
    let mut alice = user(&cluster, 0, "alice").await;
    let to = json!({ "user": "bob" });
    let conversation = alice.sends(to.clone(), "first", "first").await.unwrap()["conversation"].clone();
    let way = &cluster.nodes[0].to_database;
    way.lose_answers(usize::MAX);
    hears_nothing(alice, &to, "k1", "perhaps").await;
    let tries = way.lost();
    assert!(tries > 1, "the node tried to find out: {tries}");
    // It goes on, and so does she.
    hears_nothing(user(&cluster, 0, "alice").await, &to, "k1", "perhaps").await;
    assert!(way.lost() > tries);
    // Nobody was acked, but it stands: whom nobody told hears of it all the same.
    for device in &mut bob {
        assert_eq!(device.sees("perhaps").await["seq"], 2);
    }
    way.lose_answers(0);
    let mut acked = Vec::new();
    for node in [0, 1] {
        let mut alice = user(&cluster, node, "alice").await;
        acked.push(alice.sends(to.clone(), "k1", "perhaps").await.unwrap());
        alice.sends(to.clone(), &format!("last{node}"), "last").await.unwrap();
    }
    assert_eq!((&acked[0], &acked[0]["seq"]), (&acked[1], &json!(2)), "any node says the same");
    for device in &mut bob {
        let next = device.push("message").await;
        assert_eq!(next["content"]["content"], "last", "heard once: {next}");
        assert_eq!(kept(device, &conversation).await, ["first", "perhaps", "last", "last"]);
    }
}
