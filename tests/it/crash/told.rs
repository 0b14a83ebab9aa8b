//! Killing the server between the commit of a message and its delivery to a webhook: the back end hears of every message
//! that was acked, at least once, in order.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};
use wiremock::ResponseTemplate;

use super::{DEADLINE, Ledger, Pair, ServerProcess};
use crate::hooks::receiver::{Received, Receiver};

const PAIRS: usize = 2;
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n3_a_killed_server_tells_the_back_end_of_all_it_acked_in_order() {
    let receiver = Receiver::answering(|_| ResponseTemplate::new(204).set_delay(Duration::from_millis(5))).await;
    let mut server = ServerProcess::prepare().asking(receiver.port());
    let app = server.add_app("Told");
    server.add_webhook(&app, &receiver.url());
    let ledger = Ledger::default();
    let (address, addresses) = watch::channel(server.start().await);
    let pairs: Vec<Pair> =
        (0..PAIRS).map(|n| Pair::start(&server, &app, n, ledger.clone(), addresses.clone())).collect();
    for _ in 0..KILLS {
        let wanted = ledger.acked() + 20;
        timeout(DEADLINE, ledger.wait_for_acks(wanted)).await.expect("messages are acked in time");
        // What was acked a moment ago is not told yet: the receiver alone takes longer.
        server.kill();
        address.send_replace(server.start().await);
    }
    for pair in &pairs {
        pair.stop_sending();
    }
    for pair in pairs {
        timeout(DEADLINE, pair.finish()).await.expect("everything unanswered is settled in time");
    }
    let acked = ledger.acked_uids();
    let arrived = receiver.until(|arrived| uids(arrived).is_superset(&acked)).await;
    check_order(&arrived);
    eprintln!("{KILLS} kills, {} messages acked, {} requests", acked.len(), arrived.len());
}

fn uids(arrived: &[Received]) -> HashSet<String> {
    arrived.iter().filter_map(|one| one.body["data"]["uid"].as_str().map(str::to_owned)).collect()
}

/// What comes again is the same; what is new in a conversation has the next place; no notice is missing.
fn check_order(arrived: &[Received]) {
    let mut ids = BTreeMap::new();
    let mut places: BTreeMap<&str, u64> = BTreeMap::new();
    for one in arrived {
        let first = ids.entry(one.sequence()).or_insert(&one.id);
        assert_eq!(*first, &one.id, "a repetition has the id of the first attempt");
        let place = places.entry(one.body["conversation"].as_str().unwrap()).or_default();
        let seq = one.body["seq"].as_u64().unwrap();
        assert!(seq <= *place + 1, "{seq} came after {place}");
        *place = seq.max(*place);
    }
    let sequences: Vec<u64> = ids.keys().copied().collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>(), "nothing is missing");
}
