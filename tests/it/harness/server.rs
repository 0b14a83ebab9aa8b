//! The real server, in this process, on a free port.

use std::{net::SocketAddr, path::Path, thread::JoinHandle};

use parlor::{
    app::{Parlor, Welcome},
    config::Config,
    lifecycle,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::logs;

/// A running server with a data folder of its own. Stops in order when dropped.
pub(crate) struct TestServer {
    config: Config,
    welcome: Welcome,
    orders: mpsc::Sender<()>,
    running: Option<JoinHandle<()>>,
    stopping: bool,
    // Last, so that the folder outlives the server.
    _folder: TempDir,
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
        change(&mut config);
        let (config, welcome, orders, running) = launch(config);
        Self { config, welcome, orders, running: Some(running), stopping: false, _folder: folder }
    }

    /// Stops in order, then starts on the same data and addresses with some settings changed.
    pub(crate) fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop();
        change(&mut self.config);
        self.start_again();
    }

    fn start_again(&mut self) {
        let (config, welcome, orders, running) = launch(self.config.clone());
        (self.config, self.welcome, self.orders) = (config, welcome, orders);
        (self.running, self.stopping) = (Some(running), false);
    }

    /// Stops in order, then starts on the same data and the same addresses.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Orders it to stop and does not wait.
    pub(crate) fn begin_stop(&mut self) {
        if !self.stopping {
            // A server that stopped already takes no orders.
            let _ = self.orders.try_send(());
        }
        self.stopping = true;
    }

    /// Stops in order and waits for it.
    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        if let Some(running) = self.running.take() {
            running.join().expect("the server's thread ends without a panic");
        }
    }

    /// The settings, with addresses as they were bound.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// What the person who started it was told.
    pub(crate) fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.config.data.dir
    }

    /// The public address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.config.server.listen
    }

    /// A full address of the public listener.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.server.origin())
    }

    /// The demo page's address.
    pub(crate) fn demo_url(&self) -> String {
        format!("http://{}/", self.config.demo.listen)
    }

    /// A full address of the metrics listener.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.config.metrics.listen)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn launch(config: Config) -> (Config, Welcome, mpsc::Sender<()>, JoinHandle<()>) {
    let (give, orders) = mpsc::channel(2);
    let (tell, told) = std::sync::mpsc::channel();
    let running = std::thread::spawn(move || {
        actix_rt::System::new().block_on(async {
            let parlor = Parlor::start(config).await.expect("the test server starts");
            let _ = tell.send(((*parlor.config).clone(), parlor.welcome.clone()));
            lifecycle::run(parlor, orders).await;
        });
    });
    let (config, welcome) = told.recv().expect("the test server starts");
    (config, welcome, give, running)
}
