//! Two people with one private conversation: one writes without end, one listens. Both come back after every crash.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::watch, task::JoinHandle, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::{
    ledger::{Conversation, Ledger, Seen},
    process::ServerProcess,
};
use crate::client::text_body;

const IN_FLIGHT: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);

/// Two people at work.
pub(crate) struct Pair {
    sender: String,
    stop: Arc<AtomicBool>,
    writing: JoinHandle<Option<String>>,
    listening: JoinHandle<()>,
    tokens: [String; 2],
    addresses: watch::Receiver<String>,
}

impl Pair {
    pub(crate) fn start(
        server: &ServerProcess,
        app: &str,
        number: usize,
        ledger: Ledger,
        addresses: watch::Receiver<String>,
    ) -> Self {
        let (sender, receiver) = (format!("writer{number}-"), format!("listener{number}"));
        let tokens = [server.token(app, &sender), server.token(app, &receiver)];
        let stop = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            name: sender.clone(),
            to: receiver,
            next: 0,
            unanswered: VecDeque::new(),
            conversation: None,
            ledger: ledger.clone(),
        };
        let writing = tokio::spawn(writer.run(tokens[0].clone(), addresses.clone(), stop.clone()));
        let listening = tokio::spawn(listen(tokens[1].clone(), addresses.clone(), ledger));
        Self { sender, stop, writing, listening, tokens, addresses }
    }

    pub(crate) fn stop_sending(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Waits until everything unanswered is settled and reads the conversation as both people.
    pub(crate) async fn finish(self) -> Conversation {
        let conversation = self.writing.await.unwrap().expect("something was sent");
        self.listening.abort();
        let address = self.addresses.borrow().clone();
        let [sender, receiver] = &self.tokens;
        Conversation {
            sender: self.sender,
            read_by_sender: read_all(&address, sender, &conversation).await,
            read_by_receiver: read_all(&address, receiver, &conversation).await,
        }
    }
}

struct Writer {
    name: String,
    to: String,
    next: usize,
    /// Sent or about to be sent, oldest first; sent again after every crash.
    unanswered: VecDeque<(String, String)>,
    conversation: Option<String>,
    ledger: Ledger,
}

impl Writer {
    /// Returns the conversation when told to stop and everything is answered.
    async fn run(
        mut self,
        token: String,
        mut addresses: watch::Receiver<String>,
        stop: Arc<AtomicBool>,
    ) -> Option<String> {
        loop {
            let address = addresses.borrow().clone();
            if let Some(mut wire) = Wire::connect(&address, &token).await
                && self.talk(&mut wire, &stop).await.is_some()
            {
                return self.conversation;
            }
            next_try(&mut addresses).await;
        }
    }

    /// `None` when the connection broke.
    async fn talk(&mut self, wire: &mut Wire, stop: &AtomicBool) -> Option<()> {
        for (client_id, text) in &self.unanswered {
            wire.send(&self.to, client_id, text).await?;
        }
        loop {
            while self.unanswered.len() < IN_FLIGHT && !stop.load(Ordering::SeqCst) {
                let client_id = format!("{}{}", self.name, self.next);
                let text = format!("message {} of {}", self.next, self.name);
                self.next += 1;
                self.ledger.intend(&client_id, &text);
                wire.send(&self.to, &client_id, &text).await?;
                self.unanswered.push_back((client_id, text));
            }
            if self.unanswered.is_empty() {
                return Some(());
            }
            let frame = wire.next().await?;
            if let Some(error) = frame.get("error") {
                assert_eq!(error["temporary"], json!(true), "{error}");
                return None;
            }
            if let Some(sent) = frame.get("ok").filter(|ok| ok["uid"].is_string()) {
                self.answered(frame["id"].as_u64().unwrap(), sent, wire);
            }
        }
    }

    fn answered(&mut self, id: u64, sent: &Value, wire: &Wire) {
        let client_id = wire.client_id(id);
        self.ledger.ack(&client_id, sent["uid"].as_str().unwrap(), sent["seq"].as_u64().unwrap());
        self.conversation = sent["conversation"].as_str().map(ToOwned::to_owned);
        self.unanswered.retain(|(waiting, _)| *waiting != client_id);
    }
}

async fn listen(token: String, mut addresses: watch::Receiver<String>, ledger: Ledger) {
    loop {
        let address = addresses.borrow().clone();
        if let Some(mut wire) = Wire::connect(&address, &token).await {
            while let Some(frame) = wire.next().await {
                if frame["push"] == json!("message") {
                    ledger.see(seen(&frame["body"]));
                }
            }
        }
        next_try(&mut addresses).await;
    }
}

/// Comes back when the server was started again, or after a moment: it may stand already.
async fn next_try(addresses: &mut watch::Receiver<String>) {
    let _ = timeout(Duration::from_millis(20), addresses.changed()).await;
}

pub(crate) async fn read_all(address: &str, token: &str, conversation: &str) -> Vec<Seen> {
    let mut wire = Wire::connect(address, token).await.expect("the server runs");
    let mut all: Vec<Seen> = Vec::new();
    loop {
        let after = all.last().map_or(0, |message| message.seq);
        let body = json!({ "conversation": conversation, "after": after, "limit": 100 });
        let page = wire.ask("history", &body).await.expect("history is answered");
        all.extend(page["messages"].as_array().unwrap().iter().map(seen));
        if page["more"] != json!(true) {
            return all;
        }
    }
}

pub(crate) fn seen(message: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Seen {
        uid: text(&message["uid"]),
        seq: message["seq"].as_u64().unwrap_or_default(),
        client_id: text(&message["client_id"]),
        text: text(&message["content"]["content"]),
    }
}

/// One connection. Everything returns `None` once it broke.
pub(crate) struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
    /// Client ids by the command that sent them.
    sent: HashMap<u64, String>,
}

impl Wire {
    async fn connect(address: &str, token: &str) -> Option<Self> {
        Some(Self::greet(address, &json!({ "v": 1, "as": "user", "token": token })).await?.0)
    }

    /// Connects and says hello; the welcome comes too.
    pub(crate) async fn greet(address: &str, hello: &Value) -> Option<(Self, Value)> {
        let connecting = tokio_tungstenite::connect_async(format!("ws://{address}/ws"));
        let (socket, _) = timeout(PATIENCE, connecting).await.ok()?.ok()?;
        let mut wire = Self { socket, next_id: 1, sent: HashMap::new() };
        let welcome = wire.ask("hello", hello).await?;
        Some((wire, welcome))
    }

    pub(crate) async fn command(&mut self, name: &str, body: &Value) -> Option<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let frame = json!({ "id": id, "cmd": name, "body": body });
        self.socket.send(Message::text(frame.to_string())).await.ok()?;
        Some(id)
    }

    /// Asks and waits for the answer; pushes that come first are passed over.
    pub(crate) async fn ask(&mut self, name: &str, body: &Value) -> Option<Value> {
        let id = self.command(name, body).await?;
        loop {
            let mut frame = self.next().await?;
            if frame["id"] == json!(id) {
                return frame.get_mut("ok").map(Value::take);
            }
        }
    }

    async fn send(&mut self, to: &str, client_id: &str, text: &str) -> Option<()> {
        self.send_to(&json!({ "user": to }), client_id, text).await
    }

    pub(crate) async fn send_to(&mut self, to: &Value, client_id: &str, text: &str) -> Option<()> {
        let body = text_body(to, client_id, text);
        let id = self.command("send", &body).await?;
        self.sent.insert(id, client_id.to_owned());
        Some(())
    }

    pub(crate) fn client_id(&self, id: u64) -> String {
        self.sent[&id].clone()
    }

    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.ok()?? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
