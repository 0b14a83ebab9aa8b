//! Every request of a client that the domain has words for, as frames and as commands.

use proptest::prelude::*;
use prost::Message as _;
use serde_json::json;

use super::*;
use crate::model::{
    ClientId, Command, ConversationId, Stretch,
    chatroom::{JoinChatroom, Order, RemoveAttributes, SetAttributes},
    command::{Send, Target},
};

const SOCKET: fn() -> Dialect = || Dialect::of_socket("2.5.3");
const AT: ConversationId = ConversationId::from_u128(9);

fn request(topic: &str, target: &str, body: Vec<u8>) -> Request {
    Request { topic: topic.into(), target: target.into(), id: 1, wants_answer: true, body }
}

fn upstream(name: &str, body: &str) -> rong::UpStreamMessage {
    rong::UpStreamMessage { session_id: 3, classname: name.into(), content: body.into(), ..<_>::default() }
}

fn publish(topic: &str, target: &str, sent: &rong::UpStreamMessage) -> Result<Ask, Status> {
    of_publish(&request(topic, target, sent.encode_to_vec()), SOCKET())
}

fn query(topic: &str, target: &str, body: &impl prost::Message) -> Result<Ask, Status> {
    of_query(&request(topic, target, body.encode_to_vec()), SOCKET())
}

fn place(kind: Kind, target: &str) -> Place {
    Place::new(kind, target).unwrap()
}

fn client_id() -> ClientId {
    "r1-1".parse().unwrap()
}

fn command(ask: &Ask) -> Option<Command> {
    ask.command(Some(AT), &client_id())
}

#[test]
fn a_text_goes_where_its_topic_says() {
    let text = upstream("RC:TxtMsg", r#"{"content":"hi"}"#);
    let own_id = AT.to_string();
    let table = [
        ("ppMsgP", "ann", Target::User("ann".parse().unwrap())),
        ("pgMsgP", "g1", Target::Group(Kind::Group, "g1".parse().unwrap())),
        ("pdMsgP", "d1", Target::Group(Kind::Discussion, "d1".parse().unwrap())),
        ("pgMsgP", own_id.as_str(), Target::Conversation(AT)),
        ("chatMsg", "r1", Target::Chatroom("r1".parse().unwrap())),
        ("pcMsgP", "shop", Target::DeskOf("shop".parse().unwrap())),
        ("pmpMsgN", "news", Target::Conversation(AT)),
    ];
    for (topic, target, to) in table {
        let ask = publish(topic, target, &text).unwrap();
        let sent = Send { to, client_id: client_id(), content: Content::text("hi"), only: Vec::new() };
        assert_eq!(command(&ask), Some(Command::Send(sent)), "{topic}");
        assert_eq!(ask.place().is_some(), topic == "pmpMsgN", "{topic}");
    }
}

#[test]
fn customer_service_contents_go_to_the_desk_in_both_spellings() {
    for name in ["RC:CsHs", "RC:CSCha", "RC:CsCha", "RC:CsEva", "RC:CsSp"] {
        let ask = publish("pcMsgP", "shop", &upstream(name, r#"{"uid":"u","sid":"s","pid":"p"}"#)).unwrap();
        let Some(Command::Send(sent)) = command(&ask) else { panic!("{name} is sent") };
        assert_eq!((sent.to, sent.content.name.as_str()), (Target::DeskOf("shop".parse().unwrap()), name));
    }
}

#[test]
fn check_24_bytes_of_any_kind_in_a_body_do_no_harm() {
    let smile = b"{\"content\":\"\xED\xA0\xBD\xED\xB8\x80\"}".to_vec();
    let sent = rong::UpStreamMessage { content: smile, ..upstream("RC:TxtMsg", "") };
    let Ok(Ask::Send { content, .. }) = publish("ppMsgP", "ann", &sent) else { panic!("CESU-8 is text") };
    assert_eq!(content.body(), "{\"content\":\"\u{1f600}\"}");
    let broken = rong::UpStreamMessage { content: b"{\"content\":\"\xFF\"}".to_vec(), ..sent };
    let Ok(Ask::Send { content, .. }) = publish("ppMsgP", "ann", &broken) else { panic!("it is still JSON") };
    assert_eq!(content.body(), "{\"content\":\"\u{fffd}\"}");
}

#[test]
fn what_is_no_message_is_refused_with_a_number() {
    let text = upstream("RC:TxtMsg", r#"{"content":"hi"}"#);
    let directed = rong::UpStreamMessage { user_id: vec!["ann".into()], ..text.clone() };
    let huge = upstream("RC:TxtMsg", &format!("{{\"content\":\"{}\"}}", "x".repeat(Content::MAX_BYTES)));
    let table = [
        ("unheard", "ann", text.clone(), 33003),
        ("", "ann", text.clone(), 20407),
        ("prMsgP", "room", text.clone(), 20407),
        ("ppMsgP", "", text.clone(), 20407),
        ("ppMsgP", "Zoë", text, 20407),
        ("ppMsgP", "ann", upstream("", "{}"), 33003),
        ("ppMsgP", "ann", upstream("RC:TxtMsg", "not JSON"), 33003),
        ("ppMsgP", "ann", upstream("RC:TxtMsg", "[1]"), 33003),
        ("ppMsgP", "ann", directed, 33003),
        ("ppMsgP", "ann", huge, 30016),
        ("recallMsg", "bob", upstream("RC:RcCmd", r#"{"messageUId":"none"}"#), 25101),
        ("recallMsg", "bob", upstream("RC:TxtMsg", r#"{"content":"hi"}"#), 25101),
        ("ppMsgP", "ann", upstream("RC:SRSMsg", r#"{"lastMessageSendTime":"soon"}"#), 33003),
    ];
    for (topic, target, sent, status) in table {
        assert_eq!(publish(topic, target, &sent), Err(Status(status)), "{topic} {target} {}", sent.classname);
    }
    let cut = of_publish(&request("ppMsgP", "ann", vec![0x12, 0x09]), SOCKET());
    assert_eq!(cut, Err(Status::PARAMETER));
}

#[test]
fn check_38_the_client_decides_how_types_of_an_apps_own_are_kept() {
    let flags = |topic: &str, name: &str, session_id| {
        let sent = rong::UpStreamMessage { session_id, ..upstream(name, r#"{"content":"hi"}"#) };
        let Ok(Ask::Send { content, .. }) = publish(topic, "ann", &sent) else { panic!("{name} is sent") };
        (content.flags().stored, content.flags().counted)
    };
    for (bits, wanted) in
        [(0, (false, false)), (1, (true, false)), (2, (false, false)), (3, (true, true)), (7, (true, true))]
    {
        assert_eq!(flags("ppMsgP", "app:own", bits), wanted, "{bits}");
    }
    assert_eq!(flags("ppMsgP", "RC:TxtMsg", 0), (true, true), "built-in types are as they are everywhere");
    assert_eq!(flags("ppMsgP", "RC:CmdMsg", 3), (false, false));
    assert_eq!(flags("ppMsgS", "RC:TxtMsg", 3), (false, false));
}

#[test]
fn check_25_a_directed_group_message_names_its_members() {
    let sent = rong::UpStreamMessage { user_id: vec!["ann".into(), "cy".into()], ..upstream("RC:CmdMsg", "{}") };
    let ask = publish("pgMsgP", "g1", &sent).unwrap();
    let Some(Command::Send(sent)) = command(&ask) else { panic!("it is sent") };
    assert_eq!(sent.only, ["ann".parse().unwrap(), "cy".parse().unwrap()]);
}

#[test]
fn typing_reading_and_recalling_are_commands_of_their_own() {
    let typing = publish("ppMsgP", "ann", &upstream("RC:TypSts", r#"{"typingContentType":"RC:TxtMsg"}"#)).unwrap();
    assert_eq!(typing, Ask::Typing(place(Kind::Private, "ann")));
    assert_eq!(command(&typing), Some(Command::Typing { conversation: AT, on: true }));

    for (name, topic, kind, time) in [
        ("RC:SRSMsg", "ppMsgP", Kind::Private, "77"),
        ("RC:SRSMsg", "pgMsgP", Kind::Group, "\"77\""),
        ("RC:ReadNtf", "pcMsgP", Kind::Service, "77"),
    ] {
        let sent = upstream(name, &format!(r#"{{"lastMessageSendTime":{time},"type":1}}"#));
        let read = publish(topic, "ann", &sent).unwrap();
        assert_eq!(read, Ask::Read { at: place(kind, "ann"), until: Millis::new(77) });
    }

    let handed_on = publish("ppMsgP", "ann", &upstream("RC:ReadNtf", r#"{"lastMessageSendTime":77,"type":1}"#));
    assert!(matches!(handed_on, Ok(Ask::Send { .. })), "the domain takes it for a receipt");

    let uid = MessageUid::from_number(5);
    let body = json!({ "messageUId": uid, "conversationType": 1, "targetId": "ann", "sentTime": 5 });
    let recall = publish("recallMsg", "bob", &upstream("RC:RcCmd", &body.to_string())).unwrap();
    assert_eq!(command(&recall), Some(Command::Recall(uid)));
}

#[test]
fn check_41_and_42_history_goes_older_or_newer_than_its_time() {
    let asked = |time, order, count| rong::HistoryMsgInput {
        target_id: Some("ann".into()),
        time: Some(time),
        count: Some(count),
        order: Some(order),
        bus_channel: None,
    };
    let stretch = |before: Option<i64>, after: Option<i64>, limit| Stretch {
        before: before.map(Millis::new),
        after: after.map(Millis::new),
        limit,
    };
    let table = [
        (asked(0, 0, 20), stretch(None, None, 20)),
        (asked(50, 0, 20), stretch(Some(50), None, 20)),
        (asked(50, 1, 20), stretch(None, Some(50), 20)),
        (asked(0, 1, 20), stretch(None, Some(0), 20)),
        (asked(50, 0, 5000), stretch(Some(50), None, 100)),
        (asked(-5, 0, 0), stretch(None, None, 20)),
    ];
    for (body, wanted) in table {
        let Ok(Ask::History(ask)) = query("qryPMsg", "ann", &body) else { panic!("{body:?}") };
        assert_eq!(ask.stretch(), wanted, "{body:?}");
        assert_eq!(wanted.is_forward(), body.order == Some(1));
    }
}

#[test]
fn history_is_looked_for_where_its_topic_may_mean_and_by_the_name_in_its_body() {
    let named = rong::HistoryMsgInput { target_id: Some("ann".into()), ..<_>::default() };
    let kinds = |topic: &str| {
        let Ok(Ask::History(asked)) = query(topic, "bob", &named) else { panic!("{topic} asks for history") };
        assert!(asked.at.iter().all(|place| place.target.as_str() == "ann"), "later clients name themselves outside");
        asked.at.iter().map(|place| place.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("qryPMsg"), [Kind::Private, Kind::AppService, Kind::PublicService]);
    assert_eq!(kinds("qryDMsg"), [Kind::Discussion]);
    assert_eq!(kinds("qryGMsg"), [Kind::Group]);
    assert_eq!(kinds("qryCMsg"), [Kind::Service, Kind::Chatroom]);
    assert_eq!(kinds("qrySMsg"), [Kind::System]);
    let Ok(Ask::History(unnamed)) = query("qryPMsg", "ann", &rong::HistoryMsgInput::default()) else { panic!() };
    assert_eq!(unnamed.at[0], place(Kind::Private, "ann"));
}

#[test]
fn check_44_clearing_and_deleting_are_for_the_asking_user_and_by_time() {
    let cleared = rong::CleanHisMsgInput { target_id: "ann".into(), data_time: 70, conversation_type: None };
    for (topic, kind) in [("cleanPMsg", Kind::Private), ("cleanGMsg", Kind::Group), ("cleanCMsg", Kind::Service)] {
        let until = Millis::new(70);
        assert_eq!(query(topic, "ann", &cleared), Ok(Ask::Clear { at: place(kind, "ann"), until }));
    }
    let uid = MessageUid::from_number;
    let one = |number, at| rong::DeleteMsg {
        msg_id: Some(uid(number).to_string()),
        msg_data_time: Some(at),
        direct: Some(1),
    };
    let msgs = vec![one(70, 70), one(90, 90)];
    let asked = rong::DeleteMsgInput { r#type: Some(1), conversation_id: Some("ann".into()), msgs };
    assert_eq!(query("delMsg", "ann", &asked), Ok(Ask::Delete(vec![uid(70), uid(90)])));
    let none = rong::DeleteMsgInput { msgs: Vec::new(), ..asked };
    assert_eq!(query("delMsg", "ann", &none), Err(Status::PARAMETER));
}

#[test]
fn check_39_and_40_the_list_is_asked_for_and_conversations_leave_it() {
    let list = |count| rong::RelationsInput { r#type: 1, count: Some(count), ..<_>::default() };
    assert_eq!(query("qryRelation", "bob", &list(0)), Ok(Ask::Conversations(1000)), "0 is all");
    assert_eq!(query("qryRelation", "bob", &list(7)), Ok(Ask::Conversations(7)));
    let remove = rong::RelationsInput { r#type: 3, ..<_>::default() };
    assert_eq!(query("delRelation", "g1", &remove), Ok(Ask::Remove(vec![place(Kind::Group, "g1")])));
    let later = rong::RelationQryInput { r#type: Some(3), count: Some(0), start_time: Some(0), order: Some(0) };
    assert_eq!(query("delRelation", "g1", &later), Ok(Ask::Remove(vec![place(Kind::Group, "g1")])));
    let unknown = rong::RelationsInput { r#type: 12, ..<_>::default() };
    assert_eq!(query("delRelation", "g1", &unknown), Err(Status::PARAMETER));
}

#[test]
fn check_45_the_blacklist_is_changed_and_read() {
    let named = rong::Add2BlackListInput { user_id: "ann".into() };
    let ann: UserId = "ann".parse().unwrap();
    for (topic, on) in [("addBlack", true), ("rmBlack", false)] {
        let ask = query(topic, "ann", &named).unwrap();
        assert_eq!(command(&ask), Some(Command::Block { user: ann.clone(), on }));
    }
    assert_eq!(query("blackStat", "ann", &named), Ok(Ask::IsBlocked(ann)));
    let all = query("getBlack", "bob", &rong::QueryBlackListInput { nothing: 1 }).unwrap();
    assert_eq!(command(&all), Some(Command::Blocked));
}

#[test]
fn check_47_and_51_to_53_chatrooms_are_joined_left_looked_at_and_given_attributes() {
    let room: Handle = "r1".parse().unwrap();
    let asked = |topic: &str, body: Vec<u8>| {
        let Ok(ask) = of_query(&request(topic, "r1", body), SOCKET()) else { panic!("{topic} is read") };
        let Some(Command::Chatroom(command)) = command(&ask) else { panic!("{topic} is a command") };
        command
    };
    let one = rong::ChrmInput { nothing: 1 }.encode_to_vec();
    let join =
        |last| ChatroomCommand::Join(JoinChatroom { chatroom: room.clone(), last, since: None, only_existing: false });
    assert_eq!(asked("joinChrm", one.clone()), join(0));
    let existing = JoinChatroom { chatroom: room.clone(), last: 0, since: None, only_existing: true };
    assert_eq!(asked("joinChrmR", one.clone()), ChatroomCommand::Join(existing));
    assert_eq!(asked("exitChrm", one), ChatroomCommand::Quit(room.clone()));

    let info = |members, order| ChatroomCommand::Info { chatroom: room.clone(), members, order };
    for (count, order, wanted) in [
        (20, Some(1), info(20, Order::Oldest)),
        (20, Some(2), info(20, Order::Newest)),
        (20, Some(0), info(0, Order::Newest)),
        (9999, Some(2), info(500, Order::Newest)),
    ] {
        let body = rong::QueryChatroomInfoInput { count, order }.encode_to_vec();
        assert_eq!(asked("queryChrmI", body), wanted, "{count} {order:?}");
    }

    let entry = |value: &str, status| rong::ChrmKvEntity {
        key: "k".into(),
        value: value.into(),
        status,
        timestamp: None,
        uid: Some("bob".into()),
    };
    let notice = upstream("RC:chrmKVNotiMsg", r#"{"key":"k","value":"v","type":1,"extra":"why"}"#);
    let set = rong::SetChrmKv {
        entry: entry("v", Some(3)),
        b_notify: Some(true),
        notification: Some(notice),
        ..<_>::default()
    };
    let wanted = SetAttributes {
        chatroom: room.clone(),
        attributes: vec![("k".parse().unwrap(), "v".to_owned())],
        auto_delete: true,
        force: true,
        notify: Some("why".to_owned()),
    };
    assert_eq!(asked("setKV", set.encode_to_vec()), ChatroomCommand::SetAttributes(wanted));
    let removed = rong::DeleteChrmKv { entry: entry("", Some(4)), ..<_>::default() };
    let wanted =
        RemoveAttributes { chatroom: room.clone(), keys: vec!["k".parse().unwrap()], force: false, notify: None };
    assert_eq!(asked("delKV", removed.encode_to_vec()), ChatroomCommand::RemoveAttributes(wanted));
    let pull = rong::QueryChrmKv { timestamp: 0 }.encode_to_vec();
    assert_eq!(asked("pullKV", pull), ChatroomCommand::Attributes { chatroom: room.clone(), keys: Vec::new() });
    let bad =
        rong::SetChrmKv { entry: rong::ChrmKvEntity { key: "no spaces".into(), ..entry("v", None) }, ..<_>::default() };
    assert_eq!(query("setKV", "r1", &bad), Err(Status::PARAMETER));
    assert_eq!(query("joinChrm", "", &rong::ChrmInput { nothing: 1 }), Err(Status(23410)));
}

#[test]
fn several_attributes_are_a_command_each() {
    let entry = |key: &str, status| rong::ChrmKvEntity {
        key: key.into(),
        value: "v".into(),
        status,
        timestamp: None,
        uid: Some("bob".into()),
    };
    let both = rong::SetChrmKvs { entry: vec![entry("a", None), entry("b", Some(2))], ..<_>::default() };
    let Ok(Ask::Attributes(found)) = query("setKVS", "r1", &both) else { panic!("attributes") };
    let set = |key: &str, force| {
        let attributes = vec![(key.parse().unwrap(), "v".to_owned())];
        let set =
            SetAttributes { chatroom: "r1".parse().unwrap(), attributes, auto_delete: false, force, notify: None };
        (key.parse::<AttributeKey>().unwrap(), ChatroomCommand::SetAttributes(set))
    };
    assert_eq!(found, [set("a", false), set("b", true)]);
    let Ok(Ask::Attributes(found)) = query("delKVS", "r1", &both) else { panic!("attributes") };
    assert!(
        matches!(&found[..], [(_, ChatroomCommand::RemoveAttributes(a)), (_, ChatroomCommand::RemoveAttributes(b))]
        if !a.force && b.force && b.keys == ["b".parse::<AttributeKey>().unwrap()])
    );
    for many in [0, 11] {
        let asked = rong::SetChrmKvs { entry: vec![entry("a", None); many], ..<_>::default() };
        assert_eq!(query("setKVS", "r1", &asked), Err(Status::PARAMETER), "{many}");
    }
}

#[test]
fn later_clients_say_what_they_read_in_groups_by_ids() {
    let uid = MessageUid::from_number(7 << 22);
    let asked = |ids: &[String]| rong::GrpReadReceiptMsg { msg_id: ids.to_vec(), channel_id: None };
    let one = uid.to_string();
    assert_eq!(query("rrMsg", "g1", &asked(&[one.clone(), one.clone()])), Ok(Ask::ReadMessages(vec![uid, uid])));
    assert_eq!(query("rrList", "g1", &asked(std::slice::from_ref(&one))), Ok(Ask::Readers(uid)));
    for (topic, wrong) in [("rrMsg", vec![]), ("rrMsg", vec!["no id".into()]), ("rrList", vec![one.clone(), one])] {
        assert_eq!(query(topic, "g1", &asked(&wrong)), Err(Status::PARAMETER), "{topic} {wrong:?}");
    }
}

#[test]
fn check_48_a_pull_of_a_chatroom_takes_the_newest_nothing_or_what_is_new() {
    let pull = |sync_time, count| query("chrmPull", "r1", &rong::ChrmPullMsg { sync_time, count }).unwrap();
    let wanted =
        |after, most| Ask::PullChatroom(ChatroomPull { room: "r1".parse().unwrap(), after: Millis::new(after), most });
    assert_eq!(pull(0, 20), wanted(0, 20));
    assert_eq!(pull(0, 9999), wanted(0, 50));
    assert_eq!(pull(77, 0), wanted(77, 50));
    assert_eq!(pull(0, -1), wanted(0, 0));
}

#[test]
fn later_clients_read_and_remove_by_their_own_topics() {
    let read =
        rong::ReadTimeInput { r#type: Some(1), msg_time: Some(7), channel_id: Some("ann".into()), bus_channel: None };
    let until = Millis::new(7);
    assert_eq!(query("updRRTime", "bob", &read), Ok(Ask::Read { at: place(Kind::Private, "ann"), until }));
    let session = rong::DeleteSession { r#type: Some(3), channel_id: Some("g1".into()), bus_channel: None };
    let remove = rong::DeleteSessionsInput { sessions: vec![session] };
    assert_eq!(query("delSessions", "bob", &remove), Ok(Ask::Remove(vec![place(Kind::Group, "g1")])));
    let settings = query("pullUS", "bob", &rong::PullUserSettingInput { version: 4, reserve: None });
    let empty = rong::PullUserSettingOutput { items: Vec::new(), version: 4 };
    assert_eq!(settings, Ok(Ask::Settled(empty.encode_to_vec())));
}

#[test]
fn pins_mutes_and_silence_are_ways_to_keep_a_conversation() {
    let since = Millis::new(4);
    assert_eq!(query("pullSeAtts", "bob", &rong::SessionReq { time: 4 }), Ok(Ask::Settings { since }));
    let item = |kind: rong::SessionStateType, value: &str| rong::SessionStateItem {
        session_state_type: kind.into(),
        value: value.into(),
    };
    let state_item = vec![item(rong::SessionStateType::Istop, "1"), item(rong::SessionStateType::Issilent, "0")];
    let state = rong::SessionState { r#type: 3, channel_id: "g1".into(), time: None, state_item };
    let asked = rong::SessionStateModifyReq { version: 1, state: vec![state] };
    let at = place(Kind::Group, "g1");
    let changes = vec![(at.clone(), Keeping::Pinned(true)), (at.clone(), Keeping::Muted(false))];
    assert_eq!(query("setSeAtt", "bob", &asked), Ok(Ask::ChangeSettings(changes)));

    let named = |id: &str| rong::BlockPushInput { blockee_id: id.into() };
    let both = vec![place(Kind::Discussion, "g1"), at];
    assert_eq!(query("qryPPush", "bob", &named("ann")), Ok(Ask::IsSilent(vec![place(Kind::Private, "ann")])));
    assert_eq!(query("blkDPush", "bob", &named("g1")), Ok(Ask::Silence { at: both.clone(), on: true }));
    assert_eq!(query("unblkDPush", "bob", &named("g1")), Ok(Ask::Silence { at: both, on: false }));
}

#[test]
fn check_46_files_are_asked_for_by_their_type() {
    for (kind, wanted) in [(1, Ok(Ask::UploadTicket)), (4, Ok(Ask::UploadTicket)), (9, Err(Status(41001)))] {
        let asked = rong::GetQNupTokenInput { r#type: kind, key: None };
        assert_eq!(query("qnTkn", "bob", &asked), wanted, "{kind}");
    }
    let asked = rong::GetQNdownloadUrlInput { r#type: 1, key: "k".into(), file_name: None };
    assert_eq!(query("qnUrl", "bob", &asked), Ok(Ask::Download("k".into())));
}

#[test]
fn users_say_how_they_are_and_watch_others() {
    assert_eq!(query("getUserStatus", "bob", &rong::GetUserStatusInput::default()), Ok(Ask::OwnStatus));
    let set = rong::SetUserStatusInput { status: Some(7) };
    assert_eq!(query("setUserStatus", "bob", &set), Ok(Ask::SetStatus(7)));
    let watch = |users: Vec<String>| query("subUserStatus", "bob", &rong::SubUserStatusInput { userid: users });
    assert_eq!(watch(vec!["ann".into()]), Ok(Ask::Watch(vec!["ann".parse().unwrap()])));
    assert_eq!(watch(vec!["no one".into()]), Err(Status::PARAMETER));
    assert_eq!(watch(vec!["ann".into(); 101]), Err(Status::PARAMETER));
}

#[test]
fn discussions_are_founded_looked_at_and_changed() {
    let (at, ann) = (place(Kind::Discussion, "d1"), "ann".parse::<UserId>().unwrap());
    let asked = |topic: &str, body: Vec<u8>| match of_query(&request(topic, "d1", body), SOCKET()) {
        Ok(Ask::Discussion(asked)) => asked,
        other => panic!("{topic}: {other:?}"),
    };
    let name = rong::CreateDiscussionInput { name: Some("tea".into()) }.encode_to_vec();
    assert_eq!(asked("crDiz", name), DiscussionAsk::Create("tea".into()));
    let users = rong::ChannelInvitationInput { users: vec!["ann".into()] }.encode_to_vec();
    assert_eq!(asked("invtDiz", users), DiscussionAsk::Invite(at.clone(), vec![ann.clone()]));
    let one = rong::ChannelInfoInput { nothing: 1 }.encode_to_vec();
    assert_eq!(asked("dizInf", one.clone()), DiscussionAsk::Info(at.clone()));
    assert_eq!(asked("quitDiz", one), DiscussionAsk::Quit(at.clone()));
    let out = rong::ChannelEvictionInput { user: "ann".into() }.encode_to_vec();
    assert_eq!(asked("evctDiz", out), DiscussionAsk::Kick(at.clone(), ann));
    let name = rong::RenameChannelInput { name: "more tea".into() }.encode_to_vec();
    assert_eq!(asked("rename", name), DiscussionAsk::Rename(at, "more tea".into()));
    let open = |open_status| query("pdOpen", "d1", &rong::ModifyPermissionInput { open_status });
    assert_eq!(open(0), Ok(Ask::Settled(Vec::new())));
    assert_eq!(open(1), Err(Status::PARAMETER), "whoever is inside may always bring others");
    assert_eq!(query("dizInf", "", &rong::ChannelInfoInput { nothing: 1 }), Err(Status(21406)));
}

#[test]
fn check_16_every_topic_is_read_settled_or_refused_with_a_number() {
    for topic in Asking::ALL {
        if let Err(status) = of_query(&request(topic.name(), "bob", Vec::new()), SOCKET()) {
            assert!(status.0 > 1, "{topic:?}");
        }
    }
    for (topic, number) in [("unheard", 33003), ("setKVS", 33003), ("qryVoipK", 33003)] {
        assert_eq!(of_query(&request(topic, "bob", Vec::new()), SOCKET()), Err(Status(number)), "{topic}");
    }
}

#[test]
fn a_client_that_polls_asks_the_same_in_json() {
    let body = br#"{"sessionId":3,"classname":"RC:TxtMsg","content":"{\"content\":\"hi\"}"}"#.to_vec();
    let ask = of_publish(&request("ppMsgP", "ann", body), Dialect::of_poll("2.5.3")).unwrap();
    assert!(matches!(&ask, Ask::Send { content, .. } if *content == Content::text("hi")));
    let body = br#"{"syncTime":5,"ispolling":false,"isPullSend":true,"sendBoxSyncTime":6}"#.to_vec();
    let Ok(Ask::Pull(asked)) = of_query(&request("pullMsg", "bob", body), Dialect::of_poll("2.5.3")) else {
        panic!("a pull")
    };
    assert_eq!((asked.sync_time, asked.send_box_sync_time), (5, Some(6)));
}

proptest! {
    #[test]
    fn no_request_panics(topic in prop::sample::select(Asking::ALL), target: String, body: Vec<u8>) {
        let asked = request(topic.name(), &target, body);
        let _ = of_query(&asked, SOCKET());
        let _ = of_query(&asked, Dialect::of_poll("2.5.3"));
    }

    #[test]
    fn no_message_panics(topic in prop::sample::select(Sending::ALL), name: String, content: Vec<u8>, user: String) {
        let sent = rong::UpStreamMessage { classname: name, content, user_id: vec![user], ..<_>::default() };
        let _ = of_publish(&request(topic.name(), "ann", sent.encode_to_vec()), SOCKET());
    }
}
