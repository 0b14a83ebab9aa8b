//! Clients of the compatible protocol: pairs of them that talk, and some that do nothing.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use anyhow::ensure;
use parlor::{
    proto::rong::{SyncRequestMsg, UpStreamMessage},
    wire::rong::frame::{ClientFrame, Request, ServerFrame},
};
use prost::Message;

use super::{
    line::{self, Ears, Mouth},
    server::{People, Server},
    traffic::Run,
};

/// One connection.
struct Sdk {
    mouth: Mouth,
    ears: Ears,
    last_id: u16,
}

impl Sdk {
    /// Connects as this user and hears the welcome.
    async fn connect(server: &Server, people: &People, user: &str) -> anyhow::Result<Self> {
        let app = people.site().await?.app;
        let token = people.token(user).await?;
        // A token has no character that an address would change.
        let path = format!("/websocket?appId={app}&token={token}&sdkVer=4.6.4&apiVer=1");
        let (mouth, ears) = line::open(server.address, &path).await?;
        let mut sdk = Self { mouth, ears, last_id: 0 };
        ensure!(matches!(sdk.hear().await?, ServerFrame::ConnAck(_)), "the server speaks first");
        Ok(sdk)
    }

    async fn hear(&mut self) -> anyhow::Result<ServerFrame> {
        Ok(ServerFrame::decode(self.ears.frame().await?)?)
    }

    async fn say(&mut self, frame: &ClientFrame) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        line::binary(&mut bytes, &frame.encode());
        self.mouth.say_bytes(&bytes).await
    }

    /// Number and status of the next answer to a message.
    async fn acked(&mut self) -> anyhow::Result<(u16, u16)> {
        loop {
            if let ServerFrame::PubAck { id, status, .. } = self.hear().await? {
                return Ok((id, status));
            }
        }
    }

    fn request(&mut self, topic: &str, target: &str, body: Vec<u8>) -> Request {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        Request { topic: topic.to_owned(), target: target.to_owned(), id: self.last_id, wants_answer: true, body }
    }

    /// Until its first pull was answered, a client is told nothing.
    async fn pull(&mut self, user: &str) -> anyhow::Result<()> {
        let all = SyncRequestMsg { sync_time: 0, ispolling: false, ..<_>::default() };
        let asked = self.request("pullMsg", user, all.encode_to_vec());
        self.say(&ClientFrame::Query(asked)).await?;
        while !matches!(self.hear().await?, ServerFrame::QueryAck(_)) {}
        Ok(())
    }
}

/// A sender and a receiver.
struct Pair {
    sender: Sdk,
    receiver: Sdk,
    name: String,
}

/// Pairs send one message after the other; counts what was both acked and delivered.
pub(crate) async fn traffic(server: &Server, people: &People, pairs: usize, lasts: Duration) -> anyhow::Result<Run> {
    let mut talking = Vec::new();
    for at in 0..pairs {
        let name = format!("r{at}");
        let sender = Sdk::connect(server, people, &format!("s{at}")).await?;
        let mut receiver = Sdk::connect(server, people, &name).await?;
        receiver.pull(&name).await?;
        talking.push(Pair { sender, receiver, name });
    }
    let (delivered, times) = (Cell::new(0_u64), RefCell::new(Vec::new()));
    let (began, cpu) = (Instant::now(), server.cpu()?);
    let end = began + lasts;
    let chats = talking.iter_mut().map(|pair| pair.chat(end, &delivered, &times));
    futures_util::future::join_all(chats).await.into_iter().collect::<anyhow::Result<()>>()?;
    let messages = delivered.get() as f64;
    let cpu = server.cpu()?.saturating_sub(cpu).as_secs_f64();
    let mut times: Vec<Duration> = times.take();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    Ok(Run {
        per_second: messages / began.elapsed().as_secs_f64(),
        cpu_micros: cpu * 1e6 / messages,
        p50_millis: at(50),
        p99_millis: at(99),
        heard_p50_millis: f64::NAN,
        heard_p99_millis: f64::NAN,
    })
}

impl Pair {
    async fn chat(
        &mut self,
        end: Instant,
        delivered: &Cell<u64>,
        times: &RefCell<Vec<Duration>>,
    ) -> anyhow::Result<()> {
        let (sent, last) = (Cell::new(0_u64), Cell::new(false));
        let Self { sender, receiver, name } = self;
        let content = format!("{{\"content\":\"{:x<240}\"}}", "Where is my lamp?");
        let message = UpStreamMessage {
            session_id: 3,
            classname: "RC:TxtMsg".to_owned(),
            content: content.into_bytes(),
            ..<_>::default()
        };
        let body = message.encode_to_vec();
        let send = async {
            while !last.get() {
                last.set(Instant::now() >= end);
                sent.set(sent.get() + 1);
                let request = sender.request("ppMsgP", name, body.clone());
                let (id, departure) = (request.id, Instant::now());
                sender.say(&ClientFrame::Publish(request)).await?;
                let (acked, status) = sender.acked().await?;
                ensure!(acked == id && status == 0, "message {id} was answered {status}");
                times.borrow_mut().push(departure.elapsed());
            }
            Ok(())
        };
        let receive = async {
            let mut received = 0;
            while !(last.get() && received == sent.get()) {
                if let ServerFrame::Publish(push) = receiver.hear().await? {
                    receiver.say(&ClientFrame::PubAck { id: push.id }).await?;
                    if push.topic == "s_msg" {
                        received += 1;
                        delivered.set(delivered.get() + 1);
                    }
                }
            }
            anyhow::Ok(())
        };
        tokio::try_join!(send, receive)?;
        Ok(())
    }
}

/// Resident KiB for each of so many connected clients that say nothing.
pub(crate) async fn per_client(server: &Server, people: &People, clients: usize) -> anyhow::Result<f64> {
    const FEW: usize = 50;
    let mut lines = Vec::with_capacity(FEW + clients);
    let mut before = 0.0;
    for at in 0..FEW + clients {
        if at == FEW {
            // A few first, so that threads and caches have what they need.
            tokio::time::sleep(Duration::from_secs(1)).await;
            before = server.resident_kib()?;
        }
        let user = format!("idle{at}");
        let mut sdk = Sdk::connect(server, people, &user).await?;
        sdk.pull(&user).await?;
        lines.push(sdk);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok((server.resident_kib()? - before) / clients as f64)
}
