//! A NATS server that can be hurt.

use std::{ffi::OsString, net::TcpStream, time::Duration};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    database::eventually,
    node::free_port,
    running::{Program, Running},
};

/// A server on a port of its own.
pub(crate) struct Nats {
    server: Option<Running>,
    port: u16,
    /// User and password, when it asks for them.
    who: Option<(String, String)>,
    /// Whether its folder holds settings.
    set_up: bool,
    folder: TempDir,
}

impl Nats {
    /// A new server that runs.
    pub(crate) async fn start() -> Self {
        Self::start_asking(None).await
    }

    /// One that lets in only who knows this user and password.
    pub(crate) async fn start_asking(who: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let who = who.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let mut made = Self { server: None, port: free_port(), who, set_up: false, folder };
        made.start_again().await;
        made
    }

    /// One with settings of its own.
    pub(crate) async fn start_with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        let mut made = Self { server: None, port: free_port(), who: None, set_up: true, folder };
        made.start_again().await;
        made
    }

    /// Starts it, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        let port = self.port.to_string();
        let mut command: Vec<OsString> = ["nats-server", "-a", "127.0.0.1", "-p", &port].map(Into::into).to_vec();
        if self.set_up {
            command.extend(["-c".into(), self.folder.path().join("settings").into()]);
        }
        if let Some((user, password)) = &self.who {
            command.extend(["--user".into(), user.into(), "--pass".into(), password.into()]);
        }
        self.server = Some(Running::start(Program {
            command,
            environment: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
            log: self.folder.path().join("log"),
            end: "KILL",
        }));
        let address = ([127, 0, 0, 1], self.port).into();
        let patience = Duration::from_secs(1);
        eventually("NATS answers", async || TcpStream::connect_timeout(&address, patience).is_ok()).await;
    }

    /// No time for anything.
    pub(crate) fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.signal(Signal::KILL);
            server.wait();
        }
    }

    /// Stops it where it stands, or lets it go on.
    pub(crate) fn pause(&self, on: bool) {
        let server = self.server.as_ref().expect("it runs");
        server.signal(if on { Signal::STOP } else { Signal::CONT });
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}
