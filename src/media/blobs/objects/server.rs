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
    authority: Option<Authority>,
    running: Option<(Child, ChildStdin)>,
}

impl S3Server {
    /// A server, where the tests that need development tools were asked for.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|| None)
    }

    /// The same behind TLS, with a certificate that only an authority of its own has signed.
    pub(crate) fn start_secured() -> Option<Self> {
        Self::start_with(|| Some(Authority::new()))
    }

    /// The file with the certificate of whoever signed the server's.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.authority.as_ref().expect("it was started with TLS").file("authority.pem")
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    fn start_with(authority: impl FnOnce() -> Option<Authority>) -> Option<Self> {
        if !std::env::var("PARLOR_BROWSER_TESTS").is_ok_and(|switch| !switch.is_empty() && switch != "0") {
            // Straight to the terminal: the test runner swallows what passing tests print.
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            let _ = writeln!(std::io::stderr(), "SKIPPED, set PARLOR_BROWSER_TESTS=1 to run it: {name}");
            return None;
        }
        let mut server = Self { folder: tempfile::tempdir().unwrap(), port: 0, authority: authority(), running: None };
        server.start_again();
        Some(server)
    }

    /// Starts what was stopped.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new("sh");
        command
            // Places in a listing are encrypted by a cipher that OpenSSL keeps apart.
            .args(["-c", WATCH, "sh", "node", "--openssl-legacy-provider", PROGRAM])
            .arg(self.folder.path())
            .args([&self.port.to_string(), BUCKET]);
        if let Some(authority) = &self.authority {
            command.args([authority.file("server.key"), authority.file("server.pem")]);
        }
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
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
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

/// An authority that nobody else knows, and what it has signed for a server on this machine.
#[derive(Debug)]
pub(crate) struct Authority(tempfile::TempDir);

impl Authority {
    /// Made by OpenSSL, which PostgreSQL brings along.
    pub(crate) fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.signs("authority", &["-subj", "/CN=An authority of tests"]);
        let of_server = ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
        authority.signs(
            "server",
            &[
                "-subj",
                "/CN=A server of tests",
                "-addext",
                of_server[0],
                "-addext",
                of_server[1],
                "-CA",
                "authority.pem",
                "-CAkey",
                "authority.key",
            ],
        );
        authority
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes `NAME.key` and `NAME.pem`.
    fn signs(&self, name: &str, how: &[&str]) {
        let made = Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .args(how)
            .current_dir(&self.0)
            .output()
            .expect("openssl is there: Debian's package of that name");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}
