//! The own conversation list: who hears of a change, and what stays private.

use parlor::model::{
    Code, Command, Content, ConversationId, Event, Kind,
    command::{List, Reply, Target},
    conversation::Keeping,
};

use super::world::{Someone, World, code};

async fn keeps(who: &Someone, conversation: ConversationId, change: Keeping) -> Reply {
    who.command(Command::Keep { conversation, change }).await.unwrap()
}

async fn list(who: &Someone, list: List) -> Vec<ConversationId> {
    match who.command(Command::Conversations(list)).await.unwrap() {
        Reply::Conversations(page) => page.conversations.iter().map(|conversation| conversation.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn how_i_keep_a_conversation_is_told_to_my_own_connections_only() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap().conversation;
    world.hints();
    keeps(&bob, id, Keeping::Muted(true)).await;
    let hints = world.hints();
    let [hint] = &hints[..] else { panic!("{hints:?}") };
    assert_eq!((&hint.audience.users[..], hint.audience.except), (&[bob.id().clone()][..], Some(bob.connection)));
    assert!(matches!(&hint.event, Event::Mine { mine, .. } if mine.muted && mine.unread == 1));
    assert!(!alice.sees(id).await.mine.unwrap().muted);
    bob.says(id, "hello").await.unwrap();
    let pushed = world.hints();
    let leaks = pushed.iter().any(|hint| matches!(&hint.event, Event::Conversation(it) if it.mine.is_some()));
    assert!(!leaks, "nobody is told how others keep it");
}

#[tokio::test]
async fn who_takes_no_part_keeps_nothing() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let conversation = visitor.asks("Hello?").await.conversation;
    let looking_on = anna.command(Command::Keep { conversation, change: Keeping::Pinned(true) }).await;
    assert_eq!(code(looking_on), Code::NotFound);
}

#[tokio::test]
async fn a_visitors_retry_finds_its_conversation_after_it_was_removed() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let first = visitor.send(Target::Desk, "once", Content::text("Hello?")).await.unwrap();
    anna.accepts(first.conversation).await.unwrap();
    anna.ends(first.conversation).await.unwrap();
    keeps(&visitor, first.conversation, Keeping::Removed).await;
    assert!(list(&visitor, List::default()).await.is_empty());
    assert_eq!(visitor.send(Target::Desk, "once", Content::text("Hello?")).await.unwrap(), first);
}

#[tokio::test]
async fn req_2_5_the_list_is_filtered_by_kind() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap().conversation;
    let of = |kinds: &[Kind]| List { kinds: kinds.to_vec(), ..List::default() };
    assert_eq!(list(&bob, of(&[Kind::Private])).await, [id]);
    assert_eq!(list(&bob, of(&[])).await, [id]);
    assert!(list(&bob, of(&[Kind::Service])).await.is_empty());
}
