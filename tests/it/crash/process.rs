//! The built binary as a process of its own, on a data folder that outlives it.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use parlor::model::{Upstream, upstream::Peer};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

/// A server that can be killed and started again.
pub(crate) struct ServerProcess {
    folder: TempDir,
    address: String,
    child: Option<Child>,
    /// A port of this machine that webhooks may lead to.
    asks: Option<u16>,
}

impl ServerProcess {
    /// A data folder and an address; nothing runs yet.
    pub(crate) fn prepare() -> Self {
        // The port must be the same after each start. It was free a moment ago; nobody else asks for it by number.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        Self { folder: tempfile::tempdir().unwrap(), address, child: None, asks: None }
    }

    /// The same, and webhooks may lead to this port of this machine.
    pub(crate) fn asking(mut self, port: u16) -> Self {
        self.asks = Some(port);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command
            .current_dir(self.folder.path())
            // The switches of the tests are none of the program's settings.
            .env_clear()
            .env("PARLOR_DATA_DIR", self.data())
            .env("PARLOR_DATA_RESERVE_BYTES", "0")
            .env("PARLOR_DEMO_ENABLED", "false")
            .env("PARLOR_METRICS_ENABLED", "false")
            .env("PARLOR_SERVER_LISTEN", &self.address)
            .env("PARLOR_LIMITS_VISITOR_SENDS_PER_SEC", "10000")
            .env("PARLOR_LIMITS_VISITOR_SEND_BURST", "10000")
            .env("PARLOR_LIMITS_APP_SENDS_PER_SEC", "100000")
            .env("PARLOR_LIMITS_API_PER_APP_SEC", "10000")
            .env("PARLOR_LIMITS_API_PER_KEY_SEC", "10000")
            .env("PARLOR_LOG_LEVEL", "error");
        if let Some(port) = self.asks {
            command
                .env("PARLOR_OUTBOUND_ALLOW_HTTP", "true")
                .env("PARLOR_OUTBOUND_NETWORKS", "127.0.0.1")
                .env("PARLOR_OUTBOUND_PORTS", port.to_string());
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.command().args(arguments).arg("--json").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Makes an app and returns its key.
    pub(crate) fn add_app(&self, name: &str) -> String {
        self.run(&["app", "add", name])["key"].as_str().unwrap().to_owned()
    }

    /// Makes a key with every scope and returns it.
    pub(crate) fn add_key(&self, app: &str) -> String {
        self.run(&["key", "add", app, "--name", "Test", "--scopes", "all"])["key"].as_str().unwrap().to_owned()
    }

    /// Makes an app that is open to code of the compatible protocol; returns its key and its secret.
    pub(crate) fn add_compatible_app(&self, name: &str) -> (String, String) {
        let made = self.run(&["app", "add", name, "--rong-compatible"]);
        (made["key"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    /// Sets one of an app's switches, `NAME=VALUE`.
    pub(crate) fn set_switch(&self, app: &str, switch: &str) {
        self.run(&["app", "switches", app, switch]);
    }

    /// Ends all tokens of a user.
    pub(crate) fn revoke(&self, app: &str, user: &str) {
        self.run(&["token", "revoke", user, "--app", app]);
    }

    /// Where it listens when it runs.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The data folder. Nobody else may have it open.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Makes a webhook that hears of messages.
    pub(crate) fn add_webhook(&self, app: &str, url: &str) {
        self.run(&["webhook", "add", app, url, "--topics", "message.sent"]);
    }

    /// Makes a user and returns their token.
    pub(crate) fn token(&self, app: &str, user: &str) -> String {
        self.run(&["token", user, "--app", app])["token"].as_str().unwrap().to_owned()
    }

    /// Makes a site of an app and returns its key.
    pub(crate) fn add_site(&self, app: &str) -> String {
        let made = self.run(&["site", "add", "--app", app, "--origin", "https://shop.example"]);
        made["site"]["key"].as_str().unwrap().to_owned()
    }

    /// Has an app's conversations led elsewhere.
    pub(crate) fn set_upstream(&self, app: &str, upstream: &Upstream, secret: &str) {
        let Upstream { navigation, api, app_key, peer } = upstream;
        let kind = if matches!(peer, Peer::Service(_)) { "--service" } else { "--user" };
        let file = self.folder.path().join("upstream-secret");
        std::fs::write(&file, secret).unwrap();
        let mut command = self.command();
        command.args(["upstream", "set", app, "--navigation", navigation, "--api", api, "--app-key", app_key]);
        let output = command.args([kind, peer.id(), "--secret-file"]).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What a new visitor of a site says as hello. The server runs.
    pub(crate) async fn visitor_hello(&self, site: &str) -> serde_json::Value {
        let origin = format!("http://{}", self.address);
        let asked = reqwest::Client::new().post(format!("{origin}/w/{site}/session"));
        let asked = asked.header("origin", &origin).header("sec-fetch-site", "same-origin");
        let answer = asked.json(&serde_json::json!({ "keep": "storage" })).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        let token = answer["token"].as_str().unwrap_or_else(|| panic!("a visitor: {answer}"));
        serde_json::json!({ "v": 1, "as": "visitor", "site": site, "token": token })
    }

    /// Starts the server and waits until it answers; returns its address.
    pub(crate) async fn start(&mut self) -> String {
        let child = self.command().arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        self.child = Some(child);
        timeout(Duration::from_secs(30), self.answers()).await.expect("the server answers in time");
        self.address.clone()
    }

    /// Asks again and again: a starting process has no event that another could wait for.
    async fn answers(&self) {
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        loop {
            pause.tick().await;
            if let Ok(mut stream) = TcpStream::connect(&self.address).await
                && stream.write_all(b"GET /ready HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await.is_ok()
                && read_all(&mut stream).await.starts_with("HTTP/1.1 200")
            {
                return;
            }
        }
    }

    /// SIGKILL: no time for anything.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    use tokio::io::AsyncReadExt;
    let mut text = String::new();
    // A connection that breaks off has said what it had to say.
    let _ = stream.read_to_string(&mut text).await;
    text
}
