//! The program as people call it.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::harness::TestServer;

/// The built program, without this process's settings.
fn parlor(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.env_clear().env("PARLOR_DATA_DIR", data).current_dir(data.parent().unwrap()).args(arguments);
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    parlor(data, arguments).output().unwrap()
}

fn with_password(data: &Path, arguments: &[&str], password: &str) -> Output {
    let mut command = parlor(data, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses at once does not read.
    let _ = writeln!(child.stdin.take().unwrap(), "{password}");
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> std::path::PathBuf {
        self.0.path().join("data")
    }
}

#[test]
fn an_app_with_site_agent_and_token_is_made() {
    let folder = Folder::new();
    let data = folder.data();
    let app = json(&run(&data, &["app", "add", "Lumen", "--json"]));
    let key = app["key"].as_str().unwrap();
    let site = json(&run(&data, &["site", "add", "--app", key, "--origin", "https://lumen.example", "--json"]));
    assert_eq!(site["site"]["name"], "Lumen");
    let launcher = format!("/w/{}.js\"></script>", site["site"]["key"].as_str().unwrap());
    assert!(site["line"].as_str().unwrap().ends_with(&launcher));
    let agent = ["agent", "add", "ada@lumen.example", "--app", key, "--json"];
    assert_eq!(json(&with_password(&data, &agent, "a long enough password"))["name"], "ada");
    let token = run(&data, &["token", "user-1", "--app", key]);
    assert!(token.status.success() && token.stdout.len() > 40);
}

#[test]
fn an_app_is_opened_to_code_for_the_compatible_server_api() {
    let folder = Folder::new();
    let data = folder.data();
    let made = json(&run(&data, &["app", "add", "Lumen", "--rong-compatible", "--json"]));
    let (key, secret) = (made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(secret.len() == 52 && made["api"].as_str().unwrap().starts_with("http"), "{made}");
    let switches = |set: &[&str]| json(&run(&data, &[&["app", "switches", key], set, &["--json"]].concat()));
    assert_eq!(switches(&[])["compatible_repeats"], true);
    let changed = switches(&["compatible_repeats=false", "compatible_skew_secs=600"]);
    assert_eq!((&changed["compatible_repeats"], &changed["compatible_skew_secs"]), (&false.into(), &600.into()));
    assert!(refusal(&run(&data, &["app", "switches", key, "nothing=1"])).contains("there is no switch `nothing`"));
    assert!(refusal(&run(&data, &["app", "switches", key, "compatible_skew_secs=1"])).contains("30 to 3600"));

    let second = json(&run(&data, &["secret", "add", key, "--json"]));
    assert_ne!(second["secret"], made["secret"]);
    assert!(refusal(&run(&data, &["secret", "add", key])).contains("at most 2 secrets"));
    let listed = json(&run(&data, &["secret", "list", key, "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret), "shown once");
    let older = listed[0]["id"].as_str().unwrap();
    assert_eq!(json(&run(&data, &["secret", "remove", key, older, "--json"]))["removed"], older);

    let plain = json(&run(&data, &["app", "add", "Halden", "--json"]))["key"].as_str().unwrap().to_owned();
    let opened = json(&run(&data, &["app", "compatible", &plain, "--json"]));
    assert_eq!((&opened["key"], opened["secret"].as_str().unwrap().len()), (&plain.as_str().into(), 52));
    assert_eq!(json(&run(&data, &["app", "compatible", &plain, "--json"]))["secret"], Value::Null, "there is one");
}

#[test]
fn commands_work_beside_a_running_server() {
    let server = TestServer::start();
    let app = json(&run(server.data(), &["app", "add", "Lumen", "--json"]));
    let list = json(&run(server.data(), &["app", "list", "--json"]));
    let names: Vec<_> = list.as_array().unwrap().iter().map(|entry| &entry["app"]["name"]).collect();
    assert_eq!(names, ["Halden", "Lumen"]);
    let key = app["key"].as_str().unwrap();
    assert!(run(server.data(), &["site", "add", "--app", key, "--origin", "https://a.example"]).status.success());
    let copy = server.data().with_file_name("copy.db");
    assert!(run(server.data(), &["backup", copy.to_str().unwrap()]).status.success());
}

#[test]
fn tokens_are_revoked_one_by_one_or_all_of_a_user() {
    let folder = Folder::new();
    let data = folder.data();
    let key = json(&run(&data, &["app", "add", "Lumen", "--json"]))["key"].as_str().unwrap().to_owned();
    let issue = || json(&run(&data, &["token", "bob", "--app", &key, "--json"]))["token"].as_str().unwrap().to_owned();
    let one = ["token", "revoke", "--app", &key, "--json"];
    let token = issue();
    assert_eq!(json(&with_password(&data, &one, &token))["revoked"], true);
    assert_eq!(json(&with_password(&data, &one, &token))["revoked"], false);
    let token = issue();
    assert_eq!(json(&run(&data, &["token", "revoke", "bob", "--app", &key, "--json"]))["revoked"], true);
    assert_eq!(json(&with_password(&data, &one, &token))["revoked"], false);
    assert!(refusal(&run(&data, &["token", "revoke", "nobody", "--app", &key])).contains("no such user"));
}

#[test]
fn what_is_refused_says_why() {
    let folder = Folder::new();
    let data = folder.data();
    assert!(refusal(&run(&data, &["token", "u", "--app", "nosuchapp"])).contains("no app has this key"));
    let key = json(&run(&data, &["app", "add", "Lumen", "--json"]))["key"].as_str().unwrap().to_owned();
    let agent = ["agent", "add", "ada@lumen.example", "--app", &key];
    assert!(refusal(&with_password(&data, &agent, "short")).contains("12 to 256 characters"));
    assert!(refusal(&with_password(&data, &agent, "")).contains("no password came"));
    assert!(with_password(&data, &agent, "a long enough password").status.success());
    assert!(refusal(&with_password(&data, &agent, "a long enough password")).contains("signs in with this e-mail"));
    let site = run(&data, &["site", "add", "--app", &key, "--origin", "javascript:alert(1)"]);
    assert_eq!(site.status.code(), Some(2));
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let server = TestServer::start();
    let mut second = parlor(server.data(), &["serve", "--listen", "127.0.0.1:0"]);
    second.env("PARLOR_DEMO_ENABLED", "false").env("PARLOR_METRICS_ENABLED", "false");
    assert!(refusal(&second.output().unwrap()).contains("another process uses the data folder"));
}

#[test]
fn a_copy_is_put_back_only_when_asked_and_when_no_server_runs() {
    let mut server = TestServer::start();
    let data = server.data().to_owned();
    let copy = data.with_file_name("copy.db");
    let copy = copy.to_str().unwrap();
    let sent = data.join("files/0a/one");
    std::fs::create_dir_all(sent.parent().unwrap()).unwrap();
    std::fs::write(&sent, "a picture").unwrap();
    assert_eq!(json(&run(&data, &["backup", copy, "--json"]))["files"], serde_json::json!({ "files": 1, "bytes": 9 }));
    assert!(refusal(&run(&data, &["backup", copy])).contains("never overwritten"));
    assert!(refusal(&run(&data, &["restore", copy, "--force"])).contains("stop it first"));
    server.stop();
    assert!(refusal(&run(&data, &["restore", copy])).contains("--force"));
    std::fs::remove_file(&sent).unwrap();
    assert!(run(&data, &["restore", copy, "--force"]).status.success());
    assert_eq!(std::fs::read_to_string(&sent).unwrap(), "a picture");
}

#[test]
fn doctor_finds_a_healthy_server_good_and_a_broken_database_bad() {
    let folder = Folder::new();
    let data = folder.data();
    json(&run(&data, &["app", "add", "Lumen", "--json"]));
    let healthy = json(&parlor(&data, &["doctor", "--json"]).env("PARLOR_DATA_RESERVE_BYTES", "0").output().unwrap());
    let database = healthy.as_array().unwrap().iter().find(|finding| finding["subject"] == "database").unwrap();
    assert_eq!(database["state"], "good");
    std::fs::write(data.join("parlor.db"), "not a database at all, but long enough to be read as one").unwrap();
    let output = run(&data, &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("BAD    database"));
}

#[test]
fn settings_are_checked_and_the_defaults_printed() {
    let folder = Folder::new();
    let data = folder.data();
    let file = data.with_file_name("widget.toml");
    std::fs::write(&file, run(&data, &["default-config"]).stdout).unwrap();
    let output = run(&data, &["check-config"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "widget.toml and the environment are fine.\n");
    let mut wrong = parlor(&data, &["check-config"]);
    assert!(refusal(&wrong.env("PARLOR_LIMITS_QUEUE_FRAMES", "1").output().unwrap()).contains("16 to 4096"));
}

#[test]
fn an_address_that_would_be_misread_is_refused_without_its_password() {
    let folder = Folder::new();
    let data = folder.data();
    let from = format!("sqlite:{}", data.display());
    let to = "postgres://parlor:12/hunter2@db.example/chat";
    let moving = refusal(&run(&data, &["migrate", "--from", &from, "--to", to]));
    let starting = refusal(&parlor(&data, &["check-config"]).env("PARLOR_STORE_URL", to).output().unwrap());
    for said in [moving, starting] {
        assert!(said.contains("%2F for /") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_key_is_made_listed_without_its_secret_and_revoked() {
    let folder = Folder::new();
    let data = folder.data();
    let app = json(&run(&data, &["app", "add", "Lumen", "--json"]));
    let app = app["key"].as_str().unwrap();
    let made = json(&run(&data, &["key", "add", app, "--name", "Shop", "--scopes", "read,messages", "--json"]));
    assert_eq!(made["scopes"], serde_json::json!(["read", "messages"]));
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert!(key.starts_with(&format!("pk_{id}_")));
    let listed = run(&data, &["key", "list", app, "--json"]);
    assert_eq!(json(&listed)[0]["id"], *id);
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(&key[key.len() - 20..]));
    json(&run(&data, &["key", "revoke", app, id, "--json"]));
    assert_eq!(json(&run(&data, &["key", "list", app, "--json"])), serde_json::json!([]));
    assert!(refusal(&run(&data, &["key", "revoke", app, id])).contains("no such key"));
    assert!(refusal(&run(&data, &["key", "list", "nosuchapp"])).contains("no app has this key"));
    let unknown = run(&data, &["key", "add", app, "--name", "Shop", "--scopes", "roots"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_service_that_leads_an_apps_conversations_is_set_shown_and_removed() {
    const SECRET: &str = "a-secret-of-the-service";
    let folder = Folder::new();
    let data = folder.data();
    let key = json(&run(&data, &["app", "add", "Lumen", "--json"]))["key"].as_str().unwrap().to_owned();
    let set = |navigation: &str, more: &[&str], secret: &str| {
        let there = ["--navigation", navigation, "--api", "https://api.example.com/", "--app-key", "theirs"];
        with_password(&data, &[&["upstream", "set", &key][..], &there, more].concat(), secret)
    };
    let (nav, desk) = ("https://nav.example.com", &["--service", "KEFU1"][..]);
    let show = || run(&data, &["upstream", "show", &key, "--json"]);
    assert!(refusal(&show()).contains("no such upstream"));
    assert!(refusal(&run(&data, &["upstream", "remove", &key])).contains("no such upstream"));

    let done = set(nav, desk, SECRET);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let wanted = serde_json::json!({
        "navigation": nav, "api": "https://api.example.com", "app_key": "theirs",
        "peer": { "kind": "service", "id": "KEFU1" },
    });
    let shown = show();
    assert_eq!(json(&shown), wanted);
    for told in [&done.stdout, &shown.stdout] {
        assert!(!String::from_utf8_lossy(told).contains(SECRET), "it is never shown");
    }
    let words = String::from_utf8(run(&data, &["upstream", "show", &key]).stdout).unwrap();
    assert!(words.contains("customer service KEFU1") && words.contains(nav), "{words}");

    // What is wrong changes nothing.
    assert!(refusal(&set("ftp://nav.example.com", desk, SECRET)).contains("`navigation`"));
    assert!(refusal(&set("http://nav.example.com", desk, SECRET)).contains("`navigation`"), "not in the clear");
    assert!(refusal(&set("https://nav.example.com/?a=1", desk, SECRET)).contains("without `?`"));
    assert!(refusal(&set(nav, &["--service", "two words"], SECRET)).contains("`peer`"));
    assert!(refusal(&set(nav, desk, &"x".repeat(65))).contains("`secret`"));
    assert!(refusal(&set(nav, desk, "")).contains("no secret came"));
    assert_eq!(set(nav, &[], SECRET).status.code(), Some(2), "whom visitors talk to is named");
    assert_eq!(set(nav, &["--service", "a", "--user", "b"], SECRET).status.code(), Some(2), "and once");
    let nobody = ["upstream", "show", "nosuchapp"];
    assert!(refusal(&run(&data, &nobody)).contains("no such upstream"));
    assert_eq!(json(&show()), wanted);

    let file = data.with_file_name("secret.txt");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let user = ["--user", "desk", "--secret-file", file.to_str().unwrap()];
    assert!(set(nav, &user, "").status.success());
    assert_eq!(json(&show())["peer"], serde_json::json!({ "kind": "user", "id": "desk" }));
    assert!(run(&data, &["upstream", "remove", &key]).status.success());
    assert!(refusal(&show()).contains("no such upstream"));
}
