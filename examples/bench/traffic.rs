//! Pairs of users: one sends, the other receives.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
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
    pub(crate) async fn connect(server: &Server, people: &People, count: usize) -> anyhow::Result<Self> {
        let mut pairs = Vec::new();
        for at in 0..count {
            pairs.push(Pair::connect(server, people, at).await?);
        }
        Ok(Self(pairs))
    }

    /// Everybody sends for a while; counts what was both acked and delivered.
    pub(crate) async fn run(&mut self, server: &Server, in_flight: usize, lasts: Duration) -> anyhow::Result<Run> {
        let tally = Rc::new(Tally::default());
        let began = Instant::now();
        let warm = began + Duration::from_millis(500);
        let end = warm + lasts;
        let local = LocalSet::new();
        let measure = async {
            tokio::time::sleep_until(warm.into()).await;
            let before = (tally.done(), server.cpu()?, Instant::now());
            tally.times.borrow_mut().clear();
            tokio::time::sleep_until(end.into()).await;
            let messages = (tally.done() - before.0) as f64;
            let cpu = server.cpu()?.saturating_sub(before.1).as_secs_f64();
            let mut times = tally.times.take();
            times.sort_unstable();
            let at =
                |part: usize| times.get(times.len() * part / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
            anyhow::Ok(Run {
                per_second: messages / before.2.elapsed().as_secs_f64(),
                cpu_micros: cpu * 1e6 / messages,
                p50_millis: at(50),
                p99_millis: at(99),
            })
        };
        let pairs = self.0.iter_mut().map(|pair| pair.chat(in_flight, end, &tally));
        let (run, chats) =
            local.run_until(async { tokio::join!(measure, futures_util::future::join_all(pairs)) }).await;
        chats.into_iter().collect::<anyhow::Result<()>>()?;
        run
    }
}

/// What all pairs counted.
#[derive(Default)]
struct Tally {
    acked: Cell<u64>,
    delivered: Cell<u64>,
    times: RefCell<Vec<Duration>>,
}

impl Tally {
    fn done(&self) -> u64 {
        self.acked.get().min(self.delivered.get())
    }
}

impl Pair {
    async fn connect(server: &Server, people: &People, at: usize) -> anyhow::Result<Self> {
        let (sender, receiver) = (format!("s{at}"), format!("r{at}"));
        let (mut mouth, mut acks) = line::connect(server.address, &people.user(&sender).await?).await?;
        let (mute, mut peer) = line::connect(server.address, &people.user(&receiver).await?).await?;
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

    async fn chat(&mut self, in_flight: usize, end: Instant, tally: &Tally) -> anyhow::Result<()> {
        let free = Semaphore::new(in_flight);
        let departures = RefCell::new(VecDeque::new());
        let first = self.sent;
        let (sent, finished) = (Cell::new(first), Cell::new(false));
        let Self { mouth, acks, peer, message, .. } = self;
        let send = async {
            let mut bytes = Vec::new();
            while Instant::now() < end {
                // Everything there is room for leaves in one write.
                let room = free.acquire().await?;
                room.forget();
                let count = 1 + free.forget_permits(in_flight);
                bytes.clear();
                for _ in 0..count {
                    sent.set(sent.get() + 1);
                    departures.borrow_mut().push_back(Instant::now());
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
