//! Not hearing from somebody.

use parlor::model::{
    Code, Command, Content, Kind,
    command::{CreateGroup, Reply, Target},
};

use super::world::{Someone, World, code};

async fn blocks(who: &Someone, whom: &Someone, on: bool) {
    who.command(Command::Block { user: whom.id().clone(), on }).await.unwrap();
}

#[tokio::test]
async fn req_4_13_a_blocked_sender_is_refused_in_private_only() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let to_bob = |client_id: &'static str| alice.send(Target::User(bob.id().clone()), client_id, Content::text("hi"));
    let id = to_bob("1").await.unwrap().conversation;
    blocks(&bob, &alice, true).await;
    world.hints();
    assert_eq!(code(to_bob("2").await), Code::Blocked);
    assert_eq!(code(alice.says(id, "hi").await), Code::Blocked);
    assert_eq!(code(alice.command(Command::Typing { conversation: id, on: true }).await), Code::Blocked);
    assert!(world.hints().is_empty(), "he hears nothing");
    bob.says(id, "you may listen").await.unwrap();
    let team = CreateGroup { kind: Kind::Group, name: "Team".to_owned(), users: vec![bob.id().clone()] };
    let Reply::Conversation(group) = alice.command(Command::CreateGroup(team)).await.unwrap() else { panic!() };
    alice.says(group.id, "hello all").await.unwrap();
    let Reply::Blocked { users } = bob.command(Command::Blocked).await.unwrap() else { panic!() };
    assert_eq!(users.iter().map(|person| &person.id).collect::<Vec<_>>(), [alice.id()]);
    blocks(&bob, &alice, false).await;
    to_bob("3").await.unwrap();
}

#[tokio::test]
async fn nobody_blocks_themselves_and_visitors_nobody() {
    let world = World::new().await;
    let (alice, visitor) = (world.user("alice").await, world.visitor().await);
    let block = |whom: &Someone| Command::Block { user: whom.id().clone(), on: true };
    assert_eq!(code(alice.command(block(&alice)).await), Code::BadRequest);
    assert_eq!(code(visitor.command(block(&alice)).await), Code::Forbidden);
    let nobody = Command::Block { user: "nobody".parse().unwrap(), on: true };
    assert_eq!(code(alice.command(nobody).await), Code::NotFound);
}
