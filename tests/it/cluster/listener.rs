//! Somebody who listens to one conversation, keeps what came in its order, and asks for what is missing, as clients do.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::crowd::Door;
use crate::crash::{
    ledger::{Ledger, Seen},
    talker::{Wire, seen},
};

/// What was said reaches everybody who is there by then, also when the bus lost it, and here the machine is busy.
const HEARD: Duration = Duration::from_secs(10);

/// A listener at work.
pub(super) struct Listener {
    task: JoinHandle<()>,
    has: watch::Receiver<Vec<Seen>>,
}

impl Listener {
    pub(super) fn start(door: Door, conversation: &str, epoch: &Value, ledger: Ledger) -> Self {
        let (tell, has) = watch::channel(Vec::new());
        let ear = Ear {
            conversation: conversation.to_owned(),
            epoch: epoch.clone(),
            ledger,
            early: BTreeMap::new(),
            asked: None,
            has: tell,
        };
        Self { task: tokio::spawn(ear.listen(door)), has }
    }

    /// All that was heard, as soon as it is so many.
    pub(super) async fn hears_all(mut self, count: usize) -> Vec<Seen> {
        let began = Instant::now();
        let heard = timeout(HEARD, self.has.wait_for(|has| has.len() >= count)).await.is_ok();
        let has = self.has.borrow().clone();
        assert!(heard, "heard {} of {count} after {:?}", has.len(), began.elapsed());
        self.task.abort();
        has
    }
}

struct Ear {
    conversation: String,
    epoch: Value,
    ledger: Ledger,
    /// What came before its turn.
    early: BTreeMap<u64, Seen>,
    /// The command that asks for what is missing.
    asked: Option<u64>,
    has: watch::Sender<Vec<Seen>>,
}

impl Ear {
    async fn listen(mut self, mut door: Door) {
        loop {
            let (mut wire, welcome) = door.enter(&self.since()).await;
            self.asked = None;
            for gap in welcome["gaps"].as_array().unwrap() {
                assert_eq!(gap["reset"], json!(false), "nothing was rewritten");
                self.take(&gap["messages"]);
            }
            // What was said before the first connection, and what did not fit into the welcome.
            let mut stands = self.ask(&mut wire).await;
            while stands.is_some() {
                stands = match wire.next().await {
                    Some(frame) => self.hear(&mut wire, &frame, &door).await,
                    None => None,
                };
            }
        }
    }

    fn since(&self) -> Value {
        let seq = self.has.borrow().len();
        json!([{ "conversation": self.conversation, "epoch": self.epoch, "seq": seq }])
    }

    async fn ask(&mut self, wire: &mut Wire) -> Option<()> {
        let after = self.has.borrow().len();
        let body = json!({ "conversation": self.conversation, "after": after, "limit": 100 });
        self.asked = Some(wire.command("history", &body).await?);
        Some(())
    }

    async fn hear(&mut self, wire: &mut Wire, frame: &Value, door: &Door) -> Option<()> {
        if frame["id"].as_u64().is_some_and(|id| self.asked == Some(id)) {
            self.asked = None;
            // An error is temporary here: the next message shows the hole again.
            if let Some(page) = frame.get("ok") {
                self.take(&page["messages"]);
                if page["more"] == json!(true) {
                    self.ask(wire).await?;
                }
            } else {
                return None;
            }
        } else if frame["push"] == json!("message") && frame["body"]["conversation"] == json!(self.conversation) {
            let message = seen(&frame["body"]);
            let lag = self.ledger.acked_at(&message.client_id).map_or(Duration::ZERO, |at| at.elapsed());
            if message.seq > self.has.borrow().len() as u64 {
                door.times.late(lag);
            }
            self.put(message);
        }
        if !self.early.is_empty() && self.asked.is_none() {
            self.ask(wire).await?;
        }
        Some(())
    }

    fn take(&mut self, messages: &Value) {
        for message in messages.as_array().unwrap() {
            self.put(seen(message));
        }
    }

    /// In its place; what is there already must be the same.
    fn put(&mut self, message: Seen) {
        let early = &mut self.early;
        self.has.send_modify(|has| {
            let at = usize::try_from(message.seq).unwrap();
            if let Some(had) = has.get(at - 1) {
                assert_eq!(had, &message, "two messages in one place");
                return;
            }
            early.insert(message.seq, message);
            while let Some(next) = early.remove(&(has.len() as u64 + 1)) {
                has.push(next);
            }
        });
    }
}
