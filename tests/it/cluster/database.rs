//! A PostgreSQL server that can be hurt: it belongs to one test.

use std::{
    ffi::OsString,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgRow};
use tempfile::TempDir;

use super::{
    proxy::Target,
    running::{Program, Running},
};
use crate::postgres::database::{as_nobody_special, id_of_postgres, programs};

const PATIENCE: Duration = Duration::from_mins(1);

/// A server with a folder of its own, reached by a socket in it.
pub(super) struct Postgres {
    server: Option<Running>,
    // Last, so that it outlives the server.
    folder: Folder,
}

/// A temporary folder, perhaps with a disk of its own in it.
struct Folder {
    small_disk: bool,
    folder: TempDir,
}

impl Folder {
    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.small_disk {
            // What is in use goes when it is not used any more.
            let _ = Command::new("umount").arg("-l").arg(self.path().join("data")).status();
        }
    }
}

impl Postgres {
    /// A new server that runs.
    pub(super) async fn start() -> Self {
        Self::start_in(folder()).await
    }

    /// The same, on a disk of its own of 160 MB. Only root can do that.
    pub(super) async fn start_on_a_small_disk() -> Self {
        let mut folder = folder();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=160m", "tmpfs"]).arg(&data).status().unwrap();
        assert!(done.success(), "a small disk can be made");
        folder.small_disk = true;
        chown(&data, Some(id_of_postgres("-u")), Some(id_of_postgres("-g"))).unwrap();
        Self::start_in(folder).await
    }

    async fn start_in(folder: Folder) -> Self {
        let mut made = Self { server: None, folder };
        let arguments = ["--no-sync", "--username=parlor", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"];
        run(&programs().join("initdb"), &arguments, &made.data());
        std::fs::write(made.data().join("pg_hba.conf"), "local all all trust\nlocal replication all trust\n").unwrap();
        made.start_again().await;
        made
    }

    /// Another server that repeats everything this one does, and without which this one commits nothing from now on.
    pub(super) async fn standby(&self) -> Self {
        let mut made = Self { server: None, folder: folder() };
        let here = self.folder.path().display().to_string();
        let arguments = ["--username=parlor", "-h", &here, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D"];
        run(&programs().join("pg_basebackup"), &arguments, &made.data());
        made.start_again().await;
        self.tell("alter system set synchronous_standby_names = '*'").await;
        self.tell("select pg_reload_conf()").await;
        let follows = "select count(*) > 0 from pg_stat_replication where sync_state = 'sync'";
        eventually("the standby follows", async || self.ask(follows).await.is_some_and(|row| row.get(0))).await;
        made
    }

    /// Makes a standby the one that takes commits.
    pub(super) async fn promote(&self) {
        // What the first server was told must not hold this one up, now that it has no standby.
        self.tell("alter system set synchronous_standby_names = ''").await;
        self.tell("select pg_promote(true, 30)").await;
        let rules = "select not pg_is_in_recovery()";
        eventually("it rules", async || self.ask(rules).await.is_some_and(|row| row.get(0))).await;
    }

    /// Starts it on what it has, and waits until it answers.
    pub(super) async fn start_again(&mut self) {
        let folder = self.folder.path();
        let postgres = as_nobody_special(&programs().join("postgres"));
        let mut command: Vec<OsString> = vec![postgres.get_program().to_owned()];
        command.extend(postgres.get_args().map(ToOwned::to_owned));
        command.extend(["-D".into(), self.data().into(), "-k".into(), folder.into()]);
        for setting in ["listen_addresses=", "fsync=on", "max_connections=200", "shared_buffers=64MB"] {
            command.extend(["-c".into(), setting.into()]);
        }
        self.server = Some(Running::start(Program {
            command,
            environment: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
            log: folder.join("log"),
            // At once, but with all that belongs to it.
            end: "QUIT",
        }));
        eventually("the database answers", async || self.ask("select 1").await.is_some()).await;
    }

    /// Stops it in order: connections are ended, what is under way is undone.
    pub(super) fn stop(&mut self) {
        self.end(Signal::INT);
    }

    /// Stops it as a loss of power would, as far as it can tell.
    pub(super) fn crash(&mut self) {
        self.end(Signal::QUIT);
    }

    fn end(&mut self, signal: Signal) {
        if let Some(server) = self.server.take() {
            server.signal(signal);
            server.wait();
        }
    }

    /// Stops every process of it where it stands, or lets them go on.
    pub(super) fn pause(&self, on: bool) {
        let signal = if on { Signal::STOP } else { Signal::CONT };
        let server = self.server.as_ref().expect("it runs");
        // First the one that makes the others.
        server.signal(signal);
        for child in server.children() {
            // One may end just now.
            let _ = kill_process(child, signal);
        }
    }

    /// Leaves no room on its disk; returns what takes it.
    pub(super) fn fill_disk(&self) -> PathBuf {
        let path = self.data().join("ballast");
        let mut ballast = std::fs::File::create(&path).unwrap();
        let piece = vec![1; 64 * 1024];
        while std::io::Write::write_all(&mut ballast, &piece).is_ok() {}
        path
    }

    /// Starts it again when it gave up.
    pub(super) async fn mend(&mut self) {
        if self.server.as_mut().is_some_and(|server| server.ended().is_some()) {
            self.start_again().await;
        }
        eventually("the database answers", async || self.ask("select 1").await.is_some()).await;
    }

    /// Where its socket is.
    pub(super) fn socket(&self) -> Target {
        Target::File(self.folder.path().join(".s.PGSQL.5432"))
    }

    /// Its address for those beside the nodes.
    pub(super) fn url(&self) -> String {
        format!("postgres://parlor@localhost/postgres?host={}", self.folder.path().display())
    }

    /// Looks behind the nodes' backs; `None` when it does not answer.
    pub(super) async fn ask(&self, sql: &str) -> Option<PgRow> {
        let asking = async {
            let mut conn = PgConnection::connect(&self.url()).await.ok()?;
            sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut conn).await.ok()
        };
        tokio::time::timeout(Duration::from_secs(5), asking).await.ok()?
    }

    /// Orders it something that must work.
    pub(super) async fn tell(&self, sql: &str) {
        let mut conn = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn folder() -> Folder {
    let folder = tempfile::Builder::new().prefix("parlor-pg-").tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        chown(folder.path(), Some(id_of_postgres("-u")), Some(id_of_postgres("-g"))).unwrap();
    }
    Folder { small_disk: false, folder }
}

fn run(program: &Path, arguments: &[&str], data: &Path) {
    let output = as_nobody_special(program).current_dir("/").args(arguments).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Asks again and again: a starting server has no event that another could wait for.
pub(super) async fn eventually(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "not in time: {what}");
        pause.tick().await;
    }
}
