//! How a connection begins, lives and ends.

use std::time::Duration;

use parlor::{
    model::{Features, UserId},
    proto::rong::GetUserInfoInput,
    wire::rong::frame::ClientFrame,
};
use prost::Message as _;

use super::client::{Sdk, Stage, TWO, address};
use crate::harness::TestServer;

#[tokio::test]
async fn check_09_to_11_and_14_the_server_speaks_first_and_says_who_the_client_is() {
    let stage = Stage::start().await;
    let before = stage.people.im.now().get();
    let device = stage.device("ann", TWO).await;
    assert_eq!(device.user, "ann");
    // Servers of one database have its time, each within the way there and back.
    assert!((before - 1000..=stage.people.im.now().get() + 1000).contains(&device.connected_at));
}

#[tokio::test]
async fn check_12_a_refused_connack_has_three_bytes() {
    let stage = Stage::start().await;
    let (app, token) = (stage.people.app(), stage.token("ann").await);
    let wrong = "x".repeat(43);
    for (app, token, status) in [(app.as_str(), wrong.as_str(), 4), (app.as_str(), "", 4), ("nosuchapp1", &token, 2)] {
        let mut refused = Sdk::open(&stage, &address(app, token, TWO)).await;
        assert_eq!(refused.bytes().await.unwrap(), [0x20, 0, status]);
        assert!(refused.ends().await, "with a close frame: it was no accident");
    }
}

#[tokio::test]
async fn check_13_a_ping_is_answered_also_before_the_first_pull() {
    let stage = Stage::start().await;
    let mut ann = stage.device("ann", TWO).await;
    ann.raw(vec![0xC0]).await;
    assert_eq!(ann.bytes().await.unwrap(), [0xD0]);
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_few() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    ann.repeats(&ClientFrame::PubAck { id: 7 }, 50).await;
    ann.ping().await;
    ann.repeats(&ClientFrame::PubAck { id: 7 }, 5000).await;
    ann.ends().await;
}

#[tokio::test]
async fn check_15_who_is_silent_is_dropped_without_a_word_and_who_pings_is_kept() {
    let server = TestServer::start_with(|config| config.limits.compatible_idle_secs = 2);
    let stage = Stage::of(server).await;
    let (mut silent, mut busy) = (stage.device("ann", TWO).await, stage.device("bob", TWO).await);
    let dropped = async { assert!(!silent.ends().await) };
    tokio::pin!(dropped);
    // Deadlines, one after the other: between them the other client pings.
    while tokio::time::timeout(Duration::from_millis(300), &mut dropped).await.is_err() {
        busy.ping().await;
    }
    busy.ping().await;
}

#[tokio::test]
async fn check_16_every_other_question_is_answered_with_a_number() {
    let stage = Stage::start().await;
    let mut ann = stage.device("ann", TWO).await;
    for topic in ["userInf", "joinChrmR", "qryVoipK", "rtcRJoin_data", "", "no such topic"] {
        let id = ann.begin_query(topic, "ann", GetUserInfoInput::default().encode_to_vec()).await;
        let answer = ann.answer(id).await;
        assert_eq!((answer.id, answer.status > 1), (id, true), "{topic}");
    }
}

#[tokio::test]
async fn check_17_a_second_login_that_replaces_the_first_ends_it_as_a_kick() {
    let stage = Stage::start().await;
    let features = Features { multi_device: false, ..Features::default() };
    stage.people.im.backend(&stage.people.app()).set_features(features).await.unwrap();
    let mut first = stage.device("ann", TWO).await;
    let mut second = stage.device("ann", TWO).await;
    assert_eq!(first.bytes().await.unwrap(), [0xE0, 0, 1]);
    second.ping().await;
}

#[tokio::test]
async fn check_18_a_reconnect_is_taken_while_the_old_socket_is_open() {
    let stage = Stage::start().await;
    let (mut old, mut new) = (stage.device("ann", TWO).await, stage.device("ann", TWO).await);
    new.pull(0).await;
    old.ping().await;
}

#[tokio::test]
async fn a_stop_drops_connections_without_a_close_frame() {
    let mut stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    stage.server.begin_stop();
    assert!(!ann.ends().await, "these clients do not notice a close frame");
}

#[tokio::test]
async fn a_blocked_user_is_told_so_and_not_let_in_again() {
    let stage = Stage::start().await;
    let (token, mut ann) = (stage.token("ann").await, stage.user("ann").await);
    let back_end = crate::harness::BackEnd::of(&stage.server, &stage.people.im, &stage.people.app()).await;
    let ann_id: UserId = "ann".parse().unwrap();
    back_end.put(&format!("/v1/users/{ann_id}/block"), &serde_json::json!({ "minutes": 5 })).await.ok();
    assert_eq!(ann.bytes().await.unwrap(), [0xE0, 0, 2]);
    let mut again = Sdk::open(&stage, &address(stage.people.app().as_str(), &token, TWO)).await;
    assert_eq!(again.bytes().await.unwrap(), [0x20, 0, 9]);
}

#[tokio::test]
async fn w5_broken_frames_end_the_connection_after_five() {
    let stage = Stage::start().await;
    let mut ann = stage.device("ann", TWO).await;
    for _ in 0..4 {
        ann.raw(vec![0x50, 0xFF]).await;
    }
    ann.ping().await;
    ann.raw(vec![0x10]).await;
    assert_eq!(ann.bytes().await.unwrap(), [0xE0, 0, 2]);
}
