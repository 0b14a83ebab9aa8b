//! Words go both ways, with the ids and times of the service.

use serde_json::json;

use super::stage::{Stage, history};
use crate::client::text_body;

#[tokio::test]
async fn what_is_said_on_one_side_stands_on_the_other_with_the_same_id_and_time() {
    let stage = Stage::start().await;
    let mut desk = stage.service.desk().await;
    let (mut visitor, id, hello) = stage.visitor().await;
    let words = text_body(&json!({ "desk": true }), "k-1", "is this thing on?");
    let sent = visitor.ask("send", words.clone()).await.unwrap();
    let heard = desk.sees("is this thing on?").await;
    assert_eq!((&heard["uid"], &heard["at"], &heard["from"]["id"]), (&sent["uid"], &sent["at"], &json!(id)));
    let answer = desk.sends(json!({ "user": id }), "a1", "it is").await.unwrap();
    let seen = visitor.sees("it is").await;
    assert_eq!((&seen["uid"], &seen["at"], &seen["seq"]), (&answer["uid"], &answer["at"], &json!(2)));
    assert_eq!(seen["conversation"], sent["conversation"]);
    // Again with the same id: the first result, and nothing new.
    assert_eq!(visitor.ask("send", words).await.unwrap()["uid"], sent["uid"]);
    assert_eq!(history(&mut visitor, &sent["conversation"]).await, stage.service.said(&id).await);
    // Another device of the visitor catches up as always.
    let (_, welcome) = crate::client::Client::connect(stage.front.address(), hello).await;
    assert_eq!(welcome["conversations"][0]["head"]["seq"], 2);
    assert_eq!(welcome["desk"]["online"], true);
}

#[tokio::test]
async fn what_the_desk_writes_while_the_visitor_is_away_is_there_when_they_come_back() {
    let mut stage = Stage::start().await;
    let (mut visitor, id, hello) = stage.visitor().await;
    let conversation = visitor.says("I will be back").await["conversation"].clone();
    visitor.vanish();
    stage.front.stop();
    let mut desk = stage.service.desk().await;
    for (client_id, text) in [("a1", "one"), ("a2", "two"), ("a3", "three")] {
        desk.sends(json!({ "user": id }), client_id, text).await.unwrap();
    }
    stage.front.restart();
    let (mut visitor, _) = crate::client::Client::connect(stage.front.address(), hello).await;
    // Reading back waits for what is new.
    let said = history(&mut visitor, &conversation).await;
    let texts: Vec<&str> = said.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["I will be back", "one", "two", "three"]);
    assert_eq!(said, stage.service.said(&id).await);
}

#[tokio::test]
async fn typing_reading_and_taking_back_go_both_ways() {
    let stage = Stage::start().await;
    let mut desk = stage.service.desk().await;
    let (mut visitor, id, _) = stage.visitor().await;
    let sent = visitor.says("oops").await;
    let heard = desk.sees("oops").await;
    let (here, there) = (&sent["conversation"], &heard["conversation"]);
    desk.ask("typing", json!({ "conversation": there, "on": true })).await.unwrap();
    assert_eq!(visitor.push("typing").await["conversation"], *here);
    desk.ask("receipt", json!({ "conversation": there, "read": heard["seq"] })).await.unwrap();
    let read = visitor.push_where("receipt", |receipt| receipt["read"] == sent["seq"]).await;
    assert_eq!(read["conversation"], *here);
    visitor.ask("typing", json!({ "conversation": here, "on": true })).await.unwrap();
    assert_eq!(desk.push("typing").await["person"]["id"], json!(id));
    visitor.ask("recall", json!({ "uid": sent["uid"] })).await.unwrap();
    assert_eq!(desk.push("recalled").await["uid"], sent["uid"]);
    let answer = desk.sends(json!({ "user": id }), "a1", "oops too").await.unwrap();
    let seen = visitor.sees("oops too").await;
    visitor.ask("receipt", json!({ "conversation": here, "read": seen["seq"] })).await.unwrap();
    desk.push_where("receipt", |receipt| receipt["user"] == json!(id) && receipt["read"] == answer["seq"]).await;
    desk.ask("recall", json!({ "uid": answer["uid"] })).await.unwrap();
    assert_eq!(visitor.push("recalled").await["uid"], answer["uid"]);
}

#[tokio::test]
async fn the_console_shows_a_conversation_as_led_elsewhere() {
    let stage = Stage::start().await;
    let mut agent = stage.people.agent("Anna").await;
    let (mut visitor, ..) = stage.visitor().await;
    let conversation = visitor.says("hello over there").await["conversation"].clone();
    let taken = agent.ask("accept", json!({ "conversation": conversation })).await.unwrap_err();
    assert_eq!(taken["code"], "already_taken");
    let waiting = agent.ask("conversations", json!({ "view": "waiting", "limit": 10 })).await.unwrap();
    assert_eq!(waiting["conversations"], json!([]));
    let all = agent.ask("conversations", json!({ "view": "all", "limit": 10 })).await.unwrap();
    assert_eq!(all["conversations"][0]["service"]["stage"]["agent"], "~desk");
    let refused = agent.sends(json!({ "conversation": conversation }), "x1", "me too").await.unwrap_err();
    assert_eq!(refused["code"], "forbidden");
    let figures = stage.figures().await;
    assert!(figures.contains("parlor_upstream_sessions 1"), "{figures}");
}
