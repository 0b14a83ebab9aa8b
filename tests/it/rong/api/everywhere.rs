//! Every path of the list, called as one should not: by another app, without a signature, without what must be there.

use std::collections::BTreeMap;

use parlor::http::rong::api::{Listed, Takes, listed};
use serde_json::{Value, json};

use super::{OldBackEnd, house_with, refusal};
use crate::harness::{Answer, TestServer};

/// Stands in everything of the first app that must stay hidden.
const MARK: &str = "Secretive";

/// Paths that only tell what there is.
const READS: [&str; 22] = [
    "user/info",
    "user/block/query",
    "user/blacklist/query",
    "user/whitelist/query",
    "user/tags/get",
    "user/chat/fb/querylist",
    "group/user/query",
    "user/group/query",
    "group/user/gag/list",
    "group/ban/query",
    "group/user/ban/whitelist/query",
    "chatroom/get",
    "chatroom/query",
    "chatroom/user/query",
    "chatroom/user/block/list",
    "chatroom/user/gag/list",
    "chatroom/user/ban/query",
    "chatroom/ban/query",
    "chatroom/keepalive/query",
    "chatroom/entry/query",
    "conversation/notification/get",
    "sensitiveword/list",
];

async fn send(by: &OldBackEnd, one: &Listed) -> Answer {
    match one.takes {
        Takes::Form => by.form(one.path, one.example).await,
        Takes::Json => by.json(one.path, &serde_json::from_str(one.example).unwrap()).await,
    }
}

fn unlimited(config: &mut parlor::config::Config) {
    let limits = &mut config.compatible;
    (limits.requests_per_sec, limits.system_per_sec) = (10_000, 10_000);
    (limits.group_per_sec, limits.chatroom_per_sec) = (10_000, 10_000);
    (limits.every_chatroom_per_sec, limits.everybody_per_hour, limits.everybody_per_day) = (1000, 1000, 1000);
}

/// What the examples name, made for the first app.
async fn furnish(owner: &OldBackEnd) {
    let name = |id| [("userId", id), ("name", MARK)];
    for user in ["nora", "olaf", "pia", "news"] {
        owner.ask("user/getToken", &name(user)).await;
    }
    owner.ask("user/blacklist/add", &[("userId", "nora"), ("blackUserId", "olaf")]).await;
    let group = [("groupId", "lamps"), ("groupName", MARK), ("userId", "nora"), ("userId", "olaf")];
    owner.ask("group/create", &group).await;
    owner.ask("group/ban/add", &[("groupId", "lamps")]).await;
    owner.ask("chatroom/create", &[("chatroom[hall]", MARK)]).await;
    owner.ask("chatroom/keepalive/add", &[("chatroomId", "hall")]).await;
    let entry = [("chatroomId", "hall"), ("userId", "nora"), ("key", "topic"), ("value", MARK)];
    owner.ask("chatroom/entry/set", &entry).await;
    owner.ask("sensitiveword/add", &[("word", MARK)]).await;
    let words = json!({ "content": MARK }).to_string();
    let said = [("fromUserId", "nora"), ("toUserId", "olaf"), ("objectName", "RC:TxtMsg"), ("content", &words)];
    owner.ask("message/private/publish", &said).await;
}

async fn inventory(owner: &OldBackEnd) -> BTreeMap<&'static str, Value> {
    let mut found = BTreeMap::new();
    for one in listed().into_iter().filter(|one| READS.contains(&one.path)) {
        let answer = send(owner, &one).await;
        found.insert(one.path, answer.ok());
    }
    assert_eq!(found.len(), READS.len());
    found
}

async fn two_apps() -> (TestServer, OldBackEnd, OldBackEnd) {
    let (server, people, owner) = house_with(unlimited).await;
    let other = people.im.create_app("Bystander").await.unwrap().key;
    let other = OldBackEnd::of(&server, &people.im, &other).await;
    (server, owner, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn z1_another_app_sees_and_changes_nothing() {
    let (_server, owner, other) = two_apps().await;
    furnish(&owner).await;
    let before = inventory(&owner).await;
    for one in listed() {
        let answer = send(&other, &one).await;
        assert!(answer.status < 500, "{}: {}", one.path, answer.body);
        assert!(!answer.body.to_string().contains(MARK), "{} tells of another app: {}", one.path, answer.body);
    }
    assert_eq!(inventory(&owner).await, before, "nothing of the owner's has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_works_or_says_in_the_original_form_why_not() {
    let (_server, owner, _) = two_apps().await;
    // A group that was dismissed cannot be had again.
    let (last, first): (Vec<_>, Vec<_>) = listed().into_iter().partition(|one| one.path == "group/dismiss");
    for one in first.into_iter().chain(last) {
        // What an example before took away is there again.
        furnish_again(&owner).await;
        let answer = send(&owner, &one).await;
        match (one.is_there, one.path) {
            (false, _) => assert_eq!(refusal(&answer, one.path).1, 1009, "{}", one.path),
            // Names a message and a discussion that nobody has.
            (true, "message/recall" | "message/discussion/publish") => {
                assert_eq!(refusal(&answer, one.path).1, 1002, "{}", one.path);
            }
            (true, _) => {
                assert_eq!((answer.status, &answer.body["code"]), (200, &json!(200)), "{}: {}", one.path, answer.body);
            }
        }
    }
}

async fn furnish_again(owner: &OldBackEnd) {
    for user in ["nora", "olaf", "pia", "news"] {
        owner.ask("user/getToken", &[("userId", user)]).await;
    }
    let group = "groupId=lamps&groupName=Lamps&userId=nora&userId=olaf&userId=pia";
    owner.form("group/create", group).await;
    owner.ask("chatroom/create", &[("chatroom[hall]", "Hall")]).await;
    owner.ask("chatroom/keepalive/add", &[("chatroomId", "hall")]).await;
    owner
        .ask("chatroom/entry/set", &[("chatroomId", "hall"), ("userId", "nora"), ("key", "topic"), ("value", "x")])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_there_is_asked_for() {
    let (_server, owner, _) = two_apps().await;
    for one in listed().into_iter().filter(|one| one.is_there) {
        for name in one.needs {
            let answer = match one.takes {
                Takes::Form => {
                    let pairs = url::form_urlencoded::parse(one.example.as_bytes());
                    let kept = pairs.filter(|(its, _)| its != name && !its.starts_with(&format!("{name}[")));
                    let body =
                        url::form_urlencoded::Serializer::new("unknown=1".to_owned()).extend_pairs(kept).finish();
                    owner.form(one.path, &body).await
                }
                Takes::Json => {
                    let mut body: Value = serde_json::from_str(one.example).unwrap();
                    body.as_object_mut().unwrap().remove(*name);
                    owner.json(one.path, &body).await
                }
            };
            let (status, code, words) = refusal(&answer, one.path);
            assert!((status, code) == (400, 1002) && words.contains(name), "{}: {words}", one.path);
        }
        if !one.needs.is_empty() {
            let empty = match one.takes {
                Takes::Form => owner.form(one.path, "").await,
                Takes::Json => {
                    Answer::of(owner.request(one.path).header("content-type", "application/json").send().await.unwrap())
                        .await
                }
            };
            assert_eq!(refusal(&empty, one.path).1, 1003, "{}", one.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_without_a_right_signature_nothing_is_told() {
    let (_server, owner, other) = two_apps().await;
    for one in listed() {
        let bare = Answer::of(owner.bare(one.path).body(one.example).send().await.unwrap()).await;
        assert!(matches!(refusal(&bare, one.path), (401, 1004, _)), "{}", one.path);
        let crossed = OldBackEnd { app: owner.app.clone(), ..other.clone() };
        // So many wrong signatures at once.
        let (_, code, _) = refusal(&send(&crossed, &one).await, one.path);
        assert!([1004, 1008].contains(&code), "{}: {code}", one.path);
    }
}
