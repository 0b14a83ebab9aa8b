//! Nodes whose clocks are wrong.

use std::{path::PathBuf, time::SystemTime};

use actix_web::http::header::HttpDate;
use parlor::model::{
    calendar::Hour,
    clock::{Clock, SystemClock},
};
use serde_json::json;
use sqlx::Row;

use super::{
    NODES,
    crowd::Crowd,
    node::{Cluster, Node},
    turn,
};
use crate::client::Client;

/// A program under this library believes that it is so much later.
fn believes(node: &mut Node, offset: &str) {
    let found = glob_one("/usr/lib", "faketime/libfaketime.so.1");
    let library = found.expect("libfaketime is installed (the package libfaketime)");
    let variables =
        [("LD_PRELOAD", library.as_os_str()), ("FAKETIME", offset.as_ref()), ("DONT_FAKE_MONOTONIC", "1".as_ref())];
    node.more.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The folder below `root`, one per architecture, that has this file.
fn glob_one(root: &str, file: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(root).unwrap().flatten();
    folders.map(|folder| folder.path().join(file)).find(|path| path.exists())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_clocks_ten_minutes_apart_cost_no_message_and_no_order() {
    let _turn = turn().await;
    let mut cluster = Cluster::start_with(NODES, |number, node| match number {
        1 => believes(node, "+5m"),
        2 => believes(node, "-5m"),
        _ => {}
    })
    .await;
    let apart = machine_secs(&cluster, 1).await - machine_secs(&cluster, 2).await;
    assert!(apart > 9 * 60, "the machines' clocks are {apart} s apart");
    let crowd = Crowd::gather(&cluster).await;
    crowd.write(200).await;
    cluster.nodes[1].kill();
    crowd.healed().await;
    crowd.write(60).await;
    cluster.nodes[1].start().await;
    crowd.healed().await;
    crowd.check("clocks ten minutes apart").await;
    let order =
        "select count(*) from (select sent_at, lag(sent_at) over (partition by conversation_id order by seq) as before
        from messages) as m where sent_at <= before";
    let backwards: i64 = cluster.database.ask(order).await.unwrap().get(0);
    assert_eq!(backwards, 0, "times grow with places");
}

/// What time a node's machine believes it is, in seconds since 1970: the head of every answer says so.
async fn machine_secs(cluster: &Cluster, number: usize) -> i64 {
    let answer = cluster.back_end(&cluster.nodes[number]).await.get("/v1/ping").await;
    let date: HttpDate = answer.headers["date"].to_str().unwrap().parse().unwrap();
    let since_1970 = SystemTime::from(date).duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since_1970.as_secs()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_their_machines_believe_all_nodes_have_the_time_of_the_database() {
    let _turn = turn().await;
    let cluster = Cluster::start_with(NODES, |number, node| match number {
        1 => believes(node, "+10m"),
        2 => believes(node, "-10m"),
        _ => {}
    })
    .await;
    let apart = machine_secs(&cluster, 1).await - machine_secs(&cluster, 2).await;
    assert!(apart > 19 * 60, "the machines' clocks are {apart} s apart");
    cluster.token("bob").await;
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token("ann").await });
    let mut clients = Vec::new();
    for node in &cluster.nodes {
        let before = SystemClock.now().get();
        let (client, welcome) = Client::connect(node.address().parse().unwrap(), hello.clone()).await;
        let (now, after) = (welcome["now"].as_i64().unwrap(), SystemClock.now().get());
        // An answer may have been on its way for as long as a busy machine takes.
        assert!((before - 5000..=after + 5000).contains(&now), "{before} {now} {after}");
        clients.push(client);
    }
    // What was said through one node may be taken back through any, for two minutes.
    for (said, back) in [(0, 1), (1, 2), (2, 0)] {
        let said = clients[said].sends(json!({ "user": "bob" }), &format!("said-{back}"), "oops").await.unwrap();
        clients[back].ask("recall", json!({ "uid": said["uid"] })).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bus_lost_of_a_chatroom_is_told_whatever_the_clock_of_the_one_who_said_it() {
    let _turn = turn().await;
    let mut cluster = Cluster::start_with(2, |number, node| {
        if number == 1 {
            believes(node, "-5m");
        }
    })
    .await;
    let enter = async |number: usize, user: &str| {
        let hello = json!({ "v": 1, "as": "user", "token": cluster.token(user).await });
        let (mut client, _) = Client::connect(cluster.nodes[number].address().parse().unwrap(), hello).await;
        let joined = client.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
        (client, joined["head"]["seq"].as_u64().unwrap())
    };
    let (mut bob, _) = enter(1, "bob").await;
    bob.sends(json!({ "chatroom": "lobby" }), "before", "before").await.unwrap();
    let (mut ann, head) = enter(0, "ann").await;
    cluster.bus.kill();
    bob.sends(json!({ "chatroom": "lobby" }), "after", "after").await.unwrap();
    let heard = ann.push("message").await;
    assert_eq!((&heard["content"]["content"], heard["seq"].as_u64()), (&json!("after"), Some(head + 1)), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v2_a_token_of_a_node_that_is_ahead_is_revoked_with_all_others() {
    let _turn = turn().await;
    let cluster = Cluster::start_with(2, |number, node| {
        if number == 1 {
            believes(node, "+5m");
        }
    })
    .await;
    let (right, ahead) = (&cluster.nodes[0], &cluster.nodes[1]);
    let issued = cluster.back_end(ahead).await.post("/v1/users/ann/tokens", &json!({})).await;
    assert_eq!(issued.status, 201, "{}", issued.body);
    let hello = json!({ "v": 1, "as": "user", "token": issued.body["token"] });
    let (mut ann, _) = Client::connect(right.address().parse().unwrap(), hello.clone()).await;
    assert_eq!(cluster.back_end(right).await.delete("/v1/users/ann/tokens").await.status, 204);
    assert_eq!(ann.closed().await, 4401);
    for node in [right, ahead] {
        let mut client = Client::open(node.address().parse().unwrap(), &[]).await.unwrap();
        assert_eq!(client.hello(hello.clone()).await.unwrap_err()["code"], "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_is_given_out_when_it_is_over_by_the_clock_of_the_database() {
    let _turn = turn().await;
    let cluster = Cluster::start_with(1, |_, node| believes(node, "+60m")).await;
    let hour = |secs: i64| Hour::of(SystemClock.now().plus_secs(secs));
    let back_end = cluster.back_end(&cluster.nodes[0]).await;
    // To the machine this hour is over.
    let answer = back_end.get(&format!("/v1/exports/{}", hour(0))).await;
    assert_eq!((answer.status, answer.code()), (400, "bad_request"), "{}", answer.body);
    let long_ago = back_end.request("GET", &format!("/v1/exports/{}", hour(-2 * 3600))).send().await.unwrap();
    assert_eq!(long_ago.status(), 200);
}
