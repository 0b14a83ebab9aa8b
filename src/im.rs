//! The product without a socket, a clock, a URL or SQL: who may do what, and what happens then.
//!
//! Floor 3. Everything a client asks enters through [`Im::command`]; every message, whatever door it came in by, takes
//! the one path in `send`. What happens leaves as hints on the bus. No transport, no SQL, no HTML lives here.

use std::sync::{Arc, Mutex, OnceLock};

use rand::{SeedableRng, rngs::StdRng};

use crate::{
    auth::{Passwords, vault::Vault},
    bus::{Bus, Listener},
    model::{
        AppKey, Audience, Caller, Clock, Code, Command, ConnectionId, Conversation, ConversationId, Event, Fault, Hint,
        Millis, Reply, UserId,
    },
    outbound::Guard,
    store::Store,
};

pub mod accounts;
pub mod admin;
pub mod app_secrets;
mod apps;
pub mod backend;
mod block;
mod broadcast;
pub mod chatroom;
mod conversation;
mod deliver;
mod desk;
mod error;
pub mod files;
mod find;
mod group;
mod history;
mod inbox;
pub mod keys;
mod members;
mod moderation;
mod nodes;
mod notice;
mod own;
mod places;
pub mod pre_send;
mod presence;
mod public_service;
mod recall;
mod receipt;
pub mod relay;
mod remembered;
mod restraint;
mod retention;
mod rights;
mod search;
mod send;
mod signal;
mod stale;
mod sweep;
pub mod tallies;
pub mod turn;
mod typing;
mod uid;
pub mod upkeep;
pub mod upstream;
mod watch;
mod welcome;

use conversation::Routes;
pub use inbox::InboxPage;
use presence::Presence;
use uid::PassingUids;

/// What the domain lets its operator decide.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A visitor who was away this long and said nothing is taken to have left.
    pub idle_end_secs: u32,
    /// How long a person counts as present after their last connection went.
    pub presence_grace_secs: u32,
    /// How long a message may be taken back.
    pub recall_secs: u32,
    /// Longest text message in characters (security §13).
    pub max_text_chars: usize,
    /// How long a visitor's token lives without use.
    pub visitor_token_secs: i64,
    /// How long a one-time set-up code is valid.
    pub setup_code_secs: i64,
    /// Sign-in attempts per account in 15 minutes.
    pub logins_per_account: u32,
    /// Sign-in attempts per network in 15 minutes.
    pub logins_per_network: u32,
    /// Which addresses may be asked by webhooks.
    pub outgoing: Guard,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_end_secs: 24 * 3600,
            presence_grace_secs: 10,
            recall_secs: 120,
            max_text_chars: 8000,
            visitor_token_secs: 30 * 24 * 3600,
            setup_code_secs: 3600,
            logins_per_account: 10,
            logins_per_network: 50,
            outgoing: Guard::default(),
        }
    }
}

/// The domain. One per process, shared by every way in.
pub struct Im {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    /// What this node's connections were told, when there are other nodes.
    told: sweep::Told,
    /// This node's connections, when the bus leads to others too.
    here: OnceLock<Arc<dyn Listener>>,
    clock: Arc<dyn Clock>,
    random: Mutex<StdRng>,
    settings: Settings,
    passwords: Passwords,
    /// Seals secrets that must be used again.
    vault: Vault,
    throttle: accounts::Throttle,
    tallies: tallies::Tallies,
    presence: Presence,
    watches: watch::Watches,
    routes: Routes,
    finds: find::Finds,
    lists: block::Lists,
    terms: restraint::Terms,
    uids: PassingUids,
    dirty: desk::Dirty,
    apps: apps::Apps,
    lexicons: moderation::Lexicons,
    ears: notice::Ears,
    files: files::Files,
    chatrooms: chatroom::Rooms,
    exports: Arc<tokio::sync::Semaphore>,
    pre_sends: pre_send::PreSends,
    /// Who asks back ends about messages.
    reviewer: Option<Arc<dyn pre_send::Reviewer>>,
    leads: upstream::Leads,
    /// Who speaks to the services that lead apps' conversations.
    carrier: Option<Arc<dyn upstream::Carrier>>,
    /// The last desk that visitors of an app were told of.
    told_desks: dashmap::DashMap<AppKey, crate::model::command::Desk>,
    /// What is known of another node may be wrong.
    nodes_missed: tokio::sync::Notify,
    lost: nodes::Lost,
    rounds: nodes::Rounds,
}

impl Im {
    /// Puts the domain on top of a store, a bus and a clock.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let chatrooms = chatroom::Rooms::new(clock.now());
        let vault = Vault::passing();
        let presence = Presence::new(settings.presence_grace_secs, bus.node());
        let tallies = tallies::Tallies::new(store.clone(), &vault);
        Self {
            store,
            bus,
            tallies,
            told: sweep::Told::default(),
            here: OnceLock::new(),
            clock,
            random: Mutex::new(StdRng::from_os_rng()),
            presence,
            settings,
            passwords: Passwords::default(),
            throttle: accounts::Throttle::default(),
            routes: Routes::default(),
            finds: find::Finds::default(),
            watches: watch::Watches::default(),
            lists: block::Lists::default(),
            terms: restraint::Terms::default(),
            uids: PassingUids::default(),
            dirty: desk::Dirty::default(),
            apps: apps::Apps::default(),
            lexicons: moderation::Lexicons::default(),
            ears: notice::Ears::default(),
            files: files::Files::none(&vault),
            vault,
            chatrooms,
            exports: Arc::new(tokio::sync::Semaphore::new(backend::export::AT_ONCE)),
            pre_sends: pre_send::PreSends::default(),
            reviewer: None,
            leads: upstream::Leads::default(),
            carrier: None,
            told_desks: dashmap::DashMap::new(),
            nodes_missed: tokio::sync::Notify::new(),
            lost: nodes::Lost::default(),
            rounds: nodes::Rounds::default(),
        }
    }

    /// The same with somebody who asks back ends about messages; without, they give no answer.
    #[must_use]
    pub fn with_reviewer(mut self, reviewer: Arc<dyn pre_send::Reviewer>) -> Self {
        self.reviewer = Some(reviewer);
        self
    }

    /// The same with the vault that the settings name; without, what was sealed or signed means nothing after a restart.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.files.sign_by(&vault);
        self.tallies.named_by(&vault);
        self.vault = vault;
        self
    }

    /// By which what happens leaves, for whoever must say what is heard here.
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    /// Does what an authenticated client asks. `connection` is where the command came from: it is not told again.
    pub async fn command(&self, caller: &Caller, connection: ConnectionId, command: Command) -> Result<Reply, Fault> {
        match command {
            Command::Send(send) => self.send(caller, Some(connection), send).await.map(Reply::Sent),
            Command::History(query) => self.history(caller, query).await.map(Reply::Page),
            Command::Receipt(receipt) => self.receipt(caller, Some(connection), receipt).await.map(|()| Reply::Done {}),
            Command::Typing { conversation, on } => {
                self.typing(caller, connection, conversation, on).await.map(|()| Reply::Done {})
            }
            Command::Conversations(list) => self.conversations(caller, list).await.map(Reply::Conversations),
            Command::Conversation(id) => self.conversation(caller, id).await.map(|c| Reply::Conversation(Box::new(c))),
            Command::Keep { conversation, change } => {
                self.keep_as(caller, connection, conversation, change).await.map(Reply::Mine)
            }
            Command::Block { user, on } => self.block(caller, &user, on).await.map(|()| Reply::Done {}),
            Command::Blocked => self.blocked(caller).await.map(|users| Reply::Blocked { users }),
            Command::Watch(watch) => self.watch(caller, watch).await.map(|users| Reply::Presence { users }),
            Command::CreateGroup(new) => {
                self.create_group(caller, new).await.map(|group| Reply::Conversation(Box::new(group)))
            }
            Command::Group { conversation, change } => self.change_group(caller, conversation, change).await,
            Command::Chatroom(command) => self.chatroom_command(caller, connection, command).await,
            Command::Members(query) => self.group_members(caller, query).await.map(Reply::Members),
            Command::PublicService(command) => self.public_services(caller, command).await,
            Command::Readers(query) => self.readers(caller, query).await.map(Reply::Readers),
            Command::Recall(uid) => {
                self.recall(caller, connection, uid).await.map(|message| Reply::Message(Box::new(message)))
            }
            Command::Delete(delete) => self.delete(caller, connection, delete).await.map(|()| Reply::Done {}),
            Command::Search(search) => self.search(caller, *search).await.map(Reply::Found),
            Command::Links(files) => self.links(caller, &files).await.map(|links| Reply::Links { links }),
            Command::Unread(kinds) => self.unread(caller, &kinds).await.map(Reply::Unread),
            Command::Accept(id) => self.accept(caller, id).await.map(|c| Reply::Conversation(Box::new(c))),
            Command::End(id) => self.end(caller, id).await.map(|c| Reply::Conversation(Box::new(c))),
            Command::Status(status) => {
                self.set_status(caller, status)?;
                Ok(Reply::Done {})
            }
            Command::Ping => Ok(Reply::Done {}),
        }
    }

    /// The domain's clock.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Whether the store can commit now.
    pub async fn ready(&self) -> bool {
        self.store.ready().await.is_ok()
    }

    fn with_random<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        // A panic while drawing leaves the generator usable.
        let mut random = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut random)
    }

    fn mint_conversation_id(&self) -> ConversationId {
        let now = self.clock.now();
        self.with_random(|random| ConversationId::mint(now, random))
    }

    fn publish(&self, audience: Audience, event: Event) {
        self.bus.publish(Hint { audience, event });
    }

    /// Tells this node's connections only: the others find out by themselves.
    fn tell_here(&self, audience: Audience, event: Event) {
        let hint = Hint { audience, event };
        match self.here.get() {
            Some(here) => here.hear(hint),
            None => self.bus.publish(hint),
        }
    }

    /// Tells the participants, and every agent of a service conversation's app, how a conversation stands now.
    fn publish_conversation(&self, app: &AppKey, conversation: Conversation) {
        let mut audience = Audience::of(app.clone());
        audience.users = conversation.participants.iter().map(|p| p.person.id.clone()).collect();
        audience.agents = conversation.service.is_some();
        self.publish(audience, Event::Conversation(Arc::new(conversation)));
    }

    fn require_agent(caller: &Caller) -> Result<(), Fault> {
        if caller.is_agent() { Ok(()) } else { Err(Fault::new(Code::Forbidden, "only agents may do this")) }
    }

    fn is_online(&self, app: &AppKey, user: &UserId) -> bool {
        self.presence.is_here(app, user, self.clock.now())
    }
}
