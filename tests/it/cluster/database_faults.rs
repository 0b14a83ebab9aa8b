//! What happens to the database under load.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{NODES, crowd::Crowd, database::eventually, node::Cluster, proxy::Mode, rounds, turn};
use crate::{
    client::Client,
    rong::client::{Sdk, TWO, address, text},
};

/// Messages between two faults.
const BETWEEN: usize = 60;
/// What the bus did not carry is found by then.
const FOUND: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_restarted_paused_or_cut_off_costs_no_message() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let crowd = Crowd::gather(&cluster).await;
    for round in 0..rounds("PARLOR_DATABASE_FAULTS", 5) {
        crowd.write(BETWEEN).await;
        match round % 5 {
            0 => cluster.database.crash(),
            1 => cluster.database.stop(),
            2 => cluster.nodes[round % cluster.nodes.len()].to_database.cut(),
            3 => cluster.database.pause(true),
            _ => cluster.nodes[round % cluster.nodes.len()].to_database.set(Mode::Silent),
        }
        // For so long it is away: how long is the fault, nobody waits for anything else.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        match round % 5 {
            0 | 1 => cluster.database.start_again().await,
            3 => cluster.database.pause(false),
            _ => cluster.nodes[round % cluster.nodes.len()].to_database.set(Mode::Open),
        }
        crowd.healed().await;
    }
    crowd.write(BETWEEN).await;
    assert!(cluster.nodes.iter_mut().all(super::node::Node::stands), "no node ended");
    crowd.check("database faults").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_to_a_synchronous_standby_costs_no_message() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let mut standby = cluster.database.standby().await;
    let crowd = Crowd::gather(&cluster).await;
    let times = rounds("PARLOR_FAILOVERS", 2);
    for round in 0..times {
        crowd.write(BETWEEN).await;
        cluster.database.crash();
        standby.promote().await;
        for node in &cluster.nodes {
            node.to_database.lead(standby.socket());
        }
        crowd.healed().await;
        cluster.database = standby;
        if round + 1 == times {
            break;
        }
        standby = cluster.database.standby().await;
    }
    crowd.write(BETWEEN).await;
    assert!(cluster.nodes.iter_mut().all(super::node::Node::stands), "no node ended");
    crowd.check("database failovers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_without_a_bus_what_others_said_is_told_on_every_node() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(2).await;
    let standby = cluster.database.standby().await;
    let mut people = Vec::new();
    for (node, user) in cluster.nodes.iter().zip(["ann", "bob"]) {
        let hello = json!({ "v": 1, "as": "user", "token": cluster.token(user).await });
        people.push(Client::connect(node.address().parse().unwrap(), hello).await.0);
    }
    let to_bob = json!({ "user": "bob" });
    people[0].sends(to_bob.clone(), "first", "first").await.unwrap();
    people[1].sees("first").await;
    cluster.bus.kill();
    // Bob's node looks into the first server no more; what is said there now it finds in the second one.
    cluster.nodes[1].to_database.set(Mode::Shut);
    people[0].sends(to_bob.clone(), "before", "before").await.unwrap();
    cluster.database.crash();
    standby.promote().await;
    for node in &cluster.nodes {
        node.to_database.lead(standby.socket());
        node.to_database.set(Mode::Open);
    }
    let began = Instant::now();
    people[1].sees("before").await;
    let first = began.elapsed();
    let began = Instant::now();
    people[0].sends(to_bob, "after", "after").await.unwrap();
    people[1].sees("after").await;
    let next = began.elapsed();
    eprintln!("after the failover told after {first:?}, then after {next:?}");
    // Here the machine is busy with the new server, and the first look only finds the connections broken.
    assert!(first.max(next) < FOUND * 3, "told after {first:?} and {next:?}");
    cluster.database = standby;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_cannot_look_up_at_once_its_compatible_clients_hear_before_what_is_said_later() {
    let _turn = turn().await;
    let cluster = Cluster::start(2).await;
    let place = cluster.nodes[1].address().parse().unwrap();
    let mut ann = Sdk::open_at(place, &address(cluster.app(), &cluster.token("ann").await, TWO)).await;
    ann.greeted().await;
    ann.pull(0).await;
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token("bob").await });
    let (mut bob, _) = Client::connect(cluster.nodes[0].address().parse().unwrap(), hello).await;
    cluster.nodes[1].to_database.set(Mode::Shut);
    // Her node has never heard of their conversation.
    for said in ["first", "second"] {
        bob.sends(json!({ "user": "ann" }), said, said).await.unwrap();
    }
    let complaints = || cluster.nodes[1].words().matches("Upkeep did not finish").count();
    let before = complaints();
    eventually("the node has looked for it", async || complaints() > before + 1).await;
    cluster.nodes[1].to_database.set(Mode::Open);
    assert_eq!([text(&ann.message().await), text(&ann.message().await)], ["first", "second"]);
}

/// Longer than any limit on a statement.
const HUNG: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes most of a minute; scripts/faults does it"]
async fn d1_nothing_is_acked_that_the_standby_does_not_have() {
    let _turn = turn().await;
    let cluster = Cluster::start(1).await;
    let standby = cluster.database.standby().await;
    let crowd = Crowd::gather(&cluster).await;
    crowd.write(10).await;
    standby.pause(true);
    // What the standby has, but has not confirmed yet, may still be acked.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = crowd.acked();
    tokio::time::sleep(HUNG).await;
    assert_eq!(crowd.acked(), before, "acked, and lost with the first server");
    standby.pause(false);
    crowd.healed().await;
    crowd.check("a standby that hung").await;
}
