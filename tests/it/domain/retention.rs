//! Apps that keep no history for their users.

use parlor::model::{
    Code, Command, Content, Features, Kind, Position, Seq,
    command::{History, List, Reply, Target},
    search::Search,
};

use super::world::{World, code};

const WEEK: i64 = 7 * 24 * 3600;

async fn without_history(world: &World) {
    let features = Features { history: false, ..Features::default() };
    world.im.backend(&world.app).set_features(features).await.unwrap();
}

#[tokio::test]
async fn without_history_list_and_pages_are_refused_and_the_rest_works() {
    let world = World::new().await;
    without_history(&world).await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let sent = alice.send(Target::User(bob.id().clone()), "a1", Content::text("hi")).await.unwrap();
    assert_eq!(world.messages_to(&bob).len(), 1);
    assert_eq!(code(world.im.conversations(&bob.caller, List::default()).await), Code::HistoryOff);
    assert_eq!(code(bob.reads(sent.conversation).await), Code::HistoryOff);
    assert_eq!(code(bob.command(Command::Search(Box::new(Search::of("hi")))).await), Code::HistoryOff);
    let before = History { before: Some(Seq(9)), ..History::newest(sent.conversation, 9) };
    assert_eq!(code(world.im.history(&bob.caller, before).await), Code::HistoryOff);
    let Reply::Unread(unread) = bob.command(Command::Unread(vec![Kind::Private])).await.unwrap() else { panic!() };
    assert_eq!(unread.total, 1);
    let nothing = [(sent.conversation, Position { epoch: 1, seq: Seq(0) })];
    let welcome = world.im.welcome(&bob.caller, &nothing).await.unwrap();
    assert!(welcome.conversations.is_empty());
    assert_eq!(welcome.gaps[0].messages[0].uid, sent.uid);
    let hole = History { after: Some(Seq(0)), ..History::newest(sent.conversation, 9) };
    assert_eq!(world.im.history(&bob.caller, hole).await.unwrap().messages.len(), 1, "a hole is healed");
}

#[tokio::test]
async fn service_conversations_are_kept_whatever_the_switch_says() {
    let world = World::new().await;
    without_history(&world).await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("hello").await.conversation;
    anna.accepts(id).await.unwrap();
    world.clock.advance_secs(WEEK + 1);
    world.im.forget_delivered().await.unwrap();
    assert!(visitor.words(id).await.contains(&"hello".to_owned()));
    assert!(anna.words(id).await.contains(&"hello".to_owned()));
    assert_eq!(world.im.conversations(&visitor.caller, List::default()).await.unwrap().conversations.len(), 1);
}

#[tokio::test]
async fn after_a_week_messages_go_where_history_is_off_and_only_there() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = alice.send(Target::User(bob.id().clone()), "a1", Content::text("old")).await.unwrap().conversation;
    world.clock.advance_secs(WEEK);
    world.im.forget_delivered().await.unwrap();
    without_history(&world).await;
    alice.says(id, "young").await.unwrap();
    world.im.forget_delivered().await.unwrap();
    let all = async || world.im.backend(&world.app).history(History::newest(id, 9)).await.unwrap().messages.len();
    assert_eq!(all().await, 2, "not before the week is over");
    world.clock.advance_secs(1);
    world.im.forget_delivered().await.unwrap();
    assert_eq!(all().await, 1);
    let have = [(id, Position { epoch: 1, seq: Seq(0) })];
    let gap = world.im.welcome(&bob.caller, &have).await.unwrap().gaps.remove(0);
    assert!(gap.reset && gap.messages.len() == 1, "what is gone leaves no hole that nothing fills");
}
