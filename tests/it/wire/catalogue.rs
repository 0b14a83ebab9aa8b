//! What travels with a message.

use serde_json::json;

use crate::harness::{People, TestServer};

#[tokio::test]
async fn req_7_1_a_message_has_all_its_fields() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut alice, mut bob) = (people.user("alice").await, people.user("bob").await);
    let content = json!({
        "content": "hi",
        "user": { "id": "alice", "name": "Al", "portraitUri": "https://a.example/a.png" },
        "extra": "anything",
        "mentionedInfo": { "type": 2, "userIdList": ["bob"], "mentionedContent": "" },
    });
    let body = json!({ "user": "bob", "client_id": "k1", "type": "RC:TxtMsg", "content": content });
    let sent = alice.ask("send", body).await.unwrap();
    let heard = bob.sees("hi").await;
    for (field, value) in [
        ("uid", &sent["uid"]),
        ("conversation", &sent["conversation"]),
        ("seq", &sent["seq"]),
        ("at", &sent["at"]),
        ("client_id", &json!("k1")),
        ("type", &json!("RC:TxtMsg")),
        ("content", &content),
    ] {
        assert_eq!(&heard[field], value, "{field}");
    }
    assert_eq!((&heard["from"]["id"], &heard["from"]["role"]), (&json!("alice"), &json!("user")));
}
