//! Keeping data: one trait in the words of the domain, one engine per folder below, one conformance suite for all.
//!
//! Floor 2. An engine decides nothing: policy lives in `im`. What an engine promises:
//! - a verb that returned `Ok` is durable (fsynced) – the ack may leave (D1);
//! - every verb is one transaction, all or nothing;
//! - every read and write names the app (Z1); what belongs to another app does not exist;
//! - `seq` is given inside the committing transaction and has no gaps (D3);
//! - (conversation, sender, client id) is unique for ever (D2).

use async_trait::async_trait;

use crate::model::{
    App, AppKey, Content, Conversation, ConversationId, Features, Handle, Kind, Message, MessageUid, Millis, Mine,
    Person, Seq, Site, SiteKey, UserId,
    command::{History, List, Page},
    conversation::{Context, Keeping, Rating, Unread},
    site::{Look, Origin},
};

pub mod agents;
pub mod answers;
pub mod api_keys;
pub mod app_secrets;
pub mod audit;
pub mod broadcasts;
pub mod changes;
pub mod chatrooms;
#[cfg(test)]
pub(crate) mod conformance;
pub mod contacts;
mod conversation;
mod credentials;
mod error;
pub mod files;
pub mod finding;
mod grams;
pub mod histogram;
pub mod inbox;
pub mod members;
mod message;
pub mod moving;
pub mod outbox;
pub mod postgres;
pub mod pre_send;
pub mod public_services;
pub mod readership;
mod records;
pub mod restraints;
pub mod retention;
pub mod search;
pub mod shared;
pub mod sqlite;
pub mod statistics;
pub mod tallies;
mod told;
mod uid;
pub mod upstreams;
pub mod users;
pub mod words;

pub use contacts::ContactLists;
pub use conversation::{DeskCounts, GroupStep, Idle, NewGroup, NewService, NewTicket, Transition};
pub use credentials::{AgentAccount, Login, NewLogin, TokenHash};
pub use error::{Result, StoreError};
pub use message::{Appended, Demand, NewMessage, Replaced, Watermarks};
pub use restraints::Restraints;
pub use retention::Retention;
pub use users::{ProofAsked, ProofsAsked, Users};

use agents::Agents;
use answers::Answers;
use api_keys::ApiKeys;
use app_secrets::AppSecrets;
use audit::Audit;
use broadcasts::Broadcasts;
use chatrooms::Chatrooms;
use finding::Finding;
use inbox::Inboxes;
use members::Members;
use outbox::Outbox;
use pre_send::PreSends;
use public_services::PublicServices;
use readership::Readership;
use search::Searches;
use shared::Shared;
use statistics::Statistics;
use tallies::Tallies;
use upstreams::Upstreams;
use words::Words;

/// Every verb of the store.
#[async_trait]
pub trait Store:
    Agents
    + Answers
    + ApiKeys
    + AppSecrets
    + Audit
    + Broadcasts
    + Chatrooms
    + ContactLists
    + Finding
    + Inboxes
    + Members
    + Outbox
    + PreSends
    + PublicServices
    + Readership
    + Restraints
    + Retention
    + Searches
    + Shared
    + Statistics
    + Tallies
    + Upstreams
    + Users
    + Words
    + files::Files
    + Send
    + Sync
    + 'static
{
    // Tenancy.

    /// Makes an app.
    async fn create_app(&self, app: App) -> Result<()>;
    /// The app with this key.
    async fn app(&self, key: &AppKey) -> Result<Option<App>>;
    /// Replaces what an app may do.
    async fn set_features(&self, app: &AppKey, features: Features) -> Result<()>;
    /// Every app, oldest first, at most 1,000.
    async fn apps(&self) -> Result<Vec<App>>;
    /// Makes a site.
    async fn create_site(&self, site: Site) -> Result<()>;
    /// The site with this key.
    async fn site(&self, key: &SiteKey) -> Result<Option<Site>>;
    /// The app's sites, oldest first, at most 1,000.
    async fn sites(&self, app: &AppKey) -> Result<Vec<Site>>;
    /// Replaces a site's name, origins and look.
    async fn update_site(
        &self,
        app: &AppKey,
        site: &SiteKey,
        name: String,
        origins: Vec<Origin>,
        look: Look,
    ) -> Result<()>;

    // People and their credentials.

    /// Makes a user, or replaces the name and portrait of an existing one of the same role.
    /// Another role with that id: [`StoreError::AlreadyExists`].
    async fn save_user(&self, app: &AppKey, person: Person, at: Millis) -> Result<()>;
    /// The user with this id.
    async fn user(&self, app: &AppKey, id: &UserId) -> Result<Option<Person>>;
    /// Makes an agent (user and account).
    async fn create_agent(&self, account: AgentAccount, at: Millis) -> Result<()>;
    /// The account with this e-mail, any app: e-mails are unique on the server.
    async fn agent_by_email(&self, email: &str) -> Result<Option<AgentAccount>>;
    /// How many agents the server has.
    async fn count_agents(&self) -> Result<u64>;
    /// Replaces an agent's password and ends all their logins.
    async fn set_password(&self, app: &AppKey, agent: &UserId, password_hash: String) -> Result<()>;
    /// Keeps a token.
    async fn create_login(&self, app: &AppKey, login: NewLogin) -> Result<()>;
    /// What a token opens; `None` when unknown or expired at `now`.
    async fn login(&self, token: TokenHash, now: Millis) -> Result<Option<Login>>;
    /// Moves a token's expiry.
    async fn extend_login(&self, token: TokenHash, expires_at: Millis) -> Result<()>;
    /// Ends a token. Unknown tokens are ignored.
    async fn end_login(&self, token: TokenHash) -> Result<()>;
    /// Keeps the hash of the one set-up code, replacing any other.
    async fn put_setup_code(&self, code: TokenHash, expires_at: Millis) -> Result<()>;
    /// Whether this set-up code is valid at `now`; `take` uses it up in the same transaction.
    async fn check_setup_code(&self, code: TokenHash, now: Millis, take: bool) -> Result<bool>;

    // Conversations.

    /// The conversation of this kind between two users; made when missing.
    async fn pair_conversation(
        &self,
        app: &AppKey,
        kind: Kind,
        a: &UserId,
        b: &UserId,
        id: ConversationId,
        at: Millis,
    ) -> Result<Conversation>;
    /// Founds a group or discussion.
    async fn create_group(&self, app: &AppKey, new: NewGroup) -> Result<Conversation>;
    /// Changes a group or discussion. Dismissed: [`StoreError::WrongStage`]; not a member: [`StoreError::Missing`].
    async fn change_group(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        step: GroupStep,
        at: Millis,
    ) -> Result<Conversation>;
    /// Which of these users were banned from a group.
    async fn banned(&self, app: &AppKey, conversation: ConversationId, users: &[UserId]) -> Result<Vec<UserId>>;
    /// Begins a service conversation. When the visitor has an open one on that site already, that one is returned
    /// instead.
    async fn begin_service(&self, app: &AppKey, new: NewService) -> Result<Conversation>;
    /// The visitor's open service conversation with a site.
    async fn open_service(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<Conversation>>;
    /// Moves a service conversation to another stage.
    async fn transition(&self, app: &AppKey, transition: Transition) -> Result<Conversation>;
    /// Adds what the visitor's browser told to what is known.
    async fn set_context(&self, app: &AppKey, conversation: ConversationId, context: Context) -> Result<()>;
    /// Keeps the visitor's rating; a later one replaces it.
    async fn rate(&self, app: &AppKey, conversation: ConversationId, rating: Rating) -> Result<Conversation>;
    /// Keeps a left message.
    async fn create_ticket(&self, app: &AppKey, ticket: NewTicket) -> Result<()>;
    /// The conversation that the app's back end knows by this handle.
    async fn conversation_by_handle(&self, app: &AppKey, kind: Kind, handle: &Handle) -> Result<Option<Conversation>>;
    /// The conversation with this id.
    async fn conversation(&self, app: &AppKey, id: ConversationId) -> Result<Option<Conversation>>;
    /// A page of the user's own list: pinned ones first, then newest change first, without those removed; with
    /// [`Conversation::mine`] (`List::view` is ignored).
    async fn conversations_of(&self, app: &AppKey, user: &UserId, list: &List) -> Result<Vec<Conversation>>;
    /// The conversation with this id, with [`Conversation::mine`] and without what was hidden when the user takes part.
    async fn conversation_for(&self, app: &AppKey, id: ConversationId, user: &UserId) -> Result<Option<Conversation>>;
    /// Changes how the user keeps a conversation. Not a participant: [`StoreError::NoConversation`].
    async fn keep(&self, app: &AppKey, conversation: ConversationId, user: &UserId, change: Keeping) -> Result<Mine>;
    /// What the user has not read in their list, in conversations of these kinds; of every kind when empty.
    async fn unread(&self, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Result<Unread>;
    /// A page of a desk view for this agent: `Waiting` longest wait first, all others newest change first.
    async fn desk_view(&self, app: &AppKey, agent: &UserId, list: &List) -> Result<Vec<Conversation>>;
    /// The sidebar's counts for this agent.
    async fn desk_counts(&self, app: &AppKey, agent: &UserId) -> Result<DeskCounts>;
    /// How many visitors of this app wait longer than this conversation; `None` when it does not wait.
    async fn queue_position(&self, app: &AppKey, conversation: ConversationId) -> Result<Option<u64>>;
    /// Service conversations in line or with an agent whose last change lies before `before`, any app, oldest first, at most
    /// `limit`.
    async fn idle_services(&self, before: Millis, limit: u16) -> Result<Vec<Idle>>;

    // Messages.

    /// Keeps a message: idempotency, seq, row, unread counts and the sender's own watermarks in one transaction.
    async fn append(&self, app: &AppKey, new: NewMessage) -> Result<Appended>;
    /// A page of stored messages. The caller has checked the right to read.
    async fn page(&self, app: &AppKey, query: &History) -> Result<Page>;
    /// As [`Store::page`], without what this participant cleared away, and with [`names::DELETED`] in the places of what
    /// they deleted. Whoever takes no part sees everything.
    ///
    /// [`names::DELETED`]: crate::model::content::names::DELETED
    async fn page_for(&self, app: &AppKey, reader: &UserId, query: &History) -> Result<Page>;
    /// Hides messages from one participant. Not a participant: [`StoreError::NoConversation`].
    async fn delete_for(&self, app: &AppKey, conversation: ConversationId, user: &UserId, seqs: &[Seq]) -> Result<()>;
    /// Puts another content in the place of a message's own, which is gone for ever. It calls nobody any more. When the
    /// message is taken back by that, the change gets a time of its own as messages do, later than everything that
    /// those inside have received (D6): they hear of it by their [`inbox`](inbox::Inboxes::inbox).
    async fn replace_content(
        &self,
        app: &AppKey,
        uid: MessageUid,
        content: Content,
        at: Millis,
    ) -> Result<Option<Replaced>>;
    /// Moves somebody's watermarks forward. `delivered` is raised to `read`; both are cut to the head.
    async fn mark(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        user: &UserId,
        delivered: Option<Seq>,
        read: Option<Seq>,
        at: Millis,
    ) -> Result<Watermarks>;
    /// The message with this uid.
    async fn message(&self, app: &AppKey, uid: MessageUid) -> Result<Option<Message>>;

    // Upkeep.

    /// The number of this installation: drawn when first asked for, then the same for everybody who uses this database.
    async fn installation(&self) -> Result<u64>;
    /// What other servers on the same data committed since an earlier look's place; without one, only where to go on
    /// from. Nothing where there are no others.
    async fn changes(&self, _since: Option<changes::Reached>) -> Result<changes::Changes> {
        Ok(changes::Changes::default())
    }
    /// Who hears of these conversations, whosever they are, in any order; none of those that are gone. Of groups and
    /// discussions only when `with_members`, since there may be thousands inside. Nothing where there are no other servers.
    async fn followers(&self, _of: &[ConversationId], _with_members: bool) -> Result<Vec<changes::Followers>> {
        Ok(Vec::new())
    }
    /// What time it is by the one clock that every server of this store can ask; `None` when no other server can be there.
    async fn time(&self) -> Result<Option<Millis>> {
        Ok(None)
    }
    /// Fails when the engine cannot commit now. For readiness.
    async fn ready(&self) -> Result<()>;
    /// Finishes all commits and closes the engine. Later verbs fail with [`StoreError::Unavailable`].
    async fn close(&self);
}
