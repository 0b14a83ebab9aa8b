//! What is asked before there is a socket.

use serde_json::json;

use super::raw::{KEY, Raw, TEXT, UPGRADE, frame};
use crate::{
    client::Client,
    harness::{PLANTED, People, TestServer},
};

async fn status(server: &TestServer, request: &str) -> String {
    let mut raw = Raw::connect(server.address()).await;
    raw.say(request).await;
    raw.head().await.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn w7_the_limits_of_heads_hold_for_handshakes_too() {
    let server = TestServer::start();
    let long = "a".repeat(9 << 10);
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}{more}\r\n");
    assert_eq!(status(&server, &get("/ws", "")).await, "101");
    assert_eq!(status(&server, &get(&format!("/ws?{long}"), "")).await, "413");
    assert_eq!(status(&server, &get("/ws", &format!("x-a: {long}\r\nx-b: {long}\r\n"))).await, "413");
    let many =
        |count: usize, value: &str| (0..count).map(|at| format!("x-{at}: {value}")).collect::<Vec<_>>().join("\r\n");
    // Beyond what is read at all.
    for more in [many(40, &long), many(200, "1")] {
        let answer = status(&server, &get("/ws", &format!("{more}\r\n"))).await;
        assert!(matches!(answer.as_str(), "400" | "413" | "431" | ""), "{answer}");
    }
}

#[tokio::test]
async fn w1_only_a_whole_handshake_of_http_1_1_is_taken() {
    let server = TestServer::start();
    for (request, wanted) in [
        (format!("GET /ws HTTP/1.0\r\nhost: a\r\n{UPGRADE}{KEY}\r\n"), "400"),
        (format!("POST /ws HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n{UPGRADE}{KEY}\r\n{{}}"), "405"),
        (format!("GET /console HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}\r\n"), "404"),
        (format!("GET /ws/ HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}\r\n"), "404"),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404"),
        (format!("GET /ws HTTP/1.1\r\nhost: a\r\n{UPGRADE}sec-websocket-key: \r\n\r\n"), "400"),
        (format!("GET /ws HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}origin: \u{e9}\r\n\r\n"), "403"),
        (
            format!("GET /ws HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}origin: https://a.example\r\norigin: null\r\n\r\n"),
            "403",
        ),
    ] {
        let answer = status(&server, &request).await;
        assert_eq!(answer, wanted, "{request}");
    }
}

#[tokio::test]
async fn b7_a_refused_handshake_carries_the_strict_headers() {
    let server = TestServer::start_with(|config| config.server.public_url = "https://chat.example".to_owned());
    let mut raw = Raw::connect(server.address()).await;
    raw.say(format!("GET /nothing HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}\r\n")).await;
    let head = raw.head().await;
    for header in [
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "content-type: application/json; charset=utf-8",
        "strict-transport-security: max-age=31536000; includeSubDomains",
    ] {
        assert!(head.to_lowercase().contains(&header.to_lowercase()), "{header} is missing in\n{head}");
    }
    assert!(raw.rest().await.contains("\"not_found\""));
}

#[tokio::test]
async fn v3_a_token_in_the_address_counts_for_nothing() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let (site, token) = (hello["site"].as_str().unwrap(), hello["token"].as_str().unwrap());
    let mut raw = Raw::connect(server.address()).await;
    let target = format!("/ws?token={token}&site={site}&{PLANTED}");
    raw.say(format!("GET {target} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n{UPGRADE}{KEY}\r\n")).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    let bare = json!({ "id": 1, "cmd": "hello", "body": { "v": 1, "as": "visitor", "site": site } });
    raw.say(frame(TEXT, bare.to_string())).await;
    assert_eq!(raw.json().await["error"]["code"], "unauthorized");
    assert_eq!(raw.close_code().await, Some(4401));
}

#[tokio::test]
async fn e3_the_cookie_needs_our_own_origin_to_the_letter() {
    let server = TestServer::start();
    let hello = People::of(&server).await.visitor_hello().await;
    let (site, token) = (hello["site"].as_str().unwrap(), hello["token"].as_str().unwrap());
    let cookie = format!("parlor-v-{site}={token}");
    let own = server.url("");
    let port = server.address().port();
    let says_hello = async |headers: &[(&'static str, &str)]| {
        let mut client = Client::open(server.address(), headers).await.unwrap();
        client.hello(json!({ "v": 1, "as": "visitor", "site": site })).await.is_ok()
    };
    assert!(says_hello(&[("origin", &own), ("cookie", &cookie)]).await);
    assert!(!says_hello(&[("cookie", &cookie)]).await, "no origin");
    for origin in [
        "null".to_owned(),
        server.demo_url().trim_end_matches('/').to_owned(),
        format!("{own}.evil.example"),
        format!("{own}/"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port ^ 1),
        "http://127.0.0.1".to_owned(),
    ] {
        assert!(!says_hello(&[("origin", &origin), ("cookie", &cookie)]).await, "{origin}");
    }
    let doubled = format!("parlor-v-{site}=short; {cookie}");
    assert!(says_hello(&[("origin", &own), ("cookie", &doubled)]).await, "what is no token does not count");
}
