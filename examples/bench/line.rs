//! A WebSocket client that costs next to nothing: it counts frames and looks at their first bytes.

use std::{net::SocketAddr, ops::Range};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

const HANDSHAKE: &str = "HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The receiving half.
pub(crate) struct Ears {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
    at: usize,
}

/// The sending half.
pub(crate) struct Mouth {
    stream: OwnedWriteHalf,
}

/// Opens a WebSocket at this path.
pub(crate) async fn open(address: SocketAddr, path: &str) -> anyhow::Result<(Mouth, Ears)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let (mut mouth, mut ears) = (Mouth { stream: write }, Ears { stream: read, buffer: Vec::new(), at: 0 });
    mouth.stream.write_all(format!("GET {path} {HANDSHAKE}").as_bytes()).await?;
    let end = loop {
        if let Some(end) = ears.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        ears.more().await?;
    };
    ensure!(ears.buffer.starts_with(b"HTTP/1.1 101"), "no WebSocket: {}", String::from_utf8_lossy(&ears.buffer));
    ears.at = end;
    Ok((mouth, ears))
}

/// Connects and hears the welcome.
pub(crate) async fn connect(address: SocketAddr, hello: &Value) -> anyhow::Result<(Mouth, Ears)> {
    let (mut mouth, mut ears) = open(address, "/ws").await?;
    mouth.say(&json!({ "id": 1, "cmd": "hello", "body": hello }).to_string()).await?;
    loop {
        let frame: Value = serde_json::from_slice(ears.frame().await?)?;
        if frame.get("id") == Some(&json!(1)) {
            ensure!(frame.get("ok").is_some(), "no welcome: {frame}");
            return Ok((mouth, ears));
        }
    }
}

impl Mouth {
    pub(crate) async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        frame(&mut bytes, text.as_bytes());
        self.say_bytes(&bytes).await
    }

    /// Frames made before.
    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }
}

/// A client's text frame.
pub(crate) fn frame(out: &mut Vec<u8>, payload: &[u8]) {
    whole(out, 0x81, payload);
}

/// A client's binary frame.
pub(crate) fn binary(out: &mut Vec<u8>, payload: &[u8]) {
    whole(out, 0x82, payload);
}

/// One frame with a key of zeros, which masks nothing.
fn whole(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    match u16::try_from(payload.len()) {
        Ok(len @ ..126) => out.push(0x80 | u8::try_from(len).unwrap_or_default()),
        Ok(len) => {
            out.push(0xFE);
            out.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            out.push(0xFF);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

impl Ears {
    /// The next text or binary frame's payload.
    pub(crate) async fn frame(&mut self) -> anyhow::Result<&[u8]> {
        loop {
            let (kind, payload) = self.next().await?;
            if matches!(kind, 1 | 2) {
                return self.buffer.get(payload).context("the frame is whole");
            }
        }
    }

    /// Answers pings for as long as the server keeps the connection.
    pub(crate) async fn rest(mut self, mut mouth: Mouth) -> anyhow::Result<()> {
        loop {
            let (kind, payload) = self.next().await?;
            if kind == 9 {
                let mut pong = Vec::new();
                whole(&mut pong, 0x8A, self.buffer.get(payload).unwrap_or_default());
                mouth.say_bytes(&pong).await?;
            }
        }
    }

    /// The next frame's kind, and where its payload lies.
    async fn next(&mut self) -> anyhow::Result<(u8, Range<usize>)> {
        loop {
            if let Some((kind, start, end)) = head(self.buffer.get(self.at..).unwrap_or_default()) {
                let (start, end) = (self.at + start, self.at + end);
                self.at = end;
                ensure!(kind != 8, "the server closed: {:?}", self.buffer.get(start..end));
                return Ok((kind, start..end));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            self.more().await?;
        }
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server is gone");
        Ok(())
    }
}

/// Kind, start and end of the frame that stands first, if it is whole.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let &[first, second, ref rest @ ..] = bytes else { return None };
    let (len, start) = match second {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?, 10),
        len => (usize::from(len), 2),
    };
    (bytes.len() >= start + len).then_some((first & 0x0F, start, start + len))
}
