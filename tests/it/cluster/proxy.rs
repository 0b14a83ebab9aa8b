//! What stands between a node and a server it needs: it can be cut, go silent, and lead elsewhere.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, JoinHandle},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// Where it leads.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A socket in the file system.
    File(PathBuf),
    /// A port of this machine.
    Port(u16),
}

/// How it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// As a wire does.
    Open,
    /// Connections are closed as soon as they come.
    Shut,
    /// Connections stand, but nothing arrives any more.
    Silent,
}

#[derive(Debug, Clone)]
struct State {
    target: Target,
    mode: Mode,
    /// Connections of an earlier age are closed.
    age: u64,
    /// How many answers to commits of messages are to be lost.
    losing: usize,
    /// How many were.
    lost: usize,
    over: bool,
}

/// A port of its own that leads elsewhere.
pub(super) struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    carrying: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(super) fn to(target: Target) -> Self {
        let (state, seen) = watch::channel(State { target, mode: Mode::Open, age: 0, losing: 0, lost: 0, over: false });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let tell = state.clone();
        // A thread of its own: a busy test must not slow it down.
        let carrying = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, seen, tell));
        });
        Self { port, state, carrying: Some(carrying) }
    }

    /// Where nodes find it.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Breaks all connections.
    pub(super) fn cut(&self) {
        self.state.send_modify(|state| state.age += 1);
    }

    /// From now on. What is shut also breaks what stands.
    pub(super) fn set(&self, mode: Mode) {
        self.state.send_modify(|state| {
            state.mode = mode;
            state.age += u64::from(mode == Mode::Shut);
        });
    }

    /// From now on so many commits of messages reach PostgreSQL, and their answers do not come back: the connection breaks.
    pub(super) fn lose_answers(&self, count: usize) {
        self.state.send_modify(|state| state.losing = count);
    }

    /// How many answers were lost.
    pub(super) fn lost(&self) -> usize {
        self.state.borrow().lost
    }

    /// Breaks all connections; new ones lead elsewhere.
    pub(super) fn lead(&self, target: Target) {
        self.state.send_modify(|state| {
            state.target = target;
            state.age += 1;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.over = true);
        if let Some(carrying) = self.carrying.take() {
            let _ = carrying.join();
        }
    }
}

async fn serve(listener: std::net::TcpListener, state: watch::Receiver<State>, tell: watch::Sender<State>) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut over = state.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (near, _) = accepted.unwrap();
                tokio::spawn(carry(near, state.clone(), tell.clone()));
            }
            _ = over.wait_for(|state| state.over) => return,
        }
    }
}

async fn carry(near: TcpStream, state: watch::Receiver<State>, tell: watch::Sender<State>) {
    let born = state.borrow().clone();
    let mut aging = state.clone();
    let old = async {
        let _ = aging.wait_for(|state| state.over || state.age != born.age).await;
    };
    if born.mode == Mode::Shut {
        return;
    }
    let carrying = async {
        let _ = near.set_nodelay(true);
        let (near_read, near_write) = near.into_split();
        match &born.target {
            Target::File(path) => {
                let (read, write) = UnixStream::connect(path).await?.into_split();
                both((near_read, near_write), (read, write), state.clone(), tell).await
            }
            Target::Port(port) => {
                let far = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], *port))).await?;
                far.set_nodelay(true)?;
                let (read, write) = far.into_split();
                both((near_read, near_write), (read, write), state.clone(), tell).await
            }
        }
    };
    tokio::select! {
        () = old => {}
        // A connection that ends on one side ends on the other.
        _ = carrying => {}
    }
}

async fn both(
    (near_read, near_write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    (far_read, far_write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    state: watch::Receiver<State>,
    tell: watch::Sender<State>,
) -> io::Result<()> {
    let mut ear = Ear::default();
    let lost = AtomicBool::new(false);
    tokio::select! {
        done = one_way(near_read, far_write, state.clone(), |piece| {
            // Before the server hears it, so that no answer is faster.
            lost.store(ear.hears_a_commit(piece) && tell.send_if_modified(State::loses), Ordering::SeqCst);
            true
        }) => done,
        // What comes first after it is the answer.
        done = one_way(far_read, near_write, state, |_| !lost.load(Ordering::SeqCst)) => done,
    }
}

impl State {
    /// Whether one more answer is to be lost.
    fn loses(&mut self) -> bool {
        let loses = self.losing > 0;
        self.losing -= usize::from(loses);
        self.lost += usize::from(loses);
        loses
    }
}

/// What a connection to PostgreSQL is for.
#[derive(Default)]
struct Ear {
    keeps_messages: bool,
}

impl Ear {
    fn hears_a_commit(&mut self, piece: &[u8]) -> bool {
        let says = |words: &[u8]| piece.windows(words.len()).any(|part| part == words);
        // The one that keeps messages takes a number for its node first.
        self.keeps_messages |= says(b"'parlor node '");
        self.keeps_messages && says(b"COMMIT\0")
    }
}

/// Until the end, or until a piece may not pass.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    mut may_pass: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        let _ = state.wait_for(|state| state.mode != Mode::Silent).await;
        if length == 0 {
            return to.shutdown().await;
        }
        if !may_pass(&piece[..length]) {
            return Ok(());
        }
        to.write_all(&piece[..length]).await?;
    }
}
