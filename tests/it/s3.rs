//! Files in a bucket, on a real S3 server in a process of its own.

use std::process::Command;

use parlor::config::{Config, Files};
use serde_json::json;

use crate::{
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

#[test]
fn a_bucket_that_refuses_the_key_ends_the_start_with_a_reason() {
    let Some(s3) = S3Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |verb: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.arg(verb).arg("--data").arg(&data).current_dir(&folder).env_clear();
        for (name, value) in [
            ("SERVER_LISTEN", "127.0.0.1:0"),
            ("DEMO_ENABLED", "false"),
            ("METRICS_ENABLED", "false"),
            ("DATA_RESERVE_BYTES", "0"),
            ("FILES_URL", "s3://chat-files"),
            ("FILES_ENDPOINT", &s3.endpoint()),
            ("FILES_ALLOW_HTTP", "true"),
            ("FILES_KEY_ID", KEY_ID),
            ("FILES_SECRET", "hunter2"),
        ] {
            command.env(format!("PARLOR_{name}"), value);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    for verb in ["serve", "doctor"] {
        let said = run(verb);
        assert!(said.contains("bucket chat-files (files.url)") && said.contains("files.secret"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
