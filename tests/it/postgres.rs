//! The whole server on PostgreSQL.

use std::process::{Command, Output};

use serde_json::json;

use crate::{
    client::Client,
    harness::{People, TestServer},
};

#[path = "../../src/store/postgres/tests/server.rs"]
pub(crate) mod database;

use database::Database;

fn server_on(url: &str) -> TestServer {
    let url = url.to_owned();
    TestServer::start_with(move |config| config.store.url = url.as_str().into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_is_served_and_finds_it_all_after_a_restart() {
    let database = Database::make().await;
    let mut server = server_on(&database.url());
    assert!(!server.data().join("parlor.db").exists(), "nothing is kept in the embedded database");
    let hello = {
        let people = People::of(&server).await;
        let mut anna = people.agent("Anna").await;
        let hello = people.visitor_hello().await;
        let mut visitor = people.connect(hello.clone()).await;
        let sent = visitor.says("is anybody there?").await;
        let taken = anna.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
        assert_eq!(taken["service"]["stage"]["name"], "human", "{taken}");
        let figures = reqwest::get(server.metrics_url()).await.unwrap().text().await.unwrap();
        for name in ["parlor_store_commit_seconds_count", "parlor_store_batch_sum", "parlor_store_commits_total"] {
            let line =
                figures.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {figures}"));
            assert!(!line.ends_with(" 0"), "{line}");
        }
        hello
    };
    server.restart();
    let (_, welcome) = Client::connect(server.address(), hello).await;
    let conversation = &welcome["conversations"][0];
    assert_eq!(conversation["service"]["stage"]["name"], "human", "{conversation}");
    assert!(conversation["head"]["seq"].as_u64() >= Some(1), "{conversation}");
}

/// The key of all servers of these tests that do not bring their own.
const KEY: &str = "0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b";

fn parlor(arguments: &[&str], url: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.env_clear().env("PARLOR_DEMO_ENABLED", "false").env("PARLOR_METRICS_ENABLED", "false");
    command
        .env("PARLOR_STORE_URL", url)
        .env("PARLOR_DATA_KEY", KEY)
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_another_key_than_the_databases_is_refused_and_what_to_copy_is_said() {
    let database = Database::make().await;
    let url = database.url();
    let run = |folder: &std::path::Path, key: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear().env("PARLOR_STORE_URL", &url).current_dir(folder).args(["app", "list"]);
        command.envs(key.map(|key| ("PARLOR_DATA_KEY", key))).output().unwrap()
    };
    let (first, second, third) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(run(first.path(), None).status.success(), "the first one's key is the database's");
    let key_of = |folder: &std::path::Path| folder.join("data/secret.key");
    let none = run(second.path(), None);
    let text = said(&none);
    assert!(!none.status.success() && text.contains("copy secret.key") && text.contains("PARLOR_DATA_KEY"), "{text}");
    assert!(!key_of(second.path()).exists(), "no other key is made");
    let other = run(third.path(), Some(KEY));
    let text = said(&other);
    assert!(!other.status.success() && text.contains("another key than data.key") && !text.contains(KEY), "{text}");
    let short = said(&run(third.path(), Some("0a1b0a")));
    assert!(short.contains("data.key") && short.contains("64 hex digits") && !short.contains("0a1b0a"), "{short}");

    std::fs::copy(key_of(first.path()), key_of(second.path())).unwrap();
    assert!(run(second.path(), None).status.success());
    let key = data_encoding::HEXLOWER.encode(&std::fs::read(key_of(first.path())).unwrap());
    assert!(run(third.path(), Some(&key)).status.success(), "the same key from the environment");
    std::fs::write(key_of(second.path()), [7; 32]).unwrap();
    let changed = said(&run(second.path(), None));
    assert!(changed.contains("another key than the one here"), "{changed}");
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_work_on_it_and_never_show_the_password() {
    let database = Database::make().await;
    let url = database.url();
    let made = parlor(&["app", "add", "Halden", "--json"], &url);
    assert!(made.status.success(), "{}", said(&made));
    let listed = said(&parlor(&["app", "list"], &url));
    assert!(listed.contains("Halden"), "{listed}");
    let doctor = said(&parlor(&["doctor"], &url));
    assert!(doctor.contains("PostgreSQL 1") && doctor.contains("schema "), "{doctor}");
    let backup = parlor(&["backup", "copy.db"], &url);
    assert!(!backup.status.success() && said(&backup).contains("pg_dump"), "{}", said(&backup));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("postgres://parlor:hunter2@127.0.0.1:{port}/chat");
    for command in [&["doctor"][..], &["app", "list"], &["--listen", "127.0.0.1:0"], &["check-config"]] {
        let output = parlor(command, &nobody);
        let text = said(&output);
        assert!(!text.contains("hunter2"), "{command:?}: {text}");
        assert!(command[0] == "check-config" || text.contains(&format!("127.0.0.1:{port}/chat")), "{text}");
        assert_eq!(output.status.success(), command[0] == "check-config", "{text}");
    }
    let wrong = said(&parlor(&["doctor"], &database.url_of("parlor:hunter2", "nowhere")));
    assert!(wrong.contains("does not exist") && !wrong.contains("hunter2"), "{wrong}");
}
