//! What differs between clients of this protocol: how bodies are packed, and which characters they can read.

use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    frame::{self, BadFrame},
    poll, text,
};
use crate::model::Content;

/// How one client writes and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    packing: Packing,
    /// Characters above U+FFFF must be escaped in message bodies.
    escapes: bool,
    /// The client is of a later generation than the second, and knows more topics.
    pub later: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Protobuf,
    Json,
}

impl Dialect {
    /// A client on a WebSocket that says to be this version (`sdkVer`).
    pub fn of_socket(sdk_version: &str) -> Self {
        let escapes = text::needs_escapes(sdk_version);
        Self { packing: Packing::Protobuf, escapes, later: !escapes }
    }

    /// A client of this version that polls: its bodies are JSON, in which all characters survive.
    pub fn of_poll(sdk_version: &str) -> Self {
        Self { packing: Packing::Json, escapes: false, later: !text::needs_escapes(sdk_version) }
    }

    /// Reads a body.
    pub fn read<M: Message + Default + DeserializeOwned>(self, body: &[u8]) -> Result<M, BadFrame> {
        match self.packing {
            Packing::Protobuf => frame::read_body(body),
            Packing::Json => poll::read_body(body),
        }
    }

    /// Writes a body.
    pub fn write<M: Message + Serialize>(self, body: &M) -> Vec<u8> {
        match self.packing {
            Packing::Protobuf => body.encode_to_vec(),
            Packing::Json => serde_json::to_vec(body).expect("messages of texts, numbers and lists serialise"),
        }
    }

    /// A message's JSON text as this client reads it.
    pub fn content(self, content: &Content) -> Vec<u8> {
        if self.escapes {
            text::escape_astral(content.body()).into_owned().into_bytes()
        } else {
            content.body().as_bytes().to_vec()
        }
    }
}
