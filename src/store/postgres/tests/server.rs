//! One PostgreSQL server for all tests of this process, in a temporary folder, reached by a socket there. Used by the tests
//! of the engine, and by those from outside.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{Connection, PgConnection};

/// Starts the server `$1/postgres` on the folder `$2`, and ends it, by its id, when standard input closes: that is when
/// this process ends, in whichever way.
const WATCH: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=on -c max_connections=300 \
  -c log_min_messages=fatal -c shared_buffers=64MB >"$2/log" 2>&1 &
server=$!
while kill -0 $server && ! "$1/pg_isready" -q -h "$2"; do sleep 0.05; done
echo started
read -r _
kill -INT $server
wait $server
rm -rf "$2"
"#;

/// The running server. Its watcher ends it when this process is gone.
struct Server {
    folder: PathBuf,
    _watcher: Child,
    _until: ChildStdin,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static SCHEMAS: AtomicU32 = AtomicU32::new(1);

/// The newest installed server's programs.
pub(crate) fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(version, path)| *version >= 15 && path.join("postgres").exists())
        .collect();
    versions.sort();
    let found = versions.pop().map(|(_, path)| path);
    found.expect("PostgreSQL 15 or newer is installed below /usr/lib/postgresql (the package postgresql)")
}

/// A command as a user that PostgreSQL runs as: it refuses root.
pub(crate) fn as_nobody_special(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

pub(crate) fn id_of_postgres(which: &str) -> u32 {
    let output = Command::new("id").args([which, "postgres"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn start() -> Server {
    let folder = tempfile::Builder::new().prefix("parlor-pg-").tempdir().unwrap().keep();
    if rustix::process::geteuid().is_root() {
        chown(&folder, Some(id_of_postgres("-u")), Some(id_of_postgres("-g"))).unwrap();
    }
    let programs = programs();
    let made = as_nobody_special(&programs.join("initdb"))
        .current_dir("/")
        .args(["--no-sync", "--username=parlor", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"])
        .arg(folder.join("data"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // One user needs a password, to try a wrong one.
    let access = "local all locked scram-sha-256\nlocal all all trust\n";
    std::fs::write(folder.join("data/pg_hba.conf"), access).unwrap();
    let mut watcher = as_nobody_special(Path::new("/bin/sh"))
        .current_dir("/")
        .args(["-c", WATCH, "sh"])
        .args([&programs, &folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let until = watcher.stdin.take().unwrap();
    let mut line = String::new();
    BufReader::new(watcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    Server { folder, _watcher: watcher, _until: until }
}

/// A schema of its own on the server: an empty database as far as a store can see.
pub(crate) struct Database {
    schema: String,
}

impl Database {
    pub(crate) async fn make() -> Self {
        // Others wait here for the first.
        SERVER.get_or_init(start);
        let schema = format!("t{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let made = Self { schema };
        let sql = format!("create schema {}", made.schema);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut made.behind().await).await.unwrap();
        made
    }

    /// The address of another user or database on the server.
    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        let folder = &SERVER.get().unwrap().folder;
        let schema = &self.schema;
        format!("postgres://{user}@localhost/{database}?host={}&options=-c%20search_path%3D{schema}", folder.display())
    }

    pub(crate) fn url(&self) -> String {
        self.url_of("parlor", "postgres")
    }

    /// A connection for looking behind the engine's back.
    pub(crate) async fn behind(&self) -> PgConnection {
        match PgConnection::connect(&self.url()).await {
            Ok(conn) => conn,
            Err(error) => {
                let log = SERVER.get().unwrap().folder.join("log");
                panic!("{error}: {}", std::fs::read_to_string(log).unwrap_or_default());
            }
        }
    }
}
