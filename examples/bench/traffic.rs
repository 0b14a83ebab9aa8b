//! Pairs of users: one sends, the other receives.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::LocalSet};

use super::{
    line::{self, Ears, Mouth},
    server::{People, Server},
};

/// What one measurement yields.
pub(crate) struct Run {
    pub(crate) per_second: f64,
    pub(crate) cpu_micros: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
    /// From sending to the peer's ears.
    pub(crate) heard_p50_millis: f64,
    /// The same of the slowest hundredth.
    pub(crate) heard_p99_millis: f64,
}

/// How much everybody sends.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) in_flight: usize,
    pub(crate) lasts: Duration,
    /// Between two messages of a sender; nothing: as fast as acks come.
    pub(crate) pace: Option<Duration>,
}

/// Senders with their receivers.
pub(crate) struct Pairs(Vec<Pair>);

struct Pair {
    mouth: Mouth,
    acks: Ears,
    peer: Ears,
    /// The receiver says nothing, but its connection has two halves.
    _mute: Mouth,
    message: Message,
    sent: u64,
}

impl Pairs {
    /// Of several servers, each pair's two are at different ones.
    pub(crate) async fn connect(servers: &[Server], people: &People, count: usize) -> anyhow::Result<Self> {
        let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
        let mut pairs = Vec::new();
        for (at, here) in addresses.iter().cycle().take(count).enumerate() {
            let there = addresses.iter().cycle().nth(at + 1).unwrap_or(here);
            pairs.push(Pair::connect([*here, *there], people, at).await?);
        }
        Ok(Self(pairs))
    }

    /// Everybody sends for a while; counts what was both acked and delivered.
    pub(crate) async fn run(&mut self, servers: &[Server], load: Load) -> anyhow::Result<Run> {
        let tally = Rc::new(Tally::default());
        let began = Instant::now();
        let warm = began + Duration::from_millis(500);
        let end = warm + load.lasts;
        let local = LocalSet::new();
        let measure = async {
            tokio::time::sleep_until(warm.into()).await;
            let before = (tally.done(), Server::cpu_of(servers)?, Instant::now());
            tally.times.borrow_mut().clear();
            tally.heard.borrow_mut().clear();
            tokio::time::sleep_until(end.into()).await;
            let messages = (tally.done() - before.0) as f64;
            let cpu = Server::cpu_of(servers)?.saturating_sub(before.1).as_secs_f64();
            let (times, heard) = (sorted(tally.times.take()), sorted(tally.heard.take()));
            anyhow::Ok(Run {
                per_second: messages / before.2.elapsed().as_secs_f64(),
                cpu_micros: cpu * 1e6 / messages,
                p50_millis: part(&times, 50),
                p99_millis: part(&times, 99),
                heard_p50_millis: part(&heard, 50),
                heard_p99_millis: part(&heard, 99),
            })
        };
        let pairs = self.0.iter_mut().map(|pair| pair.chat(load, end, &tally));
        let (run, chats) =
            local.run_until(async { tokio::join!(measure, futures_util::future::join_all(pairs)) }).await;
        chats.into_iter().collect::<anyhow::Result<()>>()?;
        run
    }
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

/// The time that so many of a hundred were done in.
fn part(times: &[Duration], of_hundred: usize) -> f64 {
    times.get(times.len() * of_hundred / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// What all pairs counted.
#[derive(Default)]
struct Tally {
    acked: Cell<u64>,
    delivered: Cell<u64>,
    times: RefCell<Vec<Duration>>,
    heard: RefCell<Vec<Duration>>,
}

impl Tally {
    fn done(&self) -> u64 {
        self.acked.get().min(self.delivered.get())
    }
}

impl Pair {
    async fn connect(at_servers: [SocketAddr; 2], people: &People, at: usize) -> anyhow::Result<Self> {
        let [here, there] = at_servers;
        let (sender, receiver) = (format!("s{at}"), format!("r{at}"));
        let (mut mouth, mut acks) = line::connect(here, &people.user(&sender).await?).await?;
        let (mute, mut peer) = line::connect(there, &people.user(&receiver).await?).await?;
        let content = json!({ "content": "hi" });
        let first = json!({ "user": receiver, "client_id": "first", "type": "RC:TxtMsg", "content": content });
        mouth.say(&json!({ "id": 1, "cmd": "send", "body": first }).to_string()).await?;
        let conversation = loop {
            let frame: Value = serde_json::from_slice(acks.frame().await?)?;
            if let Some(conversation) = frame.pointer("/ok/conversation") {
                break conversation.clone();
            }
        };
        while !is_message(peer.frame().await?) {}
        Ok(Self { mouth, acks, peer, _mute: mute, message: Message(conversation), sent: 0 })
    }

    async fn chat(&mut self, load: Load, end: Instant, tally: &Tally) -> anyhow::Result<()> {
        let free = Semaphore::new(load.in_flight);
        let (departures, on_their_way) = (RefCell::new(VecDeque::new()), RefCell::new(VecDeque::new()));
        let first = self.sent;
        let (sent, finished) = (Cell::new(first), Cell::new(false));
        let Self { mouth, acks, peer, message, .. } = self;
        let send = async {
            let mut bytes = Vec::new();
            let mut turn = Instant::now();
            while Instant::now() < end {
                // Everything there is room for leaves in one write.
                let room = free.acquire().await?;
                room.forget();
                let mut count = 1;
                if let Some(pace) = load.pace {
                    // Spread evenly over time, and not all senders at once.
                    turn += pace.mul_f64(rand::random_range(0.5..1.5));
                    tokio::time::sleep_until(turn.into()).await;
                } else {
                    count += free.forget_permits(load.in_flight);
                }
                bytes.clear();
                for _ in 0..count {
                    sent.set(sent.get() + 1);
                    departures.borrow_mut().push_back(Instant::now());
                    on_their_way.borrow_mut().push_back(Instant::now());
                    line::frame(&mut bytes, message.numbered(sent.get()).as_bytes());
                }
                mouth.say_bytes(&bytes).await?;
            }
            finished.set(true);
            anyhow::Ok(())
        };
        let hear = async {
            let mut acked = first;
            while !(finished.get() && acked == sent.get()) {
                let frame = acks.frame().await?;
                if frame.starts_with(b"{\"id\":") {
                    let refused = frame.windows(8).any(|part| part == b"\"error\":");
                    anyhow::ensure!(!refused, "{}", String::from_utf8_lossy(frame));
                    acked += 1;
                    tally.acked.set(tally.acked.get() + 1);
                    let departure = departures.borrow_mut().pop_front();
                    tally.times.borrow_mut().extend(departure.map(|departure: Instant| departure.elapsed()));
                    free.add_permits(1);
                }
            }
            anyhow::Ok(())
        };
        let receive = async {
            let mut delivered = first;
            while !(finished.get() && delivered == sent.get()) {
                if is_message(peer.frame().await?) {
                    delivered += 1;
                    let departure = on_their_way.borrow_mut().pop_front();
                    tally.heard.borrow_mut().extend(departure.map(|departure: Instant| departure.elapsed()));
                    tally.delivered.set(tally.delivered.get() + 1);
                }
            }
            anyhow::Ok(())
        };
        tokio::try_join!(send, hear, receive)?;
        self.sent = sent.get();
        Ok(())
    }
}

/// A message of about 300 bytes to a conversation.
struct Message(Value);

impl Message {
    fn numbered(&self, number: u64) -> String {
        format!(
            "{{\"id\":{id},\"cmd\":\"send\",\"body\":{{\"conversation\":{},\"client_id\":\"{number:016}\",\
             \"type\":\"RC:TxtMsg\",\"content\":{{\"content\":\"{:x<140}\"}}}}}}",
            self.0,
            "Where is my lamp?",
            id = number + 1,
        )
    }
}

pub(crate) fn is_message(frame: &[u8]) -> bool {
    frame.starts_with(b"{\"push\":\"message\"")
}

/// Server CPU in microseconds for each delivery of messages to somebody with many connections.
pub(crate) async fn fan_out(server: &Server, people: &People, receivers: usize, run: usize) -> anyhow::Result<f64> {
    const MESSAGES: usize = 20;
    let crowd = format!("crowd{run}");
    let hello = people.user(&crowd).await?;
    let mut lines = Vec::new();
    for _ in 0..receivers {
        lines.push(line::connect(server.address, &hello).await?);
    }
    let (mut mouth, mut acks) = line::connect(server.address, &people.user("speaker").await?).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = server.cpu()?;
    for at in 1..=MESSAGES {
        let content = json!({ "content": "x".repeat(140) });
        let body = json!({ "user": crowd, "client_id": at.to_string(), "type": "RC:TxtMsg", "content": content });
        mouth.say(&json!({ "id": at, "cmd": "send", "body": body }).to_string()).await?;
        while !acks.frame().await?.starts_with(b"{\"id\":") {}
        for (_, ears) in &mut lines {
            while !is_message(ears.frame().await?) {}
        }
    }
    Ok(server.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / (MESSAGES * receivers) as f64)
}
