//! Stopping while people chat.

use serde_json::json;

use crate::{
    client::Client,
    harness::{People, TestServer},
};

#[tokio::test]
async fn d7_a_stop_tells_everybody_to_come_back_and_loses_nothing() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let mut visitor = people.connect(hello.clone()).await;
    let sent = visitor.says("before the stop").await;
    let idle = people.visitor().await;

    let (stopped, mut server) = tokio::join!(
        async {
            let (mut visitor, mut idle) = (visitor, idle);
            (visitor.closed().await, idle.closed().await)
        },
        async {
            tokio::task::spawn_blocking(move || {
                server.restart();
                server
            })
            .await
            .unwrap()
        }
    );
    assert_eq!(stopped, (1012, 1012));

    let (mut visitor, welcome) = Client::connect(server.address(), hello).await;
    assert_eq!(welcome["conversations"][0]["id"], sent["conversation"]);
    let page = visitor.ask("history", json!({ "conversation": sent["conversation"] })).await.unwrap();
    assert_eq!(page["messages"][0]["content"]["content"], "before the stop");
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
}
