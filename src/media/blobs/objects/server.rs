//! A real S3 server of one's own on a free port, which checks signatures: for tests here and for those from outside. It is
//! `tests/s3/server.js`, on development tools in `node_modules`.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

/// The only key that it knows.
pub(crate) const KEY_ID: &str = "S3RVER";
/// That key's secret.
pub(crate) const SECRET: &str = "S3RVER";
/// The only bucket that there is.
pub(crate) const BUCKET: &str = "chat-files";

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/s3/server.js");

/// Starts the server and ends it when standard input closes: that is when this process ends, in whichever way.
const WATCH: &str = r#"
"$@" </dev/null &
server=$!
read -r _
kill -KILL $server
wait $server 2>/dev/null
"#;

/// A server that can be stopped and started again under the same port.
#[derive(Debug)]
pub(crate) struct S3Server {
    folder: tempfile::TempDir,
    port: u16,
    running: Option<(Child, ChildStdin)>,
}

impl S3Server {
    /// A server, where the tests that need development tools were asked for.
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    pub(crate) fn start() -> Option<Self> {
        if !std::env::var("PARLOR_BROWSER_TESTS").is_ok_and(|switch| !switch.is_empty() && switch != "0") {
            // Straight to the terminal: the test runner swallows what passing tests print.
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            let _ = writeln!(std::io::stderr(), "SKIPPED, set PARLOR_BROWSER_TESTS=1 to run it: {name}");
            return None;
        }
        let mut server = Self { folder: tempfile::tempdir().unwrap(), port: 0, running: None };
        server.start_again();
        Some(server)
    }

    /// Starts what was stopped.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCH, "sh", "node", PROGRAM])
            .arg(self.folder.path())
            .args([&self.port.to_string(), BUCKET]);
        let mut watcher = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (watcher.stdin.take().unwrap(), watcher.stdout.take().unwrap());
        let said = BufReader::new(output).lines().map(Result::unwrap).find(|line| line.contains("listening on"));
        let said = said.expect("the S3 server starts; `npm ci` installs it");
        self.port = said.rsplit(' ').next().unwrap().trim().parse().unwrap();
        self.running = Some((watcher, input));
    }

    /// Ends it. What it keeps stays.
    pub(crate) fn stop(&mut self) {
        if let Some((mut watcher, input)) = self.running.take() {
            drop(input);
            watcher.wait().unwrap();
        }
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The files behind all objects of the bucket, sorted.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let (mut folders, mut found) = (vec![self.folder.path().join(BUCKET)], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_string_lossy().ends_with("_object") {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}
