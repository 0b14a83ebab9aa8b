//! What the loop needs of a transport of this protocol.

use std::{
    io,
    task::{Context, Poll},
};

use crate::{
    gateway::{
        socket::{Incoming, Socket},
        tcp::TcpSocket,
    },
    model::{error::CloseCode, presence::Transport},
    wire::rong::{
        dialect::Dialect,
        frame::{BadFrame, ClientFrame, ServerFrame},
    },
};

/// A transport of whole frames. Polled by one task.
pub trait Line: Send + Unpin + 'static {
    /// What it is, for those who are told who came.
    const TRANSPORT: Transport;

    /// How a client of this version reads and writes on it.
    fn dialect(sdk_version: &str) -> Dialect;

    /// The name of the session, where that has a meaning.
    fn session(&self) -> Option<String> {
        None
    }

    /// The next thing from the client. Not asked again after [`Heard::Close`] or [`Heard::Gone`], except to wait for the
    /// client's part of a close.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Heard>;

    /// Takes a frame for the client, and tells its size in bytes. Called only after [`Line::poll_flush`] was ready.
    fn send(&mut self, frame: &ServerFrame) -> usize;

    /// Says farewell; nothing is sent after it. Without it the client takes the connection for lost and comes again.
    fn close(&mut self);

    /// Whether everything that was sent has left.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether a message has begun to come in and its end has not.
    fn is_mid_message(&self) -> bool;

    /// Ends at once, whatever is still on its way.
    fn abort(&mut self);
}

/// What comes in from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A frame.
    Frame(ClientFrame),
    /// What should be a frame and is none.
    Bad(BadFrame),
    /// The client lives.
    Sign,
    /// The client says farewell.
    Close,
    /// The transport is gone, or broke its own rules.
    Gone,
}

/// One binary message is one frame.
impl Line for TcpSocket {
    const TRANSPORT: Transport = Transport::WebSocket;

    fn dialect(sdk_version: &str) -> Dialect {
        Dialect::of_socket(sdk_version)
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        Socket::poll_recv(self, cx).map(|incoming| match incoming {
            Incoming::Binary(bytes) => ClientFrame::decode(&bytes).map_or_else(Heard::Bad, Heard::Frame),
            // The transport was opened for bytes.
            Incoming::Text(_) => Heard::Bad(BadFrame::NotText),
            Incoming::Sign => Heard::Sign,
            Incoming::Close => Heard::Close,
            Incoming::Broken(_) | Incoming::Gone => Heard::Gone,
        })
    }

    fn send(&mut self, frame: &ServerFrame) -> usize {
        let bytes = frame.encode();
        self.send_bytes(&bytes);
        bytes.len()
    }

    fn close(&mut self) {
        Socket::close(self, CloseCode::Normal);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_flush(self, cx)
    }

    fn is_mid_message(&self) -> bool {
        Socket::is_mid_message(self)
    }

    fn abort(&mut self) {
        Socket::abort(self);
    }
}
