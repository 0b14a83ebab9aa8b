//! A WebSocket on a TCP stream that has left HTTP. Holds no buffer while it is idle.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use bytestring::ByteString;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::socket::{Incoming, Socket};
use crate::{
    model::{error::CloseCode, presence::Transport},
    wire::websocket::{self, Heard, Reader},
};

/// What one read may bring.
const READ: usize = 32 << 10;
/// A client that pings but does not read gets no more pongs than fit here.
const MOST_PONGS: usize = 1 << 10;
/// Spare room for writing that a thread keeps.
const KEPT: usize = 64 << 10;

thread_local! {
    /// Where all connections of this thread read into.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
    /// Room for writing, lent to whichever connection writes.
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct TcpSocket {
    stream: TcpStream,
    reader: Reader,
    /// Came in and is not a whole frame yet.
    inbound: BytesMut,
    /// Is on its way out, up to `written` already gone.
    outbound: Vec<u8>,
    written: usize,
    /// The client broke the protocol: what follows cannot be read.
    deaf: bool,
}

impl TcpSocket {
    /// Takes over a stream, and what was read from it beyond the handshake. Messages up to `limit` bytes are taken.
    pub fn new(stream: TcpStream, already_read: BytesMut, limit: usize) -> Self {
        let inbound = if already_read.is_empty() { BytesMut::new() } else { already_read };
        Self { stream, reader: Reader::new(limit), inbound, outbound: Vec::new(), written: 0, deaf: false }
    }

    /// The same for a wire of bytes.
    pub fn binary(stream: TcpStream, already_read: BytesMut, limit: usize) -> Self {
        Self { reader: Reader::binary(limit), ..Self::new(stream, already_read, limit) }
    }

    /// Takes a frame of bytes for the client.
    pub(super) fn send_bytes(&mut self, frame: &[u8]) {
        websocket::write_binary(self.room(), frame);
    }

    fn heard(&mut self, heard: Heard) -> Incoming {
        if self.inbound.is_empty() {
            self.inbound = BytesMut::new();
        }
        match heard {
            Heard::Text(text) => Incoming::Text(text),
            Heard::Binary(bytes) => Incoming::Binary(bytes),
            Heard::Pong => Incoming::Sign,
            Heard::Ping(payload) => {
                if self.outbound.len() - self.written < MOST_PONGS {
                    websocket::write_pong(self.room(), &payload);
                }
                Incoming::Sign
            }
            Heard::Close(_) => Incoming::Close,
        }
    }

    /// Reads what is there; false at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            self.inbound.extend_from_slice(read.filled());
            Poll::Ready(Ok(!read.filled().is_empty()))
        })
    }

    fn room(&mut self) -> &mut Vec<u8> {
        if self.outbound.capacity() == 0 {
            self.outbound = SPARE.take();
        }
        &mut self.outbound
    }

    fn give_back(&mut self) {
        self.written = 0;
        let mut spare = std::mem::take(&mut self.outbound);
        spare.clear();
        if (1..=KEPT).contains(&spare.capacity()) {
            SPARE.replace(spare);
        }
    }
}

impl Socket for TcpSocket {
    const TRANSPORT: Transport = Transport::WebSocket;

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            // What nobody read when a socket closes makes the kernel reset it, and our close frame would be lost.
            if self.deaf {
                self.inbound.clear();
            }
            match self.reader.read(&mut self.inbound) {
                Ok(Some(heard)) => return Poll::Ready(self.heard(heard)),
                Ok(None) => {}
                Err(broken) => {
                    self.deaf = true;
                    return Poll::Ready(Incoming::Broken(broken.code));
                }
            }
            match ready!(self.poll_read(cx)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(Incoming::Gone),
            }
        }
    }

    fn send(&mut self, frame: &ByteString) {
        websocket::write_text(self.room(), frame);
    }

    fn ping(&mut self) {
        websocket::write_ping(self.room());
    }

    fn close(&mut self, code: CloseCode) {
        websocket::write_close(self.room(), code.number(), code.reason());
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.outbound.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        if self.outbound.capacity() > 0 {
            self.give_back();
        }
        Poll::Ready(Ok(()))
    }

    fn is_mid_message(&self) -> bool {
        !self.inbound.is_empty() || self.reader.is_within_message()
    }

    fn set_limit(&mut self, bytes: usize) {
        self.reader.set_limit(bytes);
    }

    /// What the kernel still holds is thrown away, so that a stuck peer keeps nothing of ours (W4).
    fn abort(&mut self) {
        // Fails only when the stream is gone already.
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}
