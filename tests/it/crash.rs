//! Killing the server at random moments under load: what was acked is there, once, in order, the same for everybody.
//!
//! 30 kills by default; `PARLOR_CRASH_ROUNDS=1000` for a long run.

mod broadcast;
pub(crate) mod ledger;
mod process;
pub(crate) mod talker;
mod told;

use std::time::Duration;

use rand::Rng;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use ledger::Ledger;
pub(crate) use process::ServerProcess;
use talker::Pair;

const PAIRS: usize = 8;
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_a_killed_server_loses_nothing_it_acked_and_doubles_nothing() {
    let rounds = rounds();
    let mut server = ServerProcess::prepare();
    let app = server.add_app("Crash");
    let ledger = Ledger::default();
    let (address, addresses) = watch::channel(server.start().await);
    let pairs: Vec<Pair> =
        (0..PAIRS).map(|n| Pair::start(&server, &app, n, ledger.clone(), addresses.clone())).collect();

    for round in 0..rounds {
        let wanted = ledger.acked() + rand::rng().random_range(1..3000);
        let began = Instant::now();
        timeout(DEADLINE, ledger.wait_for_acks(wanted)).await.unwrap_or_else(|_| {
            panic!("round {round}: {} of {wanted} acks after {:?}", ledger.acked(), began.elapsed())
        });
        server.kill();
        address.send_replace(server.start().await);
    }

    for pair in &pairs {
        pair.stop_sending();
    }
    for pair in pairs {
        let conversation = timeout(DEADLINE, pair.finish()).await.expect("everything unanswered is settled in time");
        conversation.check(&ledger);
    }
    eprintln!("{rounds} kills, {} messages acked", ledger.acked());
}

#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn rounds() -> usize {
    std::env::var("PARLOR_CRASH_ROUNDS").map_or(30, |rounds| rounds.parse().expect("a number of rounds"))
}
