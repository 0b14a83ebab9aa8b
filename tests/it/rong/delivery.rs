//! Messages on their way down.

use parlor::proto::rong::{DownStreamMessage, SyncRequestMsg};
use serde_json::json;

use super::client::{FOUR, Sdk, Stage, TWO, Taken, text, texts, up};

impl Sdk {
    async fn takes_back(&mut self, target: &str, sent: &Taken) {
        let user = self.user.clone();
        let recall = json!({ "messageUId": sent.uid, "conversationType": 1, "targetId": target, "sentTime": sent.at });
        assert_eq!(self.sends("recallMsg", &user, "RC:RcCmd", &recall).await.status, 0);
    }
}

/// Which message a recall in a list names.
fn recalled(message: &DownStreamMessage) -> (String, String, i64) {
    assert_eq!(message.classname, "RC:RcCmd");
    let content: serde_json::Value = serde_json::from_slice(&message.content).unwrap();
    let text = |key: &str| content[key].as_str().unwrap().to_owned();
    (text("messageUId"), text("targetId"), content["sentTime"].as_i64().unwrap())
}

#[tokio::test]
async fn check_27_and_36_a_pushed_message_has_everything_its_client_needs() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let sent = ann.writes("bob", "hi").await;
    let push = bob.push().await;
    assert_eq!((push.topic.as_str(), push.target.as_str(), push.synced), ("s_msg", "bob", false));
    assert_eq!(push.at.get() / 1000, sent.at / 1000);
    let message: DownStreamMessage = prost::Message::decode(push.body.as_slice()).unwrap();
    assert_eq!((message.from_user_id.as_str(), message.r#type, message.classname.as_str()), ("ann", 1, "RC:TxtMsg"));
    assert_eq!((message.content.as_slice(), message.direction), (br#"{"content":"hi"}"#.as_slice(), Some(2)));
    assert_eq!(message.status & 0b0111_0000, 0b0011_0000, "kept and counted, no mention");
}

#[tokio::test]
async fn check_28_29_and_31_what_came_while_the_user_was_away_comes_with_the_pull_once() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    stage.token("bob").await;
    let first = ann.writes("bob", "one").await;
    let second = ann.writes("bob", "two").await;
    let mut bob = stage.device("bob", TWO).await;
    let pulled = bob.pull(0).await;
    assert_eq!(
        (texts(&pulled.list), pulled.sync_time, pulled.finished),
        (vec!["one".into(), "two".into()], second.at, Some(true))
    );
    bob.hears_nothing().await;
    assert_eq!(texts(&bob.pull(first.at).await.list), ["two"]);
    assert_eq!(bob.pull(second.at).await.list.len(), 0);
}

#[tokio::test]
async fn check_30_and_35_other_devices_of_the_sender_hear_what_they_wrote() {
    let stage = Stage::start().await;
    let (mut ann, mut desk) = (stage.user("ann").await, stage.user("ann").await);
    stage.token("bob").await;
    let sent = ann.writes("bob", "hi").await;
    let own = desk.message().await;
    assert_eq!((own.from_user_id.as_str(), own.direction, own.group_id.as_deref()), ("ann", Some(1), Some("bob")));
    assert_eq!(own.msg_id.as_deref(), Some(sent.uid.as_str()));
    let mut late = stage.device("ann", TWO).await;
    let asked = SyncRequestMsg {
        sync_time: sent.at - 1,
        is_pull_send: Some(true),
        send_box_sync_time: Some(sent.at - 1),
        ..<_>::default()
    };
    let pulled = late.pull_as(&asked).await;
    assert_eq!(texts(&pulled.list), ["hi"]);
    assert_eq!((pulled.list[0].direction, pulled.list[0].group_id.as_deref()), (Some(1), Some("bob")));
    ann.hears_nothing().await;
}

#[tokio::test]
async fn check_32_and_34_a_message_is_delivered_once_and_not_before_the_first_pull() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.device("bob", TWO).await);
    ann.writes("bob", "early").await;
    bob.hears_nothing().await;
    assert_eq!(texts(&bob.pull(0).await.list), ["early"]);
    let sent = ann.writes("bob", "later").await;
    assert_eq!(text(&bob.message().await), "later");
    assert_eq!(bob.pull(sent.at - 1).await.list.len(), 0, "it was acknowledged");
    bob.hears_nothing().await;
}

#[tokio::test]
async fn check_33_times_per_receiver_only_grow() {
    let stage = Stage::start().await;
    let (mut ann, mut cy, mut bob) = (stage.user("ann").await, stage.user("cy").await, stage.user("bob").await);
    let hi = up("RC:TxtMsg", &json!({ "content": "hi" }));
    for _ in 0..8 {
        ann.begin_publish("ppMsgP", "bob", &hi).await;
        cy.begin_publish("ppMsgP", "bob", &hi).await;
    }
    let mut times = Vec::new();
    for _ in 0..16 {
        times.push(bob.message().await.data_time);
    }
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 16);
}

#[tokio::test]
async fn check_26_and_31_what_was_taken_back_while_the_user_was_away_comes_with_the_pull_once() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let slip = ann.writes("bob", "a slip").await;
    assert_eq!(text(&bob.message().await), "a slip");
    let last = ann.writes("bob", "the newest").await;
    assert_eq!(text(&bob.message().await), "the newest");
    drop(bob);
    ann.takes_back("bob", &slip).await;
    let after = ann.writes("bob", "afterwards").await;

    let mut back = stage.device("bob", TWO).await;
    let pulled = back.pull(last.at).await;
    assert_eq!(pulled.list.len(), 2, "{pulled:?}");
    assert_eq!(recalled(&pulled.list[0]), (slip.uid.clone(), "ann".into(), slip.at));
    let (from, kind, direction) = (&pulled.list[0].from_user_id, pulled.list[0].r#type, pulled.list[0].direction);
    assert_eq!((from.as_str(), kind, direction), ("ann", 1, Some(2)));
    let at = pulled.list[0].data_time;
    assert!(last.at < at && at < after.at, "it has a place of its own in the order of what came");
    assert_eq!((text(&pulled.list[1]), pulled.sync_time, pulled.finished), ("afterwards".into(), after.at, Some(true)));
    back.hears_nothing().await;
    assert_eq!(texts(&stage.device("bob", FOUR).await.pull(at).await.list), ["afterwards"]);
    assert_eq!(stage.device("bob", TWO).await.pull(after.at).await.list.len(), 0);
    assert_eq!(stage.device("bob", TWO).await.pull(0).await.list.len(), 0, "who has nothing has nothing to take away");
}

#[tokio::test]
async fn check_26_and_30_other_devices_of_the_sender_hear_what_they_took_back() {
    let stage = Stage::start().await;
    let (mut ann, mut desk, mut bob) = (stage.user("ann").await, stage.user("ann").await, stage.user("bob").await);
    let slip = ann.writes("bob", "a slip").await;
    desk.message().await;
    drop(desk);
    bob.message().await;
    ann.takes_back("bob", &slip).await;
    let told = bob.message().await.data_time;
    let asked = SyncRequestMsg {
        sync_time: slip.at,
        is_pull_send: Some(true),
        send_box_sync_time: Some(slip.at),
        ..<_>::default()
    };
    let pulled = stage.device("ann", FOUR).await.pull_as(&asked).await;
    let [own] = &pulled.list[..] else { panic!("{pulled:?}") };
    assert_eq!(recalled(own), (slip.uid.clone(), "bob".into(), slip.at));
    assert_eq!((own.direction, own.group_id.as_deref(), own.data_time), (Some(1), Some("bob"), told));
    let received_only = SyncRequestMsg { is_pull_send: None, ..asked };
    assert_eq!(stage.device("ann", TWO).await.pull_as(&received_only).await.list.len(), 0);
    assert_eq!(stage.device("bob", TWO).await.pull(told).await.list.len(), 0, "who heard it has it");
}

#[tokio::test]
async fn check_37_old_clients_get_escapes_and_new_ones_the_characters() {
    let stage = Stage::start().await;
    let (mut ann, mut old, mut new) =
        (stage.user("ann").await, stage.user("bob").await, stage.device("bob", FOUR).await);
    new.pull(0).await;
    ann.writes("bob", "\u{1f600}").await;
    let (escaped, plain) = (old.message().await, new.message().await);
    assert!(escaped.content.is_ascii() && !plain.content.is_ascii());
    assert_eq!((text(&escaped), text(&plain)), ("\u{1f600}".to_owned(), "\u{1f600}".to_owned()));
}

#[tokio::test]
async fn check_38_types_of_an_apps_own_are_kept_as_their_client_wants() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let passing = parlor::proto::rong::UpStreamMessage { session_id: 0, ..up("app:wave", &json!({ "content": "hi" })) };
    assert_eq!(ann.publish("ppMsgP", "bob", &passing).await.status, 0);
    assert_eq!(bob.message().await.status, 0);
    assert_eq!(ann.publish("ppMsgS", "bob", &up("RC:TxtMsg", &json!({ "content": "psst" }))).await.status, 0);
    assert_eq!(
        (text(&bob.message().await), stage.device("bob", TWO).await.pull(0).await.list.len()),
        ("psst".into(), 0)
    );
    let kept = parlor::proto::rong::UpStreamMessage { session_id: 1, ..passing };
    assert_eq!(ann.publish("ppMsgP", "bob", &kept).await.status, 0);
    assert_eq!(bob.message().await.status, 16, "kept and not counted");
}

#[tokio::test]
async fn check_38_what_is_not_kept_reaches_who_is_here_and_makes_no_conversation() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let command = json!({ "name": "wave", "data": "{}" });
    assert_eq!(ann.sends("ppMsgP", "bob", "RC:CmdMsg", &command).await.status, 0);
    let heard = bob.message().await;
    assert_eq!((heard.classname.as_str(), heard.status), ("RC:CmdMsg", 0));
    let list: parlor::proto::rong::RelationsOutput = bob
        .query("qryRelation", "bob", &parlor::proto::rong::RelationsInput { r#type: 1, ..<_>::default() })
        .await
        .unwrap();
    assert_eq!(list.info.len(), 0);
}
