//! What every bus must do, written once against the traits.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Bus, Interest, Listener, Peer};
use crate::model::{AppKey, Audience, ConversationId, Event, Hint, NodeId, Question, Seq, Tidings};

/// Nothing takes longer that is going to happen.
const SOON: Duration = Duration::from_secs(20);

/// What a bus said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// A hint of this node's own.
    Here(Hint),
    Hint(NodeId, Hint),
    Tidings(NodeId, Tidings),
    Missed(NodeId),
    MissedHints(NodeId),
    Gone(NodeId),
}

/// Writes down what a bus says, and answers questions with themselves.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    said: Arc<Mutex<VecDeque<Said>>>,
    more: Arc<Notify>,
    gate: Arc<Mutex<()>>,
    /// Questions are not answered while it holds.
    pub(super) dumb: Arc<AtomicBool>,
}

impl Recorder {
    fn note(&self, said: Said) {
        drop(self.gate.lock().unwrap());
        self.said.lock().unwrap().push_back(said);
        self.more.notify_one();
    }

    /// The next thing said.
    pub(super) async fn next(&self) -> Said {
        let next = async {
            loop {
                if let Some(said) = self.said.lock().unwrap().pop_front() {
                    return said;
                }
                self.more.notified().await;
            }
        };
        tokio::time::timeout(SOON, next).await.expect("nothing more was said")
    }

    /// Everything up to this, which is said soon.
    pub(super) async fn until(&self, last: &Said) -> Vec<Said> {
        let mut found = Vec::new();
        loop {
            let said = self.next().await;
            let done = said == *last;
            found.push(said);
            if done {
                return found;
            }
        }
    }

    /// While it is held, whoever says something waits.
    pub(super) fn busy(&self) -> impl Drop + Send + use<> {
        let (gate, held) = (self.gate.clone(), Arc::new(AtomicBool::new(true)));
        let (tell, told) = std::sync::mpsc::channel();
        let holding = held.clone();
        let holder = std::thread::spawn(move || {
            let _closed = gate.lock().unwrap();
            tell.send(()).unwrap();
            while holding.load(Relaxed) {
                std::thread::park();
            }
        });
        told.recv().unwrap();
        Busy(held, Some(holder))
    }

    /// What was said and not looked at.
    pub(super) fn rest(&self) -> Vec<Said> {
        self.said.lock().unwrap().drain(..).collect()
    }
}

struct Busy(Arc<AtomicBool>, Option<std::thread::JoinHandle<()>>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
        if let Some(holder) = self.1.take() {
            holder.thread().unpark();
            holder.join().unwrap();
        }
    }
}

impl Listener for Recorder {
    fn hear(&self, hint: Hint) {
        self.note(Said::Here(hint));
    }
}

#[async_trait]
impl Peer for Recorder {
    fn hear(&self, from: NodeId, hint: Hint) {
        self.note(Said::Hint(from, hint));
    }

    fn learn(&self, from: NodeId, tidings: Tidings) {
        self.note(Said::Tidings(from, tidings));
    }

    fn missed(&self, from: NodeId) {
        self.note(Said::Missed(from));
    }

    fn missed_hints(&self, from: NodeId) {
        self.note(Said::MissedHints(from));
    }

    fn gone(&self, node: NodeId) {
        self.note(Said::Gone(node));
    }

    async fn answer(&self, from: NodeId, question: Question) -> Option<String> {
        let dumb = self.dumb.load(Relaxed);
        if dumb {
            std::future::pending::<()>().await;
        }
        match question {
            // As long as nothing is to be told.
            Question::Poll(text) if text == "wait" => std::future::pending().await,
            // As large as it asks for.
            Question::Poll(text) if text.starts_with('#') => Some(text.repeat(100_000)),
            question => Some(format!("{} asks {question:?}", from.0)),
        }
    }
}

pub(super) fn app() -> AppKey {
    "app1".parse().unwrap()
}

pub(super) fn person(id: &str) -> Interest {
    Interest::Person(app(), id.parse().unwrap())
}

/// A hint that can be told from others by its number.
pub(super) fn hint(audience: Audience, number: u64) -> Hint {
    let event = Event::Deleted { conversation: ConversationId::from_u128(1), seqs: vec![Seq(number)] };
    Hint { audience, event }
}

pub(super) fn to(users: &[&str]) -> Audience {
    Audience { users: users.iter().map(|user| user.parse().unwrap()).collect(), ..Audience::of(app()) }
}

/// A bus and what it says.
pub(super) type Seat<'a> = (&'a dyn Bus, &'a Recorder);

/// Comes back when hints of one node for this audience reach another.
pub(super) async fn reach(from: &dyn Bus, to: &Recorder, audience: &Audience) {
    let marker = hint(audience.clone(), u64::MAX);
    let reached = |said: &Said| matches!(said, Said::Hint(_, hint) if *hint == marker);
    let knock = async {
        while !to.rest().iter().any(reached) {
            from.publish(marker.clone());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Those that are still on their way came before what follows now.
        let last = hint(audience.clone(), u64::MAX - 1);
        from.publish(last.clone());
        while !matches!(to.next().await, Said::Hint(_, hint) if hint == last) {}
    };
    tokio::time::timeout(SOON, knock).await.expect("hints arrive");
}

/// This node's own connections hear at once and once, with or without other nodes.
pub(super) fn a_hint_is_heard_here_before_publish_returns(bus: &dyn Bus, heard: &Recorder) {
    let audience = Audience { agents: true, ..to(&["ann", "bo"]) };
    bus.publish(hint(audience.clone(), 1));
    bus.publish_here(hint(audience.clone(), 2));
    assert_eq!(heard.rest(), [1, 2].map(|number| Said::Here(hint(audience.clone(), number))));
}

/// Alone, a node asks nobody, and may say what it likes.
pub(super) async fn alone_nobody_answers(bus: &dyn Bus) {
    bus.announce(Tidings::Desk(app()));
    bus.follow(person("ann"), true);
    bus.follow(person("ann"), false);
    bus.follow(person("ann"), false);
    assert!(bus.ask_all(Question::Poll("x".into()), SOON).await.is_empty());
    assert_eq!(bus.ask(NodeId(1), Question::Poll("x".into()), Duration::from_millis(50)).await, None);
}

/// Whoever follows hears a hint once, though it is meant for several who are there; nobody else hears it.
pub(super) async fn hints_reach_those_who_follow_once_and_nobody_else(
    from: &dyn Bus,
    follows: Seat<'_>,
    other: Seat<'_>,
) {
    let room = Audience { room: Some(ConversationId::from_u128(9)), ..Audience::of(app()) };
    let agents = Audience { agents: true, ..Audience::of(app()) };
    let visitors = Audience { visitors: true, ..Audience::of(app()) };
    let interests = [Interest::Agents(app()), Interest::Visitors(app()), Interest::Room(ConversationId::from_u128(9))];
    for interest in interests.into_iter().chain([person("ann"), person("bo")]) {
        follows.0.follow(interest, true);
    }
    other.0.follow(person("cy"), true);
    let everybody = [to(&["ann"]), to(&["bo"]), agents.clone(), visitors.clone(), room.clone()];
    for audience in &everybody {
        reach(from, follows.1, audience).await;
    }
    reach(from, other.1, &to(&["cy"])).await;
    let many = (0..100).map(|number| format!("user{number}")).chain(["bo".to_owned()]).collect::<Vec<_>>();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let mixed = Audience { agents: true, visitors: true, ..to(&["ann", "bo", "dan"]) };
    let sent: Vec<_> = everybody.into_iter().chain([mixed, to(&many), to(&["ann", "bo"])]).zip(1..).collect();
    let mut expected = Vec::new();
    for (audience, number) in &sent {
        from.publish(hint(audience.clone(), *number));
        // One after the other: different subjects keep no order among each other.
        let Said::Hint(_, heard) = follows.1.next().await else { panic!("a hint") };
        expected.push(heard);
    }
    let sent: Vec<_> = sent.into_iter().map(|(audience, number)| hint(audience, number)).collect();
    assert_eq!(expected, sent);
    // A last one for each: nothing else came before it.
    from.publish(hint(to(&["cy"]), 98));
    assert!(matches!(other.1.next().await, Said::Hint(_, heard) if heard == hint(to(&["cy"]), 98)));
    from.announce(Tidings::Desk(app()));
    for (_, recorder) in [follows, other] {
        assert!(matches!(recorder.next().await, Said::Tidings(..)), "nothing twice, nothing of others");
    }
    follows.0.follow(person("ann"), false);
    other.0.follow(person("ann"), true);
    reach(from, other.1, &to(&["ann"])).await;
    from.announce(Tidings::Desk(app()));
    assert!(matches!(follows.1.next().await, Said::Tidings(..)), "who left hears no more");
}

/// Tidings come in their order, to every node, and not back.
pub(super) async fn tidings_keep_their_order(from: Seat<'_>, others: [Seat<'_>; 2]) {
    let node = from.0.node().unwrap();
    let told: Vec<_> = (1..=500).map(|number| Tidings::Desk(format!("app{number}").parse().unwrap())).collect();
    for tidings in &told {
        from.0.announce(tidings.clone());
    }
    for (_, recorder) in others {
        for tidings in &told {
            assert_eq!(recorder.next().await, Said::Tidings(node, tidings.clone()));
        }
    }
    assert_eq!(from.1.rest(), []);
}

/// Questions are answered by the node or by all nodes; who does not answer in time is left out.
pub(super) async fn questions_are_answered_in_time_or_not_at_all(from: &dyn Bus, others: [Seat<'_>; 2]) {
    let [one, two] = others.map(|(bus, _)| bus.node().unwrap());
    let question = || Question::Poll("x".into());
    let answer = format!("{} asks {:?}", from.node().unwrap().0, question());
    assert_eq!(from.ask(one, question(), SOON).await.as_ref(), Some(&answer));
    let mut answers = from.ask_all(question(), SOON).await;
    answers.sort();
    let mut all = vec![(one, answer.clone()), (two, answer.clone())];
    all.sort();
    assert_eq!(answers, all);
    let text = "#\u{1F98A}0123456789".repeat(2);
    let large = Question::Poll(text.clone());
    assert_eq!(from.ask(one, large, SOON).await, Some(text.repeat(100_000)), "3 MB go in parts");
    let begun = std::time::Instant::now();
    assert_eq!(from.ask(NodeId(1), question(), SOON).await, None);
    assert!(begun.elapsed() < SOON / 2, "nobody is there: that is known at once");
    others[1].1.dumb.store(true, Relaxed);
    assert_eq!(from.ask_all(question(), Duration::from_millis(300)).await, [(one, answer)]);
}

/// Whoever waits for an answer hears soon that nobody will give it.
pub(super) async fn nobody_waits_for_a_node_that_goes(from: &dyn Bus, other: Seat<'_>, go: impl Future<Output = ()>) {
    other.1.dumb.store(true, Relaxed);
    let asked = from.ask(other.0.node().unwrap(), Question::Poll("x".into()), SOON * 2);
    let answer = tokio::time::timeout(SOON, async { tokio::join!(asked, go).0 }).await;
    assert_eq!(answer.expect("known before its time is over"), None);
}
