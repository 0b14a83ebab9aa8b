//! The verbs of [`Store`]: each goes to the writer or a reader, and is done in the file that knows its subject.

use async_trait::async_trait;

use super::{
    SqliteStore, conversations, desk, groups, hidden, logins, messages, own, people,
    readers::Read,
    service, tenancy, users,
    watermarks::Mark,
    writer::{AppendWork, Job},
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
    },
};

#[async_trait]
impl Store for SqliteStore {
    async fn create_app(&self, app: App) -> Result<()> {
        self.write(move |ledger| tenancy::create_app(ledger, &app)).await
    }

    async fn app(&self, key: &AppKey) -> Result<Option<App>> {
        let key = key.clone();
        self.read(move |view| tenancy::app(view, &key)).await
    }

    async fn set_features(&self, app: &AppKey, features: Features) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| tenancy::set_features(ledger, &app, &features)).await
    }

    async fn apps(&self) -> Result<Vec<App>> {
        self.read(tenancy::apps).await
    }

    async fn create_site(&self, site: Site) -> Result<()> {
        self.write(move |ledger| tenancy::create_site(ledger, &site)).await
    }

    async fn site(&self, key: &SiteKey) -> Result<Option<Site>> {
        let key = key.clone();
        self.read(move |view| tenancy::site(view, &key)).await
    }

    async fn sites(&self, app: &AppKey) -> Result<Vec<Site>> {
        let app = app.clone();
        self.read(move |view| tenancy::sites(view, &app)).await
    }

    async fn update_site(
        &self,
        app: &AppKey,
        site: &SiteKey,
        name: String,
        origins: Vec<Origin>,
        look: Look,
    ) -> Result<()> {
        let (app, site) = (app.clone(), site.clone());
        self.write(move |ledger| tenancy::update_site(ledger, &app, &site, (&name, &origins, &look))).await
    }

    async fn save_user(&self, app: &AppKey, person: Person, at: Millis) -> Result<()> {
        // Most people come back unchanged: a read costs no fsync.
        if self.user(app, &person.id).await?.as_ref() == Some(&person) {
            return Ok(());
        }
        let app = app.clone();
        self.write(move |ledger| people::save_user(ledger, &app, &person, at)).await
    }

    async fn user(&self, app: &AppKey, id: &UserId) -> Result<Option<Person>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| people::user(view, &app, &id)).await
    }

    async fn create_agent(&self, account: AgentAccount, at: Millis) -> Result<()> {
        self.write(move |ledger| people::create_agent(ledger, &account, at)).await
    }

    async fn agent_by_email(&self, email: &str) -> Result<Option<AgentAccount>> {
        let email = email.to_owned();
        self.read(move |view| people::agent_by_email(view, &email)).await
    }

    async fn count_agents(&self) -> Result<u64> {
        self.read(people::count_agents).await
    }

    async fn set_password(&self, app: &AppKey, agent: &UserId, password_hash: String) -> Result<()> {
        let (app, agent) = (app.clone(), agent.clone());
        self.write(move |ledger| people::set_password(ledger, &app, &agent, &password_hash)).await
    }

    async fn create_login(&self, app: &AppKey, login: NewLogin) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| logins::create_login(ledger, &app, &login)).await
    }

    async fn login(&self, token: TokenHash, now: Millis) -> Result<Option<Login>> {
        self.read(move |view| logins::login(view, token, now)).await
    }

    async fn extend_login(&self, token: TokenHash, expires_at: Millis) -> Result<()> {
        self.write(move |ledger| logins::extend_login(ledger, token, expires_at)).await
    }

    async fn end_login(&self, token: TokenHash) -> Result<()> {
        self.write(move |ledger| Ok(users::end_login(ledger, token)?)).await
    }

    async fn put_setup_code(&self, code: TokenHash, expires_at: Millis) -> Result<()> {
        self.write(move |ledger| logins::put_setup_code(ledger, code, expires_at)).await
    }

    async fn check_setup_code(&self, code: TokenHash, now: Millis, take: bool) -> Result<bool> {
        if take {
            self.write(move |ledger| logins::take_setup_code(ledger, code, now)).await
        } else {
            self.read(move |view| logins::check_setup_code(view, code, now)).await
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
        let (app, a, b) = (app.clone(), a.clone(), b.clone());
        let known = {
            let (app, a, b) = (app.clone(), a.clone(), b.clone());
            self.read(move |view| conversations::find_pair(view, &app, kind, (&a, &b))).await?
        };
        if let Some(known) = known {
            return Ok(known);
        }
        self.need_room()?;
        self.write(move |ledger| conversations::pair(ledger, &app, kind, (&a, &b), (id, at))).await
    }

    async fn create_group(&self, app: &AppKey, new: NewGroup) -> Result<Conversation> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| groups::create(ledger, &app, &new)).await
    }

    async fn change_group(
        &self,
        app: &AppKey,
        conversation: ConversationId,
        step: GroupStep,
        at: Millis,
    ) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| groups::change(ledger, &app, conversation, &step, at)).await
    }

    async fn banned(&self, app: &AppKey, conversation: ConversationId, users: &[UserId]) -> Result<Vec<UserId>> {
        let (app, users) = (app.clone(), users.to_vec());
        self.read(move |view| groups::banned(view, &app, conversation, &users)).await
    }

    async fn begin_service(&self, app: &AppKey, new: NewService) -> Result<Conversation> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| service::begin(ledger, &app, &new)).await
    }

    async fn open_service(&self, app: &AppKey, visitor: &UserId, site: &SiteKey) -> Result<Option<Conversation>> {
        let (app, visitor, site) = (app.clone(), visitor.clone(), site.clone());
        self.read(move |view| service::open_service(view, &app, &visitor, &site)).await
    }

    async fn transition(&self, app: &AppKey, transition: Transition) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| service::transition(ledger, &app, &transition)).await
    }

    async fn set_context(&self, app: &AppKey, conversation: ConversationId, context: Context) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| service::set_context(ledger, &app, conversation, &context)).await
    }

    async fn rate(&self, app: &AppKey, conversation: ConversationId, rating: Rating) -> Result<Conversation> {
        let app = app.clone();
        self.write(move |ledger| service::rate(ledger, &app, conversation, &rating)).await
    }

    async fn create_ticket(&self, app: &AppKey, ticket: NewTicket) -> Result<()> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| service::create_ticket(ledger, &app, &ticket)).await
    }

    async fn conversation_by_handle(&self, app: &AppKey, kind: Kind, handle: &Handle) -> Result<Option<Conversation>> {
        let (app, handle) = (app.clone(), handle.clone());
        self.read(move |view| conversations::by_handle(view, &app, kind, &handle)).await
    }

    async fn conversation(&self, app: &AppKey, id: ConversationId) -> Result<Option<Conversation>> {
        let app = app.clone();
        self.read(move |view| conversations::conversation(view, &app, id)).await
    }

    async fn conversations_of(&self, app: &AppKey, user: &UserId, list: &List) -> Result<Vec<Conversation>> {
        let (app, user, list) = (app.clone(), user.clone(), list.clone());
        self.read(move |view| own::conversations_of(view, &app, &user, &list)).await
    }

    async fn conversation_for(&self, app: &AppKey, id: ConversationId, user: &UserId) -> Result<Option<Conversation>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| own::conversation_for(view, &app, id, &user)).await
    }

    async fn keep(&self, app: &AppKey, conversation: ConversationId, user: &UserId, change: Keeping) -> Result<Mine> {
        let (app, user) = (app.clone(), user.clone());
        self.write(move |ledger| own::keep(ledger, &app, conversation, &user, change)).await
    }

    async fn unread(&self, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Result<Unread> {
        let (app, user, kinds) = (app.clone(), user.clone(), kinds.to_vec());
        self.read(move |view| own::unread(view, &app, &user, &kinds)).await
    }

    async fn desk_view(&self, app: &AppKey, agent: &UserId, list: &List) -> Result<Vec<Conversation>> {
        let (app, agent, list) = (app.clone(), agent.clone(), list.clone());
        self.read(move |view| desk::desk_view(view, &app, &agent, &list)).await
    }

    async fn desk_counts(&self, app: &AppKey, agent: &UserId) -> Result<DeskCounts> {
        let (app, agent) = (app.clone(), agent.clone());
        self.read(move |view| desk::desk_counts(view, &app, &agent)).await
    }

    async fn queue_position(&self, app: &AppKey, conversation: ConversationId) -> Result<Option<u64>> {
        let app = app.clone();
        self.read(move |view| desk::queue_position(view, &app, conversation)).await
    }

    async fn idle_services(&self, before: Millis, limit: u16) -> Result<Vec<Idle>> {
        self.read(move |view| desk::idle_services(view, before, limit)).await
    }

    async fn append(&self, app: &AppKey, new: NewMessage) -> Result<Appended> {
        self.need_room()?;
        self.queue(AppendWork { app: app.clone(), new }, Job::Append).await
    }

    async fn page(&self, app: &AppKey, query: &History) -> Result<Page> {
        let (app, query) = (app.clone(), query.clone());
        self.read(move |view| messages::page(view, &app, &query)).await
    }

    async fn page_for(&self, app: &AppKey, reader: &UserId, query: &History) -> Result<Page> {
        let (app, reader, query) = (app.clone(), reader.clone(), query.clone());
        self.read(move |view| hidden::page_for(view, &app, &reader, &query)).await
    }

    async fn delete_for(&self, app: &AppKey, conversation: ConversationId, user: &UserId, seqs: &[Seq]) -> Result<()> {
        let (app, user, seqs) = (app.clone(), user.clone(), seqs.to_vec());
        self.write(move |ledger| hidden::delete_for(ledger, &app, conversation, &user, &seqs)).await
    }

    async fn replace_content(
        &self,
        app: &AppKey,
        uid: MessageUid,
        content: Content,
        at: Millis,
    ) -> Result<Option<Replaced>> {
        let app = app.clone();
        self.write(move |ledger| hidden::replace_content(ledger, &app, uid, &content, at)).await
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
        let app = app.clone();
        self.read(move |view| messages::message(view, &app, uid)).await
    }

    async fn installation(&self) -> Result<u64> {
        let drawn = rand::random::<i64>();
        self.write(move |ledger| tenancy::installation(ledger, drawn)).await
    }

    async fn ready(&self) -> Result<()> {
        let probe = self.write(|ledger| Ok(ledger.step("update meta set value = value + 1 where name = 'probe'")?));
        let late = |_| StoreError::Unavailable("a commit takes too long".to_owned());
        tokio::time::timeout(self.patience, probe).await.map_err(late)?
    }

    async fn close(&self) {
        if let (Some(jobs), Some(questions)) = (&self.jobs, &self.questions) {
            let _ = jobs.send(Job::Close).await;
            let _ = questions.send(Read::Close).await;
        }
        if let Some(searches) = &self.searches {
            let _ = searches.send(Read::Close).await;
        }
        // Whoever closes second waits here for the first.
        let mut running = self.running.lock().await;
        if let Some(running) = running.take() {
            let _ = tokio::task::spawn_blocking(|| running.end()).await;
        }
    }
}
