//! A connection that says exactly the bytes it is told.

use std::{net::SocketAddr, time::Duration};

use parlor::wire::websocket;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::TestServer;

/// Whatever is awaited happens by then, or the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
pub(crate) const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";

/// Opcodes with the bit of the last fragment.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const PING: u8 = 0x89;

/// A TCP connection.
pub(crate) struct Raw {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), heard: Vec::new() }
    }

    /// A WebSocket that has said nothing yet.
    pub(crate) async fn upgraded(server: &TestServer) -> Self {
        let mut raw = Self::connect(server.address()).await;
        raw.say(format!("GET /ws HTTP/1.1\r\nhost: a\r\n{UPGRADE}{KEY}\r\n")).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        raw
    }

    /// A WebSocket after its welcome.
    pub(crate) async fn welcomed(server: &TestServer, hello: &Value) -> Self {
        let mut raw = Self::upgraded(server).await;
        raw.say(frame(TEXT, json!({ "id": 1, "cmd": "hello", "body": hello }).to_string())).await;
        let welcome = raw.json().await;
        assert!(welcome["ok"].is_object(), "{welcome}");
        raw
    }

    /// Sends bytes. A server that closed meanwhile is no mistake: what it said is still to be read.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = tokio::time::timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("the server reads");
    }

    /// Sends bytes and says whether they went.
    pub(crate) async fn tries_to_say(&mut self, bytes: &[u8]) -> bool {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("the server reads or closes").is_ok()
    }

    /// An HTTP answer's head, or what came until the end.
    pub(crate) async fn head(&mut self) -> String {
        let end = loop {
            if let Some(at) = self.heard.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                break self.heard.len();
            }
        };
        String::from_utf8(self.heard.drain(..end).collect()).unwrap()
    }

    /// Everything until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned()
    }

    /// The next frame; `None` when the server closed without one.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse(&self.heard) {
                self.heard.drain(..length);
                return Some(frame);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next text frame.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            let frame = self.frame().await.expect("the connection stands");
            if frame.first == TEXT {
                return serde_json::from_slice(&frame.payload).unwrap();
            }
            assert_ne!(frame.first, 0x88, "closed: {frame:?}");
        }
    }

    /// The code of the close frame, with what was said before it forgotten. `None` when there is none.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        while let Some(frame) = self.frame().await {
            if frame.first == 0x88 {
                return Some(u16::from_be_bytes([frame.payload[0], frame.payload[1]]));
            }
        }
        None
    }

    async fn more(&mut self) -> bool {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.heard));
        matches!(read.await.expect("the server says something in time"), Ok(1..))
    }
}

fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (start, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let payload = bytes.get(start..start + length)?.to_vec();
    Some((Frame { first, payload }, start + length))
}

/// A client's frame. The mask is zero: the payload stands as it is.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut plain = Vec::new();
    // Ours are written without a mask; the head's length is right all the same.
    websocket::write_text(&mut plain, &"x".repeat(payload.len()));
    let head = plain.len() - payload.len();
    let mut bytes = plain[..head].to_vec();
    (bytes[0], bytes[1]) = (first, bytes[1] | 0x80);
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}
