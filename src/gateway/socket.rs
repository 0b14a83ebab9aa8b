//! What the connection loop needs of a transport, so that the transport can be exchanged.

use std::{
    io,
    task::{Context, Poll},
};

use bytes::Bytes;
use bytestring::ByteString;

use crate::model::{error::CloseCode, presence::Transport};

/// A transport of whole frames. Polled by one task; keeps nothing of its own while it is idle.
pub trait Socket: Send + Unpin + 'static {
    /// What it is, for those who are told who came.
    const TRANSPORT: Transport;

    /// The next thing from the client. Not asked again after [`Incoming::Gone`], [`Incoming::Close`] or
    /// [`Incoming::Broken`], except to wait for the client's part of a close.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Incoming>;

    /// Takes a frame for the client. Called only after [`Socket::poll_flush`] was ready.
    fn send(&mut self, frame: &ByteString);

    /// Asks for a sign of life.
    fn ping(&mut self);

    /// Says farewell; nothing is sent after it.
    fn close(&mut self, code: CloseCode);

    /// Whether everything that was sent has left.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether a message has begun to come in and its end has not.
    fn is_mid_message(&self) -> bool;

    /// Largest message that is taken from now on.
    fn set_limit(&mut self, bytes: usize);

    /// Ends at once, whatever is still on its way.
    fn abort(&mut self);
}

/// What comes in from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A frame of text.
    Text(ByteString),
    /// A frame of bytes.
    Binary(Bytes),
    /// The client lives.
    Sign,
    /// The client says farewell.
    Close,
    /// The client broke the protocol.
    Broken(CloseCode),
    /// The transport is gone.
    Gone,
}
