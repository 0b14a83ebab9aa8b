//! The HTTP surface against what it must not take.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::harness::TestServer;

/// Sends raw bytes and returns what comes back until the server closes or is silent for a while.
fn raw(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn code_of(answer: reqwest::Response) -> String {
    answer.json::<Value>().await.unwrap()["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unknown_address_is_a_fault_from_the_table() {
    let server = TestServer::start();
    let answer = reqwest::get(server.url("/nothing/here")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(code_of(answer).await, "not_found");
}

#[tokio::test]
async fn a_person_gets_a_page_instead_of_json() {
    let server = TestServer::start();
    let request = Client::new().get(server.url("/nothing")).header("accept", "text/html,*/*;q=0.8");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert!(answer.text().await.unwrap().contains("Nothing here"));
}

#[tokio::test]
async fn w7_a_wrong_or_unknown_method_is_405() {
    let server = TestServer::start();
    for method in [Method::POST, Method::DELETE, Method::from_bytes(b"BREW").unwrap()] {
        let answer = Client::new().request(method, server.url("/health")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(code_of(answer).await, "method_not_allowed");
    }
}

#[tokio::test]
async fn w7_a_compressed_body_is_415() {
    let server = TestServer::start();
    let request = Client::new().post(server.url("/health")).header("content-encoding", "gzip").body("x");
    assert_eq!(code_of(request.send().await.unwrap()).await, "unsupported_media_type");
}

#[tokio::test]
async fn w7_a_declared_giant_body_is_413_before_it_is_read() {
    let server = TestServer::start();
    let answer = raw(&server, "POST /health HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too_large"), "{answer}");
}

#[tokio::test]
async fn w7_long_addresses_and_heads_are_413() {
    let server = TestServer::start();
    let long = "a".repeat(9 << 10);
    assert_eq!(code_of(reqwest::get(server.url(&format!("/{long}"))).await.unwrap()).await, "too_large");
    let request = Client::new().get(server.url("/health")).header("x-a", &long).header("x-b", &long);
    assert_eq!(code_of(request.send().await.unwrap()).await, "too_large");
}

#[tokio::test]
async fn w7_two_lengths_are_400() {
    let server = TestServer::start();
    for request in [
        "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        "GET /x HTTP/1.1\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let answer = raw(&server, request);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn w7_a_head_that_never_ends_is_408() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost:").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn b7_every_answer_carries_the_strict_headers() {
    let server = TestServer::start();
    for path in ["/health", "/ready", "/nothing"] {
        let answer = reqwest::get(server.url(path)).await.unwrap();
        let headers = answer.headers();
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-request-id"].len(), 16);
        assert!(!headers.contains_key("server") && !headers.contains_key("strict-transport-security"));
    }
}

#[tokio::test]
async fn hsts_is_sent_when_the_public_address_is_https() {
    let server = TestServer::start_with(|config| config.server.public_url = "https://chat.example.com".to_owned());
    let answer = reqwest::get(format!("http://{}/health", server.address())).await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
}

#[tokio::test]
async fn a_server_that_runs_is_healthy_ready_and_counted() {
    let server = TestServer::start();
    for path in ["/health", "/ready"] {
        assert_eq!(reqwest::get(server.url(path)).await.unwrap().status(), StatusCode::OK);
    }
    let figures = reqwest::get(server.metrics_url()).await.unwrap().text().await.unwrap();
    assert!(figures.contains("parlor_http_requests_total{surface=\"health\",class=\"Success\"} 2"), "{figures}");
}

#[tokio::test]
async fn a_restart_keeps_the_address() {
    let mut server = TestServer::start();
    let before = server.address();
    server.restart();
    assert_eq!(server.address(), before);
    assert_eq!(reqwest::get(server.url("/ready")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn w1_one_network_cannot_hold_every_place_with_heads_that_never_end() {
    let server = TestServer::start_with(|config| config.limits.connections_per_network = 3);
    let held: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
            assert!(stream.read(&mut [0; 100]).unwrap() > 0);
            stream.write_all(b"GET /health HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    assert_eq!(raw(&server, "GET /health HTTP/1.1\r\nhost: a\r\n\r\n"), "", "the fourth hears nothing");
    drop(held);
    while raw(&server, "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").is_empty() {}
}

#[tokio::test]
async fn req_1_12_a_probe_answers_any_page_and_is_never_kept() {
    let server = TestServer::start();
    let request = Client::new().get(server.url("/probe")).header("origin", "https://anywhere.example");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(answer.text().await.unwrap(), "ok");
}
