//! Finding conversations by their kind and their other side.

use parlor::model::{
    Code, Command, Content, ConversationId, Handle, Kind,
    command::{CreateGroup, GroupChange, Reply, Target},
};

use super::world::{Someone, World, code};

async fn finds(world: &World, who: &Someone, kind: Kind, other_side: &str) -> Option<ConversationId> {
    let other_side: Handle = other_side.parse().unwrap();
    let found = world.im.find(&who.caller, kind, &other_side).await.unwrap();
    // Asked twice: what is remembered tells the same.
    let again = world.im.find(&who.caller, kind, &other_side).await.unwrap();
    assert_eq!(found, again);
    found.map(|conversation| conversation.id)
}

#[tokio::test]
async fn a_pair_is_found_by_each_of_its_two_and_nobody_else() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    assert_eq!(finds(&world, &alice, Kind::Private, "bob").await, None);
    let id = alice.send(Target::User(bob.id().clone()), "1", Content::text("hi")).await.unwrap().conversation;
    assert_eq!(finds(&world, &alice, Kind::Private, "bob").await, Some(id));
    assert_eq!(finds(&world, &bob, Kind::Private, "alice").await, Some(id));
    assert_eq!(finds(&world, &cara, Kind::Private, "alice").await, None);
    assert_eq!(finds(&world, &alice, Kind::System, "bob").await, None);
    let found = world.im.find(&alice.caller, Kind::Private, &"bob".parse().unwrap()).await.unwrap().unwrap();
    assert!(found.has(alice.id()) && found.has(bob.id()) && found.last.is_none());
}

#[tokio::test]
async fn a7_a_group_is_found_by_its_members_only_and_as_long_as_they_are() {
    let world = World::new().await;
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    let new = CreateGroup { kind: Kind::Discussion, name: "Team".into(), users: vec![bob.id().clone()] };
    let Reply::Conversation(group) = alice.command(Command::CreateGroup(new)).await.unwrap() else { panic!() };
    let name = group.id.to_string();
    assert_eq!(finds(&world, &bob, Kind::Discussion, &name).await, Some(group.id));
    assert_eq!(finds(&world, &bob, Kind::Group, &name).await, None, "it is no group");
    assert_eq!(finds(&world, &cara, Kind::Discussion, &name).await, None);
    assert_eq!(finds(&world, &cara, Kind::Discussion, "nosuch").await, None);
    let rename = GroupChange::Rename("Crew".into());
    bob.command(Command::Group { conversation: group.id, change: rename }).await.unwrap();
    let found = world.im.find(&alice.caller, Kind::Discussion, &name.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.group.as_ref().unwrap().name, "Crew");
    bob.command(Command::Group { conversation: group.id, change: GroupChange::Quit }).await.unwrap();
    assert_eq!(finds(&world, &bob, Kind::Discussion, &name).await, None);
}

#[tokio::test]
async fn a_chatroom_is_found_from_inside() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let room = alice.joins("lobby").await.room.id;
    assert_eq!(finds(&world, &alice, Kind::Chatroom, "lobby").await, Some(room));
    assert_eq!(finds(&world, &bob, Kind::Chatroom, "lobby").await, None);
}

#[tokio::test]
async fn a_desk_is_found_by_its_site() {
    let world = World::new().await;
    let (anna, vera, other) = (world.agent("Anna").await, world.visitor().await, world.visitor().await);
    let site = world.site.key.to_string();
    assert_eq!(finds(&world, &vera, Kind::Service, &site).await, None);
    let first = vera.asks("Hello?").await.conversation;
    assert_eq!(finds(&world, &vera, Kind::Service, &site).await, Some(first));
    anna.accepts(first).await.unwrap();
    anna.ends(first).await.unwrap();
    assert_eq!(finds(&world, &vera, Kind::Service, &site).await, Some(first), "its newest episode, though ended");
    world.clock.advance_secs(1);
    let second = vera.asks("And now?").await.conversation;
    assert_ne!(first, second);
    assert_eq!(finds(&world, &vera, Kind::Service, &site).await, Some(second));
    assert_eq!(finds(&world, &other, Kind::Service, &site).await, None);
    assert_eq!(finds(&world, &vera, Kind::Service, "nosuch").await, None);
}

#[tokio::test]
async fn what_was_said_in_a_room_is_told_inside_without_joining_again() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    let mut times = Vec::new();
    for text in ["one", "two", "three"] {
        times.push(alice.tells("lobby", text).await.unwrap().at);
    }
    assert!(times.is_sorted_by(|a, b| a < b), "D6: {times:?}");
    let handle: Handle = "lobby".parse().unwrap();
    let said = async |after, newest| {
        let said = world.im.said_in_room(&alice.caller, &handle, after, newest).await.unwrap();
        said.iter().filter_map(|message| message.content.words()).collect::<Vec<_>>()
    };
    let never = parlor::model::Millis::new(0);
    assert_eq!(said(never, 50).await, ["one", "two", "three"]);
    assert_eq!(said(never, 2).await, ["two", "three"]);
    assert_eq!(said(never, 0).await, Vec::<String>::new());
    assert_eq!(said(times[0], 50).await, ["two", "three"]);
    assert_eq!(said(times[0], 1).await, ["three"]);
    assert_eq!(said(times[2], 50).await, Vec::<String>::new());
    assert_eq!(code(world.im.said_in_room(&alice.caller, &handle, never, 51).await), Code::BadRequest);
    assert_eq!(code(world.im.said_in_room(&bob.caller, &handle, never, 50).await), Code::NotInChatroom);
}
