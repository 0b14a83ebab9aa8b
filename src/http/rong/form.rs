//! Forms with files in them (`multipart/form-data`), read in pieces: no file is held in memory.

use std::time::Duration;

use actix_web::{http::header::HeaderMap, web::Payload};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::model::{Code, Fault};

/// Slowest body that is waited for (W7), after a first while.
const BYTES_PER_SEC: u64 = 10 << 10;
const FIRST_WHILE: Duration = Duration::from_secs(5);
/// Longest pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest head of a part, and longest boundary.
const MAX_HEAD: usize = 4 << 10;
const MAX_BOUNDARY: usize = 70;

/// A form that comes in.
pub(super) struct Form {
    payload: Payload,
    /// Line end, two dashes and the boundary: what stands between parts.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    began: Instant,
    taken: u64,
    /// The part has come to its end.
    ended: bool,
}

/// What a part says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// The field's name.
    pub(super) name: String,
    /// The file's name, when it is a file.
    pub(super) file_name: Option<String>,
    /// Its media type.
    pub(super) media_type: String,
}

impl Form {
    /// The form in a body.
    pub(super) fn new(headers: &HeaderMap, payload: Payload) -> Result<Self, Fault> {
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = kind.strip_prefix("multipart/form-data").and_then(|rest| parameter(rest, "boundary"));
        let boundary = boundary.filter(|boundary| (1..=MAX_BOUNDARY).contains(&boundary.len()));
        let boundary = boundary.ok_or_else(|| {
            Fault::new(Code::UnsupportedMediaType, "send a form as multipart/form-data with a boundary")
        })?;
        // The first delimiter has no line end before it.
        let buffer = BytesMut::from(b"\r\n".as_slice());
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Ok(Self { payload, delimiter, buffer, began: Instant::now(), taken: 0, ended: false })
    }

    /// The next part, after what is left of the one before; `None` at the end.
    pub(super) async fn next_part(&mut self) -> Result<Option<Part>, Fault> {
        while self.next_piece().await?.is_some() {}
        self.ended = false;
        self.want(2).await?;
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(bad("the head of a part is too long"));
            }
            self.want(self.buffer.len() + 1).await?;
        };
        let head = self.buffer.split_to(end + 4);
        Part::read(&String::from_utf8_lossy(&head)).map(Some)
    }

    /// The next bytes of the part; `None` at its end.
    pub(super) async fn next_piece(&mut self) -> Result<Option<Bytes>, Fault> {
        while !self.ended {
            if let Some(end) = find(&self.buffer, &self.delimiter) {
                if end > 0 {
                    return Ok(Some(self.buffer.split_to(end).freeze()));
                }
                let _ = self.buffer.split_to(self.delimiter.len());
                self.ended = true;
                break;
            }
            // The delimiter may have begun at the very end.
            let safe = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            if safe > 0 {
                return Ok(Some(self.buffer.split_to(safe).freeze()));
            }
            self.want(self.buffer.len() + 1).await?;
        }
        Ok(None)
    }

    /// The part as text, at most so many bytes.
    pub(super) async fn text(&mut self, most: usize) -> Result<String, Fault> {
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.next_piece().await? {
            if bytes.len() + piece.len() > most {
                return Err(Fault::new(Code::TooLarge, format!("a field is longer than {most} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| bad("a field is not UTF-8"))
    }

    /// Reads until so many bytes are there.
    async fn want(&mut self, bytes: usize) -> Result<(), Fault> {
        while self.buffer.len() < bytes {
            // What came so far earns time for the rest.
            let earned = Duration::from_secs(self.taken / BYTES_PER_SEC);
            let end = (self.began + FIRST_WHILE + earned).min(Instant::now() + PAUSE);
            let piece = timeout_at(end, self.payload.next()).await.map_err(|_| bad("the body came too slowly"))?;
            let piece = piece.ok_or_else(|| bad("the form ends too early"))?.map_err(|_| bad("the body is broken"))?;
            self.taken += piece.len() as u64;
            self.buffer.extend_from_slice(&piece);
        }
        Ok(())
    }
}

impl Part {
    fn read(head: &str) -> Result<Self, Fault> {
        let mut part = Self::default();
        let mut named = false;
        for line in head.split("\r\n") {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-disposition") {
                let found = parameter(value, "name").ok_or_else(|| bad("a part of the form has no name"))?;
                (part.name, part.file_name, named) = (found, parameter(value, "filename"), true);
            } else if name.eq_ignore_ascii_case("content-type") {
                value.trim().clone_into(&mut part.media_type);
            }
        }
        if named { Ok(part) } else { Err(bad("a part of the form has no name")) }
    }
}

/// A parameter of a header: `name=value` or `name="value"`, where browsers write a quote as `%22`.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').find_map(|piece| {
        let (key, value) = piece.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').replace("%22", "\""))
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn bad(message: &'static str) -> Fault {
    Fault::new(Code::BadRequest, message)
}
