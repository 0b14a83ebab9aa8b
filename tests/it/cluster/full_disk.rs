//! The disk of the database runs full.

use std::path::PathBuf;

use serde_json::json;

use super::{crowd::Crowd, node::Cluster, turn};
use crate::client::Client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_a_full_disk_of_the_database_costs_no_message() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can make a small disk: a full disk of the database was NOT tried");
        return;
    }
    let _turn = turn().await;
    let mut cluster = Cluster::on_a_small_disk(2).await;
    let crowd = Crowd::gather(&cluster).await;
    crowd.write(40).await;
    let hello = json!({ "v": 1, "as": "user", "token": cluster.token("reader").await });
    let ballast: PathBuf = cluster.database.fill_disk();
    // Messages find room in pages that are there for a while; then they are refused, and told that it passes.
    let (mut reader, _) = Client::connect(cluster.nodes[0].address().parse().unwrap(), hello).await;
    let refused = loop {
        let big = "x".repeat(7000);
        if let Err(error) =
            reader.sends(json!({ "user": "listener0" }), &format!("big{}", rand::random::<u64>()), &big).await
        {
            break error;
        }
    };
    assert_eq!(refused["temporary"], json!(true), "{refused}");
    assert!(cluster.nodes.iter_mut().all(super::node::Node::stands), "no node ended");
    std::fs::remove_file(ballast).unwrap();
    cluster.database.mend().await;
    crowd.healed().await;
    crowd.write(40).await;
    assert!(cluster.nodes.iter_mut().all(super::node::Node::stands), "no node ended");
    crowd.check("a full disk of the database").await;
}
