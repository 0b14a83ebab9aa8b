//! A node whose settings lead nowhere says so and ends, in time and without showing a password.

use std::{ffi::OsString, time::Duration};

use super::{
    bus::Nats,
    database::{Postgres, eventually},
    node::{Cluster, Node, THIS, free_port},
    proxy::{Mode, Proxy, Target},
    running::{Program, Running, words},
    turn,
};
use crate::client::Client;

/// Whoever starts it hears by then what is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a node ends that is started with these settings: its code and its words.
async fn ends(settings: &[(&str, String)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut environment: Vec<(String, OsString)> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
    environment.extend([
        ("PARLOR_DATA_DIR".to_owned(), folder.path().join("data").into()),
        ("PARLOR_SERVER_LISTEN".to_owned(), "127.0.0.1:0".into()),
        ("PARLOR_DEMO_ENABLED".to_owned(), "false".into()),
        ("PARLOR_METRICS_ENABLED".to_owned(), "false".into()),
    ]);
    let command = vec![THIS.into(), "serve".into()];
    let running = Running::start(Program { command, environment, log: log.clone(), end: "KILL" });
    let waiting = tokio::task::spawn_blocking(move || running.wait());
    let code = tokio::time::timeout(PATIENCE, waiting).await.expect("it ends in time").unwrap();
    (code, words(&log))
}

/// Whoever starts a node with these settings hears what is wrong, and no password.
pub(super) async fn is_refused(settings: &[(&str, String)], wanted: &str) {
    let (code, words) = ends(settings).await;
    assert_eq!(code, 1, "{words}");
    assert!(words.contains(wanted), "{wanted}: {words}");
    assert!(!words.contains("hunter2") && !words.contains("panicked"), "{words}");
}

/// A way to the database.
pub(super) fn through(proxy: &Proxy) -> [(&'static str, String); 1] {
    [("PARLOR_STORE_URL", format!("postgres://parlor:hunter2@127.0.0.1:{}/postgres?sslmode=disable", proxy.port()))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_has_no_database_says_so_and_ends() {
    is_refused(&[("PARLOR_STORE_URL", "mysql://parlor:hunter2@127.0.0.1/chat".to_owned())], "store.url").await;
    let nobody = Proxy::to(Target::Port(free_port()));
    is_refused(&through(&nobody), "cannot be reached").await;
    nobody.set(Mode::Silent);
    is_refused(&through(&nobody), "cannot be reached").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_work_with_its_database_says_so_and_ends() {
    let database = Postgres::start().await;
    let way = Proxy::to(database.socket());
    database.tell("create table somebody_elses (id bigint)").await;
    is_refused(&through(&way), "not Parlor's").await;
    database
        .tell(
            "create table parlor_schema (id bigint, version bigint, works_from bigint);
            insert into parlor_schema values (1, 9000, 9000)",
        )
        .await;
    is_refused(&through(&way), "schema version 9000").await;
    let standby = database.standby().await;
    way.lead(standby.socket());
    is_refused(&through(&way), "read-only").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_file_of_credentials_is_none_says_so_and_ends() {
    let database = Postgres::start().await;
    let way = Proxy::to(database.socket());
    let bus = Nats::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bus.creds");
    let [(name, store)] = through(&way);
    let settings = [
        (name, store),
        ("PARLOR_BUS_URL", format!("nats://127.0.0.1:{}", bus.port())),
        ("PARLOR_BUS_CREDENTIALS", file.display().to_string()),
    ];
    is_refused(&settings, "bus.credentials cannot be read").await;
    std::fs::write(&file, "hunter2").unwrap();
    is_refused(&settings, "bus.credentials cannot be read").await;
}

/// Two nodes at a bus that is of no use to them start, say why, and serve: what one hears the other finds in the database.
async fn serves_without(bus: &str, wanted: &str) {
    let _turn = turn().await;
    let address = |_, node: &mut Node| node.more = vec![("PARLOR_BUS_URL".to_owned(), bus.into())];
    let cluster = Cluster::start_with(2, address).await;
    let mut people = Vec::new();
    for (node, user) in cluster.nodes.iter().zip(["ann", "bob"]) {
        eventually("it says why", async || node.words().contains(wanted)).await;
        assert!(!node.words().contains("hunter2"), "{}", node.words());
        let hello = serde_json::json!({ "v": 1, "as": "user", "token": cluster.token(user).await });
        people.push(Client::connect(node.address().parse().unwrap(), hello).await.0);
    }
    people[0].sends(serde_json::json!({ "user": "bob" }), "k1", "by the database").await.unwrap();
    people[1].sees("by the database").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_may_not_speak_on_the_bus_say_so_and_serve() {
    let bus = Nats::start_with(
        r#"authorization { users = [
          { user: parlor, password: hunter2, permissions: { publish: "elsewhere.>", subscribe: "elsewhere.>" } }
        ] }"#,
    )
    .await;
    let address = format!("nats://parlor:hunter2@127.0.0.1:{}", bus.port());
    serves_without(&address, "ermissions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_do_not_find_the_bus_say_so_and_serve() {
    serves_without(&format!("nats://parlor:hunter2@127.0.0.1:{}", free_port()), "NATS cannot be reached").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whom_the_bus_refuses_says_so_and_ends() {
    let database = Postgres::start().await;
    let way = Proxy::to(database.socket());
    let bus = Nats::start_asking(Some(("parlor", "right"))).await;
    let with = |address: String| {
        let [(name, store)] = through(&way);
        [(name, store), ("PARLOR_BUS_URL", address)]
    };
    let port = bus.port();
    is_refused(&with(format!("http://parlor:hunter2@127.0.0.1:{port}")), "bus.url").await;
    is_refused(&with(format!("nats://parlor:hunter2@127.0.0.1:{port}")), "NATS").await;
    is_refused(&[("PARLOR_BUS_URL", "nats://127.0.0.1".to_owned())], "store.url").await;
}
