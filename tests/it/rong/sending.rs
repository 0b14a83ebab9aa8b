//! Messages on their way up.

use std::collections::HashSet;

use parlor::{
    proto::rong::{Add2BlackListInput, HistoryMessagesOuput, HistoryMsgInput, UpStreamMessage},
    wire::rong::frame::{ClientFrame, Request},
};
use prost::Message as _;
use serde_json::{Value, json};

use super::client::{Stage, text, up};

#[tokio::test]
async fn check_19_to_21_a_message_is_acknowledged_once_with_its_time_and_a_uid_of_its_own() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let mut uids = HashSet::new();
    for words in ["one", "two", "three"] {
        let taken = ann.writes("bob", words).await;
        let message = bob.message().await;
        assert_eq!((text(&message), message.data_time), (words.to_owned(), taken.at));
        assert_eq!(message.msg_id.as_deref(), Some(taken.uid.as_str()));
        assert!(uids.insert(taken.uid));
    }
    let quiet = Request {
        topic: "ppMsgP".into(),
        target: "bob".into(),
        id: ann.next_id(),
        wants_answer: false,
        body: up("RC:TxtMsg", &json!({ "content": "quiet" })).encode_to_vec(),
    };
    ann.send(&ClientFrame::Publish(quiet)).await;
    assert_eq!(text(&bob.message().await), "quiet");
    ann.hears_nothing().await;
}

#[tokio::test]
async fn check_22_who_blocked_the_sender_hears_nothing() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    assert_eq!(bob.order("addBlack", "ann", &Add2BlackListInput { user_id: "ann".into() }).await, 0);
    assert_eq!(ann.sends("ppMsgP", "bob", "RC:TxtMsg", &json!({ "content": "hi" })).await.status, 405);
    bob.hears_nothing().await;
}

#[tokio::test]
async fn check_23_who_is_outside_is_told_so() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let hi = json!({ "content": "hi" });
    assert_eq!(ann.sends("pgMsgP", "g1", "RC:TxtMsg", &hi).await.status, 22406);
    assert_eq!(ann.sends("pdMsgP", "d1", "RC:TxtMsg", &hi).await.status, 21406);
    assert!([23406, 23410].contains(&ann.sends("chatMsg", "r1", "RC:TxtMsg", &hi).await.status));
    assert!(ann.sends("", "bob", "RC:TxtMsg", &hi).await.status > 1, "clients send no system messages");
    assert!(ann.sends("ppMsgP", "nobody", "RC:TxtMsg", &hi).await.status > 1);
    assert!(ann.sends("prMsgP", "call", "RC:TxtMsg", &hi).await.status > 1);
}

#[tokio::test]
async fn check_24_any_bytes_do_no_harm() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let cesu = [b"{\"content\":\"".as_slice(), &[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], b"\"}"].concat();
    let message = UpStreamMessage { content: cesu, ..up("RC:TxtMsg", &Value::Null) };
    assert_eq!(ann.publish("ppMsgP", "bob", &message).await.status, 0);
    assert_eq!(text(&bob.message().await), "\u{1f600}");
    for content in [vec![0xFF, 0xFE], Vec::new(), b"no json".to_vec()] {
        let message = UpStreamMessage { content, ..up("RC:TxtMsg", &Value::Null) };
        assert!(ann.publish("ppMsgP", "bob", &message).await.status > 1);
    }
    ann.writes("bob", "still here").await;
}

#[tokio::test]
async fn check_26_a_recall_reaches_the_other_one_and_history_forgets_the_message() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let sent = ann.writes("bob", "oops").await;
    bob.message().await;
    let recall = json!({ "messageUId": sent.uid, "conversationType": 1, "targetId": "bob", "sentTime": sent.at });
    assert_eq!(ann.sends("recallMsg", "ann", "RC:RcCmd", &recall).await.status, 0);
    let notice = bob.message().await;
    assert_eq!((notice.classname.as_str(), notice.from_user_id.as_str(), notice.r#type), ("RC:RcCmd", "ann", 1));
    let content: Value = serde_json::from_slice(&notice.content).unwrap();
    assert_eq!((&content["messageUId"], &content["targetId"]), (&sent.uid.clone().into(), &"ann".into()));
    for (device, target) in [(&mut ann, "bob"), (&mut bob, "ann")] {
        let asked = HistoryMsgInput { count: Some(20), time: Some(0), ..<_>::default() };
        let page: HistoryMessagesOuput = device.query("qryPMsg", target, &asked).await.unwrap();
        assert_eq!(page.list.len(), 0);
    }
    let foreign = json!({ "messageUId": ann.writes("bob", "mine").await.uid });
    assert_eq!(bob.sends("recallMsg", "bob", "RC:RcCmd", &foreign).await.status, 25102);
}
