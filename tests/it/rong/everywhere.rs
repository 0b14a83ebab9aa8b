//! One message is the same on every way by which it is read.

use parlor::proto::rong::{HistoryMessagesOuput, HistoryMsgInput};
use serde_json::{Value, json};

use super::client::Stage;
use crate::{
    harness::{BackEnd, TestServer},
    hooks::receiver::Receiver,
};

/// Body, public id, time and type.
type Seen = (Value, String, i64, String);

fn of_json(message: &Value) -> Seen {
    let text = |key: &str| message[key].as_str().unwrap().to_owned();
    (message["content"].clone(), text("uid"), message["at"].as_i64().unwrap(), text("type"))
}

fn of_sdk(message: &parlor::proto::rong::DownStreamMessage) -> Seen {
    let content = serde_json::from_slice(&message.content).unwrap();
    (content, message.msg_id.clone().unwrap(), message.data_time, message.classname.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_message_everywhere() {
    let receiver = Receiver::start().await;
    let port = receiver.port();
    let stage = Stage::of(TestServer::start_with(|config| {
        config.outbound.allow_http = true;
        config.outbound.ports = vec![port];
        config.outbound.networks = vec!["127.0.0.1".parse().unwrap()];
    }))
    .await;
    let back_end = BackEnd::of(&stage.server, &stage.people.im, &stage.people.app()).await;
    back_end.post("/v1/webhooks", &json!({ "url": receiver.url(), "topics": ["message.sent"] })).await.ok();
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let mut widget = stage.people.user("bob").await;

    let content =
        json!({ "content": "h\u{e9} \u{1f600}", "extra": { "own": [1, 2.50, null] }, "user": { "id": "ann" } });
    let taken = ann.sends("ppMsgP", "bob", "RC:TxtMsg", &content).await;
    assert_eq!(taken.status, 0);
    let wanted: Seen = (content, taken.uid, taken.at, "RC:TxtMsg".to_owned());

    let pushed = widget.push("message").await;
    assert_eq!(of_json(&pushed), wanted, "the widget wire");
    assert_eq!(of_sdk(&bob.message().await), wanted, "the compatible wire, pushed");
    let asked = HistoryMsgInput { target_id: Some("ann".into()), count: Some(2), ..<_>::default() };
    let page: HistoryMessagesOuput = bob.query("qryPMsg", "ann", &asked).await.unwrap();
    assert_eq!(of_sdk(&page.list[0]), wanted, "the compatible wire, from history");
    let conversation = pushed["conversation"].as_str().unwrap();
    let history = back_end.get(&format!("/v1/conversations/{conversation}/messages")).await.ok();
    let kept = history["messages"].as_array().or_else(|| history["items"].as_array()).unwrap();
    assert_eq!(of_json(&kept[0]), wanted, "REST");
    let told = receiver.requests(1).await;
    assert_eq!(of_json(&told[0].body["data"]), wanted, "webhooks");
}
