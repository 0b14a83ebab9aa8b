//! Commits that PostgreSQL makes and whose answers never come back: nobody knows whether the message stands.

use serde_json::{Value, json};

use super::{node::Cluster, turn};
use crate::client::Client;

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
