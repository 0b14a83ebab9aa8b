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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_when_no_answer_comes_at_all_the_clients_own_retry_settles_it() {
    let _turn = turn().await;
    let cluster = Cluster::start(2).await;
    let (mut alice, mut bob) = (user(&cluster, 0, "alice").await, user(&cluster, 1, "bob").await);
    let to = json!({ "user": "bob" });
    let conversation = alice.sends(to.clone(), "first", "first").await.unwrap()["conversation"].clone();
    let way = &cluster.nodes[0].to_database;
    way.lose_answers(usize::MAX);
    let unsure = alice.sends(to.clone(), "k1", "perhaps").await.unwrap_err();
    assert_eq!((&unsure["code"], &unsure["temporary"]), (&json!("unavailable"), &json!(true)), "{unsure}");
    assert!(way.lost() > 1, "it was tried to find out");
    way.lose_answers(0);
    // It stands, and whoever was not told hears of it all the same.
    assert_eq!(bob.sees("perhaps").await["seq"], 2);
    let sent = alice.sends(to.clone(), "k1", "perhaps").await.unwrap();
    assert_eq!(sent["seq"], 2, "{sent}");
    // At another node it is the same.
    let mut alice = user(&cluster, 1, "alice").await;
    assert_eq!(alice.sends(to, "k1", "perhaps").await.unwrap()["uid"], sent["uid"]);
    assert_eq!(kept(&mut bob, &conversation).await, ["first", "perhaps"]);
}
