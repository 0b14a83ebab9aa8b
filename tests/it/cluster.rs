//! Several real servers on one PostgreSQL and one NATS, each a process of its own, and what happens to them.
//!
//! Each test has its own database server, bus and nodes, and takes its turn: one cluster at a time is enough for a small
//! machine. `scripts/faults` runs the long versions.

mod bad_input;
mod beside;
mod bus;
mod bus_back;
mod bus_faults;
mod claims;
mod clocks;
mod crowd;
mod database;
mod database_faults;
mod doors;
mod front;
mod full_disk;
mod keys;
mod listener;
mod lost_answers;
mod made_up;
mod node;
mod node_faults;
mod proxy;
mod running;
mod versions;
mod writer;

pub(crate) use bus::Nats;
use tokio::sync::{Mutex, MutexGuard};

/// So many nodes have a cluster.
const NODES: usize = 3;

static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until no other cluster of these tests runs.
async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// How often something is done: the short way, or as a variable of the environment says.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn rounds(variable: &str, short: usize) -> usize {
    std::env::var(variable).map_or(short, |rounds| rounds.parse().expect("a number of rounds"))
}
