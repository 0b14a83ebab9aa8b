//! What happens to the nodes under load.

use rand::{Rng, seq::IndexedMutRandom};

use super::{NODES, crowd::Crowd, node::Cluster, rounds, turn};

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
