//! People who write and listen while things break, and what must be true of what they wrote and heard.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use super::{listener::Listener, node::Cluster, writer::Writer};
use crate::crash::{
    ledger::{Conversation, Ledger},
    talker::{Wire, read_all, seen},
};

/// By then everything is as it should be again, or the test fails.
const DEADLINE: Duration = Duration::from_secs(30);
const PAIRS: usize = 3;
const CIRCLE: usize = 6;

/// Somebody's way in: their token and the nodes, of which the next is tried when one does not answer.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) token: String,
    pub(super) nodes: Vec<String>,
    pub(super) times: Times,
    at: usize,
}

impl Door {
    /// Goes in wherever somebody opens; what the person has already is said each time.
    pub(super) async fn enter(&mut self, since: &Value) -> (Wire, Value) {
        let broke = Instant::now();
        let mut pause = Duration::from_millis(20);
        loop {
            let hello = json!({ "v": 1, "as": "user", "token": self.token, "since": since });
            let node = &self.nodes[self.at % self.nodes.len()];
            if let Ok(Some(inside)) = timeout(Duration::from_secs(5), Wire::greet(node, &hello)).await {
                self.times.back(broke);
                return inside;
            }
            self.at += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }
}

/// What was measured.
#[derive(Clone, Default)]
pub(super) struct Times(Arc<Mutex<Measured>>);

#[derive(Default)]
struct Measured {
    healed: Option<Instant>,
    away: Vec<Duration>,
    late: Vec<Duration>,
    silent: Vec<Duration>,
}

impl Times {
    /// From now on everything can be as it should be.
    pub(super) fn healed(&self) {
        self.0.lock().unwrap().healed = Some(Instant::now());
    }

    /// Somebody came back who was away since then. While nothing can work nobody is to blame.
    fn back(&self, since: Instant) {
        let mut measured = self.0.lock().unwrap();
        let blame = measured.healed.map_or(since, |healed| healed.max(since));
        measured.away.push(blame.elapsed());
    }

    /// A message was heard so long after it was acked, by somebody who was there all the time.
    pub(super) fn late(&self, lag: Duration) {
        self.0.lock().unwrap().late.push(lag);
    }

    /// A writer's next ack came so long after things were healed.
    pub(super) fn silent(&self, for_so_long: Duration) {
        self.0.lock().unwrap().silent.push(for_so_long);
    }

    /// Says it, and fails when people were away for too long.
    pub(super) fn check(&self, what: &str) {
        let mut measured = self.0.lock().unwrap();
        let away = percentile(&mut measured.away, 99);
        let silent = percentile(&mut measured.silent, 99);
        let late = percentile(&mut measured.late, 99);
        let latest = percentile(&mut measured.late, 100);
        let counts = (measured.away.len(), measured.silent.len(), measured.late.len());
        eprintln!(
            "{what}: back p99 {away:?} ({}), next ack after healing p99 {silent:?} ({}), heard after ack p99 {late:?}, \
             most {latest:?} ({})",
            counts.0, counts.1, counts.2
        );
        let most = Duration::from_secs(5);
        assert!(away <= most && silent <= most, "people were away for too long");
    }
}

fn percentile(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * of_hundred).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

/// A conversation with those who write there and those who listen.
struct Talk {
    /// Client ids of all its writers begin so.
    name: String,
    id: String,
    tokens: Vec<String>,
    writers: Vec<Writing>,
    listeners: Vec<Listener>,
}

struct Writing {
    task: JoinHandle<()>,
    acked: tokio::sync::watch::Receiver<usize>,
}

/// Everybody.
pub(super) struct Crowd {
    ledger: Ledger,
    times: Times,
    stop: Arc<AtomicBool>,
    talks: Vec<Talk>,
    nodes: Vec<String>,
}

impl Crowd {
    /// Pairs and a circle, spread over the nodes; all have begun.
    pub(super) async fn gather(cluster: &Cluster) -> Self {
        Self::gather_at(cluster, cluster.addresses()).await
    }

    /// The same, who find the nodes under these addresses.
    pub(super) async fn gather_at(cluster: &Cluster, nodes: Vec<String>) -> Self {
        let mut crowd =
            Self { ledger: Ledger::default(), times: Times::default(), stop: Arc::default(), talks: Vec::new(), nodes };
        for number in 0..PAIRS {
            let people = [format!("writer{number}"), format!("listener{number}")];
            crowd.talk(cluster, number, &format!("pair{number}-"), &people, 1).await;
        }
        let people: Vec<String> = (0..CIRCLE).map(|number| format!("member{number}")).collect();
        crowd.talk(cluster, 0, "circle-", &people, 2).await;
        crowd
    }

    /// The first few write, all listen, each at another node.
    async fn talk(&mut self, cluster: &Cluster, first: usize, name: &str, people: &[String], writers: usize) {
        let mut tokens = Vec::new();
        for person in people {
            tokens.push(cluster.token(person).await);
        }
        let hello = json!({ "v": 1, "as": "user", "token": tokens[0] });
        let (mut wire, _) = Wire::greet(&self.nodes[0], &hello).await.unwrap();
        let to = match people {
            [_, other] => json!({ "user": other }),
            [_, others @ ..] => {
                let group = json!({ "kind": "group", "name": name, "users": others });
                json!({ "conversation": wire.ask("create_group", &group).await.unwrap()["id"] })
            }
            [] => panic!("nobody talks"),
        };
        let client_id = format!("{name}first");
        self.ledger.intend(&client_id, "the first");
        let sent = wire.ask("send", &crate::client::text_body(&to, &client_id, "the first")).await.unwrap();
        self.ledger.ack(&client_id, sent["uid"].as_str().unwrap(), sent["seq"].as_u64().unwrap());
        let id = sent["conversation"].as_str().unwrap().to_owned();
        let page = wire.ask("history", &json!({ "conversation": id })).await.unwrap();
        for notice in page["messages"].as_array().unwrap().iter().map(seen).filter(|one| one.client_id != client_id) {
            self.ledger.intend(&notice.client_id, &notice.text);
        }

        let door = |at: usize| Door {
            token: tokens[at].clone(),
            nodes: self.nodes.clone(),
            times: self.times.clone(),
            at: first + at,
        };
        let listeners = (0..people.len())
            .map(|at| Listener::start(door(at), &id, &page["head"]["epoch"], self.ledger.clone()))
            .collect();
        let writers = (0..writers).map(|at| {
            let (counts, acked) = tokio::sync::watch::channel(0);
            let writer = Writer::new(format!("{name}{at}-"), &id, self.ledger.clone(), counts);
            Writing { task: tokio::spawn(writer.run(door(at), self.stop.clone())), acked }
        });
        let writers = writers.collect();
        self.talks.push(Talk { name: name.to_owned(), id, tokens, writers, listeners });
    }

    /// Until so many more messages were acked.
    pub(super) async fn write(&self, more: usize) {
        let wanted = self.ledger.acked() + more;
        let waited = timeout(DEADLINE, self.ledger.wait_for_acks(wanted)).await;
        waited.unwrap_or_else(|_| panic!("{} of {wanted} acks", self.ledger.acked()));
    }

    /// From now on everything can work: until every writer was heard again.
    pub(super) async fn healed(&self) {
        let began = Instant::now();
        self.times.healed();
        for writing in self.talks.iter().flat_map(|talk| &talk.writers) {
            let mut acked = writing.acked.clone();
            let before = *acked.borrow();
            let waited = timeout(DEADLINE, acked.wait_for(|acked| *acked > before)).await;
            assert!(waited.is_ok_and(|alive| alive.is_ok()), "a writer is heard again");
            self.times.silent(began.elapsed());
        }
    }

    /// How many messages were acked.
    pub(super) fn acked(&self) -> usize {
        self.ledger.acked()
    }

    /// The longest that somebody who was there all the time waited for a message.
    pub(super) fn latest(&self) -> Duration {
        self.times.0.lock().unwrap().late.iter().max().copied().unwrap_or_default()
    }

    /// Stops, waits until everybody has heard everything, and holds it against what is kept.
    pub(super) async fn check(self, what: &str) {
        self.stop.store(true, Ordering::SeqCst);
        for talk in self.talks {
            for writing in talk.writers {
                timeout(DEADLINE, writing.task).await.expect("everything unanswered is settled in time").unwrap();
            }
            let kept = read_all(&self.nodes[0], &talk.tokens[0], &talk.id).await;
            for (listener, token) in talk.listeners.into_iter().zip(&talk.tokens) {
                let read = read_all(&self.nodes[self.nodes.len() - 1], token, &talk.id).await;
                let check = |read_by_receiver| {
                    let sender = talk.name.clone();
                    Conversation { sender, read_by_sender: kept.clone(), read_by_receiver }.check(&self.ledger);
                };
                check(read);
                check(listener.hears_all(kept.len()).await);
            }
        }
        eprintln!("{what}: {} messages acked", self.ledger.acked());
        self.times.check(what);
    }
}
