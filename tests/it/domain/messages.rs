//! Messages: limits, idempotency, history, receipts, typing, and who may see what.

use parlor::model::{
    Code, Command, Content, Event, Seq,
    command::{History, Receipt, Reply, Target},
};
use serde_json::json;

use super::world::{World, code};

#[tokio::test]
async fn a_private_conversation_is_one_for_both() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let there = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap();
    let back = bob.send(Target::User(alice.id().clone()), "1", Content::text("hello")).await.unwrap();
    assert_eq!(there.conversation, back.conversation);
    assert_eq!(alice.words(there.conversation).await, ["hi", "hello"]);
}

#[tokio::test]
async fn a_visitor_cannot_write_to_users() {
    let world = World::new().await;
    let (alice, visitor) = (world.user("alice").await, world.visitor().await);
    let refused = visitor.send(Target::User(alice.id().clone()), "1", Content::text("hi")).await;
    assert_eq!(code(refused), Code::Forbidden);
    let nobody = alice.send(Target::User(visitor.id().clone()), "1", Content::text("hi")).await;
    assert_eq!(code(nobody), Code::NotFound);
}

#[tokio::test]
async fn d2_a_retry_returns_the_first_result_and_is_not_told_again() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let first = alice.send(Target::User(bob.id().clone()), "once", Content::text("hi")).await.unwrap();
    world.hints();
    let again = alice.send(Target::User(bob.id().clone()), "once", Content::text("hi")).await.unwrap();
    assert_eq!(first, again);
    assert!(world.messages_to(&bob).is_empty());
    let other = alice.send(Target::User(bob.id().clone()), "once", Content::text("something else")).await;
    assert_eq!(code(other), Code::ClientIdReused);
}

#[tokio::test]
async fn empty_and_endless_texts_are_refused() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let send = |content| visitor.send(Target::Desk, "x", content);
    assert_eq!(code(send(Content::text(" \n ")).await), Code::BadRequest);
    assert_eq!(code(send(Content::text(&"a".repeat(8001))).await), Code::TooLarge);
    assert_eq!(code(send(Content::of("RC:TxtMsg", &json!({ "text": "x" }))).await), Code::BadRequest);
    assert!(send(Content::text(&"字".repeat(8000))).await.is_ok());
}

#[tokio::test]
async fn unknown_contents_pass_through_byte_for_byte() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let content = Content::of("shop:order", &json!({ "id": 1, "lines": [1.50, "x"], "z": null }));
    let sent = alice.send(Target::User(bob.id().clone()), "1", content.clone()).await.unwrap();
    assert_eq!(bob.reads(sent.conversation).await.unwrap().messages[0].content, content);
}

#[tokio::test]
async fn commands_are_told_but_not_kept() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap().conversation;
    world.hints();
    let command = Content::of("RC:CmdMsg", &json!({ "name": "ring" }));
    let sent = alice.send(Target::Conversation(id), "2", command).await.unwrap();
    assert_eq!(sent.seq, None);
    assert_eq!(world.messages_to(&bob).len(), 1);
    assert_eq!(alice.words(id).await, ["hi"]);
}

#[tokio::test]
async fn what_is_not_yours_does_not_exist() {
    let world = World::new().await;
    let (_anna, visitor, stranger) = (world.agent("Anna").await, world.visitor().await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    assert_eq!(code(stranger.reads(id).await), Code::NotFound);
    assert_eq!(code(stranger.says(id, "hi").await), Code::NotFound);
    assert_eq!(code(stranger.command(Command::Conversation(id)).await), Code::NotFound);
    assert_eq!(code(stranger.command(Command::Typing { conversation: id, on: true }).await), Code::NotFound);
    let receipt = Receipt { conversation: id, delivered: None, read: Some(Seq(1)) };
    assert_eq!(code(stranger.marks(receipt).await), Code::NotFound);
}

#[tokio::test]
async fn z1_agents_of_another_app_see_nothing() {
    let world = World::new().await;
    let other_app = world.im.create_app("Elsewhere").await.unwrap().key;
    let (mallory, visitor) = (world.agent_of(other_app, "Mallory").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    assert_eq!(code(mallory.reads(id).await), Code::NotFound);
    assert_eq!(code(mallory.accepts(id).await), Code::NotFound);
    assert_eq!(code(mallory.ends(id).await), Code::NotFound);
    assert!(mallory.view(parlor::model::conversation::View::All).await.is_empty());
}

#[tokio::test]
async fn watermarks_move_forward_only_and_are_told() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut id = None;
    for text in ["1", "2", "3"] {
        id = Some(alice.send(Target::User(bob.id().clone()), text, Content::text(text)).await.unwrap().conversation);
    }
    let conversation = id.unwrap();
    assert_eq!(bob.sees(conversation).await.participant(bob.id()).unwrap().unread, 3);
    world.hints();
    bob.marks(Receipt { conversation, delivered: None, read: Some(Seq(2)) }).await.unwrap();
    let told = world.hints();
    assert!(
        matches!(&told[..], [hint] if matches!(&hint.event, Event::Receipt { read: Seq(2), delivered: Seq(2), .. }))
    );
    bob.marks(Receipt { conversation, delivered: None, read: Some(Seq(1)) }).await.unwrap();
    assert!(world.hints().is_empty(), "going back is not news");
    let mine = bob.sees(conversation).await.participant(bob.id()).unwrap().clone();
    assert_eq!((mine.read, mine.unread), (Seq(2), 1));
    bob.marks(Receipt { conversation, delivered: None, read: Some(Seq(99)) }).await.unwrap();
    assert_eq!(bob.sees(conversation).await.participant(bob.id()).unwrap().read, Seq(3), "cut to the head");
}

#[tokio::test]
async fn an_agent_who_looks_on_leaves_no_mark() {
    let world = World::new().await;
    let (anna, ben, visitor) = (world.agent("Anna").await, world.agent("Ben").await, world.visitor().await);
    let conversation = visitor.asks("Hello?").await.conversation;
    anna.accepts(conversation).await.unwrap();
    world.hints();
    ben.marks(Receipt { conversation, delivered: None, read: Some(Seq(1)) }).await.unwrap();
    assert!(world.hints().is_empty());
}

#[tokio::test]
async fn typing_reaches_the_others_only() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let conversation = visitor.asks("Hello?").await.conversation;
    anna.accepts(conversation).await.unwrap();
    world.hints();
    anna.command(Command::Typing { conversation, on: true }).await.unwrap();
    let hints = world.hints();
    assert_eq!(hints.len(), 1);
    assert_eq!(hints[0].audience.users, [visitor.id().clone()]);
    assert!(!hints[0].audience.agents);
}

#[tokio::test]
async fn pages_have_limits() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap().conversation;
    let query = |limit, before, after| Command::History(History { before, after, ..History::newest(id, limit) });
    assert_eq!(code(alice.command(query(0, None, None)).await), Code::BadRequest);
    assert_eq!(code(alice.command(query(101, None, None)).await), Code::BadRequest);
    assert_eq!(code(alice.command(query(10, Some(Seq(1)), Some(Seq(1)))).await), Code::BadRequest);
    assert!(matches!(alice.command(query(100, None, None)).await, Ok(Reply::Page(_))));
}

#[tokio::test]
async fn a_returning_client_gets_what_it_missed() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut conversation = None;
    for n in 0..5 {
        let sent = alice.send(Target::User(bob.id().clone()), &n.to_string(), Content::text("x")).await.unwrap();
        conversation = Some(sent.conversation);
    }
    let conversation = conversation.unwrap();
    let head = bob.sees(conversation).await.head;
    let have = parlor::model::Position { seq: Seq(3), ..head };
    let welcome = world.im.welcome(&bob.caller, &[(conversation, have)]).await.unwrap();
    let seqs: Vec<_> = welcome.gaps[0].messages.iter().map(|message| message.seq.unwrap().0).collect();
    assert_eq!((welcome.gaps[0].reset, seqs), (false, vec![4, 5]));
    let strange = parlor::model::Position { epoch: head.epoch + 1, ..head };
    let welcome = world.im.welcome(&bob.caller, &[(conversation, strange)]).await.unwrap();
    assert_eq!((welcome.gaps[0].reset, welcome.gaps[0].messages.len()), (true, 5));
}
