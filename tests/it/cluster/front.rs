//! The balancer `haproxy` before the nodes, set up as `scripts/cluster` does it.

use std::fmt::Write as _;

use tempfile::TempDir;

use super::{
    database::eventually,
    node::free_port,
    running::{Program, Running},
};

const SETTINGS: &str = "\
global
  stats socket FOLDER/admin
defaults
  mode http
  timeout connect 2s
  timeout client 2m
  timeout server 2m
  timeout tunnel 200s
  timeout check 6s
  timeout http-request 15s
  retries 3
  option redispatch 1
frontend chat
  bind 127.0.0.1:PORT
  http-request del-header X-Forwarded-For
  option forwardfor
  default_backend nodes
backend nodes
  balance roundrobin
  option httpchk GET /ready
  http-check expect status 200
  default-server check inter 300ms fastinter 100ms fall 2 rise 1
";

/// A proxy that gives each request to the next node that is ready.
pub(super) struct Front {
    _running: Running,
    port: u16,
    folder: TempDir,
}

impl Front {
    pub(super) async fn start(nodes: &[String]) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let here = folder.path().display().to_string();
        let mut settings = SETTINGS.replace("FOLDER", &here).replace("PORT", &port.to_string());
        for (number, node) in nodes.iter().enumerate() {
            writeln!(settings, "  server node{number} {node}").unwrap();
        }
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, settings).unwrap();
        let running = Running::start(Program {
            command: vec!["haproxy".into(), "-db".into(), "-f".into(), file.into()],
            environment: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
            log: folder.path().join("log"),
            end: "KILL",
        });
        let front = Self { _running: running, port, folder };
        for number in 0..nodes.len() {
            front.knows(number).await;
        }
        front
    }

    /// Where people find it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Until it gives requests to a node.
    pub(super) async fn knows(&self, number: usize) {
        let up = format!(",node{number},");
        eventually("the proxy knows the node", async || {
            self.servers().await.is_some_and(|servers| {
                servers.lines().any(|line| line.contains(&up) && line.split(',').any(|field| field.starts_with("UP")))
            })
        })
        .await;
    }

    async fn servers(&self) -> Option<String> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut line = tokio::net::UnixStream::connect(self.folder.path().join("admin")).await.ok()?;
        line.write_all(b"show stat\n").await.ok()?;
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }
}
