//! The widget wire, version 1: JSON text frames, described in `docs/PROTOCOL.md`.

mod command;
mod encode;
mod frame;

pub use encode::{fault, is_reply, push, reply};
pub use frame::decode;

/// The protocol version spoken here.
pub const VERSION: u32 = 1;
