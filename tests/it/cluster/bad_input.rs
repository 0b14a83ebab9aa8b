//! A node whose settings lead nowhere says so and ends, in time and without showing a password.

use std::{ffi::OsString, time::Duration};

use super::{
    bus::Nats,
    database::Postgres,
    node::free_port,
    proxy::{Mode, Proxy, Target},
    running::{Program, Running, words},
};

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
    let command = vec![env!("CARGO_BIN_EXE_parlor").into(), "serve".into()];
    let running = Running::start(Program { command, environment, log: log.clone(), end: "KILL" });
    let waiting = tokio::task::spawn_blocking(move || running.wait());
    let code = tokio::time::timeout(PATIENCE, waiting).await.expect("it ends in time").unwrap();
    (code, words(&log))
}

async fn is_refused(settings: &[(&str, String)], wanted: &str) {
    let (code, words) = ends(settings).await;
    assert_eq!(code, 1, "{words}");
    assert!(words.contains(wanted), "{wanted}: {words}");
    assert!(!words.contains("hunter2") && !words.contains("panicked"), "{words}");
}

fn through(proxy: &Proxy) -> [(&'static str, String); 1] {
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
