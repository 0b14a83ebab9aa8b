//! Files in a bucket, on a real S3 server in a process of its own.

use std::{
    process::Command,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use parlor::{
    config::{Config, Files},
    im::files::FileLimits,
    media::{Blobs, ObjectBlobs},
    model::FileId,
    outbound,
};
use serde_json::json;

use crate::{
    domain::world::World,
    harness::{People, TestServer},
    nodes::Nodes,
    wire::files::{Hands, png},
};

#[path = "../../src/media/blobs/objects/server.rs"]
mod server;

use server::{BUCKET, KEY_ID, S3Server, SECRET};

fn in_a_bucket(config: &mut Config, s3: &S3Server) {
    config.files = Files {
        url: format!("s3://{BUCKET}/parlor"),
        endpoint: s3.endpoint(),
        key_id: KEY_ID.into(),
        secret: SECRET.into(),
        allow_http: true,
        ..Files::default()
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_taken_in_here_is_given_out_there() {
    let Some(s3) = S3Server::start() else { return };
    let nodes = Nodes::start_with(|config| in_a_bucket(config, &s3)).await;
    let (here, there) = (People::of(&nodes.one).await, People::of(&nodes.two).await);
    let mut agent = there.agent("Anna").await;
    let hello = here.visitor_hello().await;
    let hands = Hands::of(&hello);
    let mut visitor = here.connect(hello).await;
    let sent = visitor.says("look").await;
    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    let to = sent["conversation"].as_str().unwrap();

    // Larger than one request to the bucket.
    let large: Vec<u8> = (0..6_u32 << 20).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let uploaded = hands.upload(&nodes.one, to, ("a.bin", ""), large.clone()).await.unwrap();
    let content = json!({ "name": "a.bin", "size": large.len(), "type": "bin", "fileUrl": uploaded["reference"] });
    let body = json!({ "client_id": "2", "type": "RC:FileMsg", "content": content, "conversation": to });
    let message = visitor.ask("send", body).await.unwrap();
    let picture = hands.upload(&nodes.one, to, ("bowl.png", "image/png"), png(90, 60)).await.unwrap();
    assert_eq!((s3.objects().len(), picture["width"].as_u64()), (2, Some(90)));
    assert!(!nodes.one.data().join("files").exists(), "nothing stays on the node's own disk");

    let links = agent.ask("links", json!({ "files": [uploaded["file"]] })).await.unwrap();
    let url = nodes.two.url(links["links"][0]["url"].as_str().unwrap());
    let got = reqwest::get(&url).await.unwrap();
    assert_eq!((got.status().as_u16(), got.bytes().await.unwrap().to_vec() == large), (200, true));
    let part = reqwest::Client::new().get(&url).header("range", "bytes=5242870-5242889").send().await.unwrap();
    assert_eq!((part.status().as_u16(), &part.bytes().await.unwrap()[..]), (206, &large[5_242_870..5_242_890]));

    visitor.ask("recall", json!({ "uid": message["uid"] })).await.unwrap();
    assert_eq!(s3.objects().len(), 1, "what was taken back is removed");
    assert_eq!(reqwest::get(&url).await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn while_the_bucket_is_away_people_chat_and_files_wait() {
    let Some(mut s3) = S3Server::start() else { return };
    let server = TestServer::start_with(|config| in_a_bucket(config, &s3));
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let hands = Hands::of(&hello);
    let mut visitor = people.connect(hello).await;
    let kept = hands.upload(&server, "desk", ("a.bin", ""), vec![1; 9]).await.unwrap();
    let links = visitor.ask("links", json!({ "files": [kept["file"]] })).await.unwrap();
    let url = server.url(links["links"][0]["url"].as_str().unwrap());
    s3.stop();
    let refused = hands.upload(&server, "desk", ("a.bin", ""), vec![1; 9]).await;
    assert_eq!(refused, Err((503, json!("unavailable"))));
    assert_eq!(reqwest::get(&url).await.unwrap().status().as_u16(), 503);
    visitor.says("I cannot send it").await;
    assert_eq!(reqwest::get(server.url("/ready")).await.unwrap().status().as_u16(), 200);
    s3.start_again();
    hands.upload(&server, "desk", ("a.bin", ""), vec![1; 9]).await.unwrap();
    assert_eq!(reqwest::get(&url).await.unwrap().bytes().await.unwrap()[..], [1; 9]);
}

/// As many as an S3 server lists at once.
const PAGE: u128 = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_names_goes_from_a_bucket_however_many_pages_it_fills() {
    let Some(s3) = S3Server::start() else { return };
    let world = World::new().await;
    let mut config = Config::default();
    in_a_bucket(&mut config, &s3);
    let bucket = outbound::bucket(&config.files, BUCKET, SECRET, None).unwrap();
    let blobs = ObjectBlobs::open(bucket, "parlor", &world.folder().join("drafts"), 0).unwrap();
    let keep = async |number: u128| {
        let mut draft = blobs.begin(4).await.unwrap();
        draft.write(Bytes::from_static(b"lost")).await.unwrap();
        // All on the first shelf.
        draft.keep(FileId::from_u128(number << 8)).await.unwrap();
    };
    stream::iter(0..PAGE + 3).for_each_concurrent(16, keep).await;
    let old = s3.objects();
    assert_eq!(old.len() as u128, PAGE + 3);
    for object in &old {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(48);
        std::fs::File::open(object).unwrap().set_modified(long_ago).unwrap();
    }
    keep(9 * PAGE).await;
    let im = world.beside().keeping_files(std::sync::Arc::new(blobs), FileLimits::default());
    im.sweep_files().await.unwrap();
    let left = s3.objects();
    let young = FileId::from_u128((9 * PAGE) << 8).to_string();
    assert!(left.len() == 1 && left[0].to_string_lossy().contains(&young), "{} are left", left.len());
}

/// What `parlor VERB` says about the bucket, and whether it was content.
fn said(verb: &str, s3: &S3Server, more: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.arg(verb).arg("--data").arg(folder.path().join("data")).current_dir(&folder).env_clear();
    let endpoint = s3.endpoint();
    let usual = [
        ("SERVER_LISTEN", "127.0.0.1:0"),
        ("DEMO_ENABLED", "false"),
        ("METRICS_ENABLED", "false"),
        ("DATA_RESERVE_BYTES", "0"),
        ("FILES_URL", "s3://chat-files"),
        ("FILES_ENDPOINT", &endpoint),
        ("FILES_KEY_ID", KEY_ID),
    ];
    for (name, value) in usual.iter().chain(more) {
        command.env(format!("PARLOR_{name}"), value);
    }
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_bucket_that_refuses_the_key_ends_the_start_with_a_reason() {
    let Some(s3) = S3Server::start() else { return };
    for verb in ["serve", "doctor"] {
        let (content, said) = said(verb, &s3, &[("FILES_ALLOW_HTTP", "true"), ("FILES_SECRET", "hunter2")]);
        assert!(!content && said.contains("bucket chat-files (files.url)") && said.contains("files.secret"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_bucket_behind_an_authority_of_ones_own_is_trusted_when_that_is_named() {
    let Some(s3) = S3Server::start_secured() else { return };
    let ca_file = s3.ca_file();
    let with = |more| said("doctor", &s3, &[("FILES_SECRET", SECRET), more]);
    let trusting = with(("FILES_CA_FILE", ca_file.to_str().unwrap())).1;
    assert!(trusting.contains("s3://chat-files") && !trusting.contains("bucket chat-files (files.url)"), "{trusting}");
    for (named, reason) in [("", "certificate"), ("/nowhere.pem", "files.ca_file = /nowhere.pem")] {
        let (content, refused) = with(("FILES_CA_FILE", named));
        assert!(!content && refused.contains(reason), "{refused}");
    }
    let (content, refused) = said("serve", &s3, &[("FILES_SECRET", SECRET)]);
    assert!(!content && refused.contains("files.ca_file"), "{refused}");
}
