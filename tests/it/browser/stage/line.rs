//! The line between a browser and the server, which a journey can cut, and which may be a bad one.

use std::{
    io::{Read, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// A relay on an address of its own. The server must be told that this is its public address.
pub(in crate::browser) struct Line {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    to: SocketAddr,
    whole: bool,
    strips_upgrade: bool,
    over: bool,
    streams: Vec<TcpStream>,
}

impl Line {
    /// A line that leads nowhere yet.
    pub(in crate::browser) fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { to: address, whole: true, strips_upgrade: false, over: false, streams: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let relay = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if relay.lock().unwrap().over {
                    return;
                }
                connect(&stream, &relay);
            }
        });
        Self { address, state }
    }

    /// What browsers are to call the server.
    pub(in crate::browser) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(in crate::browser) fn leads_to(&self, server: SocketAddr) {
        self.state.lock().unwrap().to = server;
    }

    /// Like a proxy that has never heard of WebSocket.
    pub(in crate::browser) fn strips_upgrade(&self) {
        self.state.lock().unwrap().strips_upgrade = true;
    }

    /// Everything under way breaks, and nothing new comes through.
    pub(in crate::browser) fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.whole = false;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(in crate::browser) fn mend(&self) {
        self.state.lock().unwrap().whole = true;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
        self.state.lock().unwrap().over = true;
        // Wakes the thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn connect(browser: &TcpStream, state: &Mutex<State>) {
    let mut state = state.lock().unwrap();
    if !state.whole {
        return;
    }
    let Ok(server) = TcpStream::connect(state.to) else { return };
    let twin = |stream: &TcpStream| stream.try_clone().unwrap();
    state.streams.extend([twin(browser), twin(&server)]);
    let strips = state.strips_upgrade;
    let (up, down) = ((twin(browser), twin(&server)), (server, twin(browser)));
    std::thread::spawn(move || pump(up.0, up.1, strips));
    std::thread::spawn(move || pump(down.0, down.1, false));
}

fn pump(mut from: TcpStream, mut to: TcpStream, strips_upgrade: bool) {
    let mut room = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut room) {
        let chunk = &room[..length];
        let sent = if strips_upgrade && chunk.starts_with(b"GET ") {
            to.write_all(without_upgrade(&String::from_utf8_lossy(chunk)).as_bytes())
        } else {
            to.write_all(chunk)
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

fn without_upgrade(head: &str) -> String {
    let hop = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("upgrade") && !name.eq_ignore_ascii_case("connection")
    };
    head.split("\r\n").filter(hop).collect::<Vec<_>>().join("\r\n")
}
