use super::*;
use crate::{
    bus::conformance::{self, Recorder, Said},
    model::Stale,
};

mod bundles;
mod server;

use server::NatsServer;

/// Long enough for a machine that has much else to do.
const BEAT: Duration = Duration::from_millis(250);

/// A node, and what it hears.
struct Node {
    bus: NatsBus,
    heard: Recorder,
}

impl Node {
    async fn at(url: &str) -> Self {
        Self::beating(url, BEAT).await
    }

    async fn beating(url: &str, beat: Duration) -> Self {
        let options = NatsOptions { beat, ..NatsOptions::at(url, 7) };
        let node = Self { bus: NatsBus::open(options).await.unwrap(), heard: Recorder::default() };
        node.bus.connect(Arc::new(node.heard.clone()), Arc::new(node.heard.clone()));
        node
    }

    fn seat(&self) -> conformance::Seat<'_> {
        (&self.bus, &self.heard)
    }

    fn id(&self) -> NodeId {
        self.bus.shared.node
    }
}

/// Several nodes that know each other.
async fn nodes<const N: usize>(url: &str) -> [Node; N] {
    beating(url, BEAT).await
}

async fn beating<const N: usize>(url: &str, beat: Duration) -> [Node; N] {
    let mut nodes = Vec::new();
    for _ in 0..N {
        nodes.push(Node::beating(url, beat).await);
    }
    for node in &nodes {
        let mut others: Vec<_> = nodes.iter().map(Node::id).filter(|id| *id != node.id()).collect();
        while !others.is_empty() {
            let Said::Missed(new) = node.heard.next().await else { continue };
            others.retain(|id| *id != new);
        }
    }
    nodes.try_into().unwrap_or_else(|_| unreachable!())
}

#[tokio::test]
async fn a_node_without_others_is_served_at_once() {
    let server = NatsServer::start();
    let node = Node::at(&server.url()).await;
    conformance::a_hint_is_heard_here_before_publish_returns(&node.bus, &node.heard);
    conformance::alone_nobody_answers(&node.bus).await;
}

#[tokio::test]
async fn hints_reach_those_who_follow_once_and_nobody_else() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    conformance::hints_reach_those_who_follow_once_and_nobody_else(&one.bus, two.seat(), three.seat()).await;
}

#[tokio::test]
async fn tidings_keep_their_order() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    conformance::tidings_keep_their_order(one.seat(), [two.seat(), three.seat()]).await;
}

#[tokio::test]
async fn questions_are_answered_in_time_or_not_at_all() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    conformance::questions_are_answered_in_time_or_not_at_all(&one.bus, [two.seat(), three.seat()]).await;
}

#[tokio::test]
async fn clients_that_wait_leave_room_for_what_nodes_ask_each_other() {
    const CLIENTS: u64 = 5000;
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    let within = Duration::from_mins(1);
    let waiting = join_all((0..CLIENTS).map(|_| one.bus.ask(two.id(), Question::Poll("wait".into()), within)));
    let asking = async {
        let (stats, before) = (two.bus.stats(), two.bus.stats().heard.load(Relaxed));
        // Beats count too; they are few.
        while stats.heard.load(Relaxed) < before + CLIENTS {
            tokio::time::sleep(BEAT / 10).await;
        }
        one.bus.ask(two.id(), Question::Forget(conformance::app(), Stale::App), within).await
    };
    tokio::select! {
        _ = waiting => panic!("nothing is told"),
        answer = asking => assert!(answer.is_some_and(|answer| answer.contains("Forget"))),
    }
}

#[tokio::test]
async fn nobody_waits_for_a_node_that_goes() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    conformance::nobody_waits_for_a_node_that_goes(&one.bus, two.seat(), two.bus.close()).await;
    conformance::nobody_waits_for_a_node_that_goes(&one.bus, three.seat(), async { three.bus.stop.cancel() }).await;
}

#[tokio::test]
async fn two_installations_on_one_nats_do_not_hear_each_other() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    let options = NatsOptions { beat: BEAT, ..NatsOptions::at(&server.url(), 8) };
    let other = NatsBus::open(options).await.unwrap();
    let heard = Recorder::default();
    other.connect(Arc::new(heard.clone()), Arc::new(heard.clone()));
    other.follow(conformance::person("ann"), true);
    two.bus.follow(conformance::person("ann"), true);
    conformance::reach(&one.bus, &two.heard, &conformance::to(&["ann"])).await;
    one.bus.announce(Tidings::Desk(conformance::app()));
    two.heard.until(&Said::Tidings(one.id(), Tidings::Desk(conformance::app()))).await;
    assert_eq!(heard.rest(), []);
}

#[tokio::test]
async fn who_says_good_bye_is_gone_at_once_and_who_is_cut_off_after_five_beats() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    two.bus.close().await;
    assert_eq!(one.heard.next().await, Said::Gone(two.id()));
    let begun = std::time::Instant::now();
    // Its tasks end without a word.
    three.bus.stop.cancel();
    assert_eq!(one.heard.next().await, Said::Gone(three.id()));
    assert!(begun.elapsed() > BEAT * 3, "{:?}", begun.elapsed());
    assert_eq!(one.bus.stats().nodes.load(Relaxed), 0);
}

#[tokio::test]
async fn while_nats_is_away_nobody_is_gone_and_afterwards_everybody_was_missed() {
    let mut server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    one.bus.follow(conformance::person("ann"), true);
    conformance::reach(&two.bus, &one.heard, &conformance::to(&["ann"])).await;
    server.kill();
    // Longer than a node may be silent.
    for number in 0..10_000 {
        two.bus.announce(Tidings::Desk(conformance::app()));
        two.bus.publish(conformance::hint(conformance::to(&["ann"]), number));
        if number % 1000 == 0 {
            tokio::time::sleep(BEAT).await;
        }
    }
    assert_eq!(one.bus.ask(two.id(), Question::Poll(String::new()), BEAT).await, None);
    assert!(!one.heard.rest().iter().any(|said| matches!(said, Said::Gone(_) | Said::Missed(_))));
    assert!(two.bus.stats().dropped.load(Relaxed) > 0);
    server.start_again();
    one.heard.until(&Said::Missed(two.id())).await;
    two.heard.until(&Said::Missed(one.id())).await;
    conformance::reach(&two.bus, &one.heard, &conformance::to(&["ann"])).await;
}

#[tokio::test]
async fn a_nats_that_is_held_is_noticed_and_comes_back() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    server.hold();
    let stats = one.bus.stats();
    let noticed = async {
        while stats.connected.load(Relaxed) {
            tokio::time::sleep(BEAT / 5).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), noticed).await.expect("noticed");
    tokio::time::sleep(BEAT * 8).await;
    server.release();
    let said = one.heard.until(&Said::Missed(two.id())).await;
    assert!(!said.contains(&Said::Gone(two.id())), "{said:?}");
}

#[tokio::test]
async fn a_server_starts_without_nats_and_finds_it_later() {
    let mut server = NatsServer::later();
    let (one, two) = (Node::at(&server.url()).await, Node::at(&server.url()).await);
    conformance::a_hint_is_heard_here_before_publish_returns(&one.bus, &one.heard);
    server.start_again();
    one.heard.until(&Said::Missed(two.id())).await;
    two.heard.until(&Said::Missed(one.id())).await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_clearly_and_right_ones_taken() {
    let server = NatsServer::with("authorization { user: parlor, password: \"p+ss:w@rd\" }");
    for login in ["", "parlor:wrong@", "token@"] {
        let url = format!("nats://{login}{}", server.place());
        let error = NatsBus::open(NatsOptions::at(&url, 7)).await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(&server.place()) && said.contains("refuses") && !said.contains("wrong@"), "{said}");
    }
    let right = format!("nats://parlor:p%2Bss%3Aw%40rd@{}", server.place());
    let _known: [Node; 2] = nodes(&right).await;
    let server = NatsServer::with("authorization { token: hunter2 }");
    let _known: [Node; 2] = nodes(&format!("nats://hunter2@{}", server.place())).await;
}

#[tokio::test]
async fn an_inspection_finds_who_may_say_or_hear_nothing() {
    let users =
        |rights: &str| format!("authorization {{ users: [{{ user: u, password: p, permissions: {{ {rights} }} }}] }}");
    for (rights, is_enough) in [
        ("publish: \"parlor.>\", subscribe: \"parlor.>\"", true),
        ("publish: \"other.>\", subscribe: \"parlor.>\"", false),
        ("publish: \"parlor.>\", subscribe: \"other.>\"", false),
    ] {
        let server = NatsServer::with(&users(rights));
        let found = inspect(&NatsOptions::at(&format!("nats://u:p@{}", server.place()), 0)).await;
        match found {
            Ok(Inspection { server: Ok(_), .. }) => assert!(is_enough, "{rights}"),
            Err(NatsError::NoRights(_)) => assert!(!is_enough, "{rights}"),
            other => panic!("{rights}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn no_connection_without_tls_where_it_was_asked_for() {
    let server = NatsServer::start();
    let url = format!("tls://parlor:hunter2@{}", server.place());
    let error = NatsBus::open(NatsOptions::at(&url, 7)).await.unwrap_err();
    assert!(matches!(error, NatsError::Insecure { .. }) && !error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_hint_that_is_too_large_for_nats_is_dropped_and_shows_as_a_missed_hint() {
    let server = NatsServer::with("max_payload: 4096");
    let [one, two] = nodes(&server.url()).await;
    two.bus.follow(conformance::person("ann"), true);
    conformance::reach(&one.bus, &two.heard, &conformance::to(&["ann"])).await;
    let seqs = (0..5000).map(crate::model::Seq).collect();
    let event = Event::Deleted { conversation: crate::model::ConversationId::from_u128(1), seqs };
    one.bus.publish(Hint { audience: conformance::to(&["ann"]), event });
    assert_eq!(two.heard.next().await, Said::MissedHints(one.id()));
    assert_eq!(one.bus.stats().dropped.load(Relaxed), 1);
    // Tidings before and behind it are told as ever.
    for number in 1..=3 {
        one.bus.announce(Tidings::Desk(format!("app{number}").parse().unwrap()));
        let Said::Tidings(..) = two.heard.next().await else { panic!("nothing else was lost") };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_faster_than_it_is_taken_is_dropped_and_shows_as_missed() {
    let server = NatsServer::start();
    // The pause is no silence of NATS.
    let [one, two] = beating(&server.url(), BEAT * 8).await;
    two.bus.follow(conformance::person("ann"), true);
    conformance::reach(&one.bus, &two.heard, &conformance::to(&["ann"])).await;
    let busy = two.heard.busy();
    let client = async_nats::connect(server.url()).await.unwrap();
    let letter = letter::hint(one.id(), 1, &conformance::hint(conformance::to(&["ann"]), 1));
    let subject = Subjects::of(7).of_interest(&conformance::person("ann"));
    let until = std::time::Instant::now() + BEAT * 6;
    while std::time::Instant::now() < until {
        client.publish(subject.clone(), letter.clone()).await.unwrap();
    }
    client.flush().await.unwrap();
    drop(busy);
    two.heard.until(&Said::Missed(one.id())).await;
    conformance::reach(&one.bus, &two.heard, &conformance::to(&["ann"])).await;
}

#[tokio::test]
async fn what_other_versions_and_strangers_say_does_no_harm() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let subjects = Subjects::of(7);
    for subject in [subjects.nodes(), subjects.everybody(), subjects.questions(one.id())] {
        for text in
            ["", "h", "later", "t0123456789abcdef{\"kind\":\"later\"}", "h0123456789abcdef[]", "q0123456789abcdef"]
        {
            client.publish(subject.clone(), text.into()).await.unwrap();
        }
    }
    client.flush().await.unwrap();
    let stranger = NodeId(u64::from_be_bytes(*b"01234567"));
    assert_eq!(one.heard.next().await, Said::Missed(stranger));
    two.bus.announce(Tidings::Desk(conformance::app()));
    one.heard.until(&Said::Tidings(two.id(), Tidings::Desk(conformance::app()))).await;
    assert!(one.bus.stats().unknown.load(Relaxed) >= 10);
}
