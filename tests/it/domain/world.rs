//! A domain with a store in a temporary folder, a clock that stands still, and a bus that remembers.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use parlor::{
    bus::Bus,
    im::{Im, Settings, accounts::NewAgent, files::FileLimits},
    media::FolderBlobs,
    model::{
        AppKey, Audience, Caller, Code, Command, ConnectionId, Content, Conversation, ConversationId, Event, Fault,
        Hint, Message, Millis, Reply, Site, UserId,
        clock::FixedClock,
        command::{AgentStatus, History, List, Page, Receipt, Send, Sent, Target},
        conversation::View,
        presence::Transport,
        site::{Look, Origin},
    },
    store::sqlite::{SqliteOptions, SqliteStore},
};
use serde_json::json;

/// Everything a domain test needs.
pub(crate) struct World {
    pub(crate) im: Arc<Im>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) app: AppKey,
    pub(crate) site: Site,
    store: Arc<SqliteStore>,
    bus: Arc<Recorder>,
    folder: tempfile::TempDir,
}

/// A bus that keeps what was published.
#[derive(Default)]
struct Recorder(Mutex<Vec<Hint>>);

impl Bus for Recorder {
    fn publish(&self, hint: Hint) {
        self.0.lock().unwrap().push(hint);
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(
            &folder.path().join("parlor.db"),
            SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() },
        )
        .unwrap();
        let store = Arc::new(store);
        let bus = Arc::new(Recorder::default());
        let clock = Arc::new(FixedClock::at(Millis::new(1_790_000_000_000)));
        let blobs = Arc::new(FolderBlobs::open(&folder.path().join("files"), 0).unwrap());
        let im = Im::new(store.clone(), bus.clone(), clock.clone(), Settings::default());
        let im = Arc::new(im.keeping_files(blobs, FileLimits::default()));
        let app = im.create_app("Halden").await.unwrap();
        let origins = vec![Origin::parse("https://halden.example").unwrap()];
        let site = im.create_site(&app.key, "Halden", origins, Look::default()).await.unwrap();
        Self { im, clock, app: app.key, site, store, bus, folder }
    }

    /// A domain of another process on the same store. What it publishes nobody hears.
    pub(crate) fn beside(&self) -> Im {
        Im::new(self.store.clone(), Arc::new(Recorder::default()), self.clock.clone(), Settings::default())
    }

    /// A node on the same store, which hears and tells others by this bus.
    pub(crate) fn node(&self, bus: Arc<dyn Bus>) -> Arc<Im> {
        Arc::new(Im::new(self.store.clone(), bus, self.clock.clone(), Settings::default()))
    }

    /// The folder of everything that is kept.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A visitor with a connection.
    pub(crate) async fn visitor(&self) -> Someone {
        let (caller, _) = self.im.mint_visitor(&self.site).await.unwrap();
        self.come(caller).await
    }

    /// An agent with a connection, taking visitors.
    pub(crate) async fn agent(&self, name: &str) -> Someone {
        self.agent_of(self.app.clone(), name).await
    }

    pub(crate) async fn agent_of(&self, app: AppKey, name: &str) -> Someone {
        let email = format!("{}@halden.example", name.to_lowercase());
        let password = "a lamp on the table".to_owned();
        let new = NewAgent { app: Some(app.clone()), email, name: name.to_owned(), password };
        let person = self.im.create_agent(new).await.unwrap();
        self.come(Caller { app, person, site: None }).await
    }

    /// A user named by the app's back end, with a connection.
    pub(crate) async fn user(&self, id: &str) -> Someone {
        let token = self.im.issue_user_token(&self.app, id.parse().unwrap(), id, None).await.unwrap();
        let signed_in = self.im.authenticate(&token).await.unwrap().unwrap();
        self.come(signed_in.caller).await
    }

    async fn come(&self, caller: Caller) -> Someone {
        Someone::come(&self.im, caller).await
    }

    /// So many seconds from now.
    pub(crate) fn clock_after(&self, secs: i64) -> Millis {
        self.im.now().plus_secs(secs)
    }

    /// What was published since the last call.
    pub(crate) fn hints(&self) -> Vec<Hint> {
        std::mem::take(&mut *self.bus.0.lock().unwrap())
    }

    /// The messages that this person's connections were told since the last call.
    pub(crate) fn messages_to(&self, someone: &Someone) -> Vec<Arc<Message>> {
        let told = |audience: &Audience| {
            audience.app == someone.caller.app
                && (audience.users.contains(someone.caller.id()) || (audience.agents && someone.caller.is_agent()))
        };
        self.hints()
            .into_iter()
            .filter(|hint| told(&hint.audience))
            .filter_map(|hint| match hint.event {
                Event::Message(message) => Some(message),
                _ => None,
            })
            .collect()
    }
}

/// Somebody with one connection.
pub(crate) struct Someone {
    im: Arc<Im>,
    pub(crate) caller: Caller,
    pub(crate) connection: ConnectionId,
}

impl Someone {
    async fn come(im: &Arc<Im>, caller: Caller) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let someone = Self { im: im.clone(), caller, connection: ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed)) };
        im.connected(&someone.caller, Transport::WebSocket, false).await;
        someone
    }

    /// The same person with another connection, to another node.
    pub(crate) async fn at(&self, im: &Arc<Im>) -> Self {
        Self::come(im, self.caller.clone()).await
    }

    pub(crate) fn id(&self) -> &UserId {
        self.caller.id()
    }

    /// Says something to the desk.
    pub(crate) async fn asks(&self, text: &str) -> Sent {
        self.send(Target::Desk, &fresh(), Content::text(text)).await.unwrap()
    }

    /// Says something in a conversation.
    pub(crate) async fn says(&self, conversation: ConversationId, text: &str) -> Result<Sent, Fault> {
        self.send(Target::Conversation(conversation), &fresh(), Content::text(text)).await
    }

    /// Sends a control content to the desk.
    pub(crate) async fn signals(&self, name: &str, body: serde_json::Value) -> Result<Sent, Fault> {
        self.send(Target::Desk, &fresh(), Content::of(name, &body)).await
    }

    pub(crate) async fn send(&self, to: Target, client_id: &str, content: Content) -> Result<Sent, Fault> {
        let send = Send { to, client_id: client_id.parse().unwrap(), content, only: Vec::new() };
        match self.command(Command::Send(send)).await? {
            Reply::Sent(sent) => Ok(sent),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn command(&self, command: Command) -> Result<Reply, Fault> {
        self.im.command(&self.caller, self.connection, command).await
    }

    pub(crate) async fn accepts(&self, id: ConversationId) -> Result<Conversation, Fault> {
        self.im.accept(&self.caller, id).await
    }

    pub(crate) async fn ends(&self, id: ConversationId) -> Result<Conversation, Fault> {
        self.im.end(&self.caller, id).await
    }

    pub(crate) async fn sees(&self, id: ConversationId) -> Conversation {
        self.im.conversation(&self.caller, id).await.unwrap()
    }

    pub(crate) async fn reads(&self, id: ConversationId) -> Result<Page, Fault> {
        self.im.history(&self.caller, History::newest(id, 100)).await
    }

    /// The words of everything in a conversation.
    pub(crate) async fn words(&self, id: ConversationId) -> Vec<String> {
        let page = self.reads(id).await.unwrap();
        page.messages.iter().filter_map(|message| message.content.words()).collect()
    }

    pub(crate) async fn marks(&self, receipt: Receipt) -> Result<Reply, Fault> {
        self.command(Command::Receipt(receipt)).await
    }

    pub(crate) async fn view(&self, view: View) -> Vec<Conversation> {
        let list = List { view: Some(view), limit: 100, ..List::default() };
        self.im.conversations(&self.caller, list).await.unwrap().conversations
    }

    pub(crate) fn becomes(&self, status: AgentStatus) {
        self.im.set_status(&self.caller, status).unwrap();
    }

    pub(crate) fn goes(&self) {
        self.im.disconnected(&self.caller);
    }
}

/// A client id that nobody used.
pub(crate) fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The name of a service conversation's stage.
pub(crate) fn stage(conversation: &Conversation) -> &'static str {
    conversation.service.as_ref().expect("a service conversation").stage.name()
}

/// The code of a refused request.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> Code {
    result.unwrap_err().code
}

/// The names of passing or stored contents.
pub(crate) fn names(messages: &[Arc<Message>]) -> Vec<&str> {
    messages.iter().map(|message| message.content.name.as_str()).collect()
}

/// One field of a content's body.
pub(crate) fn field(message: &Message, pointer: &str) -> serde_json::Value {
    let body: serde_json::Value = message.content.view().unwrap();
    body.pointer(pointer).cloned().unwrap_or_else(|| json!(null))
}
