//! Two servers on one PostgreSQL and one NATS: whom a client asks makes no difference.

mod limits;

use std::{
    fs,
    time::{Duration, Instant},
};

use parlor::{auth::vault::KEY_FILE, config::Config};
use serde_json::json;

use crate::{
    client::text_body,
    harness::{BackEnd, People, TestServer},
    postgres::database::Database,
    rong::{
        client::{Stage, TWO},
        poll::Page,
    },
    wire::poll::Poll,
};

#[path = "../../src/bus/nats/tests/server.rs"]
#[expect(dead_code, reason = "the bus's own tests need more of it")]
mod nats;

use nats::NatsServer;

mod races;

/// Two servers with the same settings and the same key. Ended before what they stand on.
pub(crate) struct Nodes {
    pub(crate) one: TestServer,
    pub(crate) two: TestServer,
    database: Database,
    _nats: NatsServer,
}

impl Nodes {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Both with some settings changed.
    pub(crate) async fn start_with(change: impl Fn(&mut Config)) -> Self {
        let (database, nats) = (Database::make().await, NatsServer::start());
        let (store, bus) = (database.url(), nats.url());
        let start = |key: Option<Vec<u8>>| {
            TestServer::start_with(|config| {
                change(config);
                config.store.url = store.as_str().into();
                config.bus.url = bus.as_str().into();
                // Races go many rounds.
                config.limits.visitor_sends_per_sec = 10_000;
                config.limits.visitor_send_burst = 10_000;
                if let Some(key) = key {
                    fs::create_dir_all(&config.data.dir).unwrap();
                    fs::write(config.data.dir.join(KEY_FILE), key).unwrap();
                }
            })
        };
        let one = start(None);
        let key = fs::read(one.data().join(KEY_FILE)).unwrap();
        let nodes = Self { two: start(Some(key)), one, database, _nats: nats };
        nodes.know_each_other().await;
        nodes
    }

    async fn know_each_other(&self) {
        let known = async |server: &TestServer| {
            let figures = reqwest::get(server.metrics_url()).await.unwrap().text().await.unwrap();
            figures.lines().any(|line| line == "parlor_bus_nodes 1")
        };
        let both = async {
            while !(known(&self.one).await && known(&self.two).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), both).await.expect("both hear each other");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_here_and_an_agent_there_talk() {
    let nodes = Nodes::start().await;
    let (here, there) = (People::of(&nodes.one).await, People::of(&nodes.two).await);
    let mut agent = there.agent("Anna").await;
    let mut visitor = here.visitor().await;
    let sent = visitor.says("is anybody there?").await;
    agent.sees("is anybody there?").await;
    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    agent.writes(&sent["conversation"], "over here").await;
    visitor.sees("over here").await;
    visitor.writes(&sent["conversation"], "good").await;
    agent.sees("good").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v2_a_token_revoked_there_opens_nothing_here_at_once() {
    let nodes = Nodes::start().await;
    let people = People::of(&nodes.one).await;
    let back_end = BackEnd::of(&nodes.two, &people.im, &people.app()).await;
    let mut other = people.user("ann").await;
    // A server that hears nothing finds out in the database, but not that soon four times.
    for user in ["bob", "cy", "dan", "eve"] {
        let mut here = people.user(user).await;
        let (mut poll, _) = Poll::begin(&nodes.one, &people.user_hello(user).await).await;
        poll.goes_through(&nodes.two);
        let began = Instant::now();
        assert_eq!(back_end.delete(&format!("/v1/users/{user}/tokens")).await.status, 204);
        assert_eq!((here.closed().await, poll.wait().await["closed"].as_u64()), (4401, Some(4401)));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
    other.ask("ping", json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_lives_here_may_be_asked_there() {
    let nodes = Nodes::start().await;
    let people = People::of(&nodes.one).await;
    let mut agent = people.agent("Anna").await;
    let (mut visitor, _) = Poll::begin(&nodes.one, &people.visitor_hello().await).await;
    visitor.goes_through(&nodes.two);
    let answer = visitor.ask(2, "send", text_body(&json!({ "desk": true }), "k1", "by poll")).await;
    let sent = answer["frames"].as_array().unwrap().iter().find(|frame| frame["id"] == 2).unwrap()["ok"].clone();
    assert_eq!(sent["seq"], 1);
    agent.sees("by poll").await;
    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    let (heard, ()) = tokio::join!(visitor.until(|frame| frame["body"]["content"]["content"] == "heard"), async {
        agent.writes(&sent["conversation"], "heard").await;
    });
    assert_eq!(heard["body"]["conversation"], sent["conversation"]);
    visitor.goes_through(&nodes.one);
    agent.writes(&sent["conversation"], "again").await;
    visitor.until(|frame| frame["body"]["content"]["content"] == "again").await;
    visitor.goes_through(&nodes.two);
    let beyond = visitor.asks_beyond().await;
    assert_eq!(beyond["error"]["code"], "bad_request", "a refusal is passed on: {beyond}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_of_a_server_that_stopped_is_over() {
    let mut nodes = Nodes::start().await;
    let people = People::of(&nodes.two).await;
    let hello = people.visitor_hello().await;
    let (mut visitor, _) = Poll::begin(&nodes.one, &hello).await;
    visitor.goes_through(&nodes.two);
    let waiting = visitor.wait();
    let (answer, ()) = tokio::join!(waiting, async { nodes.one.begin_stop() });
    // Its last words, or that it is over already.
    assert!(answer["closed"] == 1012 || answer["error"]["code"] == "not_found", "{answer}");
    nodes.one.stop();
    let answer = visitor.wait().await;
    assert_eq!(answer["error"]["code"], "not_found", "{answer}");
    let (_, welcome) = Poll::begin(&nodes.two, &hello).await;
    assert_eq!(welcome["frames"][0]["ok"]["me"]["role"], "visitor", "{welcome}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_the_compatible_wire_that_lives_here_may_be_asked_there() {
    let Nodes { one, two, database: _database, _nats } = Nodes::start().await;
    let stage = Stage::of(one).await;
    let mut ann = stage.device("ann", TWO).await;
    ann.pull(0).await;
    let (mut bob, _) = Page::begin(&stage, "bob").await;
    bob.goes_through(&two);
    bob.pull(0).await;
    let taken = bob.writes("ann", "through another door").await;
    assert_eq!(taken["status"], 0, "{taken}");
    ann.message().await;
    ann.writes("bob", "and back \u{1f600}").await;
    let pushed = bob.message().await;
    assert_eq!(pushed["fromUserId"], "ann", "{pushed}");
    drop(stage);
    assert_eq!(bob.poll().await, "lost params");
}
