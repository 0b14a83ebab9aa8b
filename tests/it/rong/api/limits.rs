//! How often, how much, and in which form.

use super::{OldBackEnd, house, house_with, refusal};
use crate::harness::Answer;

/// Asks until it is too often. Some requests may come far apart, but not all of them.
async fn until_refused(back_end: &OldBackEnd, path: &str, pairs: &[(&str, &str)]) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    for round in 0..50 {
        let answer = back_end.form(path, &body).await;
        if answer.status != 200 {
            let (status, code, _) = refusal(&answer, path);
            assert!(round > 0 && (status, code) == (403, 1008), "{path}: {code}");
            return;
        }
    }
    panic!("{path} was never too often");
}

#[tokio::test]
async fn requests_of_a_path_are_counted_by_app() {
    let (server, people, back_end) = house_with(|config| config.compatible.requests_per_sec = 1).await;
    until_refused(&back_end, "user/checkOnline", &[("userId", "nora")]).await;
    back_end.ask("user/block/query", &[]).await;
    let other = people.im.create_app("Other").await.unwrap().key;
    let other = OldBackEnd::of(&server, &people.im, &other).await;
    other.ask("user/checkOnline", &[("userId", "nora")]).await;
}

#[tokio::test]
async fn messages_are_counted_by_receiver() {
    let (_server, _people, back_end) = house_with(|config| {
        (config.compatible.private_per_minute, config.compatible.system_per_sec) = (3, 1);
        (config.compatible.group_per_sec, config.compatible.chatroom_per_sec) = (1, 1);
    })
    .await;
    let said = [("fromUserId", "nora"), ("objectName", "RC:TxtMsg"), ("content", r#"{"content":"x"}"#)];
    let to = |more: &[(&'static str, &'static str)]| [&said[..], more].concat();
    let two = to(&[("toUserId", "olaf"), ("toUserId", "pia")]);
    back_end.ask("message/private/publish", &two).await;
    assert_eq!(back_end.refused("message/private/publish", &two).await.1, 1008);
    until_refused(&back_end, "message/system/publish", &two).await;
    back_end.ask("group/create", &[("groupId", "lamps"), ("userId", "nora")]).await;
    until_refused(&back_end, "message/group/publish", &to(&[("toGroupId", "lamps")])).await;
    back_end.ask("chatroom/create", &[("chatroom[hall]", "Hall")]).await;
    until_refused(&back_end, "message/chatroom/publish", &to(&[("toChatroomId", "hall")])).await;
    until_refused(&back_end, "message/chatroom/broadcast", &said).await;
}

#[tokio::test]
async fn every_refusal_has_the_original_form() {
    let (server, _people, back_end) = house().await;
    let large = "x".repeat(300_000);
    let declared = back_end.form("user/getToken", &large).await;
    assert_eq!(refusal(&declared, "user/getToken"), (413, 1508, refusal(&declared, "user/getToken").2));
    let unknown = back_end.form("user/nothing", "userId=a").await;
    assert_eq!((unknown.status, refusal(&unknown, "user/nothing").1), (404, 1007));
    let read = Answer::of(reqwest::get(server.url("/user/getToken.json")).await.unwrap()).await;
    assert_eq!(refusal(&read, "user/getToken").1, 1007);
    let wrong_kind = back_end.request("user/getToken").header("content-type", "text/plain").body("userId=a");
    assert_eq!(refusal(&Answer::of(wrong_kind.send().await.unwrap()).await, "user/getToken").1, 1002);
    let packed = back_end.request("user/getToken").header("content-encoding", "gzip").body("x");
    assert_eq!(refusal(&Answer::of(packed.send().await.unwrap()).await, "user/getToken").1, 1002);
    let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
    let deep = back_end.request("user/tag/set").header("content-type", "application/json").body(deep);
    assert_eq!(refusal(&Answer::of(deep.send().await.unwrap()).await, "user/tag/set").1, 1002);
    let many = "userId=nora&".repeat(1200);
    assert_eq!(refusal(&back_end.form("group/join", &many).await, "group/join").1, 1502);
}
