//! History, page by page, as a user meets it.

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// A server on which people may tell long stories.
fn server() -> TestServer {
    TestServer::start_with(|config| config.limits.visitor_send_burst = 1000)
}

/// Alice, and Bob who wrote her so many messages: `1`, `2`, `3` …
async fn after_messages(people: &People, count: usize) -> (Client, Client, Value) {
    let (alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let mut conversation = Value::Null;
    for number in 1..=count {
        let sent = bob.sends(json!({ "user": "alice" }), &format!("b{number}"), &number.to_string()).await;
        conversation = sent.unwrap()["conversation"].take();
    }
    (alice, bob, conversation)
}

async fn page(who: &mut Client, conversation: &Value, mut bounds: Value) -> Value {
    bounds["conversation"] = conversation.clone();
    who.ask("history", bounds).await.unwrap()
}

fn messages(page: &Value) -> &[Value] {
    page["messages"].as_array().unwrap()
}

fn seqs(page: &Value) -> Vec<u64> {
    messages(page).iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn req_3_4_a_page_continues_where_the_last_one_ended_while_messages_arrive() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, mut bob, id) = after_messages(&people, 10).await;
    let first = page(&mut alice, &id, json!({ "limit": 4 })).await;
    assert_eq!(seqs(&first), [7, 8, 9, 10]);
    bob.writes(&id, "meanwhile").await;
    let second = page(&mut alice, &id, json!({ "limit": 4, "before": 7 })).await;
    assert_eq!(seqs(&second), [3, 4, 5, 6], "what arrives moves nothing");
    let newer = page(&mut alice, &id, json!({ "limit": 4, "after": 10 })).await;
    assert_eq!((seqs(&newer), &newer["more"]), (vec![11], &json!(false)));
}

#[tokio::test]
async fn req_3_5_without_a_place_the_newest_page_comes() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 25).await;
    let newest = page(&mut alice, &id, json!({})).await;
    assert_eq!(seqs(&newest), (6..=25).collect::<Vec<u64>>(), "20 of them, oldest first");
}

#[tokio::test]
async fn req_3_6_before_an_instant_only_older_messages_come() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 12).await;
    let all = page(&mut alice, &id, json!({ "limit": 100 })).await;
    let times: Vec<i64> = messages(&all).iter().map(|message| message["at"].as_i64().unwrap()).collect();
    for instant in times.iter().flat_map(|at| [at - 1, *at, at + 1]) {
        let older = page(&mut alice, &id, json!({ "before_at": instant, "limit": 100 })).await;
        assert_eq!(messages(&older).len(), times.iter().filter(|at| **at < instant).count());
        let newer = page(&mut alice, &id, json!({ "after_at": instant, "limit": 100 })).await;
        assert_eq!(messages(&newer).len(), times.iter().filter(|at| **at > instant).count());
    }
    let odd = json!({ "conversation": id, "before_at": 5, "after_at": 5 });
    assert_eq!(alice.ask("history", odd).await.unwrap_err()["code"], "bad_request");
}

#[tokio::test]
async fn req_3_7_pages_have_a_smallest_and_a_largest_size_and_ascend() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 3).await;
    for limit in [0, 101] {
        let refused = alice.ask("history", json!({ "conversation": id, "limit": limit })).await.unwrap_err();
        assert_eq!(refused["code"], "bad_request", "{limit}");
    }
    assert_eq!(seqs(&page(&mut alice, &id, json!({ "limit": 1 })).await), [3]);
    assert_eq!(seqs(&page(&mut alice, &id, json!({ "limit": 100 })).await), [1, 2, 3]);
}

#[tokio::test]
async fn req_3_9_45_messages_come_as_20_20_and_5_without_doubles() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 45).await;
    let (mut bounds, mut sizes, mut seen) = (json!({}), Vec::new(), Vec::new());
    loop {
        let found = page(&mut alice, &id, bounds.clone()).await;
        let places = seqs(&found);
        sizes.push((places.len(), found["more"].as_bool().unwrap()));
        bounds = json!({ "before": places[0] });
        seen.splice(0..0, places);
        if found["more"] == false {
            break;
        }
    }
    assert_eq!(sizes, [(20, true), (20, true), (5, false)]);
    assert_eq!(seen, (1..=45).collect::<Vec<u64>>());
}

#[tokio::test]
async fn req_3_10_what_was_sent_meanwhile_is_in_the_history_and_in_the_gap() {
    let server = server();
    let people = People::of(&server).await;
    let (alice, mut bob, id) = after_messages(&people, 2).await;
    alice.vanish();
    bob.writes(&id, "while you were out").await;
    let mut hello = people.user_hello("alice").await;
    hello["since"] = json!([{ "conversation": id, "epoch": 1, "seq": 2 }]);
    let (mut alice, welcome) = Client::connect(server.address(), hello).await;
    assert_eq!(welcome["gaps"][0]["messages"][0]["content"]["content"], "while you were out");
    assert_eq!(seqs(&page(&mut alice, &id, json!({})).await), [1, 2, 3]);
}

#[tokio::test]
async fn req_3_11_messages_from_before_the_connection_say_so() {
    let server = server();
    let people = People::of(&server).await;
    let (_, mut bob, id) = after_messages(&people, 2).await;
    let (mut alice, welcome) = Client::connect(server.address(), people.user_hello("alice").await).await;
    // The line between the two is drawn by the clock: a message of the same millisecond is not offline.
    while bob.writes(&id, "now").await["at"].as_i64() <= welcome["now"].as_i64() {}
    let found = page(&mut alice, &id, json!({})).await;
    let offline = |message: &Value| message["offline"] == true;
    assert!(
        messages(&found).iter().all(|message| offline(message) == (message["at"].as_i64() < welcome["now"].as_i64()))
    );
    assert!(offline(&messages(&found)[0]) && !offline(messages(&found).last().unwrap()));
    assert!(messages(&found).last().unwrap().get("offline").is_none(), "only those that are say so");
}

#[tokio::test]
async fn req_3_12_clearing_the_own_view_leaves_everybody_elses_alone() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, mut bob, id) = after_messages(&people, 6).await;
    let third = messages(&page(&mut alice, &id, json!({})).await)[2]["at"].clone();
    let mine = alice.ask("clear", json!({ "conversation": id, "until": third })).await.unwrap();
    let left = seqs(&page(&mut alice, &id, json!({})).await);
    assert_eq!(left, (mine["cleared"].as_u64().unwrap() + 1..=6).collect::<Vec<u64>>());
    assert!(!left.contains(&3), "by time");
    alice.ask("delete", json!({ "conversation": id, "seqs": [5] })).await.unwrap();
    let hers = page(&mut alice, &id, json!({ "after": 4 })).await;
    assert_eq!(messages(&hers)[0]["type"], "parlor:deleted", "by ids");
    assert_eq!(seqs(&page(&mut bob, &id, json!({})).await), [1, 2, 3, 4, 5, 6]);
    assert_eq!(messages(&page(&mut bob, &id, json!({})).await)[4]["content"]["content"], "5");
}

#[tokio::test]
async fn req_3_13_names_and_portraits_come_with_the_messages_and_are_the_apps_own() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 1).await;
    let found = page(&mut alice, &id, json!({})).await;
    assert_eq!(messages(&found)[0]["from"]["name"], "bob", "as the back end named them");
    people.user_hello_named("bob", "Bob Berger").await;
    let found = page(&mut alice, &id, json!({})).await;
    assert_eq!(messages(&found)[0]["from"]["name"], "Bob Berger", "in old messages too");
}

#[tokio::test]
async fn req_3_14_a_sender_can_be_matched_by_id() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, _bob, id) = after_messages(&people, 1).await;
    assert_eq!(messages(&page(&mut alice, &id, json!({})).await)[0]["from"]["id"], "bob");
}

#[tokio::test]
async fn req_3_15_a_user_inside_the_body_passes_untouched() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, mut bob, id) = after_messages(&people, 1).await;
    let user = json!({ "id": "bob", "name": "Bobby", "portraitUri": "https://halden.example/bob.png" });
    let content = json!({ "content": "hi", "user": user });
    let body = json!({ "conversation": id, "client_id": "u1", "type": "RC:TxtMsg", "content": content });
    bob.ask("send", body).await.unwrap();
    assert_eq!(alice.sees("hi").await["content"]["user"], user);
    assert_eq!(messages(&page(&mut alice, &id, json!({})).await)[1]["content"]["user"], user);
}

#[tokio::test]
async fn req_3_16_sender_and_place_are_the_same_from_both_sides() {
    let server = server();
    let people = People::of(&server).await;
    let (mut alice, mut bob, id) = after_messages(&people, 1).await;
    let (hers, his) = (page(&mut alice, &id, json!({})).await, page(&mut bob, &id, json!({})).await);
    assert_eq!(hers["messages"], his["messages"]);
    assert_eq!((&messages(&hers)[0]["from"]["id"], &messages(&hers)[0]["conversation"]), (&json!("bob"), &id));
}
