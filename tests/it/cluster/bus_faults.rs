//! What happens to the bus under load: nothing is lost, and what nobody carried is found in the store.

use std::time::Duration;

use super::{NODES, crowd::Crowd, node::Cluster, proxy::Mode, rounds, turn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_killed_paused_cut_or_parted_costs_no_message() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let crowd = Crowd::gather(&cluster).await;
    let faults = rounds("PARLOR_BUS_FAULTS", 5);
    for round in 0..faults {
        crowd.write(40).await;
        let node = round / 5 % NODES;
        match round % 5 {
            0 => cluster.bus.kill(),
            1 => cluster.nodes[node].to_bus.set(Mode::Shut),
            2 => cluster.nodes[node].to_bus.set(Mode::Silent),
            3 => cluster.bus.pause(true),
            _ => cluster.nodes.iter().for_each(|node| node.to_bus.cut()),
        }
        // Meanwhile everybody goes on writing, and nodes stay up.
        crowd.healed().await;
        crowd.write(40).await;
        for node in &mut cluster.nodes {
            assert!(node.stands(), "no node ends because the bus is away");
        }
        // For so long it is away; then comes what was missed.
        tokio::time::sleep(Duration::from_millis(500)).await;
        match round % 5 {
            0 => cluster.bus.start_again().await,
            1 | 2 => cluster.nodes[node].to_bus.set(Mode::Open),
            3 => cluster.bus.pause(false),
            _ => {}
        }
    }
    crowd.check(&format!("{faults} faults of the bus")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_everybody_hears_within_seconds() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(NODES).await;
    let crowd = Crowd::gather(&cluster).await;
    crowd.write(40).await;
    cluster.bus.kill();
    crowd.healed().await;
    crowd.write(300).await;
    let latest = crowd.latest();
    eprintln!("heard at most {latest:?} after it was acknowledged");
    // Promised are five seconds, to a machine that is not busy with other tests.
    assert!(latest <= Duration::from_secs(15), "heard only after {latest:?}");
    crowd.check("no bus").await;
}
