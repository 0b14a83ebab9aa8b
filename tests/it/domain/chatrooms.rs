//! Chatrooms: coming, going, speaking, ending.

mod attributes;
mod nodes;
mod rights;

use parlor::{
    im::{backend::chatrooms::Saying, chatroom::Place},
    model::{
        Code, ConversationId, Event, Fault, Features, Handle, Kind, Position, Seq,
        chatroom::{ChatroomCommand, ChatroomInfo, ChatroomNews, JoinChatroom, JoinedChatroom, Lifetime, Order},
        command::{Command, History, List, Reply, Sent, Target},
        content::Content,
    },
};
use serde_json::json;

use super::world::{Someone, World, code, fresh};

pub(super) fn handle(text: &str) -> Handle {
    text.parse().unwrap()
}

pub(super) fn join(room: &str) -> JoinChatroom {
    JoinChatroom { chatroom: handle(room), last: 50, since: None, only_existing: false }
}

/// The words of people in chatrooms.
impl Someone {
    pub(super) async fn tries(&self, command: ChatroomCommand) -> Result<Reply, Fault> {
        self.command(Command::Chatroom(command)).await
    }

    pub(super) async fn joins_as(&self, join: JoinChatroom) -> Result<JoinedChatroom, Fault> {
        match self.tries(ChatroomCommand::Join(join)).await? {
            Reply::JoinedChatroom(joined) => Ok(*joined),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn joins(&self, room: &str) -> JoinedChatroom {
        self.joins_as(join(room)).await.unwrap()
    }

    pub(super) async fn tells(&self, room: &str, text: &str) -> Result<Sent, Fault> {
        self.send(Target::Chatroom(handle(room)), &fresh(), Content::text(text)).await
    }

    pub(super) async fn looks_at(&self, room: &str, members: u16, order: Order) -> Result<ChatroomInfo, Fault> {
        match self.tries(ChatroomCommand::Info { chatroom: handle(room), members, order }).await? {
            Reply::Chatroom(info) => Ok(*info),
            other => panic!("{other:?}"),
        }
    }

    /// Joins as the gateway lets people join, so that the connection can be lost.
    async fn enters(&self, world: &World, room: &str) -> Place {
        world.im.enter_chatroom(&self.caller, self.connection, &join(room)).await.unwrap()
    }
}

impl World {
    pub(super) async fn later(&self, secs: i64) {
        self.clock.advance_secs(secs);
        self.im.look_after_chatrooms().await.unwrap();
    }

    pub(super) async fn switches(&self, features: Features) {
        self.im.backend(&self.app).set_features(features).await.unwrap();
    }

    /// The texts that a room's members were told since the last call.
    pub(super) fn told(&self, room: ConversationId) -> Vec<String> {
        let hints = self.hints();
        let meant = hints.iter().filter(|hint| hint.audience.room == Some(room));
        meant
            .filter_map(|hint| match &hint.event {
                Event::Message(message) => message.content.words(),
                _ => None,
            })
            .collect()
    }

    /// What happened in rooms since the last call.
    pub(super) fn news(&self) -> Vec<ChatroomNews> {
        let news = |event| match event {
            Event::Chatroom(event) => Some(event.what.clone()),
            _ => None,
        };
        self.hints().into_iter().filter_map(|hint| news(hint.event)).collect()
    }
}

/// How the back end says something once.
pub(super) fn saying(client_id: &str) -> Saying {
    Saying { client_id: Some(client_id.parse().unwrap()), stored: None }
}

fn words(joined: &JoinedChatroom) -> Vec<String> {
    joined.messages.iter().filter_map(|message| message.content.words()).collect()
}

#[tokio::test]
async fn joining_an_unknown_handle_makes_the_room_and_joining_twice_is_harmless() {
    let world = World::new().await;
    let (alice, vera, anna) = (world.user("alice").await, world.visitor().await, world.agent("Anna").await);
    let made = alice.joins("lobby").await;
    assert_eq!((made.room.count, made.head.seq, made.messages.len()), (1, Seq(0), 0));
    assert_eq!((made.room.handle.as_str(), made.room.name.as_str()), ("lobby", ""));
    vera.joins("lobby").await;
    anna.joins("lobby").await;
    let again = alice.joins("lobby").await;
    assert_eq!((again.room.id, again.room.count), (made.room.id, 3));
    let info = alice.looks_at("lobby", 2, Order::Newest).await.unwrap();
    let ids: Vec<_> = info.members.iter().map(|member| &member.person.id).collect();
    assert_eq!(ids, [anna.id(), vera.id()]);
    let info = alice.looks_at("lobby", 500, Order::Oldest).await.unwrap();
    assert_eq!((info.room.count, info.members.len(), &info.members[0].person.id), (3, 3, alice.id()));
    assert_eq!(code(alice.looks_at("lobby", 501, Order::Oldest).await), Code::BadRequest);
}

#[tokio::test]
async fn what_is_said_reaches_the_room_and_stays_for_those_who_join_later() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let room = alice.joins("lobby").await.room.id;
    world.hints();
    let first = alice.tells("lobby", "one").await.unwrap();
    let by_id = alice.send(Target::Conversation(room), &fresh(), Content::text("two")).await.unwrap();
    assert_eq!((first.seq, by_id.seq, by_id.conversation), (Some(Seq(1)), Some(Seq(2)), room));
    assert_eq!(world.told(room), ["one", "two"]);
    let repeated = Content::text("again");
    let sent = alice.send(Target::Chatroom(handle("lobby")), "k1", repeated.clone()).await.unwrap();
    assert_eq!(alice.send(Target::Chatroom(handle("lobby")), "k1", repeated).await.unwrap(), sent);
    assert_eq!(world.told(room), ["again"], "a retry is told once");
    let passing = Content::of("RC:CmdMsg", &json!({ "name": "wave", "data": "{}" }));
    assert_eq!(alice.send(Target::Chatroom(handle("lobby")), &fresh(), passing).await.unwrap().seq, None);
    assert_eq!(words(&bob.joins("lobby").await), ["one", "two", "again"]);
    let two = JoinChatroom { last: 2, ..join("lobby") };
    assert_eq!(words(&bob.joins_as(two).await.unwrap()), ["two", "again"]);
    let none = bob.joins_as(JoinChatroom { last: 0, ..join("lobby") }).await.unwrap();
    assert_eq!((none.messages.len(), none.head.seq), (0, Seq(3)));
    assert_eq!(code(bob.joins_as(JoinChatroom { last: 51, ..join("lobby") }).await), Code::BadRequest);
    let there = |room| JoinChatroom { only_existing: true, ..join(room) };
    assert!(bob.joins_as(there("lobby")).await.is_ok());
    assert_eq!(code(bob.joins_as(there("nowhere")).await), Code::NoChatroom);
    let list = world.im.conversations(&alice.caller, List::default()).await.unwrap();
    assert!(list.conversations.is_empty(), "a room is in nobody's list");
}

#[tokio::test]
async fn z3_who_is_outside_says_and_sees_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    assert_eq!(code(bob.tells("lobby", "hello?").await), Code::NoChatroom);
    let room = alice.joins("lobby").await.room.id;
    let sent = alice.tells("lobby", "one").await.unwrap();
    assert_eq!(code(bob.tells("lobby", "hello?").await), Code::NotInChatroom);
    assert_eq!(code(bob.says(room, "hello?").await), Code::NotInChatroom);
    assert_eq!(code(bob.reads(room).await), Code::NotFound);
    assert_eq!(code(bob.looks_at("lobby", 1, Order::Newest).await), Code::NotInChatroom);
    assert_eq!(code(bob.command(Command::Recall(sent.uid)).await), Code::NotFound);
    assert_eq!(code(bob.command(Command::Conversation(room)).await), Code::NotFound);
    bob.joins("lobby").await;
    bob.tells("lobby", "now").await.unwrap();
    bob.tries(ChatroomCommand::Quit(handle("lobby"))).await.unwrap();
    assert_eq!(code(bob.tells("lobby", "hello?").await), Code::NotInChatroom);
    assert_eq!(alice.looks_at("lobby", 0, Order::Newest).await.unwrap().room.count, 1);
}

#[tokio::test]
async fn z1_the_same_handle_in_two_apps_is_two_rooms() {
    let world = World::new().await;
    let other = world.im.create_app("Other").await.unwrap().key;
    let (anna, olga) = (world.agent("Anna").await, world.agent_of(other, "Olga").await);
    let (ours, theirs) = (anna.joins("lobby").await, olga.joins("lobby").await);
    assert_ne!(ours.room.id, theirs.room.id);
    world.hints();
    anna.tells("lobby", "ours").await.unwrap();
    assert!(world.told(theirs.room.id).is_empty());
    assert!(olga.joins("lobby").await.messages.is_empty());
    assert_eq!(code(olga.says(ours.room.id, "intruder").await), Code::NotFound);
    assert_eq!(code(olga.reads(ours.room.id).await), Code::NotFound);
}

#[tokio::test]
async fn a_silent_room_ends_and_is_made_anew_by_joining() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let made = alice.joins("lobby").await;
    alice.tells("lobby", "one").await.unwrap();
    world.later(3599).await;
    assert!(world.news().is_empty());
    world.later(1).await;
    assert!(matches!(world.news()[..], [ChatroomNews::Ended { .. }]));
    assert_eq!(code(alice.tells("lobby", "two").await), Code::NoChatroom);
    let since = Some(Position { epoch: made.head.epoch, seq: Seq(0) });
    let anew = bob.joins_as(JoinChatroom { since, ..join("lobby") }).await.unwrap();
    assert_eq!((anew.room.id, anew.head.seq, anew.reset), (made.room.id, Seq(1), true));
    assert!(anew.messages.is_empty() && anew.room.created_at > made.room.created_at && anew.room.count == 1);
    assert_eq!(bob.tells("lobby", "three").await.unwrap().seq, Some(Seq(2)), "never taken for an old one");
}

#[tokio::test]
async fn speaking_coming_and_the_back_end_keep_a_room_alive() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    let wave = Content::of("RC:CmdMsg", &json!({ "name": "wave", "data": "{}" }));
    for step in 0..4 {
        world.later(3000).await;
        match step {
            0 => drop(bob.joins("lobby").await),
            1 => drop(alice.send(Target::Chatroom(handle("lobby")), &fresh(), wave.clone()).await.unwrap()),
            _ => drop(alice.tells("lobby", "still here").await.unwrap()),
        }
    }
    assert!(world.news().is_empty());
    let lobby = [handle("lobby")];
    back_end.set_chatroom_rule(parlor::model::chatroom::Rule::KeptAlive, &lobby, true).await.unwrap();
    world.later(8000).await;
    alice.tells("lobby", "after a long silence").await.unwrap();
    back_end.set_chatroom_rule(parlor::model::chatroom::Rule::KeptAlive, &lobby, false).await.unwrap();
    world.later(3600).await;
    assert_eq!(code(alice.tells("lobby", "too late").await), Code::NoChatroom);
}

#[tokio::test]
async fn req_5_13_a_back_end_keeps_a_room_alive_by_speaking_in_it() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let alice = world.user("alice").await;
    alice.joins("lobby").await;
    let wave = Content::of("RC:CmdMsg", &json!({ "name": "wave", "data": "{}" }));
    for _ in 0..3 {
        world.later(3500).await;
        let sent = back_end.say_in_chatrooms(alice.id(), &[handle("lobby")], &wave, &Saying::default()).await.unwrap();
        assert!(sent[0].1.is_ok());
    }
    world.later(3600).await;
    assert_eq!(code(alice.tells("lobby", "hm").await), Code::NoChatroom);
}

#[tokio::test]
async fn the_back_end_makes_rooms_with_a_name_and_an_end() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let alice = world.user("alice").await;
    let end = Lifetime::Until(world.clock_after(600));
    let (room, made) = back_end.create_chatroom(&handle("talk"), "The talk", end).await.unwrap();
    assert_eq!((room.name.as_str(), made, room.count), ("The talk", true, 0));
    assert!(!back_end.create_chatroom(&handle("talk"), "Our talk", end).await.unwrap().1);
    assert_eq!(alice.joins("talk").await.room.name, "Our talk");
    world.later(590).await;
    alice.tells("talk", "nearly").await.unwrap();
    world.later(10).await;
    assert_eq!(code(alice.tells("talk", "over").await), Code::NoChatroom);
    back_end.create_chatroom(&handle("short"), "", Lifetime::Idle(Some(5))).await.unwrap();
    let listed = back_end.chatrooms(None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|room| room.handle.as_str()).collect::<Vec<_>>(), ["short"]);
    world.later(5).await;
    assert_eq!(code(back_end.chatroom(&handle("short"), 0, Order::Newest).await), Code::NoChatroom);
    assert_eq!(code(back_end.create_chatroom(&handle("x"), "", Lifetime::Idle(Some(4))).await), Code::BadRequest);
    assert_eq!(
        code(back_end.create_chatroom(&handle("x"), "", Lifetime::Until(world.im.now())).await),
        Code::BadRequest
    );
    assert_eq!(code(back_end.create_chatroom(&handle("x"), &"x".repeat(65), end).await), Code::BadRequest);
}

#[tokio::test]
async fn the_back_end_ends_rooms_and_members_hear_of_it() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let alice = world.user("alice").await;
    alice.joins("lobby").await;
    world.hints();
    let ended = back_end.end_chatrooms(&[handle("none"), handle("lobby")]).await.unwrap();
    assert_eq!(ended, [handle("lobby")]);
    assert!(matches!(world.news()[..], [ChatroomNews::Ended { .. }]));
    assert_eq!(code(alice.tells("lobby", "hm").await), Code::NoChatroom);
    for number in 0..20 {
        alice.joins(&format!("room{number}")).await;
    }
}

#[tokio::test]
async fn nobody_is_in_more_than_twenty_rooms() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for number in 0..20 {
        alice.joins(&format!("room{number}")).await;
    }
    assert_eq!(code(alice.joins_as(join("room20")).await), Code::TooManyChatrooms);
    alice.joins("room7").await;
    alice.tries(ChatroomCommand::Quit(handle("room7"))).await.unwrap();
    alice.joins("room20").await;
}

#[tokio::test]
async fn who_lost_the_connection_stays_for_a_while_and_coming_back_in_time_misses_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    let place = bob.enters(&world, "lobby").await;
    let have = alice.tells("lobby", "one").await.unwrap();
    world.im.chatroom_lost(&bob.caller, bob.connection, &place);
    alice.tells("lobby", "two").await.unwrap();
    world.later(29).await;
    let count = async || alice.looks_at("lobby", 0, Order::Newest).await.unwrap().room.count;
    assert_eq!(count().await, 2);
    let epoch = alice.joins("lobby").await.head.epoch;
    let since = Some(Position { epoch, seq: have.seq.unwrap() });
    let back = bob.joins_as(JoinChatroom { since, ..join("lobby") }).await.unwrap();
    assert_eq!((words(&back), back.reset, count().await), (vec!["two".to_owned()], false, 2));
    let place = bob.enters(&world, "lobby").await;
    world.im.chatroom_lost(&bob.caller, bob.connection, &Place { ticket: place.ticket - 1, ..place.clone() });
    world.later(31).await;
    assert_eq!(count().await, 2, "an old ticket takes nothing away");
    world.im.chatroom_lost(&bob.caller, bob.connection, &place);
    world.later(30).await;
    assert_eq!(count().await, 1);
    assert_eq!(code(bob.tells("lobby", "am I in?").await), Code::NotInChatroom);
}

#[tokio::test]
async fn who_missed_too_much_or_comes_with_another_order_gets_the_latest() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    world.switches(Features { chatroom_idle_secs: 7 * 24 * 3600, ..Features::default() }).await;
    let head = alice.joins("lobby").await.head;
    for number in 0..101 {
        if number % 40 == 0 {
            world.clock.advance_secs(2);
        }
        alice.tells("lobby", &number.to_string()).await.unwrap();
    }
    let since = |epoch, seq| JoinChatroom { since: Some(Position { epoch, seq: Seq(seq) }), ..join("lobby") };
    let missed = alice.joins_as(since(head.epoch, 1)).await.unwrap();
    assert_eq!((missed.messages.len(), missed.reset), (100, false));
    let lost = alice.joins_as(since(head.epoch, 0)).await.unwrap();
    assert_eq!((lost.messages.len(), lost.reset), (50, true));
    for odd in [since(head.epoch + 1, 100), since(head.epoch, 999), since(head.epoch, u64::MAX)] {
        assert!(alice.joins_as(odd).await.unwrap().reset);
    }
    let nothing = alice.joins_as(since(head.epoch, 101)).await.unwrap();
    assert_eq!((nothing.messages.len(), nothing.reset), (0, false));
}

#[tokio::test]
async fn rooms_have_no_history_unless_the_app_opens_it() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let room = alice.joins("lobby").await.room.id;
    alice.tells("lobby", "one").await.unwrap();
    assert_eq!(code(alice.reads(room).await), Code::ChatroomHistoryOff);
    world.switches(Features { chatroom_history: true, ..Features::default() }).await;
    let page = world.im.history(&alice.caller, History::newest(room, 10)).await.unwrap();
    assert_eq!(page.messages.len(), 1);
}

#[tokio::test]
async fn a_message_in_a_room_is_taken_back_for_everybody() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let room = alice.joins("lobby").await.room.id;
    bob.joins("lobby").await;
    let sent = alice.tells("lobby", "oops").await.unwrap();
    world.hints();
    assert_eq!(code(bob.command(Command::Recall(sent.uid)).await), Code::Forbidden);
    alice.command(Command::Recall(sent.uid)).await.unwrap();
    let told = world.hints().into_iter().any(|hint| {
        hint.audience.room == Some(room)
            && matches!(hint.event, Event::Recalled { message, .. } if message.uid == sent.uid)
    });
    assert!(told);
    let latest = bob.joins("lobby").await.messages;
    assert!(latest[0].content.is_recalled());
}

#[tokio::test]
async fn the_back_end_speaks_in_rooms_without_being_inside() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, host) = (world.user("alice").await, world.user("host").await);
    let (lobby, attic) = (alice.joins("lobby").await.room.id, alice.joins("attic").await.room.id);
    world.hints();
    let text = Content::text("welcome");
    let rooms = [handle("lobby"), handle("none"), handle("lobby")];
    let sent = back_end.say_in_chatrooms(host.id(), &rooms, &text, &saying("k1")).await.unwrap();
    assert_eq!((sent.len(), sent[0].1.is_ok()), (2, true));
    assert_eq!(sent[1].1.as_ref().unwrap_err().code, Code::NoChatroom);
    assert_eq!(world.told(lobby), ["welcome"]);
    assert_eq!(back_end.say_in_every_chatroom(host.id(), &text, &saying("k2")).await.unwrap(), 2);
    assert_eq!(world.told(attic), ["welcome"]);
    let eleven: Vec<Handle> = (0..11).map(|number| handle(&format!("r{number}"))).collect();
    assert_eq!(code(back_end.say_in_chatrooms(host.id(), &eleven, &text, &saying("k1")).await), Code::BadRequest);
    let nobody = "nobody".parse().unwrap();
    assert_eq!(code(back_end.say_in_chatrooms(&nobody, &rooms, &text, &saying("k1")).await), Code::NotFound);
    let inside = back_end.are_in_chatroom(&handle("lobby"), &[alice.id().clone(), host.id().clone()]).await.unwrap();
    assert_eq!(inside.iter().map(|(_, is)| *is).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn a_room_of_another_kind_of_conversation_is_none() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let private = alice.send(Target::User(bob.id().clone()), &fresh(), Content::text("hi")).await.unwrap();
    assert_eq!(alice.sees(private.conversation).await.kind, Kind::Private);
    let named = private.conversation.to_string();
    assert_eq!(code(alice.tells(&named, "hi").await), Code::NoChatroom, "an id is no handle");
}
