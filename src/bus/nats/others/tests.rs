use super::*;
use crate::bus::{
    Interest,
    conformance::{app, hint, person, to},
    nats::{letter, letter::Letter},
};

const HERE: NodeId = NodeId(1);
const ONE: NodeId = NodeId(2);
const TWO: NodeId = NodeId(3);

/// Nobody answers at its address.
async fn others() -> Others {
    let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect("127.0.0.1:1").await.unwrap();
    let stats = Arc::new(NatsStats::default());
    stats.connected.store(true, Relaxed);
    let others = Others::new(HERE, Subjects::of(1), client, stats);
    others.know(&[ONE, TWO]);
    others
}

/// What a node says that follows these.
fn said(version: u64, interests: &[Interest]) -> Vec<u8> {
    let slots = Slots::default();
    for interest in interests {
        slots.add(slots::of_interest(interest));
    }
    slots.said(version)
}

/// To whom a hint goes; nothing when it goes by subjects.
fn ways(others: &Others, audience: &Audience) -> Option<Vec<NodeId>> {
    match others.way(audience) {
        Way::Nodes(nodes) => Some(nodes.iter().map(|other| other.node).collect()),
        Way::Subjects => None,
    }
}

#[tokio::test]
async fn hints_go_to_nodes_that_follow_once_all_have_told_what_they_follow() {
    let others = others().await;
    others.heed(ONE, Saying::read(&said(1, &[person("ann"), Interest::Agents(app())])));
    assert_eq!(ways(&others, &to(&["ann"])), None, "one has told nothing");
    others.heed(TWO, Saying::read(&slots::also(1, &[7])));
    assert_eq!(ways(&others, &to(&["ann"])), None, "one has not told all");
    others.heed(TWO, Saying::read(&said(2, &[person("bo")])));
    assert_eq!(ways(&others, &to(&["ann"])), Some(vec![ONE]));
    assert_eq!(ways(&others, &to(&["bo", "ann"])), Some(vec![TWO, ONE]));
    assert_eq!(ways(&others, &Audience { agents: true, ..to(&["ann"]) }), Some(vec![ONE]));
    assert_eq!(ways(&others, &to(&["cy"])), Some(vec![]));
    others.heed(ONE, None);
    assert_eq!(ways(&others, &to(&["bo"])), None, "one is of the version before");
    others.know(&[TWO]);
    assert_eq!(ways(&others, &to(&["bo"])), Some(vec![TWO]));
    others.know(&[]);
    assert_eq!(ways(&others, &to(&["bo"])), Some(vec![]));
}

#[tokio::test]
async fn an_older_saying_does_not_undo_a_newer_one() {
    let others = others().await;
    others.know(&[ONE]);
    others.heed(ONE, Saying::read(&said(5, &[person("ann")])));
    others.heed(ONE, Saying::read(&slots::also(7, &[slots::of_interest(&person("bo"))])));
    others.heed(ONE, Saying::read(&said(6, &[])));
    assert_eq!(ways(&others, &to(&["ann"])), Some(vec![ONE]));
    assert_eq!(ways(&others, &to(&["bo"])), Some(vec![ONE]));
    others.heed(ONE, Saying::read(&slots::also(4, &[slots::of_interest(&person("cy"))])));
    assert_eq!(ways(&others, &to(&["cy"])), Some(vec![ONE]), "one too many costs little");
    others.heed(ONE, Saying::read(&said(8, &[person("bo")])));
    assert_eq!([&["ann"], &["bo"], &["cy"]].map(|who| ways(&others, &to(who)).unwrap().len()), [0, 1, 0]);
}

#[tokio::test]
async fn what_waits_is_bounded_and_comes_in_its_order() {
    let others = others().await;
    let entry = |number| letter::bundle::entry(number, &hint(to(&["ann"]), number));
    let nodes: Vec<_> = others.list().to_vec();
    let largest = 1 << 20;
    for number in 0..MOST {
        assert!(others.send(&nodes, &entry(number), largest), "{number}");
    }
    assert!(!others.send(&nodes, &entry(MOST), largest));
    assert_eq!(others.stats.dropped.load(Relaxed), 2);
    let bundles = std::mem::take(&mut *nodes[0].waiting()).bundles;
    assert!(bundles.len() > 10, "{}", bundles.len());
    let mut numbers = Vec::new();
    for bundle in bundles {
        let count = bundle.count;
        let letter = bundle.sealed();
        assert!(letter.len() <= MOST_LETTER);
        let Some((HERE, Letter::Bundle(entries))) = letter::read(&letter) else { panic!("a bundle") };
        let found: Vec<_> = entries.map(|entry| entry.unwrap().number).collect();
        assert_eq!(found.len() as u64, count);
        numbers.extend(found);
    }
    assert!(numbers.into_iter().eq(0..MOST));
    let bytes = vec![0; MOST_BYTES / 16];
    let taken = (0..17).map(|_| others.send(&nodes[..1], &bytes, MOST_BYTES)).filter(|taken| *taken).count();
    assert_eq!(taken, 16);
    assert_eq!(nodes[0].waiting().bundles.len(), 16, "large ones go alone");
}

#[tokio::test]
async fn what_is_too_large_or_comes_while_nats_is_away_is_dropped() {
    let others = others().await;
    let nodes: Vec<_> = others.list().to_vec();
    let entry = letter::bundle::entry(1, &hint(to(&["ann"]), 1));
    assert!(!others.send(&nodes, &entry, Bundle::alone(&entry) - 1));
    assert!(others.send(&nodes, &entry, Bundle::alone(&entry)));
    others.stats.connected.store(false, Relaxed);
    assert!(!others.send(&nodes, &entry, 1 << 20));
    assert_eq!(others.stats.dropped.load(Relaxed), 4);
    others.empty().await;
    assert_eq!((others.stats.dropped.load(Relaxed), others.stats.sent.load(Relaxed)), (6, 0));
}
