//! What happens to the database under load.

use std::time::Duration;

use super::{NODES, crowd::Crowd, node::Cluster, proxy::Mode, rounds, turn};

/// Messages between two faults.
const BETWEEN: usize = 60;

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
