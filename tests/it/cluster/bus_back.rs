//! What nodes find out of each other when the bus is back.

use serde_json::json;

use super::{database::eventually, node::Cluster, turn};
use crate::client::Client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_devices_that_came_to_two_nodes_without_a_bus_one_stays_when_it_is_back() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(2).await;
    let back_end = cluster.back_end(&cluster.nodes[0]).await;
    back_end.patch("/v1/app", &json!({ "features": { "multi_device": false } })).await.ok();
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token("ann").await });
    let places: Vec<_> = cluster.addresses().iter().map(|address| address.parse().unwrap()).collect();
    let (mut first, _) = Client::connect(places[0], hello.clone()).await;
    cluster.bus.kill();
    eventually("both nodes know that they hear nothing", async || {
        cluster.nodes.iter().all(|node| node.words().contains("NATS is away"))
    })
    .await;
    let (mut second, _) = Client::connect(places[1], hello).await;
    first.ask("ping", json!({})).await.unwrap();
    cluster.bus.start_again().await;
    assert_eq!(first.closed().await, 4410);
    second.ask("ping", json!({})).await.unwrap();
}
