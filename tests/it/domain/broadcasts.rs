//! Messages to everybody, and the accounts that speak to many.

use parlor::{
    im::backend::{
        broadcasts::{Account, BroadcastCall},
        messages::{Addressees, Post},
    },
    model::{
        Code, Command, Content, Kind, UserId,
        command::{List, Reply, Target},
        public_service::PublicServiceCommand,
    },
};

use super::world::{Someone, World, code};

fn call(from: Option<&str>, text: &str) -> BroadcastCall {
    let client_id = Some(text.replace(' ', "-").parse().unwrap());
    let from = from.map(|from| from.parse().unwrap());
    BroadcastCall { from, content: Content::text(text), client_id, online_only: false, any_sender: false }
}

fn account(name: &str) -> Account {
    Account { name: name.to_owned(), portrait: None }
}

async fn follows(who: &Someone, account: &str, on: bool) -> Result<Reply, parlor::model::Fault> {
    let account = account.parse().unwrap();
    who.command(Command::PublicService(PublicServiceCommand::Follow { account, on })).await
}

impl World {
    async fn broadcasts_all(&self) {
        while self.im.go_on_broadcasting().await.unwrap() {}
    }
}

/// What somebody has been told in conversations of a kind.
async fn heard(who: &Someone, world: &World, kind: Kind) -> Vec<String> {
    let list = List { kinds: vec![kind], ..List::default() };
    let mut words = Vec::new();
    for conversation in world.im.conversations(&who.caller, list).await.unwrap().conversations {
        words.extend(who.words(conversation.id).await);
    }
    words
}

#[tokio::test]
async fn a_broadcast_reaches_every_user_once_and_can_be_repeated_harmlessly() {
    let world = World::new().await;
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(world.user(&format!("user{number}")).await);
    }
    let backend = world.im.backend(&world.app);
    let begun = backend.broadcast(call(None, "back at noon")).await.unwrap();
    assert_eq!((begun.sent, begun.finished_at), (0, None));
    assert_eq!(backend.broadcast(call(None, "back at noon")).await.unwrap().id, begun.id);
    let late = world.user("late").await;
    world.broadcasts_all().await;
    let done = backend.broadcast_progress(&begun.id).await.unwrap();
    assert_eq!((done.sent, done.passed_over, done.finished_at.is_some()), (3, 0, true));
    world.broadcasts_all().await;
    for user in &users {
        assert_eq!(heard(user, &world, Kind::System).await, ["back at noon"]);
    }
    assert!(heard(&late, &world, Kind::System).await.is_empty());
    let agent = world.agent("Anna").await;
    assert!(heard(&agent, &world, Kind::System).await.is_empty());
}

#[tokio::test]
async fn an_online_broadcast_passes_to_those_who_are_connected() {
    let world = World::new().await;
    let (here, away) = (world.user("here").await, world.user("away").await);
    away.goes();
    world.clock.advance_secs(3600);
    world.im.fade_out().await;
    let backend = world.im.backend(&world.app);
    let begun = backend.broadcast(BroadcastCall { online_only: true, ..call(None, "now") }).await.unwrap();
    world.hints();
    world.broadcasts_all().await;
    let done = backend.broadcast_progress(&begun.id).await.unwrap();
    assert_eq!((done.sent, done.passed_over), (1, 1));
    assert!(heard(&here, &world, Kind::System).await.is_empty(), "it is not kept");
}

#[tokio::test]
async fn calls_that_cannot_be_meant_are_refused() {
    let world = World::new().await;
    world.user("alice").await;
    let backend = world.im.backend(&world.app);
    assert_eq!(code(backend.broadcast(call(Some("alice"), "hi")).await), Code::NotFound);
    assert_eq!(code(backend.broadcast(call(Some("nobody"), "hi")).await), Code::NotFound);
    let command = BroadcastCall { content: Content::of("RC:CmdMsg", &serde_json::json!({})), ..call(None, "x") };
    assert_eq!(code(backend.broadcast(command).await), Code::BadRequest);
    assert_eq!(
        code(backend.broadcast(BroadcastCall { content: Content::deleted(), ..call(None, "x") }).await),
        Code::BadRequest
    );
    let house: UserId = "system".parse().unwrap();
    assert_eq!(code(backend.save_system_sender(&house, account("Me")).await), Code::BadRequest);
    let alice: UserId = "alice".parse().unwrap();
    assert_eq!(code(backend.save_system_sender(&alice, account("Me")).await), Code::AlreadyExists);
    assert_eq!(code(backend.save_public_service(&alice, Kind::Group, account("Me"), "").await), Code::BadRequest);
    let theirs = world.im.create_app("Other").await.unwrap().key;
    let begun = backend.broadcast(call(None, "ours")).await.unwrap();
    assert_eq!(code(world.im.backend(&theirs).broadcast_progress(&begun.id).await), Code::NotFound);
}

#[tokio::test]
async fn a_public_service_is_followed_heard_and_written_to() {
    let world = World::new().await;
    let (fan, other) = (world.user("fan").await, world.user("other").await);
    let visitor = world.visitor().await;
    let backend = world.im.backend(&world.app);
    let (news, weather): (UserId, UserId) = ("news".parse().unwrap(), "weather".parse().unwrap());
    backend.save_public_service(&news, Kind::PublicService, account("News"), "weekly").await.unwrap();
    backend.save_public_service(&weather, Kind::AppService, account("Weather"), "").await.unwrap();
    assert_eq!(
        code(backend.save_public_service(&news, Kind::AppService, account("News"), "").await),
        Code::AlreadyExists,
        "the kind stays"
    );
    assert_eq!(code(follows(&fan, "weather", true).await), Code::BadRequest);
    assert_eq!(code(follows(&fan, "nobody", true).await), Code::NotFound);
    assert_eq!(code(follows(&visitor, "news", true).await), Code::Forbidden);
    assert_eq!(code(fan.send(Target::User(news.clone()), "1", Content::text("hi")).await), Code::Forbidden);
    follows(&fan, "news", true).await.unwrap();
    follows(&fan, "news", true).await.unwrap();
    let find = |words: &str, followed| {
        Command::PublicService(PublicServiceCommand::Find { words: words.to_owned(), followed, after: None, limit: 10 })
    };
    for (who, words, followed, expected) in [
        (&fan, "", true, vec!["news", "weather"]),
        (&other, "", true, vec!["weather"]),
        (&other, "NEW", false, vec!["news"]),
    ] {
        let Reply::PublicServices(page) = who.command(find(words, followed)).await.unwrap() else { panic!() };
        assert_eq!(page.accounts.iter().map(|a| a.person.id.as_str()).collect::<Vec<_>>(), expected);
    }
    backend.broadcast(call(Some("news"), "this week")).await.unwrap();
    backend.broadcast(call(Some("weather"), "sunny")).await.unwrap();
    world.broadcasts_all().await;
    assert_eq!(heard(&fan, &world, Kind::PublicService).await, ["this week"]);
    assert!(heard(&other, &world, Kind::PublicService).await.is_empty());
    assert_eq!(heard(&other, &world, Kind::AppService).await, ["sunny"]);
    let sent = fan.send(Target::User(news.clone()), "2", Content::text("thank you")).await.unwrap();
    assert_eq!(fan.words(sent.conversation).await, ["this week", "thank you"]);
    let answer = Post {
        from: Some(news.clone()),
        to: Addressees::System(vec![fan.id().clone(), other.id().clone()]),
        content: Content::text("you are welcome"),
        words: None,
        client_id: None,
        stored: None,
        counted: None,
        include_sender: false,
        respect_blocks: false,
        only: Vec::new(),
        any_sender: false,
    };
    let posted = backend.send(answer).await.unwrap();
    assert_eq!(posted[0].outcome.as_ref().unwrap().conversation, sent.conversation);
    assert_eq!(posted[1].outcome.as_ref().unwrap_err().code, Code::Forbidden, "who does not follow is left alone");
    follows(&fan, "news", false).await.unwrap();
    assert_eq!(code(fan.says(sent.conversation, "hello?").await), Code::Forbidden);
}
