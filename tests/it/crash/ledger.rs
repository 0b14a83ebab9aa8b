//! What clients meant to send, what was acked, and what was seen.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::sync::watch;

/// A message as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) uid: String,
    pub(crate) seq: u64,
    pub(crate) client_id: String,
    pub(crate) text: String,
}

/// Shared by all clients of a run.
#[derive(Clone)]
pub(crate) struct Ledger {
    entries: Arc<Mutex<Entries>>,
    acked: watch::Sender<usize>,
}

#[derive(Default)]
struct Entries {
    intents: HashMap<String, String>,
    acks: HashMap<String, (String, u64)>,
    acked_at: HashMap<String, Instant>,
    seen: Vec<Seen>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { entries: Arc::default(), acked: watch::channel(0).0 }
    }
}

impl Ledger {
    /// Somebody is about to send this.
    pub(crate) fn intend(&self, client_id: &str, text: &str) {
        self.entries.lock().unwrap().intents.insert(client_id.to_owned(), text.to_owned());
    }

    /// The server said that it has it.
    pub(crate) fn ack(&self, client_id: &str, uid: &str, seq: u64) {
        let mut entries = self.entries.lock().unwrap();
        let first = entries.acks.insert(client_id.to_owned(), (uid.to_owned(), seq));
        if let Some(first) = first {
            assert_eq!(first, (uid.to_owned(), seq), "a retry of {client_id} got another result");
        }
        entries.acked_at.entry(client_id.to_owned()).or_insert_with(Instant::now);
        self.acked.send_replace(entries.acks.len());
    }

    /// The uid of every message that the server said it has.
    pub(crate) fn acked_uids(&self) -> HashSet<String> {
        self.entries.lock().unwrap().acks.values().map(|(uid, _)| uid.clone()).collect()
    }

    /// When the server first said that it has it.
    pub(crate) fn acked_at(&self, client_id: &str) -> Option<Instant> {
        self.entries.lock().unwrap().acked_at.get(client_id).copied()
    }

    /// The server pushed it to somebody.
    pub(crate) fn see(&self, seen: Seen) {
        self.entries.lock().unwrap().seen.push(seen);
    }

    pub(crate) fn acked(&self) -> usize {
        *self.acked.borrow()
    }

    pub(crate) async fn wait_for_acks(&self, wanted: usize) {
        let mut acked = self.acked.subscribe();
        acked.wait_for(|acked| *acked >= wanted).await.expect("the ledger lives as long as its clients");
    }
}

/// A conversation as both of its people read it in the end.
pub(crate) struct Conversation {
    pub(crate) sender: String,
    pub(crate) read_by_sender: Vec<Seen>,
    pub(crate) read_by_receiver: Vec<Seen>,
}

impl Conversation {
    /// Acked ⊆ stored, seen ⊆ stored, no doubles, no gaps, the same for both, and nothing that nobody wrote.
    pub(crate) fn check(&self, ledger: &Ledger) {
        let entries = ledger.entries.lock().unwrap();
        assert_eq!(self.read_by_sender, self.read_by_receiver, "both read the same");
        let stored: BTreeMap<&str, &Seen> = self.read_by_sender.iter().map(|m| (m.client_id.as_str(), m)).collect();
        assert_eq!(stored.len(), self.read_by_sender.len(), "no client id stands twice");
        let uids: HashSet<_> = self.read_by_sender.iter().map(|m| &m.uid).collect();
        assert_eq!(uids.len(), self.read_by_sender.len(), "no uid stands twice");
        let seqs: Vec<u64> = self.read_by_sender.iter().map(|m| m.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "seq has no gaps");
        for message in &self.read_by_sender {
            assert_eq!(entries.intents.get(&message.client_id), Some(&message.text), "what stands is what was written");
        }
        let mine = |client_id: &str| client_id.starts_with(&self.sender);
        for (client_id, (uid, seq)) in entries.acks.iter().filter(|(id, _)| mine(id)) {
            let kept = stored.get(client_id.as_str()).unwrap_or_else(|| panic!("{client_id} was acked and is lost"));
            assert_eq!((&kept.uid, kept.seq), (uid, *seq));
        }
        for seen in entries.seen.iter().filter(|seen| mine(&seen.client_id)) {
            assert_eq!(stored.get(seen.client_id.as_str()), Some(&seen), "what was pushed is what is stored");
        }
    }
}
