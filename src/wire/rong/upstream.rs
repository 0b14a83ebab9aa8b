//! The client's side of the compatible wire: how we speak to another server of that kind on behalf of a visitor.
//!
//! Sans-IO. [`door`] asks for a token and for the way to a server, [`mod@line`] is one connection's life from its first
//! frame to its end: bytes and instants in, frames and words of the domain out. [`refusal`] turns numbers into faults.
//! Whoever has the sockets lives in `crate::upstream`.

pub mod door;
pub mod line;
pub mod refusal;

pub use line::{End, Heard, Line, Ticket, Told};
