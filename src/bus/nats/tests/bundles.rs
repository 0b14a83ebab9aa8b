//! Which way hints go, and beside which other versions. A raw client stands for another node, or looks at what travels.

use std::{ops::Range, sync::atomic::Ordering::Relaxed, time::Duration};

use async_nats::{Client, Subscriber};
use futures_util::{FutureExt, StreamExt};

use super::{
    super::{letter::Letter, others::Way, slots::Slots},
    BEAT, NatsServer, Node, beating, nodes,
};
use crate::{
    bus::{
        Bus, Interest,
        conformance::{Said, hint, person, reach, to},
        nats::{letter, slots, subjects::Subjects},
    },
    model::{Audience, Hint, NodeId},
};

/// Nothing takes longer that is going to happen.
const SOON: Duration = Duration::from_secs(20);

/// A node that is none: it says what a test lets it say.
struct Raw {
    client: Client,
    subjects: Subjects,
    id: NodeId,
}

impl Raw {
    async fn at(server: &NatsServer) -> Self {
        let client = async_nats::connect(server.url()).await.unwrap();
        Self { client, subjects: Subjects::of(7), id: NodeId(77) }
    }

    async fn listen(&self, subject: String) -> Subscriber {
        let heard = self.client.subscribe(subject).await.unwrap();
        self.settled().await;
        heard
    }

    /// NATS has done what it was asked, and what it sent before is here.
    async fn settled(&self) {
        let nobody = self.client.request(self.subjects.nobody(self.id), bytes::Bytes::new()).await;
        assert_eq!(nobody.unwrap_err().kind(), async_nats::RequestErrorKind::NoResponders);
    }

    async fn say(&self, subject: String, letter: bytes::Bytes) {
        self.client.publish(subject, letter).await.unwrap();
        self.client.flush().await.unwrap();
    }

    /// A sign of life; the version before says nothing of slots.
    async fn beat(&self, slots: &[u8]) {
        self.say(self.subjects.nodes(), letter::beat(self.id, 0, false, slots)).await;
    }

    /// Beats for ever, like the version before.
    async fn live(&self) {
        loop {
            self.beat(b"").await;
            tokio::time::sleep(BEAT).await;
        }
    }
}

/// The hints in the letters that came, up to the one with this event.
async fn hints_until(heard: &mut Subscriber, last: &Hint) -> Vec<Hint> {
    let mut found: Vec<Hint> = Vec::new();
    let whole = async {
        while found.last().is_none_or(|hint| hint.event != last.event) {
            let message = heard.next().await.expect("more");
            match letter::read(&message.payload) {
                Some((_, Letter::Hint(_, folded))) => found.extend(folded.unfold()),
                Some((_, Letter::Bundle(entries))) => {
                    found.extend(entries.filter_map(|entry| entry?.folded()?.unfold()));
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(SOON, whole).await.expect("hints come");
    found
}

/// Comes back when hints of this node for an audience go to so many nodes, or by subjects.
async fn goes(node: &Node, audience: &Audience, how: Option<usize>) {
    let way = || match node.bus.shared.others.way(audience) {
        Way::Nodes(nodes) => Some(nodes.len()),
        Way::Subjects => None,
    };
    let wait = async {
        while way() != how {
            tokio::time::sleep(BEAT / 50).await;
        }
    };
    tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("{:?} and not {how:?}", way()));
}

fn publish_all(node: &Node, hints: &[Hint]) {
    for hint in hints {
        node.bus.publish(hint.clone());
    }
}

/// Hints heard from another node, in their order.
async fn heard(node: &Node, count: usize) -> Vec<Hint> {
    let mut found = Vec::new();
    while found.len() < count {
        if let Said::Hint(_, hint) = node.heard.next().await {
            found.push(hint);
        }
    }
    found
}

#[tokio::test]
async fn a_hint_travels_once_to_each_node_that_follows_and_to_no_other() {
    let server = NatsServer::start();
    let [one, two, three] = nodes(&server.url()).await;
    let raw = Raw::at(&server).await;
    two.bus.follow(person("ann"), true);
    two.bus.follow(person("bo"), true);
    three.bus.follow(person("bo"), true);
    goes(&one, &to(&["ann"]), Some(1)).await;
    goes(&one, &to(&["bo"]), Some(2)).await;
    let mut all = raw.listen(raw.subjects.hints(one.id()).replace(&format!("{:016x}", one.id().0), "*")).await;
    let mut old = raw.listen(raw.subjects.of_interest(&person("bo"))).await;
    let mut of_three = raw.listen(raw.subjects.hints(three.id())).await;
    let sent: Vec<_> = [&["ann"][..], &["ann", "bo"], &["cy"], &["ann"], &["bo"]].into_iter().zip(1..).collect();
    let sent: Vec<_> = sent.into_iter().map(|(who, number)| hint(to(who), number)).collect();
    publish_all(&one, &sent);
    assert_eq!(heard(&two, 4).await, [0, 1, 3, 4].map(|at| sent[at].clone()));
    assert_eq!(heard(&three, 2).await, [1, 4].map(|at| sent[at].clone()));
    assert_eq!(hints_until(&mut of_three, &sent[4]).await, [1, 4].map(|at| sent[at].clone()));
    let end = hint(to(&["bo"]), 6);
    one.bus.publish(end.clone());
    heard(&two, 1).await;
    heard(&three, 1).await;
    raw.settled().await;
    let mut seen = hints_until(&mut all, &end).await;
    if seen.len() < 8 {
        seen.extend(hints_until(&mut all, &end).await);
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(old.next().now_or_never().is_none(), "nothing goes the way of the version before");
    assert_eq!(one.bus.stats().dropped.load(Relaxed), 0);
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_its_order_in_few_letters() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    two.bus.follow(person("ann"), true);
    goes(&one, &to(&["ann"]), Some(1)).await;
    let sent: Vec<_> = (0..5000).map(|number| hint(to(&["ann"]), number)).collect();
    publish_all(&one, &sent);
    assert!(heard(&two, 5000).await == sent, "whole and in its order");
    let letters = one.bus.stats().bundles.load(Relaxed);
    assert!(letters < 1000, "{letters}");
}

#[tokio::test]
async fn a_node_of_the_version_before_hears_and_is_heard_by_subjects() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    let raw = Raw::at(&server).await;
    two.bus.follow(person("ann"), true);
    goes(&one, &to(&["ann"]), Some(1)).await;
    let mut listens = raw.listen(raw.subjects.of_interest(&person("ann"))).await;
    let sent: Vec<_> = (0..600).map(|number| hint(to(&["ann"]), number)).collect();
    let publish = |range: Range<usize>| publish_all(&one, &sent[range]);
    publish(0..200);
    {
        let story = async {
            goes(&one, &to(&["ann"]), None).await;
            publish(200..400);
            assert_eq!(hints_until(&mut listens, &sent[399]).await, sent[200..400], "it hears");
            let said = letter::hint(raw.id, 1, &hint(to(&["ann"]), 999));
            raw.say(raw.subjects.of_interest(&person("ann")), said).await;
            two.heard.until(&Said::Hint(raw.id, hint(to(&["ann"]), 999))).await
        };
        let heard = tokio::select! {
            () = raw.live() => unreachable!("for ever"),
            heard = story => heard,
        };
        let of_one: Vec<_> =
            heard.into_iter().filter(|said| matches!(said, Said::Hint(node, _) if *node == one.id())).collect();
        assert_eq!(of_one.len(), 400, "each once");
    }
    raw.say(raw.subjects.nodes(), letter::bye(raw.id)).await;
    goes(&one, &to(&["ann"]), Some(1)).await;
    publish(400..600);
    assert!(heard(&two, 200).await == sent[400..], "whole and in its order");
}

#[tokio::test]
async fn what_is_followed_is_told_at_once() {
    let server = NatsServer::start();
    let [one, two] = beating(&server.url(), BEAT * 20).await;
    let all = async {
        for number in 0..10 {
            let who = format!("user{number}");
            two.bus.follow(person(&who), true);
            goes(&one, &to(&[&who]), Some(1)).await;
        }
    };
    tokio::time::timeout(BEAT * 100, all).await.expect("without waiting for ten beats");
}

#[tokio::test]
async fn what_is_followed_is_told_again_with_every_beat() {
    let server = NatsServer::start();
    let [one, _two] = nodes(&server.url()).await;
    let raw = Raw::at(&server).await;
    let mut listens = raw.listen(raw.subjects.nodes()).await;
    one.bus.follow(person("ann"), true);
    let ann = slots::of_interest(&person("ann"));
    let mut whole = 0;
    while whole < 3 {
        let message = tokio::time::timeout(SOON, listens.next()).await.unwrap().unwrap();
        let Some((node, Letter::Beat(_, Some(saying)))) = letter::read(&message.payload) else { continue };
        let told = Slots::default();
        told.heed(saying.what);
        let is_whole = !matches!(saying.what, slots::What::Also(_));
        whole += u32::from(is_whole && node == one.id() && told.has(ann));
    }
}

#[tokio::test]
async fn a_saying_that_was_lost_is_made_up_for_by_the_next_beat() {
    let server = NatsServer::start();
    let [one, _two] = nodes(&server.url()).await;
    let raw = Raw::at(&server).await;
    let mut listens = raw.listen(raw.subjects.hints(raw.id)).await;
    let slots = Slots::default();
    raw.beat(&slots.said(1)).await;
    goes(&one, &to(&["ann"]), Some(0)).await;
    one.bus.publish(hint(to(&["ann"]), 1));
    slots.add(slots::of_interest(&person("ann")));
    // That it follows her too is said, and lost. Then comes a beat.
    raw.beat(&slots.said(3)).await;
    goes(&one, &to(&["ann"]), Some(1)).await;
    raw.beat(&Slots::default().said(2)).await;
    raw.beat(&slots::also(4, &[slots::of_interest(&person("bo"))])).await;
    goes(&one, &to(&["bo"]), Some(1)).await;
    let sent = [2, 3].map(|number| hint(to(&["ann"]), number));
    publish_all(&one, &sent);
    assert_eq!(hints_until(&mut listens, &sent[1]).await, sent, "an older saying does not undo a newer one");
}

#[tokio::test]
async fn a_node_that_comes_hears_and_is_heard_without_the_old_way() {
    let server = NatsServer::start();
    let [one] = nodes(&server.url()).await;
    one.bus.follow(person("ann"), true);
    let raw = Raw::at(&server).await;
    let mut old = raw.listen(raw.subjects.of_interest(&person("ann"))).await;
    let two = Node::at(&server.url()).await;
    reach(&two.bus, &one.heard, &to(&["ann"])).await;
    raw.settled().await;
    let nothing = old.next().now_or_never();
    assert!(nothing.is_none(), "{nothing:?}");
}

#[tokio::test]
async fn where_a_beat_cannot_say_what_is_followed_hints_go_by_subjects() {
    let server = NatsServer::with("max_payload: 1024");
    let [one, two] = nodes(&server.url()).await;
    goes(&one, &to(&["ann"]), Some(0)).await;
    two.bus.follow(person("ann"), true);
    goes(&one, &to(&["ann"]), Some(1)).await;
    for number in 0..400 {
        two.bus.follow(person(&format!("user{number}")), true);
    }
    goes(&one, &to(&["ann"]), None).await;
    reach(&one.bus, &two.heard, &to(&["ann"])).await;
    for number in 0..400 {
        two.bus.follow(person(&format!("user{number}")), false);
    }
    goes(&one, &to(&["ann"]), Some(1)).await;
}

#[tokio::test]
async fn what_was_said_last_leaves_before_the_good_bye() {
    let server = NatsServer::start();
    let [one, two] = nodes(&server.url()).await;
    two.bus.follow(Interest::Agents("app1".parse().unwrap()), true);
    let agents = Audience { agents: true, ..to(&[]) };
    goes(&one, &agents, Some(1)).await;
    for number in 1..=3 {
        one.bus.publish(hint(agents.clone(), number));
    }
    one.bus.close().await;
    let said = two.heard.until(&Said::Gone(one.id())).await;
    assert_eq!(said[..3], [1, 2, 3].map(|number| Said::Hint(one.id(), hint(agents.clone(), number))));
}
