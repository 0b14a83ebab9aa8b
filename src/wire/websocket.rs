//! WebSocket frames of the server's side (RFC 6455), strict and sans-IO.
//!
//! Messages of one kind only, text or binary, no extensions. A length is judged when it is declared, before a byte of it is
//! kept (W2).

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use crate::model::error::CloseCode;

/// Most fragments of one message (W2).
pub const MAX_FRAGMENTS: u32 = 64;
/// Longest payload of a ping, pong or close.
const MAX_CONTROL: usize = 125;
/// Longest header of a frame we send.
const MAX_HEAD: usize = 10;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole message of a wire that speaks text.
    Text(ByteString),
    /// A whole message of a wire that speaks bytes.
    Binary(Bytes),
    /// To be answered with a pong of the same payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client closes, with this code.
    Close(Option<u16>),
}

/// The client broke the protocol; the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// How to close.
    pub code: CloseCode,
    /// What was wrong.
    pub why: &'static str,
}

const fn broken(why: &'static str) -> Broken {
    Broken { code: CloseCode::Protocol, why }
}

/// Reads a client's frames and joins fragments.
#[derive(Debug)]
pub struct Reader {
    /// Longest message.
    limit: usize,
    /// The opcode of the messages that are spoken here.
    kind: u8,
    begun: Option<Box<Begun>>,
}

/// A message of which the last fragment is still to come.
#[derive(Debug)]
struct Begun {
    text: BytesMut,
    fragments: u32,
}

struct Head {
    last: bool,
    kind: u8,
    key: [u8; 4],
    start: usize,
    len: usize,
}

impl Reader {
    /// A reader for text messages of at most `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self { limit, kind: TEXT, begun: None }
    }

    /// A reader for binary messages of at most `limit` bytes.
    pub const fn binary(limit: usize) -> Self {
        Self { limit, kind: BINARY, begun: None }
    }

    /// Changes the limit.
    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether a message has begun and its end is still to come, fragments only.
    pub const fn is_within_message(&self) -> bool {
        self.begun.is_some()
    }

    /// Takes the next whole thing out of what came in; `None` when more bytes are needed.
    pub fn read(&mut self, bytes: &mut BytesMut) -> Result<Option<Heard>, Broken> {
        loop {
            let Some(head) = self.head(bytes)? else { return Ok(None) };
            if bytes.len() < head.start + head.len {
                return Ok(None);
            }
            bytes.advance(head.start);
            let mut payload = bytes.split_to(head.len);
            unmask(&mut payload, head.key);
            match head.kind {
                PING => return Ok(Some(Heard::Ping(payload.freeze()))),
                PONG => return Ok(Some(Heard::Pong)),
                CLOSE => return close(&payload).map(Some),
                _ if head.last && self.begun.is_none() => return self.whole(payload).map(Some),
                _ => {
                    if let Some(whole) = self.join(&payload, head.last) {
                        return self.whole(whole).map(Some);
                    }
                }
            }
        }
    }

    fn head(&self, bytes: &[u8]) -> Result<Option<Head>, Broken> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        let (last, kind) = (first & 0x80 != 0, first & 0x0F);
        if first & 0x70 != 0 {
            return Err(broken("a reserved bit is set"));
        }
        if second & 0x80 == 0 {
            return Err(broken("the frame is not masked"));
        }
        let Some((len, rest)) = length(second & 0x7F, rest)? else { return Ok(None) };
        self.judge(kind, last, len)?;
        let Some((key, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        // Judged above: fits the limit, so it fits `usize`.
        let len = usize::try_from(len).map_err(|_| broken("the length is beyond all bounds"))?;
        Ok(Some(Head { last, kind, key: *key, start: bytes.len() - rest.len(), len }))
    }

    /// Whether a frame of this kind and length may come now.
    fn judge(&self, kind: u8, last: bool, len: u64) -> Result<(), Broken> {
        match kind {
            CLOSE | PING | PONG => {
                return if last && len <= MAX_CONTROL as u64 {
                    Ok(())
                } else {
                    Err(broken("a control frame is fragmented or too long"))
                };
            }
            TEXT | BINARY if self.begun.is_some() => return Err(broken("a message begins within another")),
            TEXT | BINARY if kind == self.kind => {}
            TEXT => return Err(broken("only binary frames are spoken here")),
            BINARY => return Err(broken("only text frames are spoken here")),
            CONTINUATION if self.begun.is_some() => {}
            CONTINUATION => return Err(broken("a fragment continues nothing")),
            _ => return Err(broken("the opcode is unknown")),
        }
        let (so_far, fragments) = self.begun.as_ref().map_or((0, 0), |begun| (begun.text.len(), begun.fragments));
        if len > (self.limit.saturating_sub(so_far)) as u64 {
            return Err(Broken { code: CloseCode::TooLarge, why: "the message is too large" });
        }
        if fragments >= MAX_FRAGMENTS {
            return Err(Broken { code: CloseCode::Policy, why: "the message has too many fragments" });
        }
        Ok(())
    }

    fn whole(&self, payload: BytesMut) -> Result<Heard, Broken> {
        if self.kind == BINARY { Ok(Heard::Binary(payload.freeze())) } else { text(payload) }
    }

    fn join(&mut self, payload: &[u8], last: bool) -> Option<BytesMut> {
        let begun = self.begun.get_or_insert_with(|| Box::new(Begun { text: BytesMut::new(), fragments: 0 }));
        begun.text.extend_from_slice(payload);
        begun.fragments += 1;
        if last { self.begun.take().map(|begun| begun.text) } else { None }
    }
}

/// The declared length and what follows it. The shortest form must have been used.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Broken> {
    let (len, rest, least) = match short {
        126 => match rest.split_first_chunk() {
            Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest, 126),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((len, rest)) => (u64::from_be_bytes(*len), rest, 0x1_0000),
            None => return Ok(None),
        },
        short => (u64::from(short), rest, 0),
    };
    if len < least || len >> 63 != 0 {
        return Err(broken("the length is written wrongly"));
    }
    Ok(Some((len, rest)))
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

fn text(payload: BytesMut) -> Result<Heard, Broken> {
    let text = ByteString::try_from(payload.freeze());
    text.map(Heard::Text).map_err(|_| Broken { code: CloseCode::NotUtf8, why: "the text is not UTF-8" })
}

fn close(payload: &[u8]) -> Result<Heard, Broken> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(Heard::Close(None)) } else { Err(broken("the close code is cut")) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(broken("the close code may not be sent"));
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(Broken { code: CloseCode::NotUtf8, why: "the close reason is not UTF-8" });
    }
    Ok(Heard::Close(Some(code)))
}

/// Appends a text message.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    write(out, TEXT, text.as_bytes());
}

/// Appends a binary message.
pub fn write_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    write(out, BINARY, bytes);
}

/// Appends a ping.
pub fn write_ping(out: &mut Vec<u8>) {
    write(out, PING, b"");
}

/// Appends a pong with the payload of its ping.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write(out, PONG, payload);
}

/// Appends a close frame. The reason is cut to what fits.
pub fn write_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let reason = reason.get(..reason.floor_char_boundary(MAX_CONTROL - 2)).unwrap_or_default();
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    write(out, CLOSE, &payload);
}

fn write(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    out.reserve(MAX_HEAD + payload.len());
    out.push(0x80 | kind);
    match payload.len() {
        len @ ..126 => out.push(u8::try_from(len).expect("below 126")),
        len @ 126..0x1_0000 => {
            out.push(126);
            out.extend_from_slice(&u16::try_from(len).expect("below 2^16").to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    /// A client's frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        write(&mut plain, first & 0x0F, payload);
        let head = plain.len() - payload.len();
        let mut masked = plain[..head].to_vec();
        masked[0] = first;
        masked[1] |= 0x80;
        masked.extend_from_slice(&KEY);
        masked.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        masked
    }

    fn read(limit: usize, bytes: &[u8]) -> Result<Vec<Heard>, CloseCode> {
        let (mut reader, mut bytes, mut heard) = (Reader::new(limit), BytesMut::from(bytes), Vec::new());
        while let Some(one) = reader.read(&mut bytes).map_err(|broken| broken.code)? {
            heard.push(one);
        }
        Ok(heard)
    }

    fn said(text: &str) -> Heard {
        Heard::Text(text.into())
    }

    #[test]
    fn a_message_is_read() {
        assert_eq!(read(99, &frame(0x81, "grüße".as_bytes())), Ok(vec![said("grüße")]));
        assert_eq!(read(99, &frame(0x81, b"")), Ok(vec![said("")]));
    }

    #[test]
    fn fragments_are_joined_and_control_frames_may_stand_between() {
        let bytes =
            [frame(0x01, b"a"), frame(0x89, b"p"), frame(0x00, b"b"), frame(0x8A, b""), frame(0x80, b"c")].concat();
        assert_eq!(read(99, &bytes), Ok(vec![Heard::Ping("p".into()), Heard::Pong, said("abc")]));
    }

    #[test]
    fn w2_what_breaks_the_protocol_is_refused_with_its_code() {
        use CloseCode::{NotUtf8, Policy, Protocol, TooLarge};
        let mut unmasked = Vec::new();
        write_text(&mut unmasked, "hi");
        let many = (0..=MAX_FRAGMENTS).map(|at| frame(u8::from(at == 0), b"a")).collect::<Vec<_>>().concat();
        for (what, bytes, code) in [
            ("unmasked", unmasked, Protocol),
            ("reserved bit", frame(0xC1, b"a"), Protocol),
            ("binary", frame(0x82, b"a"), Protocol),
            ("unknown opcode", frame(0x83, b"a"), Protocol),
            ("unknown control opcode", frame(0x8B, b"a"), Protocol),
            ("continues nothing", frame(0x80, b"a"), Protocol),
            ("begins within another", [frame(0x01, b"a"), frame(0x81, b"b")].concat(), Protocol),
            ("fragmented ping", frame(0x09, b"a"), Protocol),
            ("long ping", frame(0x89, &[0; 126]), Protocol),
            ("long form of a short length", [&[0x81, 0xFE, 0, 5][..], &KEY, b"aaaaa"].concat(), Protocol),
            ("length of 63 bits and more", vec![0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], Protocol),
            ("cut close code", frame(0x88, b"x"), Protocol),
            ("close code 1005", frame(0x88, &1005_u16.to_be_bytes()), Protocol),
            ("close reason", frame(0x88, &[0x03, 0xE8, 0xFF]), NotUtf8),
            ("not UTF-8", frame(0x81, &[0xFF]), NotUtf8),
            ("lone surrogate", frame(0x81, &[0xED, 0xA0, 0x80]), NotUtf8),
            ("declared too large", vec![0x81, 0xFF, 0, 0, 0, 0, 0, 0, 1, 1], Protocol),
            ("declared too large", vec![0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0], TooLarge),
            ("too large together", [frame(0x01, &[b'a'; 99]), frame(0x80, b"b")].concat(), TooLarge),
            ("too many fragments", many, Policy),
        ] {
            assert_eq!(read(99, &bytes).unwrap_err(), code, "{what}");
        }
    }

    #[test]
    fn a_wire_of_bytes_takes_bytes_and_no_text() {
        let read = |bytes: &[u8]| Reader::binary(9).read(&mut BytesMut::from(bytes)).map_err(|broken| broken.code);
        assert_eq!(read(&frame(0x82, b"\xFF")), Ok(Some(Heard::Binary(Bytes::from_static(b"\xFF")))));
        assert_eq!(read(&[frame(0x02, b"a"), frame(0x80, b"b")].concat()), Ok(Some(Heard::Binary("ab".into()))));
        assert_eq!(read(&frame(0x81, b"a")), Err(CloseCode::Protocol));
        assert_eq!(read(&frame(0x82, &[0; 10])), Err(CloseCode::TooLarge));
    }

    #[test]
    fn a_close_is_read_with_its_code() {
        assert_eq!(read(99, &frame(0x88, b"")), Ok(vec![Heard::Close(None)]));
        assert_eq!(read(99, &frame(0x88, &[0x03, 0xE9, b'b'])), Ok(vec![Heard::Close(Some(1001))]));
    }

    #[test]
    fn our_frames_have_the_shortest_head() {
        for (len, head) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let mut out = Vec::new();
            write_text(&mut out, &"a".repeat(len));
            assert_eq!(out.len(), head + len);
        }
        let mut out = Vec::new();
        write_close(&mut out, 4008, &"ü".repeat(100));
        assert_eq!(out.len(), 2 + 2 + 122);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = read(1000, &bytes);
        }

        #[test]
        fn any_split_of_the_bytes_yields_the_same(texts in prop::collection::vec(".{0,200}", 1..5), cuts: Vec<usize>) {
            let bytes = texts.iter().map(|text| frame(0x81, text.as_bytes())).collect::<Vec<_>>().concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut reader, mut buffer, mut heard) = (Reader::new(10_000), BytesMut::new(), Vec::new());
            for pair in cuts.windows(2) {
                buffer.extend_from_slice(&bytes[pair[0]..pair[1]]);
                while let Some(one) = reader.read(&mut buffer).unwrap() {
                    heard.push(one);
                }
            }
            prop_assert_eq!(heard, texts.iter().map(|text| said(text)).collect::<Vec<_>>());
        }
    }
}
