//! Visitors and agents who chat.

use serde_json::json;

use crate::harness::{People, TestServer};

#[tokio::test]
async fn a_visitor_asks_and_an_agent_answers() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut agent = people.agent("Anna").await;
    let mut visitor = people.visitor().await;

    let sent = visitor.says("Where is my lamp?").await;
    assert_eq!(sent["seq"], 1);
    let waiting = agent.sees_stage("queued").await;
    agent.sees("Where is my lamp?").await;

    agent.ask("accept", json!({ "conversation": waiting["id"] })).await.unwrap();
    let taken = visitor.sees_stage("human").await;
    assert_eq!(taken["participants"][1]["name"], "Anna");

    visitor.ask("typing", json!({ "conversation": waiting["id"], "on": true })).await.unwrap();
    assert_eq!(agent.push("typing").await["on"], true);

    let answer = agent.writes(&waiting["id"], "On its way.").await;
    let seen = visitor.sees("On its way.").await;
    assert_eq!(seen["seq"], answer["seq"]);
    visitor.ask("receipt", json!({ "conversation": waiting["id"], "read": answer["seq"] })).await.unwrap();
    let receipt = agent.push_where("receipt", |receipt| receipt["read"] == answer["seq"]).await;
    assert_eq!(receipt["delivered"], answer["seq"]);

    agent.ask("end", json!({ "conversation": waiting["id"] })).await.unwrap();
    visitor.sees_stage("ended").await;
}
