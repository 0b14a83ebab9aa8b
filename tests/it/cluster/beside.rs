//! Who makes what people need, beside the nodes, as an operator would.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use parlor::{
    app::{domain_beside, open_beside},
    config::Config,
    im::Im,
    model::AppKey,
};
use serde_json::Value;

use super::database::Postgres;

/// The domain of this version, in this process, or the command line of another one.
pub(super) enum Beside {
    Domain(Box<Im>),
    Program(CommandLine),
}

impl Beside {
    /// A new user's token.
    pub(super) async fn token(&self, app: &AppKey, user: &str) -> String {
        match self {
            Self::Domain(im) => {
                let token = im.issue_user_token(app, user.parse().unwrap(), user, None).await.unwrap();
                token.reveal().to_owned()
            }
            Self::Program(line) => {
                let made = line.make(&["token", user, "--app", app.as_str()]);
                made["token"].as_str().unwrap().to_owned()
            }
        }
    }
}

/// The domain of this version; brings the schema up to date.
pub(super) async fn domain(database: &Postgres, key: &Path) -> Im {
    let mut config = Config::default();
    config.data.dir = key.to_owned();
    config.store.url = database.url().as_str().into();
    let store = open_beside(&config).await.unwrap();
    domain_beside(&config, store).await.unwrap()
}

/// A program's command line.
pub(super) struct CommandLine {
    program: OsString,
    store: String,
    key: PathBuf,
    port: u16,
}

impl CommandLine {
    pub(super) fn of(program: &OsStr, database: &Postgres, key: &Path, port: u16) -> Self {
        Self { program: program.to_owned(), store: database.url(), key: key.to_owned(), port }
    }

    /// What it prints of what it made.
    pub(super) fn make(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.program);
        command.current_dir("/").env_clear().envs(may_ask(self.port));
        command.env("PARLOR_DATA_DIR", &self.key).env("PARLOR_STORE_URL", &self.store);
        let output = command.args(arguments).arg("--json").output().expect("the program can be started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// With this a program asks a port of this machine.
pub(super) fn may_ask(port: u16) -> [(&'static str, String); 3] {
    let ports = ("PARLOR_OUTBOUND_PORTS", port.to_string());
    [("PARLOR_OUTBOUND_ALLOW_HTTP", "true".to_owned()), ("PARLOR_OUTBOUND_NETWORKS", "127.0.0.1".to_owned()), ports]
}
