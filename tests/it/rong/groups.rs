//! Groups, and signals: typing, reading.

use parlor::proto::rong::{GrpReadReceiptMsg, GrpReadReceiptQryResp, UpStreamMessage};
use serde_json::{Value, json};

use super::client::{Sdk, Stage, text, up};

async fn group_of(stage: &Stage, users: &[&str]) -> Vec<Sdk> {
    let mut devices = Vec::new();
    for user in users {
        stage.token(user).await;
    }
    let back_end = crate::harness::BackEnd::of(&stage.server, &stage.people.im, &stage.people.app()).await;
    back_end.post("/v1/groups", &json!({ "id": "g1", "name": "Group", "users": users })).await.ok();
    for user in users {
        devices.push(stage.user(user).await);
    }
    devices
}

#[tokio::test]
async fn a_group_hears_and_check_36_who_is_called_by_name_is_marked() {
    let stage = Stage::start().await;
    let mut people = group_of(&stage, &["ann", "bob", "cy"]).await;
    let call = json!({ "content": "hi", "mentionedInfo": { "type": 2, "userIdList": ["bob"] } });
    assert_eq!(people[0].sends("pgMsgP", "g1", "RC:TxtMsg", &call).await.status, 0);
    for device in &mut people[1..] {
        let heard = device.message().await;
        assert_eq!((heard.r#type, heard.group_id.as_deref(), heard.from_user_id.as_str()), (3, Some("g1"), "ann"));
        assert_eq!(heard.status & 64, 64);
    }
}

#[tokio::test]
async fn later_clients_say_and_ask_who_read_a_message_of_a_group() {
    let stage = Stage::start().await;
    let mut people = group_of(&stage, &["ann", "bob", "cy"]).await;
    let sent = people[0].sends("pgMsgP", "g1", "RC:TxtMsg", &json!({ "content": "who reads this?" })).await;
    let named = GrpReadReceiptMsg { msg_id: vec![sent.uid.clone()], channel_id: None };
    let before: GrpReadReceiptQryResp = people[0].query("rrList", "g1", &named).await.unwrap();
    assert_eq!((before.total_member_num, before.list.len()), (3, 0));
    assert_eq!(people[1].order("rrMsg", "g1", &named).await, 0);
    let after: GrpReadReceiptQryResp = people[0].query("rrList", "g1", &named).await.unwrap();
    assert_eq!(after.list.iter().map(|one| one.user_id.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert!(after.list[0].read_time >= sent.at);
    let curious: Result<GrpReadReceiptQryResp, u16> = people[1].query("rrList", "g1", &named).await;
    assert!(curious.is_err(), "only the sender hears who read it");
}

#[tokio::test]
async fn check_25_a_directed_message_reaches_only_those_named() {
    let stage = Stage::start().await;
    let mut people = group_of(&stage, &["ann", "bob", "cy"]).await;
    let directed = UpStreamMessage { user_id: vec!["bob".into()], ..up("RC:TxtMsg", &json!({ "content": "psst" })) };
    assert_eq!(people[0].publish("pgMsgP", "g1", &directed).await.status, 0);
    assert_eq!(text(&people[1].message().await), "psst");
    people[2].hears_nothing().await;
    assert_eq!(people[2].pull(1).await.list.len(), 0);
}

#[tokio::test]
async fn typing_is_heard_by_who_is_here_at_a_time_that_moves_nobody() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let said = ann.writes("bob", "hi").await;
    bob.message().await;
    let typing = json!({ "typingContentType": "RC:TxtMsg", "data": "" });
    assert_eq!(ann.sends("ppMsgP", "bob", "RC:TypSts", &typing).await.status, 0);
    let heard = bob.message().await;
    assert_eq!((heard.classname.as_str(), heard.from_user_id.as_str()), ("RC:TypSts", "ann"));
    assert_eq!((heard.data_time, heard.status), (said.at, 0));
}

#[tokio::test]
async fn reading_is_told_to_the_writer_and_to_the_readers_other_device() {
    let stage = Stage::start().await;
    let (mut ann, mut bob, mut desk) = (stage.user("ann").await, stage.user("bob").await, stage.user("bob").await);
    let said = ann.writes("bob", "hi").await;
    bob.message().await;
    desk.message().await;
    let read = json!({ "messageUId": said.uid, "lastMessageSendTime": said.at, "type": 1 });
    assert_eq!(bob.sends("ppMsgP", "ann", "RC:ReadNtf", &read).await.status, 0);
    for device in [&mut ann, &mut desk] {
        let heard = device.message().await;
        assert_eq!((heard.classname.as_str(), heard.from_user_id.as_str()), ("RC:ReadNtf", "bob"));
        let body: Value = serde_json::from_slice(&heard.content).unwrap();
        assert_eq!((&body["messageUId"], &body["lastMessageSendTime"]), (&said.uid.clone().into(), &said.at.into()));
    }
    ann.hears_nothing().await;
}

#[tokio::test]
async fn receipts_in_a_group_go_to_who_asked() {
    let stage = Stage::start().await;
    let mut people = group_of(&stage, &["ann", "bob", "cy"]).await;
    let said = people[0].sends("pgMsgP", "g1", "RC:TxtMsg", &json!({ "content": "read?" })).await;
    people[1].message().await;
    people[2].message().await;
    let ask = json!({ "messageUId": said.uid });
    assert_eq!(people[0].sends("pgMsgP", "g1", "RC:RRReqMsg", &ask).await.status, 0);
    assert_eq!(people[1].message().await.classname, "RC:RRReqMsg");
    assert_eq!(people[2].message().await.classname, "RC:RRReqMsg");
    let answer = up("RC:RRRspMsg", &json!({ "receiptMessageDic": { "ann": [said.uid] } }));
    let directed = UpStreamMessage { user_id: vec!["ann".into()], ..answer };
    assert_eq!(people[1].publish("pgMsgP", "g1", &directed).await.status, 0);
    let heard = people[0].message().await;
    assert_eq!((heard.classname.as_str(), heard.from_user_id.as_str()), ("RC:RRRspMsg", "bob"));
    people[2].hears_nothing().await;
}
