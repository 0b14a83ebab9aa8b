//! Somebody who writes without end and sends again, with the same id, whatever was not answered.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use super::crowd::Door;
use crate::crash::{ledger::Ledger, talker::Wire};

const IN_FLIGHT: usize = 4;
/// A person writes this often at most, so that a small machine has time for what is tested.
const PACE: Duration = Duration::from_millis(20);
/// An answer that takes longer is not waited for on this connection.
const PATIENCE: Duration = Duration::from_secs(8);

/// A writer in one conversation.
pub(super) struct Writer {
    name: String,
    conversation: Value,
    ledger: Ledger,
    counts: watch::Sender<usize>,
    next: usize,
    /// Sent or about to be sent, oldest first.
    unanswered: VecDeque<(String, String)>,
}

impl Writer {
    pub(super) fn new(name: String, conversation: &str, ledger: Ledger, counts: watch::Sender<usize>) -> Self {
        let conversation = json!({ "conversation": conversation });
        Self { name, conversation, ledger, counts, next: 0, unanswered: VecDeque::new() }
    }

    /// Until told to stop, and everything is answered.
    pub(super) async fn run(mut self, mut door: Door, stop: Arc<AtomicBool>) {
        loop {
            let (mut wire, _) = door.enter(&json!([])).await;
            if self.talk(&mut wire, &stop).await.is_some() {
                return;
            }
        }
    }

    /// `None` when the connection broke.
    async fn talk(&mut self, wire: &mut Wire, stop: &AtomicBool) -> Option<()> {
        let mut again: VecDeque<_> = self.unanswered.clone();
        let mut turn = Instant::now();
        let mut heard = Instant::now();
        loop {
            let over = stop.load(Ordering::SeqCst);
            if over && self.unanswered.is_empty() {
                return Some(());
            }
            if let Some((client_id, text)) = again.pop_front() {
                wire.send_to(&self.conversation, &client_id, &text).await?;
            } else if !over && self.unanswered.len() < IN_FLIGHT {
                sleep_until(turn).await;
                turn = Instant::now() + PACE;
                let (client_id, text) = self.think();
                wire.send_to(&self.conversation, &client_id, &text).await?;
            }
            let wait = if again.is_empty() { turn } else { Instant::now() };
            let Ok(frame) = timeout_at(wait, wire.next()).await else {
                if !self.unanswered.is_empty() && heard.elapsed() > PATIENCE {
                    return None;
                }
                if self.unanswered.len() >= IN_FLIGHT || over {
                    turn = Instant::now() + PACE;
                }
                continue;
            };
            let frame = frame?;
            let Some(id) = frame["id"].as_u64() else { continue };
            heard = Instant::now();
            let client_id = wire.client_id(id);
            if let Some(error) = frame.get("error") {
                assert_eq!(error["temporary"], json!(true), "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                again.extend(self.unanswered.iter().find(|(waiting, _)| *waiting == client_id).cloned());
            } else {
                self.answered(&client_id, &frame["ok"]);
            }
        }
    }

    fn think(&mut self) -> (String, String) {
        let client_id = format!("{}{}", self.name, self.next);
        let text = format!("message {} of {}", self.next, self.name);
        self.next += 1;
        self.ledger.intend(&client_id, &text);
        self.unanswered.push_back((client_id.clone(), text.clone()));
        (client_id, text)
    }

    fn answered(&mut self, client_id: &str, sent: &Value) {
        self.ledger.ack(client_id, sent["uid"].as_str().unwrap(), sent["seq"].as_u64().unwrap());
        self.unanswered.retain(|(waiting, _)| waiting != client_id);
        self.counts.send_modify(|count| *count += 1);
    }
}
