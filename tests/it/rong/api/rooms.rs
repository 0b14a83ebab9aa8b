//! Chatrooms.

use serde_json::{Value, json};

use super::{OldBackEnd, house};

fn ids(answer: &Value, list: &str, field: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

async fn makes_rooms(back_end: &OldBackEnd) {
    back_end.ask("chatroom/create", &[("chatroom[hall]", "Hall"), ("chatroom[yard]", "Yard")]).await;
}

#[tokio::test]
async fn rooms_are_made_found_and_ended() {
    let (_server, people, back_end) = house().await;
    makes_rooms(&back_end).await;
    let rooms = [("chatroomId", "hall"), ("chatroomId", "yard"), ("chatroomId", "nowhere")];
    let found = back_end.ask("chatroom/query", &rooms).await;
    assert_eq!(ids(&found, "chatRooms", "chrmId"), ["hall", "yard"]);
    assert_eq!(found["chatRooms"][0]["name"], "Hall");
    let mut nora = people.user("nora").await;
    nora.ask("chatroom_join", json!({ "chatroom": "hall" })).await.unwrap();
    let inside = back_end.ask("chatroom/user/query", &[("chatroomId", "hall"), ("count", "10"), ("order", "1")]).await;
    assert_eq!((ids(&inside, "users", "id"), &inside["total"]), (vec!["nora".to_owned()], &json!(1)));
    let one = [("chatroomId", "hall"), ("userId", "nora")];
    assert_eq!(back_end.ask("chatroom/user/exist", &one).await["isInChrm"], true);
    let many = [&one[..], &[("userId", "olaf")]].concat();
    let result = json!([{ "userId": "nora", "isInChrm": 1 }, { "userId": "olaf", "isInChrm": 0 }]);
    assert_eq!(back_end.ask("chatroom/users/exist", &many).await["result"], result);

    let whole = [
        ("chatroomId", "attic"),
        ("destroyType", "1"),
        ("destroyTime", "60"),
        ("isBan", "true"),
        ("whiteUserIds", "nora"),
        ("entryOwnerId", "nora"),
        ("entryInfo", r#"{"topic":"lamps"}"#),
    ];
    back_end.ask("chatroom/create_new", &whole).await;
    assert_eq!(back_end.ask("chatroom/get", &[("chatroomId", "attic")]).await["ban"], true);
    let entries = back_end.ask("chatroom/entry/query", &[("chatroomId", "attic")]).await;
    assert_eq!((&entries["keys"][0]["key"], &entries["keys"][0]["userId"]), (&json!("topic"), &json!("nora")));
    back_end.ask("chatroom/destroy/set", &[("chatroomId", "attic"), ("destroyType", "0"), ("destroyTime", "5")]).await;
    back_end.ask("chatroom/destroy", &[("chatroomId", "hall"), ("chatroomId", "attic")]).await;
    assert_eq!(ids(&back_end.ask("chatroom/query", &rooms).await, "chatRooms", "chrmId"), ["yard"]);
    assert_eq!(back_end.refused("chatroom/user/query", &[("chatroomId", "hall")]).await.1, 1002);
    assert_eq!(back_end.refused("chatroom/create", &[("chatroom", "hall")]).await.1, 1002);
}

#[tokio::test]
async fn what_is_said_reaches_rooms() {
    let (_server, people, back_end) = house().await;
    makes_rooms(&back_end).await;
    let mut nora = people.user("nora").await;
    for room in ["hall", "yard"] {
        nora.ask("chatroom_join", json!({ "chatroom": room })).await.unwrap();
    }
    let said = |words| [("fromUserId", "host"), ("objectName", "RC:TxtMsg"), ("content", words)];
    let rooms = [("toChatroomId", "hall"), ("toChatroomId", "yard")];
    let call = [&said(r#"{"content":"welcome"}"#)[..], &rooms].concat();
    let answer = back_end.ask("message/chatroom/publish", &call).await;
    assert_eq!(ids(&answer, "messageUIDs", "chatroomId"), ["hall", "yard"]);
    nora.sees("welcome").await;
    nora.sees("welcome").await;
    back_end.ask("message/chatroom/broadcast", &said(r#"{"content":"everywhere"}"#)).await;
    nora.sees("everywhere").await;
    let nowhere = [&said("{}")[..], &[("toChatroomId", "nowhere")]].concat();
    assert_eq!(back_end.refused("message/chatroom/publish", &nowhere).await.1, 1002);

    back_end.ask("chatroom/message/stopDistribution", &[("chatroomId", "hall")]).await;
    back_end.ask("message/chatroom/publish", &[&said(r#"{"content":"unheard"}"#)[..], &rooms[..1]].concat()).await;
    back_end.ask("chatroom/message/resumeDistribution", &[("chatroomId", "hall")]).await;
    back_end.ask("message/chatroom/publish", &[&said(r#"{"content":"heard"}"#)[..], &rooms[..1]].concat()).await;
    let next = nora.push("message").await;
    let next = if next["content"]["content"] == "everywhere" { nora.push("message").await } else { next };
    assert_eq!(next["content"]["content"], "heard");
}

#[tokio::test]
async fn rights_in_rooms_are_given_listed_and_taken() {
    let (_server, people, back_end) = house().await;
    makes_rooms(&back_end).await;
    let (mut nora, mut olaf) = (people.user("nora").await, people.user("olaf").await);
    for who in [&mut nora, &mut olaf] {
        who.ask("chatroom_join", json!({ "chatroom": "hall" })).await.unwrap();
    }
    let there = || json!({ "chatroom": "hall" });
    let one = [("chatroomId", "hall"), ("userId", "olaf")];
    let for_a_while = [&one[..], &[("minute", "5")]].concat();

    back_end.ask("chatroom/user/gag/add", &for_a_while).await;
    assert_eq!(ids(&back_end.ask("chatroom/user/gag/list", &one[..1]).await, "users", "userId"), ["olaf"]);
    assert_eq!(olaf.sends(there(), "1", "x").await.unwrap_err()["code"], "silenced");
    back_end.ask("chatroom/user/gag/rollback", &one).await;
    olaf.sends(there(), "2", "x").await.unwrap();

    back_end.ask("chatroom/user/ban/add", &[("userId", "olaf"), ("minute", "5")]).await;
    assert_eq!(ids(&back_end.ask("chatroom/user/ban/query", &[]).await, "users", "userId"), ["olaf"]);
    assert_eq!(olaf.sends(there(), "3", "x").await.unwrap_err()["code"], "silenced");
    back_end.ask("chatroom/user/ban/remove", &[("userId", "olaf")]).await;
    olaf.sends(there(), "4", "x").await.unwrap();

    back_end.ask("chatroom/ban/add", &one[..1]).await;
    assert_eq!(back_end.ask("chatroom/ban/query", &[]).await["chatroomIds"], json!(["hall"]));
    assert_eq!(back_end.ask("chatroom/ban/check", &one[..1]).await["status"], 1);
    assert_eq!(olaf.sends(there(), "5", "x").await.unwrap_err()["code"], "silenced");
    back_end.ask("chatroom/user/ban/whitelist/add", &one).await;
    let spared = back_end.ask("chatroom/user/ban/whitelist/query", &one[..1]).await;
    assert_eq!(spared["userIds"], json!(["olaf"]));
    olaf.sends(there(), "6", "x").await.unwrap();
    back_end.ask("chatroom/user/ban/whitelist/rollback", &one).await;
    back_end.ask("chatroom/ban/rollback", &one[..1]).await;
    assert_eq!(back_end.ask("chatroom/ban/check", &one[..1]).await["status"], 0);

    back_end.ask("chatroom/user/whitelist/add", &one).await;
    assert_eq!(back_end.ask("chatroom/user/whitelist/query", &one[..1]).await["users"], json!(["olaf"]));
    back_end.ask("chatroom/user/whitelist/remove", &one).await;
    assert_eq!(back_end.ask("chatroom/user/whitelist/query", &one[..1]).await["users"], json!([]));

    back_end.ask("chatroom/user/block/add", &for_a_while).await;
    assert_eq!(ids(&back_end.ask("chatroom/user/block/list", &one[..1]).await, "users", "userId"), ["olaf"]);
    assert_eq!(back_end.ask("chatroom/user/exist", &one).await["isInChrm"], false);
    assert_eq!(olaf.ask("chatroom_join", there()).await.unwrap_err()["code"], "banned");
    back_end.ask("chatroom/user/block/rollback", &one).await;
    olaf.ask("chatroom_join", there()).await.unwrap();
    for path in ["chatroom/user/gag/add", "chatroom/user/block/add"] {
        let wrong = [&one[..], &[("minute", "0")]].concat();
        assert_eq!(back_end.refused(path, &wrong).await.1, 1002);
    }
}

#[tokio::test]
async fn lists_of_rooms_and_types_are_kept() {
    let (_server, _people, back_end) = house().await;
    let hall = [("chatroomId", "hall")];
    assert_eq!(back_end.refused("chatroom/keepalive/remove", &hall).await.1, 1015);
    back_end.ask("chatroom/keepalive/add", &hall).await;
    assert_eq!(back_end.ask("chatroom/keepalive/query", &[]).await["chatroomIds"], json!(["hall"]));
    back_end.ask("chatroom/keepalive/remove", &hall).await;
    assert_eq!(back_end.ask("chatroom/keepalive/query", &[]).await["chatroomIds"], json!([]));
    for (add, remove, query, name, answer) in [
        ("message/priority/add", "message/priority/remove", "message/priority/query", "objectName", "objectNames"),
        ("whitelist/add", "whitelist/delete", "whitelist/query", "objectnames", "whitlistMsgType"),
    ] {
        let [add, remove, query] = [add, remove, query].map(|path| format!("chatroom/{path}"));
        back_end.ask(&add, &[(name, "RC:TxtMsg"), (name, "shop:like")]).await;
        back_end.ask(&remove, &[(name, "RC:TxtMsg")]).await;
        assert_eq!(back_end.ask(&query, &[]).await[answer], json!(["shop:like"]));
    }
}

#[tokio::test]
async fn attributes_are_set_told_and_removed() {
    let (_server, people, back_end) = house().await;
    makes_rooms(&back_end).await;
    let mut nora = people.user("nora").await;
    nora.ask("chatroom_join", json!({ "chatroom": "hall" })).await.unwrap();
    let topic = [("chatroomId", "hall"), ("userId", "host"), ("key", "topic")];
    let note =
        [("objectName", "RC:chrmKVNotiMsg"), ("content", r#"{"type":1,"key":"topic","value":"lamps","extra":"e"}"#)];
    let set = [&topic[..], &[("value", "lamps"), ("autoDelete", "0")], &note].concat();
    back_end.ask("chatroom/entry/set", &set).await;
    let told = nora.push_where("message", |message| message["type"] == "RC:chrmKVNotiMsg").await;
    assert_eq!((&told["content"]["value"], &told["content"]["extra"]), (&json!("lamps"), &json!("e")));
    let many =
        [("chatroomId", "hall"), ("entryOwnerId", "host"), ("autoDelete", "1"), ("entryInfo", r#"{"a":"1","b":"2"}"#)];
    back_end.ask("chatroom/entry/batch/set", &many).await;
    let found = back_end.ask("chatroom/entry/query", &[("chatroomId", "hall"), ("keys", "topic"), ("keys", "a")]).await;
    let mut keys = ids(&found, "keys", "key");
    keys.sort();
    assert_eq!(keys, ["a", "topic"]);
    back_end.ask("chatroom/entry/remove", &topic).await;
    let rest = back_end.ask("chatroom/entry/query", &[("chatroomId", "hall")]).await;
    assert_eq!(rest["keys"].as_array().unwrap().len(), 2);
    assert_eq!(back_end.refused("chatroom/entry/remove", &topic).await.1, 1002);
    let wrong = [("chatroomId", "hall"), ("userId", "host"), ("key", "not a key"), ("value", "x")];
    assert_eq!(back_end.refused("chatroom/entry/set", &wrong).await.1, 1002);
}
