//! A chatroom over two nodes, which tell and ask each other in this process. What one tells may be lost.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parlor::{
    bus::{Bus, Listener, Peer},
    im::{Im, backend::webhooks::WebhookWish, chatroom::Place, relay::Relay},
    model::{
        Code, Event, Features, Hint, NodeId, Question, Stale, Tidings, Topic, UserId, WebhookId,
        chatroom::{ChatroomCommand, ChatroomInfo, ChatroomNews, Lifetime, Order, Right, SetAttributes},
        webhook::{DeliveryList, Form},
    },
};

use super::{
    super::world::{Someone, World, code},
    handle, join,
};

/// One end of what connects two nodes.
struct Link {
    me: NodeId,
    here: OnceLock<Arc<Relay>>,
    other: OnceLock<(NodeId, Arc<Relay>)>,
    /// Nothing leaves; nobody here knows.
    mute: AtomicBool,
}

impl Link {
    fn other(&self) -> Option<&(NodeId, Arc<Relay>)> {
        self.other.get().filter(|_| !self.mute.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Bus for Link {
    fn publish(&self, hint: Hint) {
        if let Some((_, other)) = self.other() {
            Peer::hear(&**other, self.me, hint.clone());
        }
        self.publish_here(hint);
    }

    fn publish_here(&self, hint: Hint) {
        if let Some(here) = self.here.get() {
            Listener::hear(&**here, hint);
        }
    }

    fn node(&self) -> Option<NodeId> {
        Some(self.me)
    }

    fn announce(&self, tidings: Tidings) {
        if let Some((_, other)) = self.other() {
            other.learn(self.me, tidings);
        }
    }

    async fn ask_all(&self, question: Question, within: Duration) -> Vec<(NodeId, String)> {
        let Some((node, _)) = self.other.get() else { return Vec::new() };
        self.ask(*node, question, within).await.map(|answer| (*node, answer)).into_iter().collect()
    }

    async fn ask(&self, _: NodeId, question: Question, _: Duration) -> Option<String> {
        self.other()?.1.answer(self.me, question).await
    }
}

/// What this node's connections hear.
#[derive(Default)]
struct Ears(Mutex<Vec<Hint>>);

impl Listener for Ears {
    fn hear(&self, hint: Hint) {
        self.0.lock().unwrap().push(hint);
    }
}

struct Node {
    im: Arc<Im>,
    link: Arc<Link>,
    relay: Arc<Relay>,
    ears: Arc<Ears>,
}

impl Node {
    fn of(world: &World, me: NodeId) -> Self {
        let (here, other) = (OnceLock::new(), OnceLock::new());
        let link = Arc::new(Link { me, here, other, mute: AtomicBool::new(false) });
        let (im, ears) = (world.node(link.clone()), Arc::new(Ears::default()));
        let relay = Relay::new(&im, ears.clone());
        let _ = link.here.set(relay.clone());
        Self { im, link, relay, ears }
    }

    fn meets(&self, other: &Self) {
        let _ = self.link.other.set((other.link.me, other.relay.clone()));
        self.relay.missed(other.link.me);
    }

    /// What happened in rooms, as this node's connections heard it, since the last call.
    fn news(&self) -> Vec<(Vec<UserId>, ChatroomNews)> {
        let heard = std::mem::take(&mut *self.ears.0.lock().unwrap());
        let news = |hint: Hint| match hint.event {
            Event::Chatroom(event) => Some((hint.audience.users, event.what.clone())),
            _ => None,
        };
        heard.into_iter().filter_map(news).collect()
    }

    /// The places of the messages that this node's connections heard since the last call.
    fn places(&self) -> Vec<u64> {
        let heard = std::mem::take(&mut *self.ears.0.lock().unwrap());
        let place = |hint: Hint| match hint.event {
            Event::Message(message) => message.seq.map(|seq| seq.0),
            _ => None,
        };
        heard.into_iter().filter_map(place).collect()
    }

    async fn looks(&self) {
        self.im.look_after_chatrooms().await.unwrap();
    }
}

/// Two nodes on one store. The first has the lower id.
struct Two {
    world: World,
    a: Node,
    b: Node,
    hook: WebhookId,
}

impl Two {
    async fn start() -> Self {
        let world = World::new().await;
        let (a, b) = (Node::of(&world, NodeId(1)), Node::of(&world, NodeId(2)));
        a.meets(&b);
        b.meets(&a);
        let wish = WebhookWish {
            url: "https://hook.example/".to_owned(),
            description: String::new(),
            topics: vec![Topic::ChatroomJoined, Topic::ChatroomLeft, Topic::ChatroomEnded],
            form: Form::Standard,
            enabled: true,
        };
        let hook = world.im.backend(&world.app).create_webhook(wish).await.unwrap().0.id;
        Self { world, a, b, hook }
    }

    /// What the back end was told so far, oldest first.
    async fn told(&self) -> Vec<Topic> {
        let list = DeliveryList { state: None, since: None, before: None, limit: 100 };
        let page = self.world.im.backend(&self.world.app).deliveries(&self.hook, list).await.unwrap();
        page.deliveries.into_iter().rev().map(|delivery| delivery.topic).collect()
    }

    /// Time goes by at both nodes.
    async fn later(&self, secs: i64) {
        self.world.clock.advance_secs(secs);
        self.a.looks().await;
        self.b.looks().await;
    }

    async fn info(&self, node: &Node, members: u16, order: Order) -> ChatroomInfo {
        node.im.backend(&self.world.app).chatroom(&handle("lobby"), members, order).await.unwrap()
    }

    async fn is_inside(&self, node: &Node, who: &Someone) -> bool {
        let asked = [who.id().clone()];
        node.im.backend(&self.world.app).are_in_chatroom(&handle("lobby"), &asked).await.unwrap()[0].1
    }

    async fn block(&self, node: &Node, who: &Someone) {
        let (back_end, him) = (node.im.backend(&self.world.app), [who.id().clone()]);
        back_end.give_chatroom_right(Some(&handle("lobby")), Right::Blocked, &him, Some(60)).await.unwrap();
    }
}

fn ids(info: &ChatroomInfo) -> Vec<&str> {
    info.members.iter().map(|member| member.person.id.as_str()).collect()
}

async fn quits(who: &Someone) {
    who.tries(ChatroomCommand::Quit(handle("lobby"))).await.unwrap();
}

async fn enters(node: &Node, who: &Someone) -> Place {
    node.im.enter_chatroom(&who.caller, who.connection, &join("lobby")).await.unwrap()
}

#[tokio::test]
async fn everybody_inside_is_counted_once_and_listed_in_order_on_every_node() {
    let two = Two::start().await;
    let mut inside = Vec::new();
    for (name, node) in [("ann", &two.a), ("bob", &two.b), ("cy", &two.a)] {
        let who = two.world.user(name).await.at(&node.im).await;
        assert_eq!(who.joins("lobby").await.room.count, inside.len() + 1);
        two.world.clock.advance_secs(1);
        inside.push(who);
    }
    let again = inside[0].at(&two.b.im).await;
    assert_eq!(again.joins("lobby").await.room.count, 3, "two devices are one person");
    two.later(1).await;
    for node in [&two.a, &two.b] {
        let info = two.info(node, 500, Order::Oldest).await;
        assert_eq!((info.room.count, ids(&info)), (3, vec!["ann", "bob", "cy"]));
        assert_eq!(ids(&two.info(node, 2, Order::Newest).await), ["cy", "bob"]);
        let rooms = node.im.backend(&two.world.app).chatrooms(None, 10).await.unwrap();
        assert_eq!(rooms[0].count, 3);
    }
    assert!(two.is_inside(&two.a, &inside[1]).await && two.is_inside(&two.b, &inside[2]).await);
    // Inside through another node: they may write here too.
    let elsewhere = inside[2].at(&two.b.im).await;
    elsewhere.tells("lobby", "from my other device").await.unwrap();
    assert_eq!(elsewhere.looks_at("lobby", 9, Order::Oldest).await.unwrap().room.count, 3);
}

#[tokio::test]
async fn leaving_with_one_device_is_not_leaving_and_one_node_tells_the_back_end() {
    let two = Two::start().await;
    let here = two.world.user("ann").await.at(&two.a.im).await;
    let there = here.at(&two.b.im).await;
    here.joins("lobby").await;
    there.joins("lobby").await;
    two.later(1).await;
    assert_eq!(two.told().await, [Topic::ChatroomJoined]);
    quits(&here).await;
    two.later(1).await;
    assert!(two.is_inside(&two.a, &here).await);
    assert_eq!(two.told().await, [Topic::ChatroomJoined], "she is inside still");
    quits(&there).await;
    two.later(1).await;
    assert!(!two.is_inside(&two.a, &here).await);
    assert_eq!(two.told().await, [Topic::ChatroomJoined, Topic::ChatroomLeft]);
    // Both go at once, after both came at once.
    here.joins("lobby").await;
    there.joins("lobby").await;
    two.later(1).await;
    quits(&here).await;
    quits(&there).await;
    two.later(1).await;
    assert_eq!(two.told().await[2..], [Topic::ChatroomJoined, Topic::ChatroomLeft]);
}

#[tokio::test]
async fn who_comes_back_through_another_node_was_inside_all_the_time() {
    let two = Two::start().await;
    let first = two.world.user("ann").await.at(&two.a.im).await;
    let place = enters(&two.a, &first).await;
    two.later(1).await;
    let came = two.info(&two.a, 1, Order::Oldest).await.members[0].joined_at;
    two.a.im.chatroom_lost(&first.caller, first.connection, &place);
    two.a.im.disconnected(&first.caller);
    two.world.clock.advance_secs(5);
    let back = first.at(&two.b.im).await;
    assert_eq!(back.joins("lobby").await.room.count, 1);
    two.later(1).await;
    // Long past the time for which the first node kept her place.
    two.later(60).await;
    assert_eq!(two.told().await, [Topic::ChatroomJoined]);
    let info = two.info(&two.a, 1, Order::Oldest).await;
    assert_eq!((info.room.count, info.members[0].joined_at), (1, came));
}

#[tokio::test]
async fn who_is_put_out_goes_on_every_node_and_each_of_their_connections_hears_it() {
    let two = Two::start().await;
    let ann = two.world.user("ann").await.at(&two.b.im).await;
    let bob = two.world.user("bob").await.at(&two.a.im).await;
    let bob_too = bob.at(&two.b.im).await;
    for who in [&ann, &bob, &bob_too] {
        who.joins("lobby").await;
    }
    two.later(1).await;
    two.a.news();
    two.b.news();
    two.block(&two.a, &bob).await;
    let out =
        |news: &(Vec<UserId>, ChatroomNews)| news.0 == [bob.id().clone()] && matches!(news.1, ChatroomNews::Out { .. });
    for node in [&two.a, &two.b] {
        assert_eq!(node.news().iter().filter(|news| out(news)).count(), 1);
        assert!(!two.is_inside(node, &bob).await);
        assert_eq!(two.info(node, 0, Order::Newest).await.room.count, 1);
    }
    two.later(1).await;
    assert_eq!(two.told().await.iter().filter(|topic| **topic == Topic::ChatroomLeft).count(), 1);
    // A node that did not hear of it finds out.
    two.a.link.mute.store(true, Ordering::SeqCst);
    two.block(&two.a, &ann).await;
    two.a.link.mute.store(false, Ordering::SeqCst);
    assert!(two.is_inside(&two.b, &ann).await);
    two.b.relay.missed(two.a.link.me);
    two.later(1).await;
    assert!(!two.is_inside(&two.b, &ann).await);
}

#[tokio::test]
async fn who_was_blocked_where_this_node_does_not_hear_it_goes_when_they_write() {
    let two = Two::start().await;
    let ann = two.world.user("ann").await.at(&two.b.im).await;
    ann.joins("lobby").await;
    ann.tells("lobby", "I may").await.unwrap();
    two.a.link.mute.store(true, Ordering::SeqCst);
    two.block(&two.a, &ann).await;
    // What this node remembers of rules is seconds old at most.
    let app = two.world.app.clone();
    two.b.relay.learn(two.a.link.me, Tidings::Stale(app, Stale::RoomRules(Some(handle("lobby")))));
    two.b.news();
    assert_eq!(code(ann.tells("lobby", "may I?").await), Code::NotInChatroom);
    let out = two.b.news().into_iter().filter(|(_, news)| matches!(news, ChatroomNews::Out { .. })).count();
    assert_eq!((out, two.is_inside(&two.b, &ann).await), (1, false));
}

#[tokio::test]
async fn while_another_node_may_live_unheard_the_store_is_looked_into_for_who_is_blocked() {
    let two = Two::start().await;
    let bob = two.world.user("bob").await.at(&two.b.im).await;
    bob.joins("lobby").await;
    two.a.link.mute.store(true, Ordering::SeqCst);
    two.b.link.mute.store(true, Ordering::SeqCst);
    two.b.relay.gone(two.a.link.me);
    two.b.relay.lost(two.a.link.me);
    two.later(1).await;
    two.block(&two.a, &bob).await;
    two.later(1).await;
    assert!(two.is_inside(&two.b, &bob).await);
    two.later(5).await;
    assert!(!two.is_inside(&two.b, &bob).await);
}

#[tokio::test]
async fn attributes_go_with_the_last_device_of_their_owner() {
    let two = Two::start().await;
    two.world.switches(Features { chatroom_keep_secs: 10, ..Features::default() }).await;
    let here = two.world.user("ann").await.at(&two.a.im).await;
    let (there, bob) = (here.at(&two.b.im).await, two.world.user("bob").await.at(&two.b.im).await);
    for who in [&here, &there, &bob] {
        who.joins("lobby").await;
    }
    let set = SetAttributes {
        chatroom: handle("lobby"),
        attributes: vec![("seat".parse().unwrap(), "1".to_owned())],
        auto_delete: true,
        force: false,
        notify: None,
    };
    here.tries(ChatroomCommand::SetAttributes(set)).await.unwrap();
    quits(&here).await;
    for _ in 0..3 {
        two.later(60).await;
    }
    let back_end = two.world.im.backend(&two.world.app);
    let list = async || back_end.chatroom_attributes(&handle("lobby"), &[]).await.unwrap().list.len();
    assert_eq!(list().await, 1, "her other device is inside");
    // While the nodes do not hear each other nobody knows whether she is outside everywhere.
    two.b.link.mute.store(true, Ordering::SeqCst);
    quits(&there).await;
    two.b.looks().await;
    assert_eq!(list().await, 1);
    two.b.link.mute.store(false, Ordering::SeqCst);
    two.later(60).await;
    assert_eq!(list().await, 0);
}

#[tokio::test]
async fn another_name_and_a_lost_end_are_known_on_every_node() {
    let two = Two::start().await;
    let ann = two.world.user("ann").await.at(&two.b.im).await;
    ann.joins("lobby").await;
    let back_end = two.a.im.backend(&two.world.app);
    back_end.create_chatroom(&handle("lobby"), "The Lobby", Lifetime::Idle(None)).await.unwrap();
    assert_eq!(ann.looks_at("lobby", 0, Order::Newest).await.unwrap().room.name, "The Lobby");
    two.a.link.mute.store(true, Ordering::SeqCst);
    back_end.end_chatroom(&handle("lobby")).await.unwrap();
    two.a.link.mute.store(false, Ordering::SeqCst);
    two.b.news();
    two.b.relay.missed(two.a.link.me);
    two.b.looks().await;
    assert!(matches!(two.b.news()[..], [(_, ChatroomNews::Ended { .. })]));
}

#[tokio::test]
async fn who_came_and_went_is_told_before_the_end_wherever_the_room_is_ended() {
    let two = Two::start().await;
    let ann = two.world.user("ann").await.at(&two.b.im).await;
    ann.joins("lobby").await;
    quits(&ann).await;
    two.a.im.backend(&two.world.app).end_chatroom(&handle("lobby")).await.unwrap();
    assert_eq!(two.told().await, [Topic::ChatroomJoined, Topic::ChatroomLeft, Topic::ChatroomEnded]);
}

#[tokio::test]
async fn who_speaks_in_turn_with_others_at_another_node_is_heard_at_once() {
    let two = Two::start().await;
    let (ann, bob) = (two.world.user("ann").await.at(&two.a.im).await, two.world.user("bob").await.at(&two.b.im).await);
    ann.joins("lobby").await;
    bob.joins("lobby").await;
    let (mut at_a, mut at_b) = (Vec::new(), Vec::new());
    // No time goes by: whoever waited for a place that another node has told would wait for ever.
    for (turn, who) in [&ann, &bob, &bob, &ann, &bob].into_iter().enumerate() {
        who.tells("lobby", &turn.to_string()).await.unwrap();
        at_a.extend(two.a.places());
        at_b.extend(two.b.places());
        assert_eq!((at_a.len(), at_b.len()), (turn + 1, turn + 1));
    }
    assert_eq!(at_a, at_b);
    assert!(at_a.is_sorted());
}

#[tokio::test]
async fn members_of_a_node_that_died_are_inside_no_more() {
    let two = Two::start().await;
    let (ann, bob) = (two.world.user("ann").await.at(&two.a.im).await, two.world.user("bob").await.at(&two.b.im).await);
    ann.joins("lobby").await;
    bob.joins("lobby").await;
    assert_eq!(two.info(&two.a, 0, Order::Newest).await.room.count, 2);
    two.a.link.mute.store(true, Ordering::SeqCst);
    two.a.relay.gone(two.b.link.me);
    assert_eq!(two.info(&two.a, 0, Order::Newest).await.room.count, 1);
    assert!(!two.is_inside(&two.a, &bob).await);
}
