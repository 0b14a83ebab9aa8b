//! Who is here, and who hears of it.

use parlor::model::{
    Code, Command, Event, Fault, UserId,
    command::Reply,
    presence::{Presence, Watch},
};

use super::world::{Someone, World, code};

async fn watches(who: &Someone, users: &[&str], on: bool) -> Result<Vec<Presence>, Fault> {
    let users = users.iter().map(|user| user.parse().unwrap()).collect();
    match who.command(Command::Watch(Watch { users, on })).await? {
        Reply::Presence { users } => Ok(users),
        other => panic!("{other:?}"),
    }
}

/// Who was told of whom since the last call: listeners, whose presence, and what it is.
fn told(world: &World) -> Vec<(Vec<UserId>, Presence)> {
    let of_presence = |hint: parlor::model::Hint| match hint.event {
        Event::Presence(presence) => Some((hint.audience.users, presence)),
        _ => None,
    };
    world.hints().into_iter().filter_map(of_presence).collect()
}

/// Lets everybody go whose grace time is over.
async fn a_while_later(world: &World) {
    world.clock.advance_secs(11);
    world.im.fade_out().await;
}

#[tokio::test]
async fn req_1_17_who_watches_hears_who_comes_and_goes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let came = world.im.now();
    world.clock.advance_secs(5);
    let seen = watches(&alice, &["bob"], true).await.unwrap();
    assert_eq!(seen, [Presence { user: bob.id().clone(), online: true, at: Some(came) }]);
    told(&world);
    let gone_at = world.im.now();
    bob.goes();
    world.im.fade_out().await;
    assert_eq!(told(&world), [], "a short loss is no absence");
    a_while_later(&world).await;
    let gone = Presence { user: bob.id().clone(), online: false, at: Some(gone_at) };
    assert_eq!(told(&world), [(vec![alice.id().clone()], gone.clone())]);
    assert_eq!(world.im.backend(&world.app).presence(vec![bob.id().clone()]).unwrap(), [gone]);
    let bob = world.user("bob").await;
    let back = Presence { user: bob.id().clone(), online: true, at: Some(world.im.now()) };
    assert_eq!(told(&world), [(vec![alice.id().clone()], back)]);
    assert_eq!(watches(&alice, &["bob"], false).await.unwrap(), []);
    bob.goes();
    a_while_later(&world).await;
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn who_went_watches_nobody() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    watches(&alice, &["bob"], true).await.unwrap();
    alice.goes();
    a_while_later(&world).await;
    told(&world);
    bob.goes();
    a_while_later(&world).await;
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn who_blocked_somebody_seems_away_to_them() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    watches(&alice, &["bob"], true).await.unwrap();
    bob.command(Command::Block { user: alice.id().clone(), on: true }).await.unwrap();
    told(&world);
    bob.goes();
    a_while_later(&world).await;
    assert_eq!(told(&world), []);
    world.user("bob").await;
    let away = Presence { user: bob.id().clone(), online: false, at: None };
    assert_eq!(watches(&alice, &["bob"], true).await.unwrap(), [away]);
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn watching_has_limits_and_ends_at_the_apps_border() {
    let world = World::new().await;
    let (alice, visitor) = (world.user("alice").await, world.visitor().await);
    assert_eq!(code(watches(&visitor, &["alice"], true).await), Code::Forbidden);
    assert_eq!(code(watches(&alice, &["nobody"], true).await), Code::NotFound);
    assert_eq!(code(watches(&alice, &[visitor.id().as_str()], true).await), Code::NotFound);
    assert_eq!(code(watches(&alice, &["alice"; 101], true).await), Code::BadRequest);
    let other = world.im.create_app("Other").await.unwrap();
    let theirs = world.im.backend(&other.key).presence(vec![alice.id().clone()]).unwrap();
    assert_eq!(theirs, [Presence { user: alice.id().clone(), online: false, at: None }]);
    let many = vec![alice.id().clone(); 101];
    assert_eq!(code(world.im.backend(&world.app).presence(many)), Code::BadRequest);
}

#[tokio::test]
async fn req_1_16_messages_say_nothing_about_presence_and_do_not_change_it() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    watches(&alice, &["bob"], true).await.unwrap();
    bob.goes();
    a_while_later(&world).await;
    told(&world);
    // A message of somebody who is away, such as one that the back end sends for them.
    let to_alice = parlor::model::command::Target::User(alice.id().clone());
    bob.send(to_alice, "b1", parlor::model::Content::text("from afar")).await.unwrap();
    assert_eq!(told(&world), []);
    assert!(!world.im.backend(&world.app).presence(vec![bob.id().clone()]).unwrap()[0].online);
    let sent = world.im.conversations(&alice.caller, parlor::model::command::List::default()).await.unwrap();
    let message = serde_json::to_value(sent.conversations[0].last.as_ref().unwrap()).unwrap();
    assert!(message.get("online").is_none() && message["from"].get("online").is_none());
}

#[tokio::test]
async fn visitors_hear_when_their_agent_comes_and_goes() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("hello").await.conversation;
    anna.accepts(id).await.unwrap();
    world.hints();
    anna.goes();
    a_while_later(&world).await;
    let [(listeners, presence)] = &told(&world)[..] else { panic!() };
    assert_eq!(listeners, &[visitor.id().clone()]);
    assert!(presence.user == *anna.id() && !presence.online);
}
