//! Signed requests: what they let in, and what they keep out.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use parlor::auth::signature::Signed;
use serde_json::{Value, json};

use super::house;
use crate::harness::{Answer, BackEnd};

/// A request, to be signed and perhaps bent afterwards.
#[derive(Clone)]
struct Draft {
    method: &'static str,
    path: String,
    query: &'static str,
    at: String,
    nonce: String,
    body: String,
}

#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl Draft {
    fn get(path: &str) -> Self {
        let nonce = HEXLOWER.encode(&rand::random::<[u8; 8]>());
        Self { method: "GET", path: path.to_owned(), query: "", at: now().to_string(), nonce, body: String::new() }
    }

    fn post(path: &str, body: &Value) -> Self {
        Self { method: "POST", body: body.to_string(), ..Self::get(path) }
    }

    fn signature(&self, secret: &str) -> String {
        let Self { method, path, query, at, nonce, body } = self;
        let signed = Signed { method, path, query, timestamp: at, nonce, body: body.as_bytes() };
        HEXLOWER.encode(&signed.sign(secret.as_bytes()))
    }

    fn request(&self, by: &BackEnd, signature: &str) -> reqwest::RequestBuilder {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let request = by.bare(self.method, &format!("{}{query}", self.path));
        let request = if self.body.is_empty() { request } else { request.header("content-type", "application/json") };
        request
            .header("parlor-key", &by.key_id)
            .header("parlor-timestamp", &self.at)
            .header("parlor-nonce", &self.nonce)
            .header("parlor-signature", signature)
            .body(self.body.clone())
    }

    async fn send(&self, by: &BackEnd, signature: &str) -> Answer {
        Answer::of(self.request(by, signature).send().await.unwrap()).await
    }

    async fn signed(&self, by: &BackEnd) -> Answer {
        self.send(by, &self.signature(secret(by))).await
    }
}

fn secret(by: &BackEnd) -> &str {
    by.key.splitn(3, '_').nth(2).unwrap()
}

#[tokio::test]
async fn a3_a_signature_opens_what_the_key_opens() {
    let (_server, _people, back_end) = house().await;
    let pong = Draft::get("/v1/ping").signed(&back_end).await.ok();
    assert_eq!(pong["key"], json!(back_end.key_id));
    let audit = Draft { query: "limit=5", ..Draft::get("/v1/audit") };
    audit.signed(&back_end).await.ok();
    let new = json!({ "name": "Signed", "scopes": ["read"] });
    let made = Draft::post("/v1/keys", &new).signed(&back_end).await.ok();
    let reader = back_end.clone().with_key(made["key"].as_str().unwrap());
    assert_eq!(Draft::post("/v1/keys", &new).signed(&reader).await.code(), "forbidden");
}

#[tokio::test]
async fn a2_the_same_signature_is_taken_once_also_after_a_restart() {
    let (mut server, people, back_end) = house().await;
    let draft = Draft::post("/v1/keys", &json!({ "name": "Once", "scopes": ["read"] }));
    assert_eq!(draft.signed(&back_end).await.status, 201);
    let again = draft.signed(&back_end).await;
    assert_eq!((again.status, again.code()), (401, "replayed"));
    server.restart();
    assert_eq!(draft.signed(&back_end).await.code(), "replayed");
    assert_eq!(people.im.backend(&people.site.app).keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a3_what_was_changed_on_its_way_is_refused() {
    let (server, people, back_end) = house().await;
    let draft = Draft::post("/v1/keys", &json!({ "name": "Mine", "scopes": ["read"] }));
    let signature = draft.signature(secret(&back_end));
    let bent = [
        Draft { body: draft.body.replace("read", "app"), ..draft.clone() },
        Draft { path: "/v1/sites".to_owned(), ..draft.clone() },
        Draft { query: "x=1", ..draft.clone() },
        Draft { nonce: format!("{}0", draft.nonce), ..draft.clone() },
        Draft { at: (now() - 1).to_string(), ..draft.clone() },
    ];
    for draft in bent {
        assert_eq!(draft.send(&back_end, &signature).await.code(), "unauthorized");
    }
    let other = BackEnd::of(&server, &people.im, &people.site.app).await;
    assert_eq!(draft.send(&other, &signature).await.code(), "unauthorized");
    assert_eq!(draft.send(&back_end, &signature).await.status, 201);
}

#[tokio::test]
async fn a1_a_clock_may_be_off_by_five_minutes() {
    let (_server, _people, back_end) = house().await;
    for (off, status) in [(-290, 200), (290, 200), (-310, 401), (310, 401)] {
        let at = now().checked_add_signed(off).unwrap().to_string();
        assert_eq!(Draft { at, ..Draft::get("/v1/ping") }.signed(&back_end).await.status, status, "{off}");
    }
}

#[tokio::test]
async fn a1_nothing_is_doubled_or_mixed() {
    let (_server, _people, back_end) = house().await;
    let draft = Draft::get("/v1/ping");
    let signature = draft.signature(secret(&back_end));
    let mixed = draft.request(&back_end, &signature).bearer_auth(&back_end.key).send().await.unwrap();
    assert_eq!(mixed.status(), 401);
    for name in ["parlor-key", "parlor-timestamp", "parlor-nonce", "parlor-signature"] {
        let doubled = draft.request(&back_end, &signature).header(name, "x").send().await.unwrap();
        assert_eq!(Answer::of(doubled).await.code(), "bad_request", "{name}");
    }
    let doubled = back_end.request("GET", "/v1/ping").bearer_auth(&back_end.key).send().await.unwrap();
    assert_eq!(doubled.status(), 400);
    assert_eq!(draft.send(&back_end, &signature).await.status, 200);
}

#[tokio::test]
async fn a5_a_revoked_or_expired_key_signs_nothing() {
    let (_server, _people, back_end) = house().await;
    let made = back_end.post("/v1/keys", &json!({ "name": "Gone", "scopes": ["read"] })).await.ok();
    let gone = back_end.clone().with_key(made["key"].as_str().unwrap());
    Draft::get("/v1/ping").signed(&gone).await.ok();
    back_end.delete(&format!("/v1/keys/{}", gone.key_id)).await.ok();
    assert_eq!(Draft::get("/v1/ping").signed(&gone).await.code(), "unauthorized");
}
