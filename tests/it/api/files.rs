//! Files that a back end sends in somebody's name.

use serde_json::{Value, json};

use super::house;
use crate::{
    harness::{Answer, BackEnd},
    wire::files::png,
};

async fn upload(back_end: &BackEnd, query: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
    let request = back_end.request("POST", &format!("/v1/files?{query}")).header("content-type", media_type);
    Answer::of(request.body(bytes).send().await.unwrap()).await
}

async fn fetch(server: &crate::harness::TestServer, link: &Value) -> reqwest::Response {
    reqwest::get(server.url(link["url"].as_str().unwrap())).await.unwrap()
}

#[tokio::test]
async fn a_picture_of_the_back_end_arrives_as_a_message_with_a_thumbnail() {
    let (server, people, back_end) = house().await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let mut mallory = people.user("mallory").await;
    let taken = upload(&back_end, "from=alice&name=bowl.png", "image/png", png(300, 200)).await.ok();
    assert_eq!((&taken["kind"], &taken["type"], &taken["width"]), (&json!("image"), &json!("image/png"), &json!(300)));
    let content = json!({ "content": taken["thumbnail"], "imageUri": taken["reference"] });
    let message = json!({ "from": "alice", "users": ["bob"], "type": "RC:ImgMsg", "content": content });
    let sent = back_end.post("/v1/messages", &message).await.ok();
    assert!(sent["items"][0]["uid"].is_string(), "{sent}");
    let heard = bob.push("message").await;
    assert_eq!(heard["content"], content);
    let links = bob.ask("links", json!({ "files": [taken["file"]] })).await.unwrap();
    let picture = fetch(&server, &links["links"][0]).await;
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(!picture.bytes().await.unwrap().is_empty());
    let none = mallory.ask("links", json!({ "files": [taken["file"]] })).await.unwrap();
    assert_eq!(none["links"], json!([]), "who is not in the conversation sees nothing");
    // It belongs to that conversation now: the next one needs an upload of its own.
    let again = json!({ "from": "alice", "users": ["mallory"], "type": "RC:ImgMsg", "content": content });
    let refused = back_end.post("/v1/messages", &again).await.ok();
    assert_eq!(refused["items"][0]["error"]["code"], "not_found", "{refused}");
    alice.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_file_of_a_robot_reaches_the_desk_and_others_uploads_are_refused() {
    let (server, people, back_end) = house().await;
    back_end.put("/v1/robots/helper", &json!({ "name": "Helper" })).await.ok();
    let mut vera = people.visitor().await;
    let id = vera.says("The manual, please").await["conversation"].as_str().unwrap().to_owned();
    let bytes = b"%PDF-1.7 the manual".repeat(20_000);
    let taken = upload(&back_end, "from=helper&name=manual.pdf", "application/pdf", bytes.clone()).await.ok();
    assert_eq!((&taken["name"], &taken["size"]), (&json!("manual.pdf"), &json!(bytes.len())));
    let content = json!({ "name": "manual.pdf", "size": bytes.len(), "type": "pdf", "fileUrl": taken["reference"] });
    let message = json!({ "robot": "helper", "type": "RC:FileMsg", "content": content });
    back_end.post(&format!("/v1/conversations/{id}/messages"), &message).await.ok();
    assert_eq!(vera.push_where("message", |it| it["type"] == "RC:FileMsg").await["from"]["role"], "robot");
    let links = vera.ask("links", json!({ "files": [taken["file"]] })).await.unwrap();
    assert_eq!(fetch(&server, &links["links"][0]).await.bytes().await.unwrap(), bytes);
    // Another person's file is nobody else's to send.
    people.user("alice").await;
    let hers = upload(&back_end, "from=alice&name=a.txt", "text/plain", b"hers".to_vec()).await.ok();
    let content = json!({ "name": "a.txt", "size": 4, "type": "txt", "fileUrl": hers["reference"] });
    let stolen = json!({ "robot": "helper", "type": "RC:FileMsg", "content": content });
    let refused = back_end.post(&format!("/v1/conversations/{id}/messages"), &stolen).await;
    assert_eq!(refused.code(), "not_found");
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let (server, people, back_end) = house().await;
    people.user("alice").await;
    let scopes: Vec<_> = parlor::model::Scope::ALL.iter().copied().filter(|it| it.name() != "files").collect();
    let lacking = BackEnd::with_scopes(&server, &people.im, &people.app(), &scopes).await;
    assert_eq!(upload(&lacking, "from=alice&name=a.txt", "text/plain", b"a".to_vec()).await.code(), "forbidden");
    for (query, bytes, code) in [
        ("from=nobody&name=a.txt", b"a".to_vec(), "not_found"),
        ("from=alice", b"a".to_vec(), "bad_request"),
        ("from=alice&name=a.txt&more=1", b"a".to_vec(), "bad_request"),
        ("from=alice&name=a.txt", Vec::new(), "bad_request"),
    ] {
        assert_eq!(upload(&back_end, query, "text/plain", bytes).await.code(), code, "{query}");
    }
    let broken = upload(&back_end, "from=alice&name=a.png", "image/png", b"\x89PNG\r\n\x1a\nno picture".to_vec()).await;
    assert_eq!(broken.code(), "unsupported_media_type");
    // A key of one's own makes it harmless to repeat.
    let twice = async || {
        let request = back_end.request("POST", "/v1/files?from=alice&name=a.txt").header("idempotency-key", "k1");
        Answer::of(request.body("twice").send().await.unwrap()).await
    };
    let (first, second) = (twice().await, twice().await);
    assert_eq!((second.header("idempotency-replayed"), &second.body), ("true", &first.body));
}
