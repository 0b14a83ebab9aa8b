//! The real server, in this process, on a free port; or several of them on one database, as one server to a test.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread::JoinHandle,
};

use parlor::{
    app::{Parlor, Welcome},
    auth::vault::KEY_FILE,
    config::Config,
    lifecycle,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{logs, several};

/// A running server with a data folder of its own. Stops in order when dropped.
///
/// With `PARLOR_TEST_NODES=3` it is three equal ones, and each who connects comes to the next: the same journeys, with the
/// people on different nodes.
pub(crate) struct TestServer {
    nodes: Vec<Node>,
    next: AtomicUsize,
    stopping: bool,
    // Last, so that the folder outlives the server.
    _folder: TempDir,
}

struct Node {
    config: Config,
    welcome: Welcome,
    orders: mpsc::Sender<()>,
    running: Option<JoinHandle<()>>,
}

impl TestServer {
    /// A server with default settings.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A server with some settings changed.
    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        logs::listen();
        super::provide_tls();
        let folder = tempfile::tempdir().unwrap();
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut config = Config::default();
        config.server.listen = free;
        config.server.workers = 2;
        config.server.stop_secs = 5;
        config.demo.listen = free;
        config.metrics.listen = free;
        config.data.dir = folder.path().join("data");
        config.data.reserve_bytes = 0;
        if several::count() > 1 {
            // As a disk that all nodes reach.
            let files = folder.path().join("files");
            fs::create_dir(&files).unwrap();
            config.files.url = format!("file://{}", files.display());
        }
        change(&mut config);
        let mut nodes = vec![Node::start(config.clone(), several::count() > 1)];
        let first = nodes[0].config.clone();
        for number in 1..several::count() {
            let mut config = config.clone();
            (config.store, config.bus) = (first.store.clone(), first.bus.clone());
            config.data.dir = folder.path().join(format!("data{number}"));
            // As the first one's: pages know the demo site by its address.
            config.demo.enabled = false;
            fs::create_dir_all(&config.data.dir).unwrap();
            fs::copy(first.data.dir.join(KEY_FILE), config.data.dir.join(KEY_FILE)).unwrap();
            nodes.push(Node::start(config, false));
        }
        Self { nodes, next: AtomicUsize::new(0), stopping: false, _folder: folder }
    }

    /// Stops in order, then starts on the same data and addresses with some settings changed.
    pub(crate) fn restart_with(&mut self, change: impl Fn(&mut Config)) {
        self.stop();
        for node in &mut self.nodes {
            change(&mut node.config);
        }
        self.start_again();
    }

    fn start_again(&mut self) {
        for node in &mut self.nodes {
            *node = Node::start(node.config.clone(), false);
        }
        self.stopping = false;
    }

    /// Stops in order, then starts on the same data and the same addresses.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Orders it to stop and does not wait.
    pub(crate) fn begin_stop(&mut self) {
        if !self.stopping {
            for node in &self.nodes {
                // A server that stopped already takes no orders.
                let _ = node.orders.try_send(());
            }
        }
        self.stopping = true;
    }

    /// Stops in order and waits for it.
    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        for node in &mut self.nodes {
            if let Some(running) = node.running.take() {
                running.join().expect("the server's thread ends without a panic");
            }
        }
    }

    /// The settings, with addresses as they were bound.
    pub(crate) fn config(&self) -> &Config {
        &self.nodes[0].config
    }

    /// What the person who started it was told.
    pub(crate) fn welcome(&self) -> &Welcome {
        &self.nodes[0].welcome
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.config().data.dir
    }

    /// The folder of files that people sent.
    pub(crate) fn files(&self) -> PathBuf {
        parlor::app::files_folder(self.config()).unwrap()
    }

    /// The public address; of several nodes, the next one's each time.
    pub(crate) fn address(&self) -> SocketAddr {
        self.node().config.server.listen
    }

    /// The public addresses of all nodes.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.config.server.listen).collect()
    }

    /// The public origins of all nodes.
    pub(crate) fn origins(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.config.server.origin()).collect()
    }

    /// As [`url`](Self::url), of the next node each time.
    pub(crate) fn some_url(&self, path: &str) -> String {
        format!("{}{path}", self.node().config.server.origin())
    }

    fn node(&self) -> &Node {
        &self.nodes[self.next.fetch_add(1, Ordering::Relaxed) % self.nodes.len()]
    }

    /// A full address of the public listener.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config().server.origin())
    }

    /// The demo page's address.
    pub(crate) fn demo_url(&self) -> String {
        format!("http://{}/", self.config().demo.listen)
    }

    /// A full address of the metrics listener.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.config().metrics.listen)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Node {
    fn start(config: Config, on_a_cluster: bool) -> Self {
        let (give, orders) = mpsc::channel(2);
        let (tell, told) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async {
                let config = if on_a_cluster { several::on_a_cluster(config).await } else { config };
                let parlor = Parlor::start(config).await.expect("the test server starts");
                let _ = tell.send(((*parlor.config).clone(), parlor.welcome.clone()));
                lifecycle::run(parlor, orders).await;
            });
        });
        let (config, welcome) = told.recv().expect("the test server starts");
        Self { config, welcome, orders: give, running: Some(running) }
    }
}
