//! Clients that break the rules, read slowly, or come from where they should not.

use std::time::Duration;

use parlor::config::Limits;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{CloseCode, Data, OpCode},
    },
};

use crate::{
    client::{Client, Heard},
    harness::{People, TestServer},
};

#[tokio::test]
async fn w1_what_is_no_handshake_is_answered_as_http() {
    let server = TestServer::start();
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
    let version = "sec-websocket-version: 13\r\n";
    let own = server.url("");
    for (first, headers, status) in [
        ("GET /ws", format!("{upgrade}{version}{key}origin: {own}\r\n"), "101"),
        ("GET /ws?token=x", format!("{upgrade}{version}{key}"), "101"),
        ("GET /other", format!("{upgrade}{version}{key}"), "404"),
        ("POST /ws", format!("{upgrade}{version}{key}"), "405"),
        ("GET /ws", format!("{upgrade}{version}"), "400"),
        ("GET /ws", format!("{upgrade}{key}"), "400"),
        ("GET /ws", format!("{upgrade}sec-websocket-version: 8\r\n{key}"), "400"),
        ("GET /ws", format!("{upgrade}{version}{key}origin: {own}\r\norigin: http://evil.example\r\n"), "403"),
        ("GET /ws", String::new(), "426"),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("{first} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", server.address());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(str::from_utf8(&head).unwrap(), format!("HTTP/1.1 {status}"), "{first}\n{headers}");
    }
}

#[tokio::test]
async fn a_frame_sent_in_one_breath_with_the_handshake_is_heard() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let mut bytes = b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    bytes.extend([0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
    stream.write_all(&bytes).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("bad_request") {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
    }
    assert!(String::from_utf8_lossy(&heard).contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#[tokio::test]
async fn w2_broken_websocket_frames_close_with_their_code() {
    let server = TestServer::start();
    let text =
        |payload: &[u8], last: bool| Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(Data::Text), last));
    for (frame, code) in [
        (Message::binary(vec![1, 2]), 1002),
        (text(&[0xFF, 0xFE], true), 1007),
        (Message::text("x".repeat(65 * 1024)), 1009),
        (Message::Frame(Frame::message(vec![b'x'], OpCode::Data(Data::Continue), true)), 1002),
    ] {
        let mut client = Client::open(server.address(), &[]).await.unwrap();
        client.frame(frame).await;
        assert_eq!(client.closed().await, code);
    }
    let mut client = Client::open(server.address(), &[]).await.unwrap();
    client.frame(text(b"{", false)).await;
    for _ in 0..64 {
        client.frame(Message::Frame(Frame::message(vec![b' '], OpCode::Data(Data::Continue), false))).await;
    }
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test]
async fn agents_may_send_larger_frames_than_visitors() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let large = json!({ "status": "online", "x": "y".repeat(100 * 1024) });
    let mut agent = people.agent("Anna").await;
    assert_eq!(agent.ask("status", large.clone()).await.unwrap_err()["code"], "bad_request");
    let mut visitor = people.visitor().await;
    visitor.say("status", large).await;
    assert_eq!(visitor.closed().await, 1009);
}

#[tokio::test]
async fn fragments_and_pings_are_understood_and_a_close_is_answered() {
    let server = TestServer::start();
    let mut visitor = People::of(&server).await.visitor().await;
    let part = |payload: &str, code, last| {
        Message::Frame(Frame::message(payload.to_owned().into_bytes(), OpCode::Data(code), last))
    };
    visitor.frame(part(r#"{"id":77,"#, Data::Text, false)).await;
    visitor.frame(Message::Ping("still here".into())).await;
    visitor.frame(part(r#""cmd":"ping"}"#, Data::Continue, true)).await;
    assert_eq!(visitor.answer(77).await.unwrap(), json!({}));
    let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: CloseCode::Away, reason: "".into() };
    visitor.frame(Message::Close(Some(frame))).await;
    assert_eq!(visitor.closed().await, 1000);
}

#[tokio::test]
async fn e3_foreign_origins_and_strangers_tokens_are_refused() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let own = server.url("");
    for (origin, code) in [("https://evil.example", Some("origin_refused")), ("null", None), (&own, None)] {
        let mut client = Client::open(server.address(), &[("origin", origin)]).await.unwrap();
        let error = client.hello(hello.clone()).await.err();
        assert_eq!(error.as_ref().and_then(|error| error["code"].as_str()), code, "{origin}");
    }
    let cookie = format!("parlor-v-{}={}", people.site.key, hello["token"].as_str().unwrap());
    let bare = json!({ "v": 1, "as": "visitor", "site": people.site.key });
    for (origin, fine) in [("https://evil.example", false), ("null", false), (&own, true)] {
        let mut client = Client::open(server.address(), &[("origin", origin), ("cookie", &cookie)]).await.unwrap();
        assert_eq!(client.hello(bare.clone()).await.is_ok(), fine, "{origin}");
    }
    let other = json!({ "v": 1, "as": "visitor", "site": "otherkey", "token": hello["token"] });
    let mut client = Client::open(server.address(), &[]).await.unwrap();
    assert_eq!(client.hello(other).await.unwrap_err()["code"], "unauthorized");
    assert_eq!(client.closed().await, 4401);
}

#[tokio::test]
async fn w1_a_network_has_its_share_of_connections() {
    let server = TestServer::start_with(|config| config.limits.connections_per_network = 2);
    let _lines = [Client::open(server.address(), &[]).await, Client::open(server.address(), &[]).await];
    assert_eq!(Client::open(server.address(), &[]).await.err(), Some(429));
}

#[tokio::test]
async fn w3_a_slow_reader_is_closed_with_4008_and_recovers() {
    let generous = Limits {
        agent_sends_per_sec: 100_000,
        agent_send_burst: 100_000,
        app_sends_per_sec: 100_000,
        // So that the first full kernel buffer counts.
        queue_frames: 16,
        queue_bytes: 64 << 10,
        ..Limits::default()
    };
    let server = TestServer::start_with(|config| config.limits = generous);
    let people = People::of(&server).await;
    let (hello, mut agent) = (people.visitor_hello().await, people.agent("Anna").await);

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address()).await.unwrap();
    let mut slow = Client::open_on(stream, server.address(), &[]).await.unwrap();
    slow.hello(hello.clone()).await.unwrap();
    let sent = slow.says("I read slowly").await;
    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();

    let line = "x".repeat(7000);
    for at in 0..1000 {
        let body = crate::client::text_body(&json!({ "conversation": sent["conversation"] }), &format!("k{at}"), &line);
        tokio::time::timeout(Duration::from_secs(10), agent.ask("send", body)).await.unwrap().unwrap();
    }
    // The close frame comes last; it is given up after five seconds of a client that still does not read.
    let last = loop {
        match slow.hear().await {
            Heard::Frame(_) => {}
            last => break last,
        }
    };
    assert!(matches!(last, Heard::Closed(4008) | Heard::Gone), "{last:?}");
    let figures = reqwest::get(server.metrics_url()).await.unwrap().text().await.unwrap();
    assert!(figures.contains("parlor_slow_disconnects_total 1"), "{figures}");

    let mut hello = hello;
    hello["since"] = json!([{ "conversation": sent["conversation"], "epoch": 1, "seq": 1 }]);
    let (_, welcome) = Client::connect(server.address(), hello).await;
    let gap = &welcome["gaps"][0];
    assert_eq!((&gap["messages"][0]["seq"], &gap["more"]), (&json!(2), &json!(true)), "it goes on where it stopped");
}
