//! One person on several devices, and what ends a connection from outside.

use std::time::{Duration, Instant};

use parlor::model::{Features, site::Look};
use serde_json::json;

use super::poll::Poll;
use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// Sets the app's switches beside the server, before anybody came.
async fn one_device_at_a_time(people: &People) {
    let features = Features { multi_device: false, ..Features::default() };
    people.im.backend(&people.app()).set_features(features).await.unwrap();
}

#[tokio::test]
async fn req_1_15_every_device_hears_everything_also_what_another_one_sent() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut phone) = (people.user("alice").await, people.user("bob").await);
    let mut laptop = people.user("bob").await;
    let (mut poll, _) = Poll::begin(&server, &people.user_hello("bob").await).await;
    alice.sends(json!({ "user": "bob" }), "a1", "to all of you").await.unwrap();
    phone.sees("to all of you").await;
    let conversation = laptop.sees("to all of you").await["conversation"].clone();
    phone.writes(&conversation, "from my phone").await;
    assert_eq!(laptop.sees("from my phone").await["from"]["id"], "bob");
    alice.sees("from my phone").await;
    poll.until(|frame| frame["body"]["content"]["content"] == "from my phone").await;
}

#[tokio::test]
async fn req_1_8_another_device_ends_the_first_connection_within_a_second() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    one_device_at_a_time(&people).await;
    let mut first = people.user("bob").await;
    let mut second = people.user("bob").await;
    let began = Instant::now();
    assert_eq!(first.closed().await, 4410);
    assert!(began.elapsed() < Duration::from_secs(1));
    second.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn req_2_9_two_tabs_end_each_other_only_where_the_switch_says_so() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    one_device_at_a_time(&people).await;
    // A poll is a device like any other, on both sides.
    let hello = people.user_hello("bob").await;
    let (mut list, welcome) = Poll::begin(&server, &hello).await;
    assert!(welcome["frames"][0]["ok"].is_object());
    let mut chat = people.connect(hello.clone()).await;
    let closed = list.wait().await;
    assert_eq!((&closed["closed"], &closed["reason"]), (&json!(4410), &json!("another device took over")));
    let (mut list, _) = Poll::begin(&server, &hello).await;
    assert_eq!(chat.closed().await, 4410);
    assert!(list.ask(2, "ping", json!({})).await["frames"][0]["ok"].is_object());
    // Visitors' tabs never end each other.
    let hello = people.visitor_hello().await;
    let (mut one, mut two) = (people.connect(hello.clone()).await, people.connect(hello).await);
    one.ask("ping", json!({})).await.unwrap();
    two.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn req_1_5_a_token_of_another_app_opens_nothing() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let other = people.im.create_app("Other").await.unwrap();
    let origins = vec!["https://other.example".to_owned().try_into().unwrap()];
    let site = people.im.create_site(&other.key, "Other", origins, Look::default()).await.unwrap();
    let hello = people.user_hello("bob").await;
    // On a page of the other app's site, and as a visitor of it.
    let mut on_their_page = Client::open(server.address(), &[("origin", "https://other.example")]).await.unwrap();
    assert_eq!(on_their_page.hello(hello.clone()).await.unwrap_err()["code"], "origin_refused");
    assert_eq!(on_their_page.closed().await, 4403);
    let mut as_their_visitor = Client::open(server.address(), &[]).await.unwrap();
    let posing = json!({ "v": 1, "as": "visitor", "site": site.key, "token": hello["token"] });
    assert_eq!(as_their_visitor.hello(posing).await.unwrap_err()["code"], "unauthorized");
    assert_eq!(as_their_visitor.closed().await, 4401);
    let mut nonsense = Client::open(server.address(), &[]).await.unwrap();
    let made_up = json!({ "v": 1, "as": "user", "token": "x".repeat(43) });
    assert_eq!(nonsense.hello(made_up).await.unwrap_err()["code"], "unauthorized");
    assert_eq!(nonsense.closed().await, 4401);
}

#[tokio::test]
async fn req_1_6_an_expired_token_is_refused_and_a_new_one_works() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let token = people.im.issue_user_token(&people.app(), "bob".parse().unwrap(), "Bob", Some(1)).await.unwrap();
    let hello = json!({ "v": 1, "as": "user", "token": token.reveal() });
    let mut short = people.connect(hello.clone()).await;
    assert_eq!(short.closed().await, 4401);
    let mut late = Client::open(server.address(), &[]).await.unwrap();
    assert_eq!(late.hello(hello).await.unwrap_err()["code"], "unauthorized");
    people.user("bob").await.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn req_1_11_after_a_restart_the_same_token_connects_again() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.user_hello("bob").await;
    let mut before = people.connect(hello.clone()).await;
    server.begin_stop();
    assert_eq!(before.closed().await, 1012);
    server.restart();
    people.connect(hello).await.ask("ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn v2_sockets_and_polls_of_a_token_revoked_beside_the_server_close_within_five_seconds() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.user_hello("bob").await;
    let mut socket = people.connect(hello.clone()).await;
    let (mut poll, _) = Poll::begin(&server, &hello).await;
    let mut other = people.user("bob").await;
    let began = Instant::now();
    let token = parlor::auth::Token::presented(hello["token"].as_str().unwrap()).unwrap();
    assert!(people.im.backend(&people.app()).revoke_token(&token).await.unwrap());
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(poll.wait().await["closed"], 4401);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    other.ask("ping", json!({})).await.unwrap();
}
