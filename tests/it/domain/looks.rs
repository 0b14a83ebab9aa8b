//! Two nodes on one PostgreSQL between which everything is lost: what a look tells, and what it costs.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, OnceLock, atomic::Ordering},
};

use async_trait::async_trait;
use parlor::{
    bus::{Bus, Listener, Peer},
    im::{Im, Settings, accounts::NewAgent, relay::Relay},
    model::{
        AppKey, Audience, Caller, Command, ConnectionId, Content, Conversation, ConversationId, Event, Hint, Kind,
        NodeId, Reply, Seq, Site, UserId,
        clock::SystemClock,
        command::{CreateGroup, Delete, Receipt, Send, Sent, Target},
        conversation::Keeping,
        site::{Look, Origin},
    },
    store::postgres::{Company, PostgresOptions, PostgresStore},
};

use super::world::fresh;
use crate::postgres::database::Database;

/// A bus that reaches nobody but this node's own connections.
#[derive(Default)]
struct Lost(OnceLock<Arc<Relay>>);

#[async_trait]
impl Bus for Lost {
    fn publish(&self, hint: Hint) {
        if let Some(relay) = self.0.get() {
            Listener::hear(&**relay, hint);
        }
    }

    fn node(&self) -> Option<NodeId> {
        Some(NodeId(1))
    }
}

/// Who is connected to a node, and what they hear.
#[derive(Default)]
struct Ears {
    people: Mutex<BTreeSet<UserId>>,
    agents: bool,
    heard: Mutex<Vec<Hint>>,
}

impl Listener for Ears {
    fn hear(&self, hint: Hint) {
        self.heard.lock().unwrap().push(hint);
    }

    fn wants(&self, audience: &Audience) -> bool {
        let people = self.people.lock().unwrap();
        (audience.agents && self.agents) || audience.users.iter().any(|user| people.contains(user))
    }
}

impl Ears {
    fn take(&self) -> Vec<Hint> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// Messages that were told, with those who were told, since the last call.
    fn messages(&self) -> Vec<(u64, Vec<String>)> {
        let message = |hint: Hint| match &hint.event {
            Event::Message(message) => Some((message.seq?.0, names(&hint.audience))),
            _ => None,
        };
        self.take().into_iter().filter_map(message).collect()
    }

    /// Stages of conversations that were told since the last call.
    fn stages(&self) -> Vec<&'static str> {
        let stage = |hint: Hint| match &hint.event {
            Event::Conversation(conversation) => conversation.service.as_ref().map(|service| service.stage.name()),
            _ => None,
        };
        self.take().into_iter().filter_map(stage).collect()
    }
}

fn names(audience: &Audience) -> Vec<String> {
    let mut names: Vec<String> = audience.users.iter().map(ToString::to_string).collect();
    names.sort();
    names
}

struct Node {
    im: Arc<Im>,
    relay: Arc<Relay>,
    ears: Arc<Ears>,
    store: Arc<PostgresStore>,
}

impl Node {
    async fn on(database: &Database, people: &[&str], agents: bool) -> Self {
        let options = PostgresOptions { company: Company::Nodes, ..PostgresOptions::at(&database.url()) };
        let store = Arc::new(PostgresStore::open(options).await.unwrap());
        let bus = Arc::new(Lost::default());
        let im = Arc::new(Im::new(store.clone(), bus.clone(), Arc::new(SystemClock), Settings::default()));
        let people = Mutex::new(people.iter().map(|id| id.parse().unwrap()).collect());
        let ears = Arc::new(Ears { people, agents, ..Ears::default() });
        let relay = Relay::new(&im, ears.clone());
        let _ = bus.0.set(relay.clone());
        Self { im, relay, ears, store }
    }

    /// A look for what was lost; how often the database was asked.
    async fn looks(&self) -> u64 {
        let before = self.store.stats().work.load(Ordering::Relaxed);
        self.im.make_up_for_the_bus().await.unwrap();
        self.store.stats().work.load(Ordering::Relaxed) - before
    }
}

/// Everything happens at `one`; `two` looks.
struct Pair {
    one: Node,
    two: Node,
    app: AppKey,
    site: Site,
    _database: Database,
}

impl Pair {
    async fn with(people: &[&str], agents: bool) -> Self {
        let database = Database::make().await;
        let one = Node::on(&database, &[], false).await;
        let two = Node::on(&database, people, agents).await;
        let app = one.im.create_app("Halden").await.unwrap().key;
        let origins = vec![Origin::parse("https://halden.example").unwrap()];
        let site = one.im.create_site(&app, "Halden", origins, Look::default()).await.unwrap();
        two.looks().await;
        Self { one, two, app, site, _database: database }
    }

    async fn user(&self, id: &str) -> Caller {
        let token = self.one.im.issue_user_token(&self.app, id.parse().unwrap(), id, None).await.unwrap();
        self.one.im.authenticate(&token).await.unwrap().unwrap().caller
    }

    async fn agent(&self, name: &str) -> Caller {
        let (email, password) = (format!("{name}@halden.example"), "a lamp on the table".to_owned());
        let new = NewAgent { app: Some(self.app.clone()), email, name: name.to_owned(), password };
        Caller { app: self.app.clone(), person: self.one.im.create_agent(new).await.unwrap(), site: None }
    }

    async fn does(&self, caller: &Caller, command: Command) -> Reply {
        self.one.im.command(caller, ConnectionId(1), command).await.unwrap()
    }

    async fn says(&self, caller: &Caller, to: Target) -> Sent {
        self.says_to(caller, to, &[]).await
    }

    async fn says_to(&self, caller: &Caller, to: Target, only: &[&str]) -> Sent {
        let only = only.iter().map(|id| id.parse().unwrap()).collect();
        let send = Send { to, client_id: fresh().parse().unwrap(), content: Content::text("words"), only };
        match self.does(caller, Command::Send(send)).await {
            Reply::Sent(sent) => sent,
            other => panic!("{other:?}"),
        }
    }

    async fn group(&self, owner: &Caller, users: &[&str]) -> ConversationId {
        let users = users.iter().map(|id| id.parse().unwrap()).collect();
        let new = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users };
        match self.does(owner, Command::CreateGroup(new)).await {
            Reply::Conversation(group) => group.id,
            other => panic!("{other:?}"),
        }
    }
}

fn user(id: &str) -> Target {
    Target::User(id.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_here_follows_costs_a_look_a_few_questions_however_much_it_is() {
    let two = Pair::with(&["bob"], false).await;
    let (anna, ben) = (two.user("anna").await, two.user("ben").await);
    two.user("bob").await;
    for number in 0..30 {
        let name = format!("stranger{number}");
        let stranger = two.user(&name).await;
        let sent = two.says(&stranger, user("ben")).await;
        let receipt = Receipt { conversation: sent.conversation, delivered: None, read: sent.seq };
        two.does(&ben, Command::Receipt(receipt)).await;
        two.does(&stranger, Command::Recall(sent.uid)).await;
    }
    let group = two.group(&anna, &["ben"]).await;
    two.says(&anna, Target::Conversation(group)).await;
    let asked = two.two.looks().await;
    assert!(asked <= 6, "{asked} questions about conversations of strangers");
    assert_eq!(two.two.ears.take().len(), 0);

    two.says(&anna, user("ben")).await;
    two.says(&anna, user("bob")).await;
    two.two.looks().await;
    assert_eq!(two.two.ears.messages(), [(1, vec!["bob".to_owned()])], "and what somebody here follows is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_everybody_knows_is_not_told_again_because_something_was_said() {
    let two = Pair::with(&[], true).await;
    let agent = two.agent("Ada").await;
    let (visitor, _) = two.one.im.mint_visitor(&two.site).await.unwrap();
    let begun = two.says(&visitor, Target::Desk).await.conversation;
    two.two.looks().await;
    assert_eq!(two.two.ears.stages(), ["offline"], "what was lost is told");

    // What the bus carries is told when it comes; then somebody says something.
    two.does(&agent, Command::Accept(begun)).await;
    let now = two.one.im.conversation(&agent, begun).await.unwrap();
    Peer::hear(&*two.two.relay, NodeId(2), to_all(&two.app, now));
    assert_eq!(two.two.ears.stages(), ["human"]);
    two.says(&visitor, Target::Desk).await;
    two.two.looks().await;
    assert_eq!(two.two.ears.stages(), Vec::<&str>::new());
}

fn to_all(app: &AppKey, conversation: Conversation) -> Hint {
    let users = conversation.participants.iter().map(|one| one.person.id.clone()).collect();
    let audience = Audience { users, agents: true, ..Audience::of(app.clone()) };
    Hint { audience, event: Event::Conversation(conversation.into()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_stage_that_came_late_the_present_one_is_told_again() {
    let two = Pair::with(&[], true).await;
    let agent = two.agent("Ada").await;
    let (visitor, _) = two.one.im.mint_visitor(&two.site).await.unwrap();
    let begun = two.says(&visitor, Target::Desk).await.conversation;
    let waiting = two.one.im.conversation(&agent, begun).await.unwrap();
    two.does(&agent, Command::Accept(begun)).await;
    let taken = two.one.im.conversation(&agent, begun).await.unwrap();
    for told in [taken.clone(), waiting] {
        Peer::hear(&*two.two.relay, NodeId(2), to_all(&two.app, told));
    }
    assert_eq!(two.two.ears.stages(), ["human", "offline"]);
    two.two.looks().await;
    assert_eq!(two.two.ears.stages(), ["human"]);
    // The same to some only: nobody can say what the others know.
    two.does(&agent, Command::End(begun)).await;
    let ended = two.one.im.conversation(&agent, begun).await.unwrap();
    let mut to_some = to_all(&two.app, ended);
    to_some.audience.agents = false;
    Peer::hear(&*two.two.relay, NodeId(2), to_some);
    two.two.looks().await;
    assert_eq!(two.two.ears.stages(), ["ended", "ended"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_many_is_told_in_a_few_questions_and_each_hears_what_they_may() {
    let names: Vec<String> = (0..40).map(|number| format!("member{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let two = Pair::with(&names, false).await;
    let anna = two.user("anna").await;
    let mut members = Vec::new();
    for name in &names {
        members.push(two.user(name).await);
    }
    let group = two.group(&anna, &names).await;
    two.two.looks().await;
    two.two.ears.take();

    let to = || Target::Conversation(group);
    let first = two.says(&anna, to()).await.seq.unwrap();
    two.says_to(&anna, to(), &[names[3]]).await;
    two.says(&anna, to()).await;
    two.does(&members[5], Command::Delete(Delete { conversation: group, seqs: vec![first] })).await;
    let cleared = Keeping::Cleared(Seq(first.0 + 1));
    two.does(&members[7], Command::Keep { conversation: group, change: cleared }).await;
    let asked = two.two.looks().await;
    assert!(asked <= 9, "{asked} questions");
    let but = |left_out: &[usize]| -> Vec<String> {
        let stays = |(number, _): &(usize, &&str)| !left_out.contains(number);
        names.iter().enumerate().filter(stays).map(|(_, name)| (*name).to_owned()).collect()
    };
    let only = vec![names[3].to_owned()];
    let told = [(first.0, but(&[5, 7])), (first.0 + 1, only), (first.0 + 2, but(&[]))];
    assert_eq!(two.two.ears.messages(), told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_look_has_told_is_not_told_again_by_its_hint_whoever_published_it() {
    let two = Pair::with(&["bob"], false).await;
    let anna = two.user("anna").await;
    two.user("bob").await;
    two.says(&anna, user("bob")).await;
    two.two.looks().await;
    let heard = two.two.ears.take();
    let told = heard.iter().find(|hint| matches!(hint.event, Event::Message(_))).expect("it was lost").clone();
    Peer::hear(&*two.two.relay, NodeId(2), told.clone());
    Listener::hear(&*two.two.relay, told.clone());
    assert_eq!(two.two.ears.take().len(), 0);
    two.two.looks().await;
    assert_eq!(two.two.ears.take().len(), 0);
}
