//! What clients ask besides messages: the list, history, blocks, settings, who is here, discussions.

use parlor::proto::rong::{
    Add2BlackListInput, BlockPushInput, ChannelEvictionInput, ChannelInfoInput, ChannelInfoOutput,
    ChannelInvitationInput, CleanHisMsgInput, CreateDiscussionInput, CreateDiscussionOutput, DeleteMsg, DeleteMsgInput,
    DeleteMsgOutput, DeleteSession, DeleteSessionsInput, GetUserStatusInput, GetUserStatusOutput, HistoryMessagesOuput,
    HistoryMsgInput, PullUserSettingInput, PullUserSettingOutput, QueryBlackListInput, QueryBlackListOutput,
    ReadTimeInput, RelationQryInput, RelationsInput, RelationsOutput, RenameChannelInput, SessionReq, SessionState,
    SessionStateItem, SessionStateModifyReq, SessionStateModifyResp, SessionStateType, SessionStates,
    SetUserStatusInput, SetUserStatusOutput, SubUserStatusInput, SubUserStatusOutput,
};
use prost::Message as _;
use serde_json::{Value, json};

use super::client::{FOUR, Sdk, Stage, texts};

impl Sdk {
    async fn list(&mut self, count: i32) -> Vec<(i32, String)> {
        let user = self.user.clone();
        let asked = RelationsInput { r#type: 1, count: Some(count), ..<_>::default() };
        let found: RelationsOutput = self.query("qryRelation", &user, &asked).await.unwrap();
        found
            .info
            .into_iter()
            .map(|entry| {
                assert!(entry.msg.is_some(), "clients drop entries without a message");
                (entry.r#type, entry.user_id)
            })
            .collect()
    }

    async fn history(&mut self, target: &str, time: i64, count: i32, order: i32) -> HistoryMessagesOuput {
        let asked = HistoryMsgInput {
            target_id: Some(target.into()),
            time: Some(time),
            count: Some(count),
            order: Some(order),
            bus_channel: None,
        };
        self.query("qryPMsg", target, &asked).await.unwrap()
    }
}

#[tokio::test]
async fn check_39_and_40_the_list_is_newest_first_and_a_removed_conversation_comes_back_with_a_message() {
    let stage = Stage::start().await;
    let (mut ann, mut bob, mut cy) = (stage.user("ann").await, stage.user("bob").await, stage.user("cy").await);
    bob.writes("ann", "one").await;
    cy.writes("ann", "two").await;
    assert_eq!(ann.list(0).await, [(1, "cy".into()), (1, "bob".into())]);
    assert_eq!(ann.list(1).await, [(1, "cy".into())]);
    let remove = RelationsInput { r#type: 1, ..<_>::default() };
    assert_eq!(ann.order("delRelation", "cy", &remove).await, 0);
    assert_eq!(ann.list(0).await, [(1, "bob".into())]);
    cy.writes("ann", "three").await;
    assert_eq!(ann.list(0).await, [(1, "cy".into()), (1, "bob".into())]);
}

#[tokio::test]
async fn check_41_to_43_history_is_paged_both_ways() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let mut times = Vec::new();
    for words in ["1", "2", "3", "4", "5"] {
        times.push(if words == "3" { bob.writes("ann", words).await } else { ann.writes("bob", words).await }.at);
    }
    let newest = ann.history("bob", 0, 2, 0).await;
    assert_eq!((texts(&newest.list), newest.has_msg, newest.sync_time), (vec!["5".into(), "4".into()], 1, times[3]));
    let older = ann.history("bob", newest.sync_time, 20, 0).await;
    assert_eq!(
        (texts(&older.list), older.has_msg, older.sync_time),
        (vec!["3".into(), "2".into(), "1".into()], 0, times[0])
    );
    let directions: Vec<_> = older.list.iter().map(|message| message.direction).collect();
    assert_eq!(directions, [Some(2), Some(1), Some(1)]);
    let newer = ann.history("bob", times[0], 2, 1).await;
    assert_eq!((texts(&newer.list), newer.has_msg, newer.sync_time), (vec!["3".into(), "2".into()], 1, times[2]));
    let last = ann.history("bob", newer.sync_time, 20, 1).await;
    assert_eq!((texts(&last.list), last.has_msg, last.sync_time), (vec!["5".into(), "4".into()], 0, times[4]));
    let empty = ann.history("nobody", 77, 20, 0).await;
    assert_eq!((empty.list.len(), empty.has_msg, empty.sync_time), (0, 0, 77));
}

#[tokio::test]
async fn check_44_what_one_throws_away_the_other_keeps() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let first = ann.writes("bob", "1").await;
    let second = ann.writes("bob", "2").await;
    ann.writes("bob", "3").await;
    let named = DeleteMsg { msg_id: Some(second.uid), msg_data_time: Some(second.at), direct: Some(1) };
    let asked = DeleteMsgInput { r#type: Some(1), conversation_id: Some("bob".into()), msgs: vec![named] };
    let done: DeleteMsgOutput = ann.query("delMsg", "bob", &asked).await.unwrap();
    assert_eq!(done.nothing, 0);
    assert_eq!(texts(&ann.history("bob", 0, 20, 0).await.list), ["3", "1"]);
    let until = CleanHisMsgInput { target_id: "bob".into(), data_time: first.at, conversation_type: Some(1) };
    assert_eq!(ann.order("cleanPMsg", "bob", &until).await, 0);
    assert_eq!(texts(&ann.history("bob", 0, 20, 0).await.list), ["3"]);
    assert_eq!(texts(&bob.history("ann", 0, 20, 0).await.list), ["3", "2", "1"]);
}

#[tokio::test]
async fn check_45_the_blacklist_agrees_with_itself() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    stage.token("bob").await;
    let bob = Add2BlackListInput { user_id: "bob".into() };
    let listed = async |ann: &mut Sdk| {
        let found: QueryBlackListOutput =
            ann.query("getBlack", "ann", &QueryBlackListInput { nothing: 1 }).await.unwrap();
        (found.user_ids, ann.order("blackStat", "bob", &bob).await == 0)
    };
    assert_eq!(listed(&mut ann).await, (Vec::new(), false));
    assert_eq!(ann.order("addBlack", "bob", &bob).await, 0);
    assert_eq!(listed(&mut ann).await, (vec!["bob".to_owned()], true));
    assert_eq!(ann.order("rmBlack", "bob", &bob).await, 0);
    assert_eq!(listed(&mut ann).await, (Vec::new(), false));
}

#[tokio::test]
async fn pins_and_mutes_are_kept_and_told_to_later_devices() {
    let stage = Stage::start().await;
    let (mut ann, mut other) = (stage.user("ann").await, stage.device("ann", FOUR).await);
    other.pull(0).await;
    stage.user("bob").await.writes("ann", "hi").await;
    ann.message().await;
    other.message().await;
    let item = |kind: SessionStateType| SessionStateItem { session_state_type: kind.into(), value: "1".into() };
    let state_item = vec![item(SessionStateType::Istop), item(SessionStateType::Issilent)];
    let state = SessionState { r#type: 1, channel_id: "bob".into(), time: None, state_item };
    let asked = SessionStateModifyReq { version: 0, state: vec![state] };
    let done: SessionStateModifyResp = ann.query("setSeAtt", "ann", &asked).await.unwrap();
    assert!(done.version > 0);
    assert_eq!(other.push().await.topic, "s_cmd");
    let found: SessionStates = other.query("pullSeAtts", "ann", &SessionReq { time: 0 }).await.unwrap();
    let [kept] = found.state.as_slice() else { panic!("{found:?}") };
    assert_eq!(kept.channel_id, "bob");
    assert!(kept.state_item.iter().all(|item| item.value == "1"));
    let named = BlockPushInput { blockee_id: "bob".into() };
    assert_eq!(ann.order("qryPPush", "ann", &named).await, 0, "silent");
    assert_eq!(ann.order("unblkPPush", "ann", &named).await, 0);
    assert_eq!(ann.order("qryPPush", "ann", &named).await, 1, "it rings");
    let settings: PullUserSettingOutput =
        ann.query("pullUS", "ann", &PullUserSettingInput { version: 3, reserve: None }).await.unwrap();
    assert_eq!((settings.items.len(), settings.version), (0, 3));
}

#[tokio::test]
async fn users_say_how_they_are_and_hear_who_comes() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    stage.token("bob").await;
    let set: SetUserStatusOutput =
        ann.query("setUserStatus", "ann", &SetUserStatusInput { status: Some(7) }).await.unwrap();
    assert_eq!(set.nothing, Some(0));
    let own: GetUserStatusOutput = ann.query("getUserStatus", "ann", &GetUserStatusInput::default()).await.unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&own.status.unwrap()).unwrap(),
        json!({ "us": [{ "o": 1, "p": "Web", "s": 7 }] })
    );
    let watch = SubUserStatusInput { userid: vec!["bob".into()] };
    let _: SubUserStatusOutput = ann.query("subUserStatus", "ann", &watch).await.unwrap();
    let seen = async |ann: &mut Sdk| {
        let push = ann.push().await;
        assert_eq!(push.topic, "s_stat");
        let told = GetUserStatusOutput::decode(push.body.as_slice()).unwrap();
        assert_eq!(told.sub_user_id.as_deref(), Some("bob"));
        serde_json::from_str::<Value>(&told.status.unwrap()).unwrap()["us"][0]["o"].as_i64()
    };
    assert_eq!(seen(&mut ann).await, Some(0));
    let _bob = stage.user("bob").await;
    assert_eq!(seen(&mut ann).await, Some(1));
}

#[tokio::test]
async fn a_discussion_is_founded_filled_renamed_and_left() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    let made: CreateDiscussionOutput =
        ann.query("crDiz", "ann", &CreateDiscussionInput { name: Some("tea".into()) }).await.unwrap();
    let id = made.id.as_str();
    assert_eq!(ann.order("invtDiz", id, &ChannelInvitationInput { users: vec!["bob".into()] }).await, 0);
    let notice = bob.message().await;
    assert_eq!((notice.classname.as_str(), notice.r#type, notice.group_id.as_deref()), ("RC:DizNtf", 2, Some(id)));
    assert_eq!(bob.sends("pdMsgP", id, "RC:TxtMsg", &json!({ "content": "hi" })).await.status, 0);
    assert_eq!(ann.order("rename", id, &RenameChannelInput { name: "more tea".into() }).await, 0);
    let info: ChannelInfoOutput = bob.query("dizInf", id, &ChannelInfoInput { nothing: 1 }).await.unwrap();
    assert_eq!((info.r#type, info.channel_id.as_str(), info.channel_name.as_str()), (2, id, "more tea"));
    assert_eq!((info.admin_user_id.as_str(), info.first_ten_user_ids.len(), info.open_status), ("ann", 2, 0));
    assert_eq!(ann.order("evctDiz", id, &ChannelEvictionInput { user: "bob".into() }).await, 0);
    assert_eq!(bob.sends("pdMsgP", id, "RC:TxtMsg", &json!({ "content": "hi" })).await.status, 21406);
    assert_eq!(bob.order("dizInf", id, &ChannelInfoInput { nothing: 1 }).await, 21406);
}

#[tokio::test]
async fn later_clients_list_read_and_remove_by_their_own_topics() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.device("bob", FOUR).await);
    bob.pull(0).await;
    let sent = ann.writes("bob", "hi").await;
    let listed = |found: RelationsOutput| found.info.iter().map(|entry| entry.unread_count).collect::<Vec<_>>();
    let asked = RelationQryInput { r#type: Some(1), count: Some(50), start_time: Some(0), order: Some(0) };
    assert_eq!(listed(bob.query("qryRelationR", "bob", &asked).await.unwrap()), [Some(1)]);
    let read =
        ReadTimeInput { r#type: Some(1), msg_time: Some(sent.at), channel_id: Some("ann".into()), bus_channel: None };
    assert_eq!(bob.order("updRRTime", "bob", &read).await, 0);
    assert_eq!(listed(bob.query("qryRelationR", "bob", &asked).await.unwrap()), [Some(0)]);
    let asked_history = HistoryMsgInput { target_id: Some("ann".into()), count: Some(20), ..<_>::default() };
    let page: HistoryMessagesOuput = bob.query("qryPMsg", "bob", &asked_history).await.unwrap();
    assert_eq!(texts(&page.list), ["hi"], "the other side stands in the body");
    let session = DeleteSession { r#type: Some(1), channel_id: Some("ann".into()), bus_channel: None };
    assert_eq!(bob.order("delSessions", "bob", &DeleteSessionsInput { sessions: vec![session] }).await, 0);
    assert_eq!(listed(bob.query("qryRelationR", "bob", &asked).await.unwrap()), []);
}
