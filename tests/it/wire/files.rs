//! Files on the real server: taken in, named by messages, given out to whoever may see them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// Somebody who sends files: a token, and for visitors their site.
pub(crate) struct Hands {
    token: String,
    site: Option<String>,
}

impl Hands {
    pub(crate) fn of(hello: &Value) -> Self {
        let text = |name: &str| hello[name].as_str().map(ToOwned::to_owned);
        Self { token: text("token").unwrap(), site: text("site") }
    }

    /// Sends a file.
    pub(crate) async fn upload(
        &self,
        server: &TestServer,
        to: &str,
        (name, declared): (&str, &str),
        bytes: Vec<u8>,
    ) -> Result<Value, (u16, Value)> {
        let mut request = reqwest::Client::new()
            .post(server.some_url("/files"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("x-conversation", to)
            .header("x-file-name", name)
            .header("content-type", declared)
            .body(bytes);
        if let Some(site) = &self.site {
            request = request.header("x-site", site);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        if status == 201 { Ok(body) } else { Err((status, body["error"]["code"].clone())) }
    }
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x, y| if (x / 20 + y / 20) % 2 == 0 { Rgb([214, 120, 60]) } else { Rgb([40, 90, 70]) };
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel)).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

const PNG: (&str, &str) = ("bowl.png", "image/png");

/// A visitor and the agent who has their conversation.
struct Pair {
    server: TestServer,
    people: People,
    visitor: Client,
    hands: Hands,
    agent: Client,
    agents_hands: Hands,
    conversation: String,
}

impl Pair {
    async fn new() -> Self {
        Self::on(TestServer::start()).await
    }

    async fn on(server: TestServer) -> Self {
        let people = People::of(&server).await;
        let hello = people.agent_hello("Anna").await;
        let agents_hands = Hands::of(&hello);
        let mut agent = people.connect(hello).await;
        let hello = people.visitor_hello().await;
        let hands = Hands::of(&hello);
        let mut visitor = people.connect(hello).await;
        let text = json!({ "client_id": "1", "type": "RC:TxtMsg", "content": { "content": "hi" }, "desk": true });
        let conversation = visitor.ask("send", text).await.unwrap()["conversation"].as_str().unwrap().to_owned();
        agent.ask("accept", json!({ "conversation": conversation })).await.unwrap();
        Self { server, people, visitor, hands, agent, agents_hands, conversation }
    }

    async fn upload(&self, what: (&str, &str), bytes: Vec<u8>) -> Result<Value, (u16, Value)> {
        self.hands.upload(&self.server, &self.conversation, what, bytes).await
    }

    async fn send_image(&mut self, uploaded: &Value) -> Value {
        let content = json!({ "content": uploaded["thumbnail"], "imageUri": uploaded["reference"] });
        let body = json!({
            "client_id": uploaded["file"], "type": "RC:ImgMsg", "content": content, "conversation": self.conversation
        });
        self.visitor.ask("send", body).await.unwrap()
    }

    async fn get(&self, url: &Value) -> Response {
        self.get_with(url, HeaderMap::new()).await
    }

    async fn get_with(&self, url: &Value, headers: HeaderMap) -> Response {
        let url = self.server.some_url(url.as_str().unwrap());
        reqwest::Client::new().get(url).headers(headers).send().await.unwrap()
    }
}

async fn links(client: &mut Client, files: &[&Value]) -> Value {
    client.ask("links", json!({ "files": files })).await.unwrap()["links"].take()
}

#[tokio::test]
async fn req_4_1_an_image_message_carries_a_thumbnail_and_the_large_image() {
    let mut pair = Pair::new().await;
    let uploaded = pair.upload(PNG, png(800, 600)).await.unwrap();
    assert_eq!((&uploaded["kind"], &uploaded["name"]), (&json!("image"), &json!("bowl.png")));
    assert_eq!((&uploaded["width"], &uploaded["height"]), (&json!(800), &json!(600)));
    pair.send_image(&uploaded).await;
    let message = pair.agent.push_where("message", |message| message["type"] == "RC:ImgMsg").await;
    assert_eq!(message["content"]["imageUri"], uploaded["reference"]);
    assert_eq!(message["content"]["content"], uploaded["thumbnail"]);
    let link = links(&mut pair.agent, &[&uploaded["file"]]).await[0].take();
    let answer = pair.get(&link["url"]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
    let large = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((large.width(), large.height()), (800, 600));
}

#[tokio::test]
async fn req_4_2_a_thumbnail_is_a_small_jpeg_in_base64_without_a_prefix() {
    let mut pair = Pair::new().await;
    let uploaded = pair.upload(PNG, png(3000, 2000)).await.unwrap();
    let thumbnail = uploaded["thumbnail"].as_str().unwrap();
    assert!(thumbnail.starts_with("/9j") && thumbnail.len() < 100_000);
    let small = image::load_from_memory(&data_encoding::BASE64.decode(thumbnail.as_bytes()).unwrap()).unwrap();
    assert!(small.width() * small.height() <= 60_000);
    let huge = json!({ "content": "/9j".repeat(50_000), "imageUri": uploaded["reference"] });
    let body = json!({ "client_id": "x", "type": "RC:ImgMsg", "content": huge, "conversation": pair.conversation });
    assert_eq!(pair.agent.ask("send", body).await.unwrap_err()["code"], "too_large");
}

#[tokio::test]
async fn req_4_3_any_server_may_keep_the_large_image() {
    let mut pair = Pair::new().await;
    let content = json!({ "content": "/9j", "imageUri": "https://cdn.example/large.jpg" });
    let body = json!({ "client_id": "x", "type": "RC:ImgMsg", "content": content, "conversation": pair.conversation });
    pair.visitor.ask("send", body).await.unwrap();
    let message = pair.agent.push_where("message", |message| message["type"] == "RC:ImgMsg").await;
    assert_eq!(message["content"], content);
}

#[tokio::test]
async fn req_4_4_an_upload_that_fails_sends_nothing() {
    let mut pair = Pair::new().await;
    let half = png(100, 100)[..60].to_vec();
    assert_eq!(pair.upload(PNG, half).await, Err((415, json!("unsupported_media_type"))));
    assert_eq!(pair.upload(PNG, Vec::new()).await, Err((400, json!("bad_request"))));
    let unknown = json!({ "content": "/9j", "imageUri": "/files/f00000000000000000000000000" });
    let body = json!({ "client_id": "x", "type": "RC:ImgMsg", "content": unknown, "conversation": pair.conversation });
    assert_eq!(pair.visitor.ask("send", body).await.unwrap_err()["code"], "not_found");
    let history = pair.agent.ask("history", json!({ "conversation": pair.conversation })).await.unwrap();
    assert!(history["messages"].as_array().unwrap().iter().all(|message| message["type"] != "RC:ImgMsg"));
}

#[tokio::test]
async fn a_visitors_first_word_may_be_a_file() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let hands = Hands::of(&hello);
    let mut visitor = people.connect(hello).await;
    let uploaded = hands.upload(&server, "desk", ("note.pdf", "application/pdf"), b"%PDF-1.7".to_vec()).await.unwrap();
    assert_eq!((&uploaded["kind"], &uploaded["type"]), (&json!("file"), &json!("application/octet-stream")));
    let content = json!({ "name": "note.pdf", "size": 8, "type": "pdf", "fileUrl": uploaded["reference"] });
    let body = json!({ "client_id": "1", "type": "RC:FileMsg", "content": content, "desk": true });
    visitor.ask("send", body).await.unwrap();
    let mut agent = people.agent("Anna").await;
    assert_eq!(links(&mut agent, &[&uploaded["file"]]).await[0]["name"], "note.pdf");
}

#[tokio::test]
async fn f4_a_download_is_harmless() {
    let mut pair = Pair::new().await;
    let script = b"<script>alert(1)</script>".to_vec();
    let uploaded = pair.upload(("../Rechnung%20%E2%80%AEgpj.html", "text/html"), script.clone()).await.unwrap();
    assert_eq!(uploaded["name"], ".._Rechnung gpj.html");
    let link = links(&mut pair.visitor, &[&uploaded["file"]]).await[0].take();
    let answer = pair.get(&link["url"]).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-disposition"), "attachment; filename*=UTF-8''.._Rechnung%20gpj.html");
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
    assert_eq!(header("cross-origin-resource-policy"), "same-site");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(answer.bytes().await.unwrap(), script);
}

#[tokio::test]
async fn f4_parts_of_a_file_are_given() {
    let mut pair = Pair::new().await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let uploaded = pair.upload(("a.bin", ""), bytes.clone()).await.unwrap();
    let link = links(&mut pair.visitor, &[&uploaded["file"]]).await[0].take();
    let ask = async |range: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("range", range.parse().unwrap());
        let answer = pair.get_with(&link["url"], headers).await;
        let shown = answer.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), shown, answer.bytes().await.unwrap().to_vec())
    };
    let (status, shown, part) = ask("bytes=100000-100009").await;
    assert_eq!((status, shown.as_deref()), (206, Some("bytes 100000-100009/200000")));
    assert_eq!(part, bytes[100_000..100_010]);
    let (status, shown, _) = ask("bytes=200000-").await;
    assert_eq!((status, shown.as_deref()), (416, Some("bytes */200000")));
    assert_eq!(ask("bytes=9-1").await.2, bytes);
    let url = pair.server.some_url(link["url"].as_str().unwrap());
    let head = reqwest::Client::new().head(url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "200000"));
}

#[tokio::test]
async fn z2_a_file_opens_only_through_its_own_conversation() {
    let mut pair = Pair::new().await;
    let uploaded = pair.upload(PNG, png(40, 40)).await.unwrap();
    pair.send_image(&uploaded).await;
    let hello = pair.people.visitor_hello().await;
    let stranger_hands = Hands::of(&hello);
    let mut stranger = pair.people.connect(hello).await;
    assert_eq!(links(&mut stranger, &[&uploaded["file"]]).await, json!([]));
    let naming = json!({ "content": "/9j", "imageUri": uploaded["reference"] });
    let body = json!({ "client_id": "1", "type": "RC:ImgMsg", "content": naming, "desk": true });
    assert_eq!(stranger.ask("send", body).await.unwrap_err()["code"], "not_found");
    assert_eq!(stranger.ask("conversations", json!({})).await.unwrap()["conversations"], json!([]));
    let refused = stranger_hands.upload(&pair.server, &pair.conversation, PNG, png(9, 9)).await;
    assert_eq!(refused, Err((404, json!("not_found"))));
    let mut user = pair.people.user("bob").await;
    assert_eq!(links(&mut user, &[&uploaded["file"]]).await, json!([]));
    // A link of one viewer says nothing without its proof.
    let link = links(&mut pair.agent, &[&uploaded["file"]]).await[0]["url"].as_str().unwrap().to_owned();
    let broken = json!(link.replace("/files/", "/files/A"));
    assert_eq!(pair.get(&broken).await.status().as_u16(), 404);
    assert_eq!(pair.get(&json!("/files/x/y")).await.status().as_u16(), 404);
}

#[tokio::test]
async fn z1_another_app_knows_nothing_of_a_file() {
    let mut pair = Pair::new().await;
    let uploaded = pair.upload(PNG, png(40, 40)).await.unwrap();
    pair.send_image(&uploaded).await;
    let app = pair.people.im.create_app("Other").await.unwrap().key;
    let token = pair.people.im.issue_user_token(&app, "eve".parse().unwrap(), "Eve", None).await.unwrap();
    let hello = json!({ "v": 1, "as": "user", "token": token.reveal() });
    let hands = Hands::of(&hello);
    let mut eve = pair.people.connect(hello).await;
    assert_eq!(links(&mut eve, &[&uploaded["file"]]).await, json!([]));
    let refused = hands.upload(&pair.server, &pair.conversation, PNG, png(9, 9)).await;
    assert_eq!(refused, Err((404, json!("not_found"))));
}

#[tokio::test]
async fn a_message_that_is_taken_back_takes_its_file_along() {
    let mut pair = Pair::new().await;
    let uploaded = pair.upload(PNG, png(40, 40)).await.unwrap();
    let sent = pair.send_image(&uploaded).await;
    let link = links(&mut pair.agent, &[&uploaded["file"]]).await[0]["url"].take();
    assert_eq!(pair.get(&link).await.status().as_u16(), 200);
    pair.visitor.ask("recall", json!({ "uid": sent["uid"] })).await.unwrap();
    assert_eq!(pair.get(&link).await.status().as_u16(), 404);
    let kept = kept_files(&pair.server);
    assert_eq!(kept, Vec::<String>::new());
}

fn kept_files(server: &TestServer) -> Vec<String> {
    let shelves = std::fs::read_dir(server.files()).unwrap().map(|shelf| shelf.unwrap().path());
    let names = shelves.flat_map(|shelf| std::fs::read_dir(shelf).unwrap());
    names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn f5_files_are_limited_by_size_and_by_day() {
    let server = TestServer::start_with(|config| {
        config.limits.image_bytes = 4 << 10;
        config.limits.file_bytes = 8 << 10;
        config.limits.visitor_files_day = 2;
    });
    let pair = Pair::on(server).await;
    let refused = pair.upload(("a.bin", ""), vec![1; (8 << 10) + 1]).await;
    assert_eq!(refused, Err((413, json!("too_large"))));
    let refused = pair.upload(("a.png", "image/png"), vec![1; 5 << 10]).await;
    assert_eq!(refused, Err((413, json!("too_large"))));
    for _ in 0..2 {
        pair.upload(("a.bin", ""), vec![1; 10]).await.unwrap();
    }
    assert_eq!(pair.upload(("a.bin", ""), vec![1; 10]).await, Err((429, json!("rate_limited"))));
    let by_agent = pair.agents_hands.upload(&pair.server, &pair.conversation, ("a.bin", ""), vec![1; 10]).await;
    by_agent.expect("agents have no such limit");
    assert_eq!(kept_files(&pair.server).len(), 3);
}

#[tokio::test]
async fn o4_a_cookie_alone_uploads_nothing() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let (site, token) = (hello["site"].as_str().unwrap(), hello["token"].as_str().unwrap());
    let ask = async |headers: &[(&'static str, &str)]| {
        let mut request = reqwest::Client::new()
            .post(server.url("/files"))
            .header("x-conversation", "desk")
            .header("x-file-name", "a.bin")
            .header("x-site", site)
            .header("cookie", format!("parlor-v-{site}={token}"))
            .body("hi");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&[]).await, 403);
    assert_eq!(ask(&[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(ask(&[("origin", "https://evil.example")]).await, 403);
    assert_eq!(ask(&[("sec-fetch-site", "same-origin")]).await, 201);
}
