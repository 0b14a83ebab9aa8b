//! A gateway without a network: sockets in memory, a store in a temporary folder.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytestring::ByteString;
use parlor::{
    auth::Token,
    bus::LocalBus,
    config::{Limits, Network},
    gateway::{
        Gateway,
        hello::{Opening, Origin},
        socket::{Incoming, Socket},
    },
    im::{Im, Settings, accounts::NewAgent},
    model::{Site, clock::SystemClock, error::CloseCode, presence::Transport, site::Look},
    store::{
        Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
    telemetry::Figures,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

const PASSWORD: &str = "a lamp on the table";

fn email_of(name: &str) -> String {
    format!("{name}@halden.example").to_lowercase()
}

/// A gateway and the domain behind it.
pub(super) struct House {
    pub(super) gateway: Arc<Gateway>,
    pub(super) im: Arc<Im>,
    pub(super) site: Site,
    pub(super) store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(super) async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("data"), options).unwrap());
        let bus = Arc::new(LocalBus::default());
        let im = Arc::new(Im::new(store.clone(), bus.clone(), Arc::new(SystemClock), Settings::default()));
        let app = im.create_app("Halden").await.unwrap();
        let origins = vec!["https://halden.example".to_owned().try_into().unwrap()];
        let site = im.create_site(&app.key, "Halden", origins, Look::default()).await.unwrap();
        let gateway = Gateway::new(im.clone(), limits, Arc::new(Figures::default()));
        bus.connect(gateway.bridge());
        Self { gateway, im, site, store, _folder: folder }
    }

    /// A connection that has said nothing.
    pub(super) fn open(&self) -> Line {
        self.open_from(Opening { origin: Origin::Unknown, visitors: Vec::new(), agent: None })
    }

    pub(super) fn open_from(&self, opening: Opening) -> Line {
        let line = Line::default();
        let admission = self.gateway.admit(Network::of_client([127, 0, 0, 1].into())).unwrap();
        tokio::spawn(self.gateway.serve(line.socket(), opening, admission));
        line
    }

    pub(super) async fn visitor_token(&self) -> Token {
        self.im.mint_visitor(&self.site).await.unwrap().1
    }

    /// A visitor's connection after its welcome.
    pub(super) async fn visitor(&self) -> Line {
        self.seated(self.visitor_hello(&self.visitor_token().await)).await
    }

    pub(super) fn visitor_hello(&self, token: &Token) -> Value {
        json!({ "v": 1, "as": "visitor", "site": self.site.key, "token": token.reveal() })
    }

    /// An agent's connection after its welcome.
    pub(super) async fn agent(&self, name: &str) -> Line {
        self.seated(self.agent_hello(name).await).await
    }

    /// What a new agent says as hello.
    pub(super) async fn agent_hello(&self, name: &str) -> Value {
        let app = Some(self.site.app.clone());
        let new = NewAgent { app, email: email_of(name), name: name.to_owned(), password: PASSWORD.to_owned() };
        self.im.create_agent(new).await.unwrap();
        self.sign_in(name).await
    }

    /// What an agent says as hello after signing in once more.
    pub(super) async fn sign_in(&self, name: &str) -> Value {
        let (_, token) = self.im.sign_in(&email_of(name), PASSWORD.to_owned(), "test").await.unwrap();
        json!({ "v": 1, "as": "agent", "token": token.reveal() })
    }

    /// A connection after its welcome.
    pub(super) async fn seated(&self, hello: Value) -> Line {
        let line = self.open();
        line.says(1, "hello", &hello);
        let welcome = line.hears().await;
        assert!(welcome["ok"].is_object(), "{welcome}");
        line
    }
}

/// The client's end of a socket in memory.
#[derive(Clone, Default)]
pub(super) struct Line {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    /// The client does not read.
    pub(super) stuck: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    inbound: VecDeque<Incoming>,
    mid_message: bool,
    frames: VecDeque<String>,
    pings: usize,
    closed: Option<CloseCode>,
    over: bool,
    task: Option<Waker>,
}

impl Line {
    fn socket(&self) -> MemorySocket {
        MemorySocket(self.clone())
    }

    /// The client sends a command.
    pub(super) fn says(&self, id: u64, cmd: &str, body: &Value) {
        self.sends(&json!({ "id": id, "cmd": cmd, "body": body }).to_string());
    }

    /// The client sends a text to the desk.
    pub(super) fn writes(&self, id: u64, text: &str) {
        let content = json!({ "content": text });
        let client_id = format!("k{id}");
        self.says(
            id,
            "send",
            &json!({ "desk": true, "client_id": client_id, "type": "RC:TxtMsg", "content": content }),
        );
    }

    /// The client sends a frame as it is.
    pub(super) fn sends(&self, frame: &str) {
        self.gives(Incoming::Text(frame.into()));
    }

    /// Something comes in.
    pub(super) fn gives(&self, incoming: Incoming) {
        let task = {
            let mut state = self.state.lock().unwrap();
            state.inbound.push_back(incoming);
            state.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }

    /// A message has begun and does not end.
    pub(super) fn begins_message(&self) {
        self.state.lock().unwrap().mid_message = true;
        self.gives(Incoming::Sign);
    }

    /// The next frame. Real time: the store's threads do not know a paused clock.
    pub(super) async fn hears(&self) -> Value {
        self.until(|state| state.frames.pop_front().map(|frame| serde_json::from_str(&frame).unwrap())).await
    }

    /// The next frame that answers a command.
    pub(super) async fn hears_answer(&self) -> Value {
        loop {
            let frame = self.hears().await;
            if !frame["push"].is_string() {
                return frame;
            }
        }
    }

    /// How the server closed.
    pub(super) async fn closed(&self) -> CloseCode {
        let code = self.until(|state| state.closed).await;
        self.gives(Incoming::Close);
        code
    }

    /// The connection's task let go of the socket.
    pub(super) async fn over(&self) {
        self.until(|state| state.over.then_some(())).await;
    }

    pub(super) fn pings(&self) -> usize {
        self.state.lock().unwrap().pings
    }

    async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look(&mut self.state.lock().unwrap()) {
                return found;
            }
            changed.await;
        }
    }
}

/// The server's end.
struct MemorySocket(Line);

impl MemorySocket {
    fn note(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.lock().unwrap());
        self.0.changed.notify_one();
    }
}

impl Socket for MemorySocket {
    const TRANSPORT: Transport = Transport::WebSocket;

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let mut state = self.0.state.lock().unwrap();
        if let Some(incoming) = state.inbound.pop_front() {
            return Poll::Ready(incoming);
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: &ByteString) {
        self.note(|state| state.frames.push_back(frame.to_string()));
    }

    fn ping(&mut self) {
        self.note(|state| state.pings += 1);
    }

    fn close(&mut self, code: CloseCode) {
        self.note(|state| state.closed = Some(code));
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.0.stuck.load(Ordering::SeqCst) {
            self.0.state.lock().unwrap().task = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn is_mid_message(&self) -> bool {
        self.0.state.lock().unwrap().mid_message
    }

    fn set_limit(&mut self, _: usize) {}

    fn abort(&mut self) {}
}

impl Drop for MemorySocket {
    fn drop(&mut self) {
        self.note(|state| state.over = true);
    }
}

/// Fails instead of hanging. Real time, also when the clock is paused.
pub(super) async fn soon<T>(work: impl Future<Output = T>) -> T {
    let (give_up, given_up) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_secs(20));
        let _ = give_up.send(());
    });
    tokio::select! {
        done = work => done,
        _ = given_up => panic!("it did not happen in time"),
    }
}
