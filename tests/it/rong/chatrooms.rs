//! Chatrooms: joining, notice and pull, who is inside, attributes.

use parlor::proto::rong::{
    ChrmInput, ChrmKvEntity, ChrmKvOutput, ChrmKvsOutput, ChrmNotifyMsg, ChrmOutput, ChrmPullMsg, DeleteChrmKv,
    DownStreamMessages, QueryChatroomInfoInput, QueryChatroomInfoOutput, QueryChrmKv, SetChrmKv, SetChrmKvs,
};
use prost::Message as _;
use serde_json::json;

use super::client::{FOUR, Sdk, Stage, texts};

const ONE: ChrmInput = ChrmInput { nothing: 1 };

impl Sdk {
    async fn joins(&mut self, room: &str) {
        let id = self.begin_query("joinChrm", room, ONE.encode_to_vec()).await;
        let answer = self.answer(id).await;
        assert_eq!((answer.status, &answer.body[..2]), (0, [0x08, 0].as_slice()), "`nothing` is there");
    }

    async fn says_in(&mut self, room: &str, words: &str) -> i64 {
        let taken = self.sends("chatMsg", room, "RC:TxtMsg", &json!({ "content": words })).await;
        assert_eq!(taken.status, 0);
        taken.at
    }

    async fn pulls_room(&mut self, room: &str, sync_time: i64, count: i32) -> DownStreamMessages {
        self.query("chrmPull", room, &ChrmPullMsg { sync_time, count }).await.unwrap()
    }

    async fn sets(&mut self, room: &str, key: &str, value: &str, status: Option<i32>) -> u16 {
        let entry = ChrmKvEntity {
            key: key.into(),
            value: value.into(),
            status,
            uid: Some(self.user.clone()),
            ..<_>::default()
        };
        self.order("setKV", room, &SetChrmKv { entry, ..<_>::default() }).await
    }

    async fn attributes(&mut self, room: &str) -> ChrmKvOutput {
        self.query("pullKV", room, &QueryChrmKv { timestamp: 0 }).await.unwrap()
    }
}

#[tokio::test]
async fn check_47_a_join_is_answered_and_a_refused_one_has_a_number_of_chatrooms() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    ann.joins("r1").await;
    ann.joins("r1").await;
    assert_eq!(ann.order("joinChrm", "", &ONE).await, 23410);
}

#[tokio::test]
async fn check_48_and_49_a_room_is_told_by_notice_and_pulled() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    ann.joins("r1").await;
    bob.joins("r1").await;
    let first = ann.says_in("r1", "one").await;
    let notice = bob.notice().await;
    assert_eq!((notice.r#type, notice.time, notice.chrm_id.as_deref()), (2, Some(first), Some("r1")));
    bob.says_in("r1", "two").await;
    ann.notice().await;
    let newest = bob.pulls_room("r1", 0, 50).await;
    assert_eq!(texts(&newest.list), ["one", "two"]);
    assert_eq!(newest.list.iter().map(|message| message.direction).collect::<Vec<_>>(), [Some(2), Some(1)]);
    assert_eq!(texts(&bob.pulls_room("r1", 0, 1).await.list), ["two"]);
    assert_eq!(bob.pulls_room("r1", 0, -1).await.list.len(), 0);
    assert_eq!(texts(&ann.pulls_room("r1", first, 0).await.list), ["two"]);
    ann.hears_nothing().await;
    bob.hears_nothing().await;
}

#[tokio::test]
async fn check_50_who_left_hears_nothing_more_and_may_not_write_or_pull() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    ann.joins("r1").await;
    bob.joins("r1").await;
    let left: ChrmOutput = bob.query("exitChrm", "r1", &ONE).await.unwrap();
    assert_eq!(left.nothing, 0);
    ann.says_in("r1", "alone").await;
    bob.hears_nothing().await;
    assert_eq!(bob.sends("chatMsg", "r1", "RC:TxtMsg", &json!({ "content": "hi" })).await.status, 23406);
    assert_eq!(bob.order("chrmPull", "r1", &ChrmPullMsg { sync_time: 0, count: 5 }).await, 23406);
}

#[tokio::test]
async fn check_51_who_is_inside_is_listed_in_the_order_asked_for() {
    let stage = Stage::start().await;
    let mut people = Vec::new();
    for user in ["ann", "bob", "cy"] {
        let mut device = stage.user(user).await;
        device.joins("r1").await;
        people.push(device);
    }
    let mut listed = async |count, order| {
        let asked = QueryChatroomInfoInput { count, order: Some(order) };
        let info: QueryChatroomInfoOutput = people[0].query("queryChrmI", "r1", &asked).await.unwrap();
        assert_eq!(info.user_total_nums, Some(3));
        assert!(info.user_infos.iter().all(|member| member.time > 0));
        info.user_infos.into_iter().map(|member| member.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(2, 1).await, ["ann", "bob"]);
    assert_eq!(listed(20, 2).await, ["cy", "bob", "ann"]);
    assert_eq!(listed(20, 0).await.len(), 0);
}

#[tokio::test]
async fn check_52_and_53_attributes_belong_to_who_set_them_and_are_given_whole() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    ann.joins("r1").await;
    bob.joins("r1").await;
    assert_eq!(ann.sets("r1", "seat", "1", None).await, 0);
    let told = bob.push().await;
    let changed = ChrmNotifyMsg::decode(told.body.as_slice()).unwrap();
    assert_eq!((told.topic.as_str(), changed.r#type, changed.chrm_id.as_str()), ("s_cmd", 2, "r1"));
    assert_eq!(bob.sets("r1", "seat", "2", None).await, 23424);
    assert_eq!(bob.sets("r1", "seat", "2", Some(2)).await, 0);
    let found = ann.attributes("r1").await;
    assert_eq!(found.b_full_update, Some(true));
    let seen: Vec<_> =
        found.entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str(), entry.uid.as_deref())).collect();
    assert_eq!(seen, [("seat", "2", Some("bob"))]);
    let entry = ChrmKvEntity { key: "none".into(), ..<_>::default() };
    assert_eq!(ann.order("delKV", "r1", &DeleteChrmKv { entry, ..<_>::default() }).await, 23427);
    let entry = ChrmKvEntity { key: "seat".into(), status: Some(4), ..<_>::default() };
    assert_eq!(bob.order("delKV", "r1", &DeleteChrmKv { entry, ..<_>::default() }).await, 0);
    assert_eq!(ann.attributes("r1").await.entries.len(), 0);
}

#[tokio::test]
async fn several_attributes_are_set_and_removed_each_by_itself() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.device("ann", FOUR).await, stage.user("bob").await);
    ann.joins("r1").await;
    bob.joins("r1").await;
    assert_eq!(bob.sets("r1", "seat", "bob", None).await, 0);
    let entry = |key: &str| ChrmKvEntity { key: key.into(), value: "ann".into(), ..<_>::default() };
    let three = SetChrmKvs { entry: vec![entry("a"), entry("seat"), entry("b")], ..<_>::default() };
    let id = ann.begin_query("setKVS", "r1", three.encode_to_vec()).await;
    let answer = ann.answer(id).await;
    let said = ChrmKvsOutput::decode(answer.body.as_slice()).unwrap();
    let refused: Vec<_> = said.error_keys.iter().map(|one| (one.key.as_deref(), one.error_code)).collect();
    let done: Vec<_> = said.keys_version.iter().map(|one| one.key.as_deref()).collect();
    assert_eq!((answer.status, refused), (23428, vec![(Some("seat"), Some(23424))]), "somebody else's");
    assert_eq!(done, [Some("a"), Some("b")]);
    let both = SetChrmKvs { entry: vec![entry("a"), entry("b")], ..<_>::default() };
    let said: ChrmKvsOutput = ann.query("delKVS", "r1", &both).await.unwrap();
    assert_eq!((said.error_keys.len(), said.keys_version.len()), (0, 2));
    let left = bob.attributes("r1").await;
    assert_eq!(left.entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["seat"]);
}

#[tokio::test]
async fn what_a_room_does_not_keep_and_recalls_are_pushed() {
    let stage = Stage::start().await;
    let (mut ann, mut bob) = (stage.user("ann").await, stage.user("bob").await);
    ann.joins("r1").await;
    bob.joins("r1").await;
    let wave = json!({ "name": "wave", "data": "{}" });
    assert_eq!(ann.sends("chatMsg", "r1", "RC:CmdMsg", &wave).await.status, 0);
    let heard = bob.message().await;
    assert_eq!((heard.classname.as_str(), heard.r#type, heard.group_id.as_deref()), ("RC:CmdMsg", 4, Some("r1")));
    let said = ann.sends("chatMsg", "r1", "RC:TxtMsg", &json!({ "content": "oops" })).await;
    bob.notice().await;
    let recall = json!({ "messageUId": said.uid, "conversationType": 4, "targetId": "r1", "sentTime": said.at });
    assert_eq!(ann.sends("recallMsg", "ann", "RC:RcCmd", &recall).await.status, 0);
    assert_eq!(bob.message().await.classname, "RC:RcCmd");
}

#[tokio::test]
async fn later_clients_hear_that_a_room_ended() {
    let stage = Stage::start().await;
    let mut ann = stage.device("ann", FOUR).await;
    ann.pull(0).await;
    ann.joins("r1").await;
    let back_end = crate::harness::BackEnd::of(&stage.server, &stage.people.im, &stage.people.app()).await;
    back_end.delete("/v1/chatrooms/r1").await.ok();
    let told = ann.push().await;
    let changed = ChrmNotifyMsg::decode(told.body.as_slice()).unwrap();
    assert_eq!((told.topic.as_str(), changed.r#type, changed.chrm_id.as_str()), ("s_cmd", 4, "r1"));
}
