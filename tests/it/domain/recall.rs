//! Messages taken back, thrown away, cleared, and those that call somebody.

use parlor::model::{
    Code, Command, Content, ConversationId, Event, Seq,
    command::{Delete, Reply, Sent, Target},
    content::names,
    conversation::Keeping,
};
use serde_json::json;

use super::world::{Someone, World, code, field};

async fn says_to(from: &Someone, to: &Someone, client_id: &str) -> Sent {
    from.send(Target::User(to.id().clone()), client_id, Content::text("oops")).await.unwrap()
}

async fn types(who: &Someone, id: ConversationId) -> Vec<String> {
    who.reads(id).await.unwrap().messages.iter().map(|message| message.content.name.to_string()).collect()
}

#[tokio::test]
async fn a_recalled_message_is_gone_for_everybody_and_told() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let sent = says_to(&alice, &bob, "1").await;
    world.hints();
    let Reply::Message(recalled) = alice.command(Command::Recall(sent.uid)).await.unwrap() else { panic!() };
    assert_eq!((recalled.uid, recalled.seq), (sent.uid, sent.seq));
    assert_eq!(field(&recalled, "/messageUId"), json!(sent.uid));
    assert_eq!(field(&recalled, "/conversationType"), json!(1));
    let hints = world.hints();
    let told =
        |hint: &parlor::model::Hint| matches!(&hint.event, Event::Recalled { message, .. } if **message == *recalled);
    assert!(matches!(&hints[..], [hint] if told(hint) && hint.audience.users.contains(bob.id())));
    assert_eq!(types(&bob, sent.conversation).await, [names::RECALLED]);
    assert!(alice.command(Command::Recall(sent.uid)).await.is_ok(), "twice is harmless");
    assert!(world.hints().is_empty(), "and no news");
    assert_eq!(says_to(&alice, &bob, "1").await, sent, "a late retry brings nothing back");
}

#[tokio::test]
async fn only_own_messages_are_recalled_and_only_for_a_while() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let sent = says_to(&alice, &bob, "1").await;
    assert_eq!(code(bob.command(Command::Recall(sent.uid)).await), Code::Forbidden);
    assert_eq!(code(cara.command(Command::Recall(sent.uid)).await), Code::NotFound);
    world.clock.advance_secs(120);
    assert!(alice.command(Command::Recall(sent.uid)).await.is_ok());
    let late = says_to(&alice, &bob, "2").await;
    world.clock.advance_secs(121);
    assert_eq!(code(alice.command(Command::Recall(late.uid)).await), Code::TooLate);
}

#[tokio::test]
async fn nobody_forges_the_servers_notices() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for name in ["RC:RcCmd", "RC:GrpNtf", "RC:DizNtf", names::DELETED] {
        let forged = alice.send(Target::User(bob.id().clone()), "1", Content::of(name, &json!({}))).await;
        assert_eq!(code(forged), Code::Forbidden, "{name}");
    }
}

#[tokio::test]
async fn deleting_and_clearing_are_for_oneself() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let conversation = says_to(&alice, &bob, "1").await.conversation;
    says_to(&alice, &bob, "2").await;
    world.hints();
    bob.command(Command::Delete(Delete { conversation, seqs: vec![Seq(2)] })).await.unwrap();
    let hints = world.hints();
    assert!(matches!(&hints[..], [hint] if hint.audience.users == [bob.id().clone()]));
    bob.command(Command::Keep { conversation, change: Keeping::Cleared(Seq(1)) }).await.unwrap();
    assert_eq!(types(&bob, conversation).await, [names::DELETED]);
    assert_eq!(types(&alice, conversation).await, [names::TEXT, names::TEXT]);
    let nothing = bob.command(Command::Delete(Delete { conversation, seqs: vec![] })).await;
    assert_eq!(code(nothing), Code::BadRequest);
}

#[tokio::test]
async fn a_client_that_missed_a_clearing_begins_anew() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let conversation = says_to(&alice, &bob, "1").await.conversation;
    for client_id in ["2", "3", "4"] {
        says_to(&alice, &bob, client_id).await;
    }
    let head = bob.sees(conversation).await.head;
    bob.command(Command::Keep { conversation, change: Keeping::Cleared(Seq(3)) }).await.unwrap();
    let old = parlor::model::Position { seq: Seq(1), ..head };
    let gaps = world.im.welcome(&bob.caller, &[(conversation, old)]).await.unwrap().gaps;
    assert!(gaps[0].reset);
    assert_eq!(gaps[0].messages.iter().map(|message| message.seq).collect::<Vec<_>>(), [Some(Seq(4))]);
}
