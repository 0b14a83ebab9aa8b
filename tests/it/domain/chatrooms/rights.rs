//! What the back end decides about chatrooms, and what a flood does.

use parlor::model::{
    Code, Event,
    chatroom::{ChatroomNews, Priority, Right, Rule},
    command::Target,
    content::Content,
};
use serde_json::json;

use super::{
    super::world::{Someone, World, code, fresh},
    handle, join, saying,
};

async fn sends(who: &Someone, name: &str) -> Result<parlor::model::command::Sent, parlor::model::Fault> {
    let content = Content::of(name, &json!({ "message": "came in" }));
    who.send(Target::Chatroom(handle("lobby")), &fresh(), content).await
}

#[tokio::test]
async fn who_is_gagged_reads_and_does_not_write_until_it_is_over() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for who in [&alice, &bob] {
        who.joins("lobby").await;
        who.joins("attic").await;
    }
    let (lobby, him) = (handle("lobby"), [bob.id().clone()]);
    back_end.give_chatroom_right(Some(&lobby), Right::Gagged, &him, Some(10)).await.unwrap();
    assert_eq!(code(bob.tells("lobby", "hm").await), Code::Silenced);
    assert_eq!(code(sends(&bob, "RC:InfoNtf").await), Code::Silenced);
    bob.tells("attic", "here I may").await.unwrap();
    alice.tells("lobby", "and I may").await.unwrap();
    assert_eq!(back_end.chatroom_right(Some(&lobby), Right::Gagged).await.unwrap()[0].user, him[0]);
    world.clock.advance_secs(600);
    bob.tells("lobby", "at last").await.unwrap();
    back_end.give_chatroom_right(None, Right::Gagged, &him, Some(43_200)).await.unwrap();
    assert_eq!(code(bob.tells("attic", "hm").await), Code::Silenced);
    back_end.take_chatroom_right(None, Right::Gagged, &him).await.unwrap();
    bob.tells("attic", "free").await.unwrap();
}

#[tokio::test]
async fn who_is_blocked_is_out_at_once_and_stays_out() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.joins("lobby").await;
    bob.joins("lobby").await;
    world.hints();
    let (lobby, him) = (handle("lobby"), [bob.id().clone()]);
    back_end.give_chatroom_right(Some(&lobby), Right::Blocked, &him, Some(60)).await.unwrap();
    let hints = world.hints();
    let out = hints
        .iter()
        .find(|hint| matches!(&hint.event, Event::Chatroom(news) if matches!(news.what, ChatroomNews::Out { .. })));
    assert_eq!(out.unwrap().audience.users, him);
    assert_eq!(code(bob.tells("lobby", "hm").await), Code::NotInChatroom);
    assert_eq!(code(bob.joins_as(join("lobby")).await), Code::Banned);
    assert_eq!(back_end.end_chatrooms(&[lobby]).await.unwrap().len(), 1);
    assert_eq!(code(bob.joins_as(join("lobby")).await), Code::Banned, "it outlives the room");
    world.clock.advance_secs(3600);
    bob.joins("lobby").await;
}

#[tokio::test]
async fn a_silenced_room_lets_only_those_speak_who_are_spared() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    for who in [&alice, &bob, &cara] {
        who.joins("lobby").await;
    }
    let lobby = handle("lobby");
    back_end.set_chatroom_rule(Rule::Silenced, std::slice::from_ref(&lobby), true).await.unwrap();
    back_end.give_chatroom_right(Some(&lobby), Right::Allowed, &[bob.id().clone()], None).await.unwrap();
    back_end.give_chatroom_right(Some(&lobby), Right::Protected, &[cara.id().clone()], None).await.unwrap();
    assert_eq!(code(alice.tells("lobby", "hm").await), Code::Silenced);
    bob.tells("lobby", "I may").await.unwrap();
    cara.tells("lobby", "so may I").await.unwrap();
    let content = Content::text("the back end may");
    back_end.say_in_chatrooms(alice.id(), std::slice::from_ref(&lobby), &content, &saying("k1")).await.unwrap();
    assert_eq!(back_end.chatrooms_under(Rule::Silenced).await.unwrap(), std::slice::from_ref(&lobby));
    back_end.set_chatroom_rule(Rule::Silenced, &[lobby], false).await.unwrap();
    alice.tells("lobby", "at last").await.unwrap();
}

#[tokio::test]
async fn a_stopped_room_keeps_what_is_said_and_tells_it_to_nobody() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let alice = world.user("alice").await;
    let room = alice.joins("lobby").await.room.id;
    back_end.set_chatroom_rule(Rule::Stopped, &[handle("lobby")], true).await.unwrap();
    world.hints();
    alice.tells("lobby", "kept").await.unwrap();
    assert!(world.told(room).is_empty());
    assert_eq!(alice.joins("lobby").await.messages.len(), 1);
    back_end.set_chatroom_rule(Rule::Stopped, &[handle("lobby")], false).await.unwrap();
    alice.tells("lobby", "told").await.unwrap();
    assert_eq!(world.told(room), ["told"]);
}

#[tokio::test]
async fn in_a_flood_low_types_go_first_and_notices_never() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, bob, cara) = (world.user("alice").await, world.user("bob").await, world.user("cara").await);
    for who in [&alice, &bob, &cara] {
        who.joins("lobby").await;
    }
    back_end.set_chatroom_priority(Priority::Low, &["app:like".parse().unwrap()], true).await.unwrap();
    back_end.set_chatroom_priority(Priority::High, &["app:gift".parse().unwrap()], true).await.unwrap();
    sends(&bob, "app:like").await.unwrap();
    for number in 0..49 {
        alice.tells("lobby", &number.to_string()).await.unwrap();
    }
    let refused = sends(&bob, "app:like").await.unwrap_err();
    assert!(refused.code == Code::RateLimited && refused.code.temporary() && refused.retry_after_secs == Some(1));
    assert_eq!(code(alice.tells("lobby", "more").await), Code::RateLimited, "she had her share");
    bob.tells("lobby", "may I too?").await.unwrap();
    sends(&alice, "RC:InfoNtf").await.unwrap();
    sends(&alice, "app:gift").await.unwrap();
    back_end.give_chatroom_right(Some(&handle("lobby")), Right::Protected, &[alice.id().clone()], None).await.unwrap();
    alice.tells("lobby", "never held back").await.unwrap();
    assert_eq!(world.im.chatroom_figures().refused, 2);
    world.clock.advance_secs(3);
    sends(&cara, "app:like").await.unwrap();
    assert_eq!(back_end.chatroom_priority(Priority::Low).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let alice = world.user("alice").await;
    let (lobby, her) = (handle("lobby"), [alice.id().clone()]);
    for (handle, right, minutes) in [
        (Some(&lobby), Right::Gagged, None),
        (Some(&lobby), Right::Gagged, Some(0)),
        (Some(&lobby), Right::Blocked, Some(43_201)),
        (Some(&lobby), Right::Allowed, Some(5)),
        (None, Right::Blocked, Some(5)),
    ] {
        let refused = back_end.give_chatroom_right(handle, right, &her, minutes).await;
        assert_eq!(code(refused), Code::BadRequest, "{right:?} {minutes:?}");
    }
    assert_eq!(code(back_end.give_chatroom_right(Some(&lobby), Right::Gagged, &[], Some(5)).await), Code::BadRequest);
    let nobody = ["nobody".parse().unwrap()];
    let refused = back_end.give_chatroom_right(Some(&lobby), Right::Gagged, &nobody, Some(5)).await;
    assert_eq!(code(refused), Code::NotFound);
    let mut six = Vec::new();
    for number in 0..6 {
        six.push(world.user(&format!("u{number}")).await.id().clone());
    }
    let refused = back_end.give_chatroom_right(Some(&lobby), Right::Protected, &six, None).await;
    assert_eq!(code(refused), Code::LimitReached);
    assert!(back_end.chatroom_right(Some(&lobby), Right::Protected).await.unwrap().is_empty(), "all or nothing");
}

#[tokio::test]
async fn a_protected_member_stays_though_disconnected() {
    let world = World::new().await;
    let back_end = world.im.backend(&world.app);
    let (alice, host) = (world.user("alice").await, world.user("host").await);
    alice.joins("lobby").await;
    back_end.give_chatroom_right(Some(&handle("lobby")), Right::Protected, &[host.id().clone()], None).await.unwrap();
    let place = world.im.enter_chatroom(&host.caller, host.connection, &join("lobby")).await.unwrap();
    world.im.chatroom_lost(&host.caller, host.connection, &place);
    world.later(60).await;
    let inside = back_end.are_in_chatroom(&handle("lobby"), &[host.id().clone()]).await.unwrap();
    assert!(inside[0].1);
}
