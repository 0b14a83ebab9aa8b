//! Files: a ticket, an upload, an address, a message; and addresses that work for who reads it.

use parlor::proto::rong::{
    GetQNdownloadUrlInput, GetQNdownloadUrlOutput, GetQNupTokenInput, GetQNupTokenOutput, HistoryMessagesOuput,
    HistoryMsgInput,
};
use serde_json::{Value, json};

use super::client::{Sdk, Stage};

const WORDS: &str = "what is in the file";

impl Sdk {
    async fn ticket(&mut self) -> String {
        let user = self.user.clone();
        let asked = GetQNupTokenInput { r#type: 4, key: None };
        let answer: GetQNupTokenOutput = self.query("qnTkn", &user, &asked).await.unwrap();
        assert!(answer.deadline > self.connected_at / 1000 && !answer.token.is_empty());
        answer.token
    }

    async fn address_of(&mut self, key: &str) -> Result<String, u16> {
        let user = self.user.clone();
        let asked = GetQNdownloadUrlInput { r#type: 4, key: key.into(), file_name: Some("a.txt".into()) };
        let answer: Result<GetQNdownloadUrlOutput, u16> = self.query("qnUrl", &user, &asked).await;
        answer.map(|answer| answer.download_url)
    }
}

/// Sends a form as browsers write it.
async fn upload(stage: &Stage, ticket: &str, key: &str) -> (u16, Value, bool) {
    upload_in(stage, ticket, key, &["name", "token", "key", "file"]).await
}

/// The same with these fields in this order.
async fn upload_in(stage: &Stage, ticket: &str, key: &str, order: &[&str]) -> (u16, Value, bool) {
    let field = |name: &str, value: &str| {
        format!("--xXx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let part = |name: &&str| match *name {
        "name" => field("name", "o_1.txt"),
        "token" => field("token", ticket),
        "key" => field("key", key),
        _ => format!(
            "--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\n{WORDS}\r\n"
        ),
    };
    let body = order.iter().map(part).chain(["--xXx--\r\n".to_owned()]).collect::<String>();
    let request = reqwest::Client::new().post(stage.server.url("/upload"));
    let request = request.header("content-type", "multipart/form-data; boundary=xXx").body(body);
    let answer = request.send().await.unwrap();
    let open = answer.headers().get("access-control-allow-origin").is_some_and(|origin| origin == "*");
    (answer.status().as_u16(), answer.json().await.unwrap(), open)
}

async fn fetch(address: &str) -> (u16, String) {
    let answer = reqwest::get(address).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn file_url(content: &[u8]) -> String {
    let content: Value = serde_json::from_slice(content).unwrap();
    content["fileUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn check_46_a_file_is_uploaded_named_and_read_by_who_may() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let ticket = ann.ticket().await;
    let (status, answer, open) = upload(&stage, &ticket, "my-key").await;
    assert_eq!((status, &answer["key"], open), (200, &json!("my-key"), true), "{answer}");
    let address = ann.address_of("my-key").await.unwrap();
    let ours = stage.server.origins().iter().any(|origin| address.starts_with(&format!("{origin}/files/")));
    assert!(ours, "{address}");
    assert_eq!(fetch(&address).await, (200, WORDS.to_owned()));
    assert_eq!(bob.address_of("my-key").await, Err(41002), "the key is the uploader's");

    let content = json!({ "name": "a.txt", "size": WORDS.len(), "type": "txt", "fileUrl": address });
    assert_eq!(ann.sends("ppMsgP", "bob", "RC:FileMsg", &content).await.status, 0);
    let pushed = file_url(&bob.message().await.content);
    assert_ne!(pushed, address, "each reader has a way of their own");
    assert_eq!(fetch(&pushed).await, (200, WORDS.to_owned()));
    let asked = HistoryMsgInput { target_id: Some("ann".into()), count: Some(2), ..<_>::default() };
    let page: HistoryMessagesOuput = bob.query("qryPMsg", "ann", &asked).await.unwrap();
    assert_eq!(fetch(&file_url(&page.list[0].content)).await.0, 200);

    let mut widget = stage.people.user("bob").await;
    ann.sends("ppMsgP", "bob", "RC:FileMsg", &content).await;
    let seen = widget.push("message").await;
    assert!(seen["content"]["fileUrl"].as_str().unwrap().starts_with("/files/f"), "kept as a reference: {seen}");
}

#[tokio::test]
async fn check_46_the_fields_of_an_upload_come_in_any_order() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let ticket = ann.ticket().await;
    let orders: [&[&str]; 4] =
        [&["file", "token", "key"], &["key", "file", "token"], &["file", "key", "token"], &["token", "file", "key"]];
    for (number, order) in orders.into_iter().enumerate() {
        let key = format!("key{number}");
        let (status, answer, open) = upload_in(&stage, &ticket, &key, order).await;
        assert_eq!((status, &answer["key"], open), (200, &json!(key), true), "{order:?} {answer}");
        assert_eq!(fetch(&ann.address_of(&key).await.unwrap()).await, (200, WORDS.to_owned()));
    }
    let (status, answer, _) = upload_in(&stage, &ticket, "k", &["file", "key"]).await;
    assert_eq!((status, &answer["code"]), (401, &json!("unauthorized")), "{answer}");
    let (status, answer, _) = upload_in(&stage, "made-up", "k", &["file", "token"]).await;
    assert_eq!((status, &answer["code"]), (401, &json!("unauthorized")), "{answer}");
    let (status, ..) = upload_in(&stage, &ticket, "k", &["token", "file", "file"]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn z2_a_received_file_is_handed_on_by_who_may_see_it_and_by_nobody_else() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let (mut cara, mut eve) = (stage.user("cara").await, stage.user("eve").await);
    let ticket = ann.ticket().await;
    upload(&stage, &ticket, "k").await;
    let address = ann.address_of("k").await.unwrap();
    let content = |url: &str| json!({ "name": "a.txt", "size": WORDS.len(), "type": "txt", "fileUrl": url });
    let sent = ann.sends("ppMsgP", "bob", "RC:FileMsg", &content(&address)).await;
    let received = file_url(&bob.message().await.content);

    assert_eq!(bob.sends("ppMsgP", "cara", "RC:FileMsg", &content(&received)).await.status, 0);
    let handed = file_url(&cara.message().await.content);
    assert_eq!(fetch(&handed).await, (200, WORDS.to_owned()));
    // Back to where it came from it is the same file; to somebody else again it goes on.
    assert_eq!(bob.sends("ppMsgP", "ann", "RC:FileMsg", &content(&received)).await.status, 0);
    assert_eq!(fetch(&file_url(&ann.message().await.content)).await.0, 200);
    assert_eq!(cara.sends("ppMsgP", "eve", "RC:FileMsg", &content(&handed)).await.status, 0);
    assert_eq!(fetch(&file_url(&eve.message().await.content)).await, (200, WORDS.to_owned()));
    // Whoever only knows an address of somebody else's has no right to what is behind it.
    assert_ne!(eve.sends("ppMsgP", "bob", "RC:FileMsg", &content(&received)).await.status, 0);

    // What ann takes back is gone where she sent it; what bob sent stays his.
    let recall = json!({ "messageUId": sent.uid, "conversationType": 1, "targetId": "bob", "sentTime": sent.at });
    assert_eq!(ann.sends("recallMsg", "ann", "RC:RcCmd", &recall).await.status, 0);
    assert_ne!(fetch(&received).await.0, 200);
    assert_eq!(fetch(&handed).await, (200, WORDS.to_owned()));
}

#[tokio::test]
async fn f4_a_way_to_a_file_is_no_ticket_and_a_made_up_one_neither() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let ticket = ann.ticket().await;
    upload(&stage, &ticket, "k").await;
    let address = ann.address_of("k").await.unwrap();
    let link = address.split('/').nth(4).unwrap().to_owned();
    for wrong in [link.as_str(), "made-up", ""] {
        let (status, answer, open) = upload(&stage, wrong, "k").await;
        assert_eq!((status, answer["code"].as_str(), open), (401, Some("unauthorized"), true));
    }
    let asked = GetQNupTokenInput { r#type: 9, key: None };
    assert_eq!(ann.query::<GetQNupTokenOutput>("qnTkn", "ann", &asked).await, Err(41001));
}
