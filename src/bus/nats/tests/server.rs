//! A NATS server of one's own on a free port, for tests: here and for those from outside.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

/// Starts the server, says its id, and ends it when standard input closes: that is when this process ends, in whichever
/// way. A first line there ends it gently, another one at once.
const WATCH: &str = r#"
"$@" >/dev/null 2>&1 </dev/null &
server=$!
echo $server
read -r how
[ "$how" = gently ] && kill -TERM $server || kill -KILL $server
wait $server 2>/dev/null
"#;

/// A server that can be stopped, started again under the same port, and held.
#[derive(Debug)]
pub(crate) struct NatsServer {
    folder: tempfile::TempDir,
    settings: String,
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    id: u32,
    watcher: Child,
    input: ChildStdin,
}

impl NatsServer {
    /// A server that lets everybody in.
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// A server with such lines in its file of settings.
    pub(crate) fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { folder, settings: settings.to_owned(), port: 0, running: None };
        server.start_again();
        server
    }

    /// A port at which a server can be started later.
    pub(crate) fn later() -> Self {
        let mut server = Self::start();
        server.stop();
        server
    }

    /// Host and port.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where everybody is let in.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.place())
    }

    /// Starts what was stopped.
    pub(crate) fn start_again(&mut self) {
        let file = self.folder.path().join("nats.conf");
        std::fs::write(&file, &self.settings).unwrap();
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let mut watcher = Command::new("/bin/sh")
            .args(["-c", WATCH, "watch", &program().display().to_string(), "-a", "127.0.0.1", "-p", &port, "-c"])
            .arg(&file)
            .arg("--ports_file_dir")
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut id = String::new();
        BufReader::new(watcher.stdout.take().unwrap()).read_line(&mut id).unwrap();
        let id = id.trim().parse().unwrap();
        let input = watcher.stdin.take().unwrap();
        self.running = Some(Running { id, watcher, input });
        self.port = self.wait_for_port(id);
    }

    /// Ends it: gently, or as a crash does.
    pub(crate) fn stop(&mut self) {
        self.end("gently");
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        self.end("at once");
    }

    /// Holds it: its connections stand, and nothing moves.
    pub(crate) fn hold(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn release(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn end(&mut self, how: &str) {
        if let Some(Running { mut watcher, mut input, .. }) = self.running.take() {
            let _ = writeln!(input, "{how}");
            drop(input);
            watcher.wait().unwrap();
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = self.running.as_ref().expect("it runs").id;
        let id = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    fn wait_for_port(&self, id: u32) -> u16 {
        let file = self.folder.path().join(format!("nats-server_{id}.ports"));
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(port) = std::fs::read_to_string(&file).ok().and_then(|text| port_in(&text))
                && TcpStream::connect(("127.0.0.1", port)).is_ok()
            {
                return port;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nats-server does not start");
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.end("at once");
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut found = folders.map(|folder| folder.join("nats-server")).filter(|file| file.exists());
    found.next().expect("nats-server is installed (the package nats-server)")
}

/// `{"nats": ["nats://127.0.0.1:4222"], …}`
fn port_in(text: &str) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_str(text).ok()?;
    ports["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
}
