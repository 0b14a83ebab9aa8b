//! A bus that lets in only whom it knows, and a bus of two servers.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    bad_input::{is_refused, through},
    bus::Nats,
    database::eventually,
    keys::Keys,
    node::{Cluster, free_port},
    proxy::{Mode, Proxy, Target},
    turn,
};
use crate::client::Client;

type Settings = Vec<(&'static str, String)>;

/// A server, and what a node brings that it lets in, and one that it does not.
struct Door {
    _server: Nats,
    right: Settings,
    wrong: Settings,
    _files: Option<TempDir>,
}

fn address(login: &str, server: &Nats) -> (&'static str, String) {
    ("PARLOR_BUS_URL", format!("nats://{login}127.0.0.1:{}", server.port()))
}

async fn by_password() -> Door {
    let server = Nats::start_asking(Some(("parlor", "p+ss:w@rd"))).await;
    let right = vec![address("parlor:p%2Bss%3Aw%40rd@", &server)];
    let wrong = vec![address("parlor:hunter2@", &server)];
    Door { _server: server, right, wrong, _files: None }
}

async fn by_token() -> Door {
    let server = Nats::start_with("authorization { token: right }").await;
    let (right, wrong) = (vec![address("right@", &server)], vec![address("hunter2@", &server)]);
    Door { _server: server, right, wrong, _files: None }
}

async fn by_file() -> Door {
    let (ours, strangers, files) = (Keys::new(), Keys::new(), tempfile::tempdir().unwrap());
    let server = Nats::start_with(&ours.settings()).await;
    let bring = |name: &str, keys: &Keys| {
        let file = files.path().join(name);
        std::fs::write(&file, keys.credentials()).unwrap();
        vec![address("", &server), ("PARLOR_BUS_CREDENTIALS", file.display().to_string())]
    };
    let (right, wrong) = (bring("right.creds", &ours), bring("wrong.creds", &strangers));
    Door { _server: server, right, wrong, _files: Some(files) }
}

/// Ann at the first node and Bob at the second, and their conversation.
async fn two_people(cluster: &Cluster) -> ([Client; 2], Value) {
    let mut people = Vec::new();
    for (node, user) in cluster.nodes.iter().zip(["ann", "bob"]) {
        let hello = json!({ "v": 1, "as": "user", "token": cluster.token(user).await });
        people.push(Client::connect(node.address().parse().unwrap(), hello).await.0);
    }
    let text = format!("message {}", rand::random::<u64>());
    let sent = people[0].sends(json!({ "user": "bob" }), &text.replace(' ', "-"), &text).await.unwrap();
    people[1].sees(&text).await;
    (people.try_into().ok().expect("two nodes"), sent["conversation"].clone())
}

/// Who types is kept nowhere: whoever hears of it at another node has it from the bus.
async fn hear_each_other_by_the_bus(people: &mut [Client; 2], conversation: &Value) {
    for _ in 0..2 {
        people.reverse();
        let [here, there] = people;
        // Nodes that do not know each other yet tell each other nothing.
        eventually("it is heard by the bus", async || {
            here.ask("typing", json!({ "conversation": conversation, "on": true })).await.unwrap();
            timeout(Duration::from_millis(200), there.push("typing")).await.is_ok()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_let_in_by_password_token_or_file_and_others_are_told_that_they_are_not() {
    let _turn = turn().await;
    let mut cluster = Cluster::start(2).await;
    let store = Proxy::to(cluster.database.socket());
    for door in [by_password().await, by_token().await, by_file().await] {
        let wrong: Settings = through(&store).into_iter().chain(door.wrong).collect();
        is_refused(&wrong, "refuses: wrong user, password or token in bus.url (or bus.credentials)").await;
        for node in &mut cluster.nodes {
            node.kill();
            node.more = door.right.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
            node.start().await;
        }
        let (mut people, conversation) = two_people(&cluster).await;
        hear_each_other_by_the_bus(&mut people, &conversation).await;
    }
}

/// Two servers that tell each other everything.
struct Double {
    servers: [Nats; 2],
    monitors: [u16; 2],
}

impl Double {
    async fn start() -> Self {
        let (routes, monitors) = ([free_port(), free_port()], [free_port(), free_port()]);
        let settings = |at: usize| {
            format!(
                "http: \"127.0.0.1:{}\"
                cluster {{ name: double, listen: \"127.0.0.1:{}\", routes: [ \"nats-route://127.0.0.1:{}\" ] }}",
                monitors[at],
                routes[at],
                routes[1 - at]
            )
        };
        crate::harness::provide_tls();
        let servers = [Nats::start_with(&settings(0)).await, Nats::start_with(&settings(1)).await];
        let made = Self { servers, monitors };
        made.is_whole().await;
        made
    }

    /// What a server says of itself.
    async fn figure(&self, at: usize, name: &str) -> Option<u64> {
        let url = format!("http://127.0.0.1:{}/varz", self.monitors[at]);
        let figures: Value = reqwest::get(url).await.ok()?.json().await.ok()?;
        figures[name].as_u64()
    }

    /// Until the servers have found each other.
    async fn is_whole(&self) {
        for at in [0, 1] {
            eventually("the servers know each other", async || {
                self.figure(at, "routes").await.is_some_and(|routes| routes > 0)
            })
            .await;
        }
    }

    /// Until so many nodes are at a server.
    async fn has_nodes(&self, at: usize, count: u64) {
        eventually("the nodes are there", async || self.figure(at, "connections").await == Some(count)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_of_two_servers_goes_on_with_one() {
    let _turn = turn().await;
    let mut bus = Double::start().await;
    let ports = [bus.servers[0].port(), bus.servers[1].port()];
    // Each node finds the other's server away at first, so that each comes to one of its own.
    let ways = [Proxy::to(Target::Port(ports[1])), Proxy::to(Target::Port(ports[0]))];
    for way in &ways {
        way.set(Mode::Shut);
    }
    let cluster = Cluster::start_with(2, |number, node| {
        let both = format!("nats://127.0.0.1:{},nats://127.0.0.1:{}", ways[number].port(), ports[number]);
        node.more = vec![("PARLOR_BUS_URL".to_owned(), both.into())];
    })
    .await;
    bus.has_nodes(0, 1).await;
    bus.has_nodes(1, 1).await;
    for way in &ways {
        way.set(Mode::Open);
    }
    let (mut people, conversation) = two_people(&cluster).await;
    hear_each_other_by_the_bus(&mut people, &conversation).await;
    for gone in [0, 1] {
        bus.servers[gone].kill();
        bus.has_nodes(1 - gone, 2).await;
        hear_each_other_by_the_bus(&mut people, &conversation).await;
        let text = format!("without {gone}");
        people[gone].writes(&conversation, &text).await;
        people[1 - gone].sees(&text).await;
        bus.servers[gone].start_again().await;
        bus.is_whole().await;
    }
}
