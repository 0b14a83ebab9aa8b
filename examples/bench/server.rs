//! The server as its own process, with limits out of the way, and the people who use it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;
use parlor::{
    app::{domain_beside, open_beside},
    auth::vault::KEY_FILE,
    config::Config,
    im::{Im, backend::groups::NewGroupByBackEnd},
    model::{Kind, Site},
};
use serde_json::{Value, json};

/// What several servers stand on.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The database's address.
    pub(crate) store: String,
    /// The bus's.
    pub(crate) bus: String,
}

/// A running server on a folder of its own. Killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) started_in: Duration,
    folder: PathBuf,
    store: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_on(None, true).await
    }

    /// The same, among others. The first one makes the demo site.
    pub(crate) async fn start_on(ground: Option<&Ground>, first: bool) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = std::env::temp_dir().join(format!("parlor-bench-{}-{}", std::process::id(), address.port()));
        let program = std::env::current_exe()?.with_file_name("../parlor");
        let began = Instant::now();
        let mut command = Command::new(program);
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        command.envs([
            ("PARLOR_SERVER_LISTEN", address.to_string()),
            ("PARLOR_DATA_DIR", folder.display().to_string()),
            ("PARLOR_DEMO_LISTEN", "127.0.0.1:0".to_owned()),
            ("PARLOR_METRICS_ENABLED", "false".to_owned()),
            ("PARLOR_LOG_LEVEL", "error".to_owned()),
        ]);
        for limit in [
            "CONNECTIONS",
            "CONNECTIONS_PER_NETWORK",
            "VISITOR_SENDS_PER_SEC",
            "VISITOR_SEND_BURST",
            "AGENT_SENDS_PER_SEC",
            "AGENT_SEND_BURST",
            "APP_SENDS_PER_SEC",
        ] {
            command.env(format!("PARLOR_LIMITS_{limit}"), "1000000");
        }
        command.env("PARLOR_LIMITS_CONNECTIONS_PER_PERSON", "1000");
        if let Some(Ground { store, bus }) = ground {
            // All have the same key; nothing that it seals is worth anything.
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(KEY_FILE), [7; 32])?;
            command.envs([("PARLOR_STORE_URL", store), ("PARLOR_BUS_URL", bus)]);
            command.env("PARLOR_DEMO_ENABLED", first.to_string());
        }
        let process = command.spawn().context("the server's release build is missing; use scripts/bench")?;
        let mut server = Self {
            process,
            address,
            started_in: Duration::ZERO,
            folder,
            store: ground.map_or_else(String::new, |ground| ground.store.clone()),
        };
        while server.get("/ready").await.is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
            anyhow::ensure!(began.elapsed() < Duration::from_secs(10), "the server does not become ready");
            std::thread::sleep(Duration::from_millis(1));
        }
        server.started_in = began.elapsed();
        Ok(server)
    }

    /// A plain request's whole answer; `None` while nobody listens.
    #[expect(clippy::unused_async, reason = "asked between other measurements, never beside them")]
    pub(crate) async fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    /// CPU used so far, all threads, user and system.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, after_name) = stat.rsplit_once(')').context("a process has a name")?;
        let ticks: u64 =
            after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        // USER_HZ is 100 on every Linux that runs this.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The same of several together.
    pub(crate) fn cpu_of(servers: &[Self]) -> anyhow::Result<Duration> {
        servers.iter().map(Self::cpu).sum()
    }

    /// Memory that is in RAM now.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("Linux tells VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("VmRSS has a value")?.parse()?)
    }

    fn config(&self) -> Config {
        let mut config = Config::default();
        config.data.dir.clone_from(&self.folder);
        config.store.url = self.store.as_str().into();
        config
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes users and visitors beside the server, as the command line does.
pub(crate) struct People {
    im: Im,
}

impl People {
    pub(crate) async fn of(server: &Server) -> anyhow::Result<Self> {
        let config = server.config();
        let store = open_beside(&config).await?;
        Ok(Self { im: domain_beside(&config, store).await? })
    }

    /// The demo site.
    pub(crate) async fn site(&self) -> anyhow::Result<Site> {
        let app = self.im.apps().await?.into_iter().next().context("a first start makes an app")?;
        self.im.sites(&app.key).await?.into_iter().next().context("a first start makes a site")
    }

    /// A new token of this user.
    pub(crate) async fn token(&self, id: &str) -> anyhow::Result<String> {
        let app = self.site().await?.app;
        Ok(self.im.issue_user_token(&app, id.parse()?, id, None).await?.reveal().to_owned())
    }

    /// What this user says as hello.
    pub(crate) async fn user(&self, id: &str) -> anyhow::Result<Value> {
        Ok(json!({ "v": 1, "as": "user", "token": self.token(id).await? }))
    }

    /// A group of these users.
    pub(crate) async fn group(&self, name: &str, users: &[String]) -> anyhow::Result<()> {
        let app = self.site().await?.app;
        let users = users.iter().map(|user| user.parse()).collect::<Result<_, _>>()?;
        let new = NewGroupByBackEnd { kind: Kind::Group, handle: name.parse()?, name: name.to_owned(), users };
        self.im.backend(&app).create_group(new).await?;
        Ok(())
    }

    /// What a new visitor says as hello.
    pub(crate) async fn visitor(&self, site: &Site) -> anyhow::Result<Value> {
        let (_, token) = self.im.mint_visitor(site).await?;
        Ok(json!({ "v": 1, "as": "visitor", "site": site.key, "token": token.reveal() }))
    }
}
