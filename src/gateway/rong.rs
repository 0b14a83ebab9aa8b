//! Connections of the compatible protocol: who comes by which token, the loop, and what they ask and hear.
//!
//! They share clocks, limits, queues and sessions with all others. What differs is how one speaks: the server speaks
//! first, what is pushed depends on who reads it, and every question is answered by its number. [`line::Line`] is the
//! transport, which a WebSocket is and long polling may be.

use std::sync::Arc;

mod ask;
mod connection;
mod discussion;
mod files;
mod find;
mod greet;
pub mod line;
mod places;
pub mod poll;
mod tell;

use connection::Connection;
use line::Line;

use super::{Gateway, limits::Admission};
use crate::wire::Wire;

/// Largest message of a client in bytes.
pub const MAX_FRAME_BYTES: usize = crate::wire::rong::frame::MAX_BYTES;

/// What a client says of itself in the address that it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The App Key.
    pub app: String,
    /// The user's token.
    pub token: String,
    /// The client's version, `sdkVer`.
    pub sdk_version: String,
    /// Scheme, host and port by which the client reaches this server, for links.
    pub origin: String,
}

/// Never prints the token.
impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("app", &self.app).field("sdk_version", &self.sdk_version).finish_non_exhaustive()
    }
}

impl Gateway {
    /// The whole life of one connection of the compatible protocol. Whoever calls it spawns it.
    pub fn serve_compatible<L: Line>(
        self: &Arc<Self>,
        line: L,
        ticket: Ticket,
        admission: Admission,
    ) -> impl Future<Output = ()> + Send + 'static {
        let connection = Connection::new(self.clone(), self.new_outbox(Wire::Rong), line, ticket, admission);
        self.track(connection.live())
    }
}
