//! What happens to the nodes under load.

use rand::{Rng, seq::IndexedMutRandom};
use serde_json::json;

use super::{
    NODES,
    crowd::Crowd,
    front::Front,
    node::{Cluster, Node},
    rounds, turn,
};
use crate::{
    client::{Client, text_body},
    wire::poll::Poll,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_a_killed_node_costs_no_message() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let crowd = Crowd::gather(&cluster).await;
    let kills = rounds("PARLOR_NODE_KILLS", 6);
    for _ in 0..kills {
        crowd.write(rand::rng().random_range(1..60)).await;
        let node = cluster.nodes.choose_mut(&mut rand::rng()).expect("there are nodes");
        node.kill();
        if NODES > 1 {
            // The others go on without it.
            crowd.healed().await;
        }
        node.start().await;
        crowd.healed().await;
    }
    crowd.check(&format!("{kills} nodes killed")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_replaced_one_by_one_cost_no_message() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let crowd = Crowd::gather(&cluster).await;
    for _ in 0..rounds("PARLOR_ROLLS", 2) {
        for node in &mut cluster.nodes {
            crowd.write(40).await;
            assert_eq!(node.stop().await, 0, "a stop in order ends in order");
            node.start().await;
            crowd.healed().await;
        }
    }
    crowd.check("nodes replaced").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_nodes_are_replaced_one_by_one_and_killed_at_no_cost() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let front = Front::start(&cluster.addresses()).await;
    let crowd = Crowd::gather_at(&cluster, vec![front.address()]).await;
    for number in 0..NODES {
        crowd.write(40).await;
        if number == 0 {
            cluster.nodes[number].kill();
        } else {
            assert_eq!(cluster.nodes[number].stop().await, 0);
        }
        crowd.healed().await;
        cluster.nodes[number].start().await;
        front.knows(number).await;
    }
    crowd.check("nodes replaced behind HAProxy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_a_node_that_stops_serves_until_the_balancer_has_noticed() {
    let _turn = turn().await;
    let longer = |_, node: &mut Node| node.more.push(("PARLOR_SERVER_STOP_SECS".to_owned(), "25".into()));
    let mut cluster = Cluster::start_with(2, longer).await;
    let front = Front::start(&cluster.addresses()).await;
    let (behind, before) = (cluster.nodes[0].address(), front.address());
    let node = &mut cluster.nodes[0];
    let ended = std::cell::Cell::new(false);
    let asking = async {
        let status = async |address: &str, path: &str| {
            let answer = reqwest::get(format!("http://{address}{path}")).await;
            answer.map_or(0, |answer| answer.status().as_u16())
        };
        while status(&behind, "/ready").await == 200 {}
        assert_eq!(status(&behind, "/ready").await, 503, "it says so first");
        assert_eq!(status(&behind, "/console").await, 200, "and serves whoever comes");
        let mut asked = 0;
        while !ended.get() {
            assert_eq!(status(&before, "/console").await, 200, "after {asked} requests");
            asked += 1;
        }
    };
    let stopping = async {
        let code = node.stop().await;
        ended.set(true);
        code
    };
    assert_eq!(tokio::join!(stopping, asking).0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_whoever_polls_is_served_by_every_node() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let front = Front::start(&cluster.addresses()).await;
    let origin = format!("http://{}", front.address());
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token("ann").await });
    let (mut ann, _) = Poll::begin_at(vec![origin.clone()], &hello).await;
    let bob = json!({ "v": 1, "as": "user", "token": cluster.token("bob").await });
    let (mut bob, _) = Client::connect(cluster.nodes[1].address().parse().unwrap(), bob).await;
    for number in 2..8 {
        let text = format!("message {number}");
        let answer =
            ann.ask(number, "send", text_body(&json!({ "user": "bob" }), &text.replace(' ', "-"), &text)).await;
        assert!(answer["frames"].is_array(), "{answer}");
        let seen = bob.sees(&text).await;
        bob.writes(&seen["conversation"], "yes").await;
        ann.until(|frame| frame["push"] == "message" && frame["body"]["content"]["content"] == "yes").await;
    }
    // The node on which the session lives dies: nobody knows it any more, and the client begins anew, as after a restart.
    for node in &mut cluster.nodes[..2] {
        node.kill();
    }
    cluster.nodes[2].kill();
    for node in &mut cluster.nodes {
        node.start().await;
    }
    front.knows(0).await;
    let gone = ann.wait().await;
    assert!(gone["error"]["code"].is_string(), "{gone}");
    let (mut ann, welcome) = Poll::begin_at(vec![origin], &hello).await;
    assert!(welcome["frames"][0]["ok"].is_object(), "{welcome}");
    let answer = ann.ask(2, "send", text_body(&json!({ "user": "bob" }), "again", "again")).await;
    assert!(answer["frames"].is_array(), "{answer}");
}
