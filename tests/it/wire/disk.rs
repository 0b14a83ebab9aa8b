//! A disk without room: what is new is refused in clear words, what is there stays, and it goes on when there is room.

use serde_json::json;

use crate::harness::{People, TestServer};

/// More than any disk here has free.
const NO_ROOM: u64 = 1 << 44;

#[tokio::test]
async fn d4_a_full_disk_refuses_new_messages_and_nothing_else() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let (visitor_hello, agent_hello) = (people.visitor_hello().await, people.agent_hello("Anna").await);
    let sent = people.connect(visitor_hello.clone()).await.says("while there was room").await;

    server.restart_with(|config| config.data.reserve_bytes = NO_ROOM);
    let mut visitor = people.connect(visitor_hello.clone()).await;
    let to = json!({ "conversation": sent["conversation"] });
    let refused = visitor.sends(to.clone(), "once", "no room").await.unwrap_err();
    assert_eq!((&refused["code"], &refused["temporary"]), (&json!("storage_full"), &json!(true)));
    let mut agent = people.connect(agent_hello).await;
    let page = agent.ask("history", to.clone()).await.unwrap();
    assert_eq!(page["messages"][0]["content"]["content"], "while there was room", "reading goes on");

    server.restart_with(|config| config.data.reserve_bytes = 0);
    let mut visitor = people.connect(visitor_hello).await;
    let kept = visitor.sends(to, "once", "no room").await.unwrap();
    assert_eq!(kept["seq"], 2, "the refused message left no hole, and its retry is no double");
}
