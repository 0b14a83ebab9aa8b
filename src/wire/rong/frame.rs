//! Frames ⇄ bytes on a WebSocket: one binary message is one frame, without length, checksum or batching.
//!
//! The first byte holds the operation (bits 7–4), a mark for copies of own messages (bit 3) and whether an answer is
//! wanted (bits 2–1). What follows depends on who writes: a server's PUBLISH has a time before its topic, a client's
//! has none. Bytes after the known end of a frame are ignored, so that later clients may add some.
//! Source: compatible protocol, "Frames on the WebSocket".

use prost::Message;

use super::bytes::{Reader, Writer};
use crate::model::Millis;

mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::{ClientFrame, Request};
pub use server::{Answer, ConnAck, Push, ServerFrame};

/// Largest frame of a client in bytes (security §13), and of a server towards a bridge.
pub const MAX_BYTES: usize = 128 << 10;
/// Most fields at the top of one protobuf body: an empty element costs two bytes here and hundreds in memory (W5).
pub const MAX_FIELDS: usize = 1024;

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const QUERY: u8 = 5;
const QUERYACK: u8 = 6;
const QUERYCON: u8 = 7;
const PINGREQ: u8 = 12;
const SUBACK: u8 = 9;
const UNSUBACK: u8 = 11;
const PINGRESP: u8 = 13;
const DISCONNECT: u8 = 14;

/// Bit 3: a copy of what the receiver wrote on another device.
const SYNCED: u8 = 0b1000;
/// Bits 2–1: an answer is wanted when they are not 0.
const QOS: u8 = 0b0110;
/// What we write there when an answer is wanted.
const QOS_ONE: u8 = 0b0010;

/// Why bytes are no frame, or a body is not what its topic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It ends before its last field does.
    #[error("the frame ends too early")]
    Short,
    /// It is larger than [`MAX_BYTES`].
    #[error("the frame is larger than allowed")]
    TooLarge,
    /// A topic or id is not text.
    #[error("a text of the frame is neither UTF-8 nor CESU-8")]
    NotText,
    /// This side never writes such a frame.
    #[error("operation {0} does not come from this side")]
    Operation(u8),
    /// The body is not the protobuf or JSON message that belongs to the topic.
    #[error("the frame's body does not belong to its topic")]
    Body,
    /// The body has more than [`MAX_FIELDS`] fields.
    #[error("the frame's body has too many fields")]
    TooManyFields,
}

/// Reads a protobuf body. Absent fields read as 0 or empty.
pub fn read_body<M: Message + Default>(body: &[u8]) -> Result<M, BadFrame> {
    check_fields(body)?;
    M::decode(body).map_err(|_| BadFrame::Body)
}

/// Counts the fields at the top of a body before memory is spent on them.
fn check_fields(body: &[u8]) -> Result<(), BadFrame> {
    let (mut rest, mut fields) = (body, 0_usize);
    while !rest.is_empty() {
        fields += 1;
        if fields > MAX_FIELDS {
            return Err(BadFrame::TooManyFields);
        }
        let key = prost::encoding::decode_varint(&mut rest).map_err(|_| BadFrame::Body)?;
        let length = match key & 7 {
            0 => prost::encoding::decode_varint(&mut rest).map(|_| 0).map_err(|_| BadFrame::Body)?,
            1 => 8,
            2 => prost::encoding::decode_varint(&mut rest).map_err(|_| BadFrame::Body)?,
            5 => 4,
            // Groups were never used by this protocol.
            _ => return Err(BadFrame::Body),
        };
        rest = usize::try_from(length).ok().and_then(|length| rest.get(length..)).ok_or(BadFrame::Body)?;
    }
    Ok(())
}

const fn operation(first: u8) -> u8 {
    first >> 4
}

const fn first_byte(operation: u8, wants_answer: bool) -> u8 {
    operation << 4 | if wants_answer { QOS_ONE } else { 0 }
}

/// An instant's seconds, as frames carry them; times beyond 2106 do not occur.
fn seconds(at: Millis) -> u32 {
    u32::try_from(at.get().div_euclid(1000)).unwrap_or(0)
}

fn begin(bytes: &[u8]) -> Result<(u8, Reader<'_>), BadFrame> {
    if bytes.len() > MAX_BYTES {
        return Err(BadFrame::TooLarge);
    }
    let mut reader = Reader::new(bytes);
    Ok((reader.u8()?, reader))
}

fn write(operation: u8, wants_answer: bool) -> Writer {
    Writer::new(first_byte(operation, wants_answer))
}
