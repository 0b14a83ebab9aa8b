//! The verbs of [`Store`]: each has a transaction, and is done in the file that knows its subject.

use async_trait::async_trait;

use super::{
    PostgresStore,
    batcher::{Append, Job, Mark},
    changes, conversations, desk, groups, hidden, logins, messages, own, people, service,
    session::{commit_like_a_write, glancing, now, reading, writing},
    tenancy, users,
};
use crate::{
    model::{
        App, AppKey, Content, Conversation, ConversationId, Features, Handle, Kind, Message, MessageUid, Millis, Mine,
        Person, Seq, Site, SiteKey, UserId,
        command::{History, List, Page},
        conversation::{Context, Keeping, Rating, Unread},
        site::{Look, Origin},
    },
    store::{
        AgentAccount, Appended, DeskCounts, GroupStep, Idle, Login, NewGroup, NewLogin, NewMessage, NewService,
        NewTicket, Replaced, Result, Store, StoreError, TokenHash, Transition, Watermarks,
        changes::{Changes, Followers, Reached},
    },
};

#[async_trait]
impl Store for PostgresStore {
    async fn create_app(&self, app: App) -> Result<()> {
        writing!(self, s => tenancy::create_app(s, &app))
    }

    async fn app(&self, key: &AppKey) -> Result<Option<App>> {
        glancing!(self, s => tenancy::app(s, key))
    }

    async fn set_features(&self, app: &AppKey, features: Features) -> Result<()> {
        writing!(self, s => tenancy::set_features(s, app, &features))
    }

    async fn apps(&self) -> Result<Vec<App>> {
        glancing!(self, s => tenancy::apps(s))
    }

    async fn create_site(&self, site: Site) -> Result<()> {
        writing!(self, s => tenancy::create_site(s, &site))
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>> {
        glancing!(self, s => tenancy::site(s, key))
    }

    async fn sites(&self, app: &AppKey) -> Result<Vec<Site>> {
        glancing!(self, s => tenancy::sites(s, app))
    }

    async fn update_site(
        &self,
        app: &AppKey,
        site: &SiteKey,
        name: String,
        origins: Vec<Origin>,
        look: Look,
    ) -> Result<()> {
        writing!(self, s => tenancy::update_site(s, app, site, (&name, &origins, &look)))
    }

    async fn save_user(&self, app: &AppKey, person: Person, at: Millis) -> Result<()> {
        // Most people come back unchanged: a read costs no fsync.
        if self.user(app, &person.id).await?.as_ref() == Some(&person) {
            return Ok(());
        }
        writing!(self, s => people::save_user(s, app, &person, at)).map(drop)
    }

    async fn user(&self, app: &AppKey, id: &UserId) -> Result<Option<Person>> {
        glancing!(self, s => people::user(s, app, id))
    }

    async fn create_agent(&self, account: AgentAccount, at: Millis) -> Result<()> {
        writing!(self, s => people::create_agent(s, &account, at))
    }

    async fn agent_by_email(&self, email: &str) -> Result<Option<AgentAccount>> {
        glancing!(self, s => people::agent_by_email(s, email))
    }

    async fn count_agents(&self) -> Result<u64> {
        glancing!(self, s => people::count_agents(s))
    }

    async fn set_password(&self, app: &AppKey, agent: &UserId, password_hash: String) -> Result<()> {
        writing!(self, s => people::set_password(s, app, agent, &password_hash))
    }

    async fn create_login(&self, app: &AppKey, login: NewLogin) -> Result<()> {
        writing!(self, s => logins::create_login(s, app, &login))
    }

    async fn login(&self, token: TokenHash, now: Millis) -> Result<Option<Login>> {
        glancing!(self, s => logins::login(s, token, now))
    }

    async fn extend_login(&self, token: TokenHash, expires_at: Millis) -> Result<()> {
        writing!(self, s => logins::extend_login(s, token, expires_at))
    }

    async fn end_login(&self, token: TokenHash) -> Result<()> {
        writing!(self, s => users::end_login(s, token))
    }

    async fn put_setup_code(&self, code: TokenHash, expires_at: Millis) -> Result<()> {
        writing!(self, s => logins::put_setup_code(s, code, expires_at))
    }

    async fn check_setup_code(&self, code: TokenHash, now: Millis, take: bool) -> Result<bool> {
        if take {
            writing!(self, s => logins::take_setup_code(s, code, now))
        } else {
            glancing!(self, s => logins::check_setup_code(s, code, now))
        }
    }

    async fn pair_conversation(
        &self,
        app: &AppKey,
        kind: Kind,
        a: &UserId,
        b: &UserId,
        id: ConversationId,
        at: Millis,
    ) -> Result<Conversation> {
        if let Some(known) = reading!(self, s => conversations::find_pair(s, app, kind, (a, b)))? {
            return Ok(known);
        }
        writing!(self, s => conversations::pair(s, app, kind, (a, b), (id, at)))
    }

    async fn create_group(&self, app: &AppKey, new: NewGroup) -> Result<Conversation> {
        writing!(self, s => groups::create(s, app, &new))
    }

    async fn change_group(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        step: GroupStep,
        at: Millis,
    ) -> Result<Conversation> {
        writing!(self, s => groups::change(s, app, conversation, &step, at))
    }

    async fn banned(&self, app: &AppKey, conversation: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        glancing!(self, s => groups::banned(s, app, conversation, users))
    }

    async fn begin_service(&self, app: &AppKey, new: NewService) -> Result<Conversation> {
        writing!(self, s => service::begin(s, app, &new))
    }

    async fn open_service(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<Conversation>> {
        reading!(self, s => service::open_service(s, app, visitor, site))
    }

    async fn transition(&self, app: &AppKey, transition: Transition) -> Result<Conversation> {
        writing!(self, s => service::transition(s, app, &transition))
    }

    async fn set_context(&self, app: &AppKey, conversation: ConversationId, context: Context) -> Result<()> {
        writing!(self, s => service::set_context(s, app, conversation, &context))
    }

    async fn rate(&self, app: &AppKey, conversation: ConversationId, rating: Rating) -> Result<Conversation> {
        writing!(self, s => service::rate(s, app, conversation, &rating))
    }

    async fn create_ticket(&self, app: &AppKey, ticket: NewTicket) -> Result<()> {
        writing!(self, s => service::create_ticket(s, app, &ticket))
    }

    async fn conversation_by_handle(&self, app: &AppKey, kind: Kind, handle: &Handle) -> Result<Option<Conversation>> {
        reading!(self, s => conversations::by_handle(s, app, kind, handle))
    }

    async fn conversation(&self, app: &AppKey, id: ConversationId) -> Result<Option<Conversation>> {
        reading!(self, s => conversations::conversation(s, app, id))
    }

    async fn conversations_of(&self, app: &AppKey, user: &UserId, list: &List) -> Result<Vec<Conversation>> {
        reading!(self, s => own::conversations_of(s, app, user, list))
    }

    async fn conversation_for(&self, app: &AppKey, id: ConversationId, user: &UserId) -> Result<Option<Conversation>> {
        reading!(self, s => own::conversation_for(s, app, id, user))
    }

    async fn keep(&self, app: &AppKey, conversation: ConversationId, user: &UserId, change: Keeping) -> Result<Mine> {
        writing!(self, s => own::keep(s, app, conversation, user, change))
    }

    async fn unread(&self, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Result<Unread> {
        glancing!(self, s => own::unread(s, app, user, kinds))
    }

    async fn desk_view(&self, app: &AppKey, agent: &UserId, list: &List) -> Result<Vec<Conversation>> {
        reading!(self, s => desk::desk_view(s, app, agent, list))
    }

    async fn desk_counts(&self, app: &AppKey, agent: &UserId) -> Result<DeskCounts> {
        glancing!(self, s => desk::desk_counts(s, app, agent))
    }

    async fn queue_position(&self, app: &AppKey, conversation: ConversationId) -> Result<Option<u64>> {
        glancing!(self, s => desk::queue_position(s, app, conversation))
    }

    async fn idle_services(&self, before: Millis, limit: u16) -> Result<Vec<Idle>> {
        glancing!(self, s => desk::idle_services(s, before, limit))
    }

    async fn append(&self, app: &AppKey, new: NewMessage) -> Result<Appended> {
        self.queue(Append { app: app.clone(), new, copy: None }, Job::Append).await
    }

    async fn page(&self, app: &AppKey, query: &History) -> Result<Page> {
        reading!(self, s => messages::page(s, app, query))
    }

    async fn page_for(&self, app: &AppKey, reader: &UserId, query: &History) -> Result<Page> {
        reading!(self, s => hidden::page_for(s, app, reader, query))
    }

    async fn delete_for(&self, app: &AppKey, conversation: ConversationId, user: &UserId, seqs: &[Seq]) -> Result<()> {
        writing!(self, s => hidden::delete_for(s, app, conversation, user, seqs))
    }

    async fn replace_content(
        &self,
        app: &AppKey,
        uid: MessageUid,
        content: Content,
        at: Millis,
    ) -> Result<Option<Replaced>> {
        writing!(self, s => hidden::replace_content(s, app, uid, &content, at))
    }

    async fn mark(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        user: &UserId,
        delivered: Option<Seq>,
        read: Option<Seq>,
        at: Millis,
    ) -> Result<Watermarks> {
        let mark = Mark { app: app.clone(), conversation, user: user.clone(), delivered, read, at };
        self.queue(mark, Job::Mark).await
    }

    async fn message(&self, app: &AppKey, uid: MessageUid) -> Result<Option<Message>> {
        glancing!(self, s => messages::message(s, app, uid))
    }

    async fn installation(&self) -> Result<u64> {
        let drawn = rand::random::<i64>();
        writing!(self, s => tenancy::installation(s, drawn))
    }

    async fn changes(&self, since: Option<Reached>) -> Result<Changes> {
        glancing!(self, s => changes::changes(s, since))
    }

    async fn followers(&self, of: &[ConversationId], with_members: bool) -> Result<Vec<Followers>> {
        glancing!(self, s => changes::followers(s, of, with_members))
    }

    async fn time(&self) -> Result<Option<Millis>> {
        glancing!(self, s => now(s)).map(Some)
    }

    async fn ready(&self) -> Result<()> {
        let probe = async { writing!(self, s => commit_like_a_write(s)) };
        let late = |_| StoreError::Unavailable("a commit takes too long".to_owned());
        tokio::time::timeout(self.patience, probe).await.map_err(late)?
    }

    async fn close(&self) {
        // Whoever closes second waits here for the first.
        let mut running = self.running.lock().await;
        if running.is_empty() {
            return;
        }
        let _ = self.jobs.send(Job::Close).await;
        let tasks = std::mem::take(&mut *running);
        self.engine.run(self.pool.close()).await;
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "A task of the store panicked");
            }
        }
    }
}
