//! A cluster as an operator would have it: a database, a bus, and nodes with the same settings and the same key.

use std::{
    ffi::{OsStr, OsString},
    fs,
    net::TcpListener,
    path::Path,
    time::Duration,
};

use parlor::{
    auth::vault::KEY_FILE,
    model::{
        AppKey, Scope,
        site::{Look, Origin},
    },
};
use rand::Rng;
use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    beside::{self, Beside, CommandLine},
    bus::Nats,
    database::{Postgres, eventually},
    proxy::{Proxy, Target},
    running::{Program, Running},
};
use crate::{
    harness::{BackEnd, People},
    hooks::receiver::Receiver,
};

/// Enough for a crowd of tests; what is measured is not their limits.
const GENEROUS: [(&str, &str); 12] = [
    ("PARLOR_DATA_RESERVE_BYTES", "0"),
    ("PARLOR_DEMO_ENABLED", "false"),
    ("PARLOR_METRICS_ENABLED", "false"),
    ("PARLOR_SERVER_WORKERS", "2"),
    ("PARLOR_SERVER_STOP_SECS", "5"),
    ("PARLOR_LIMITS_VISITOR_SENDS_PER_SEC", "10000"),
    ("PARLOR_LIMITS_VISITOR_SEND_BURST", "10000"),
    ("PARLOR_LIMITS_APP_SENDS_PER_SEC", "100000"),
    ("PARLOR_LIMITS_API_PER_APP_SEC", "10000"),
    ("PARLOR_LIMITS_API_PER_KEY_SEC", "10000"),
    ("PARLOR_LIMITS_CONNECTIONS_PER_NETWORK", "10000"),
    ("PARLOR_LOG_LEVEL", "warn"),
];

/// The program of this version.
pub(super) const THIS: &str = env!("CARGO_BIN_EXE_parlor");

/// One server of several.
pub(super) struct Node {
    running: Option<Running>,
    port: u16,
    /// The program that it runs from its next start on.
    pub(super) program: OsString,
    /// More of its environment.
    pub(super) more: Vec<(String, OsString)>,
    pub(super) to_database: Proxy,
    pub(super) to_bus: Proxy,
    folder: TempDir,
}

impl Node {
    /// A folder, a port and a key; nothing runs yet.
    fn prepare(database: &Postgres, bus: &Nats, key: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("parlor-node-").tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::copy(key, folder.path().join("data").join(KEY_FILE)).unwrap();
        Self {
            running: None,
            port: free_port(),
            program: THIS.into(),
            more: Vec::new(),
            to_database: Proxy::to(database.socket()),
            to_bus: Proxy::to(Target::Port(bus.port())),
            folder,
        }
    }

    /// Where people find it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn orders(&self) -> Program {
        let folder = self.folder.path();
        let database = format!("postgres://parlor@127.0.0.1:{}/postgres?sslmode=disable", self.to_database.port());
        let mut environment: Vec<(String, OsString)> =
            GENEROUS.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        environment.extend([
            ("PARLOR_DATA_DIR".to_owned(), folder.join("data").into()),
            ("PARLOR_SERVER_LISTEN".to_owned(), self.address().into()),
            ("PARLOR_STORE_URL".to_owned(), database.into()),
            ("PARLOR_BUS_URL".to_owned(), format!("nats://127.0.0.1:{}", self.to_bus.port()).into()),
        ]);
        environment.extend(self.more.iter().cloned());
        let command = vec![self.program.clone(), "serve".into()];
        Program { command, environment, log: folder.join("log"), end: "KILL" }
    }

    /// Starts it and waits until it is ready.
    pub(super) async fn start(&mut self) {
        self.begin();
        self.ready().await;
    }

    /// Starts it and does not wait.
    pub(super) fn begin(&mut self) {
        self.running = Some(Running::start(self.orders()));
    }

    /// Waits until it says that it is ready.
    pub(super) async fn ready(&mut self) {
        let url = format!("http://{}/ready", self.address());
        let client =
            reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(5)).build().unwrap();
        let running = self.running.as_mut().expect("it was started");
        eventually("the node is ready", async || {
            assert_eq!(running.ended(), None, "the node ended: {}", running.words());
            client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// No time for anything.
    pub(super) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.signal(Signal::KILL);
            running.wait();
        }
    }

    /// As an operator stops it; returns its code.
    pub(super) async fn stop(&mut self) -> i32 {
        let running = self.running.take().expect("it runs");
        running.signal(Signal::TERM);
        tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
    }

    /// What it wrote.
    pub(super) fn words(&self) -> String {
        self.running.as_ref().expect("it runs").words()
    }

    /// Whether it still runs.
    pub(super) fn stands(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.ended().is_none())
    }
}

/// Several nodes on one database.
pub(super) struct Cluster {
    // In this order they end.
    pub(super) nodes: Vec<Node>,
    pub(super) database: Postgres,
    pub(super) bus: Nats,
    beside: Beside,
    app: AppKey,
    key: TempDir,
}

impl Cluster {
    /// So many nodes, ready.
    pub(super) async fn start(count: usize) -> Self {
        Self::start_with(count, |_, _| {}).await
    }

    /// The same, each changed before its start.
    pub(super) async fn start_with(count: usize, change: impl Fn(usize, &mut Node)) -> Self {
        Self::start_on(Postgres::start().await, count, change).await
    }

    /// The same, on a database whose disk can be filled.
    pub(super) async fn on_a_small_disk(count: usize) -> Self {
        Self::start_on(Postgres::start_on_a_small_disk().await, count, |_, _| {}).await
    }

    async fn start_on(database: Postgres, count: usize, change: impl Fn(usize, &mut Node)) -> Self {
        crate::harness::provide_tls();
        let (bus, key) = (Nats::start().await, tempfile::tempdir().unwrap());
        let im = beside::domain(&database, key.path()).await;
        let app = im.create_app("Cluster").await.unwrap().key;
        let mut made = Self { nodes: Vec::new(), database, bus, beside: Beside::Domain(Box::new(im)), app, key };
        made.add(count, change).await;
        made
    }

    /// So many nodes of another version on what that version makes of an empty database. This one has not touched it. They may
    /// ask this port of this machine.
    pub(super) async fn of_version(program: &OsStr, count: usize, port: u16) -> Self {
        crate::harness::provide_tls();
        let (database, bus, key) = (Postgres::start().await, Nats::start().await, tempfile::tempdir().unwrap());
        let line = CommandLine::of(program, &database, key.path(), port);
        let app = line.make(&["app", "add", "Cluster"])["key"].as_str().unwrap().parse().unwrap();
        let mut made = Self { nodes: Vec::new(), database, bus, beside: Beside::Program(line), app, key };
        made.add(count, |_, node| {
            program.clone_into(&mut node.program);
            node.more = beside::may_ask(port).map(|(name, value)| (name.to_owned(), value.into())).into();
        })
        .await;
        made
    }

    /// Has the version that made the database tell this receiver of these topics.
    pub(super) fn tell(&self, receiver: &Receiver, topics: &str) {
        let Beside::Program(line) = &self.beside else { panic!("another version made the database") };
        line.make(&["webhook", "add", self.app.as_str(), &receiver.url(), "--topics", topics]);
    }

    async fn add(&mut self, count: usize, change: impl Fn(usize, &mut Node)) {
        let key = self.key.path().join(KEY_FILE);
        self.nodes = (0..count).map(|_| Node::prepare(&self.database, &self.bus, &key)).collect();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            change(number, node);
            node.start().await;
        }
    }

    /// Where people find the nodes.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(Node::address).collect()
    }

    /// The key of the one app.
    pub(super) fn app(&self) -> &str {
        self.app.as_str()
    }

    /// A new user's token.
    pub(super) async fn token(&self, user: &str) -> String {
        self.beside.token(&self.app, user).await
    }

    /// A back end of theirs that asks this node; the schema must be this version's.
    pub(super) async fn back_end(&self, node: &Node) -> BackEnd {
        let im = beside::domain(&self.database, self.key.path()).await;
        BackEnd::at(format!("http://{}", node.address()), &im, &self.app, Scope::ALL).await
    }

    /// A new site of theirs with its people; the schema must be this version's.
    pub(super) async fn people(&self) -> People {
        let im = beside::domain(&self.database, self.key.path()).await;
        let origins = vec![Origin::parse("https://shop.example").unwrap()];
        let site = im.create_site(&self.app, "Shop", origins, Look::default()).await.unwrap();
        let addresses = self.addresses().iter().map(|address| address.parse().unwrap()).collect();
        People::at(im, site, addresses)
    }
}

/// A port at which nobody listens. It lies below those that the system gives to whoever connects somewhere, so that it is
/// still free when a server takes it.
pub(super) fn free_port() -> u16 {
    loop {
        let port = rand::rng().random_range(10_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
