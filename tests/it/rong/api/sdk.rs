//! The published Node SDK, driven through every path that it has.

use std::{path::Path, process::Command};

use parlor::{im::backend::groups::NewGroupByBackEnd, model::Kind};
use serde_json::Value;

use super::house_with;

/// `scripts/check` installs Node and the SDK: without them this fails, so that nobody takes silence for consent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_sdk_works_through_all_its_paths() {
    // Three messages and pushes to everybody; the rest stays as it is.
    let (server, people, back_end) = house_with(|config| config.compatible.everybody_per_hour = 3).await;
    back_end.ask("user/getToken", &[("userId", "nora")]).await;
    let shades = NewGroupByBackEnd {
        kind: Kind::Discussion,
        handle: "shades".parse().unwrap(),
        name: "Shades".to_owned(),
        users: vec!["nora".parse().unwrap()],
    };
    people.im.backend(&back_end.app).create_group(shades).await.unwrap();
    let mut sdk = Command::new("node");
    sdk.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["tests/sdk/server_api.js", &server.url(""), back_end.app.as_str(), back_end.secret.reveal()])
        // The SDK writes a log where it is started.
        .env_remove("NODE_OPTIONS");
    let done = tokio::task::spawn_blocking(move || sdk.output()).await.unwrap().expect("node is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told: Value =
        serde_json::from_slice(done.stdout.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap())
            .unwrap();
    assert_eq!(told["paths"], 72, "{told}");
}
