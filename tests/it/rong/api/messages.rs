//! What back ends say, and take back.

use serde_json::{Value, json};

use super::{OldBackEnd, house};

const TEXT: &str = r#"{"content":"hello"}"#;

fn text(words: &str) -> String {
    json!({ "content": words }).to_string()
}

/// A message from Nora, with where it goes.
fn said<'a>(content: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("fromUserId", "nora"), ("objectName", "RC:TxtMsg"), ("content", content)], more].concat()
}

/// The ids that an answer tells.
fn uids(answer: &Value) -> Vec<String> {
    let list = answer["messageUIDs"].as_array().unwrap();
    list.iter().map(|one| one["messageUID"].as_str().unwrap().to_owned()).collect()
}

async fn makes_group(back_end: &OldBackEnd) {
    let users =
        [("groupId", "lamps"), ("groupName", "Lamps"), ("userId", "nora"), ("userId", "olaf"), ("userId", "pia")];
    back_end.ask("group/create", &users).await;
}

#[tokio::test]
async fn a_private_message_reaches_users_and_those_who_have_not_come_yet() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let to = said(TEXT, &[("toUserId", "olaf"), ("toUserId", "later"), ("pushContent", "hi"), ("isCounted", "1")]);
    let answer = back_end.ask("message/private/publish", &to).await;
    assert_eq!(answer["messageUIDs"][0]["userId"], "olaf");
    assert_eq!(uids(&answer).len(), 2);
    let seen = olaf.sees("hello").await;
    assert_eq!(seen["from"]["id"], "nora");
    let mut later = people.user("later").await;
    let list = later.ask("conversations", json!({})).await.unwrap();
    assert_eq!(list["conversations"][0]["last"]["content"]["content"], "hello");
    assert_eq!(list["conversations"][0]["mine"]["unread"], 1);
}

#[tokio::test]
async fn what_is_not_to_be_kept_or_counted_is_not() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let passing = text("passing");
    back_end.ask("message/private/publish", &said(&passing, &[("toUserId", "olaf"), ("isPersisted", "0")])).await;
    assert_eq!(olaf.sees("passing").await["seq"], Value::Null);
    let status = text("status");
    back_end.ask("statusmessage/private/publish", &said(&status, &[("toUserId", "olaf")])).await;
    assert_eq!(olaf.sees("status").await["seq"], Value::Null);
    let quiet = text("quiet");
    back_end.ask("message/private/publish", &said(&quiet, &[("toUserId", "olaf"), ("isCounted", "0")])).await;
    olaf.sees("quiet").await;
    let list = olaf.ask("conversations", json!({})).await.unwrap();
    let mine = &list["conversations"][0];
    assert_eq!((&mine["last"]["content"]["content"], &mine["mine"]["unread"]), (&json!("quiet"), &json!(0)));
}

#[tokio::test]
async fn the_sender_hears_it_too_when_asked_for_and_blocks_count_when_asked_for() {
    let (_server, people, back_end) = house().await;
    let (mut nora, mut olaf) = (people.user("nora").await, people.user("olaf").await);
    let echo = text("echo");
    back_end.ask("message/private/publish", &said(&echo, &[("toUserId", "olaf"), ("isIncludeSender", "1")])).await;
    nora.sees("echo").await;
    back_end.ask("user/blacklist/add", &[("userId", "olaf"), ("blackUserId", "nora")]).await;
    let polite = text("polite");
    let checked = said(&polite, &[("toUserId", "olaf"), ("toUserId", "pia"), ("verifyBlacklist", "1")]);
    let answer = back_end.ask("message/private/publish", &checked).await;
    assert_eq!(answer["messageUIDs"].as_array().unwrap().len(), 1, "olaf is passed over");
    let firm = text("firm");
    back_end.ask("message/private/publish", &said(&firm, &[("toUserId", "olaf")])).await;
    olaf.sees("echo").await;
    olaf.sees("firm").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said() {
    let (_server, _people, back_end) = house().await;
    for (content, words) in [("hello", "not JSON"), ("[1]", "JSON object"), ("{\"content\":\"\\u0000\"}", "U+0000")] {
        let (status, code, text) =
            back_end.refused("message/private/publish", &said(content, &[("toUserId", "olaf")])).await;
        assert!((status, code) == (400, 1002) && text.contains(words), "{text}");
    }
    let name = "x".repeat(33);
    let long = [("fromUserId", "nora"), ("toUserId", "olaf"), ("objectName", &name), ("content", TEXT)];
    assert_eq!(back_end.refused("message/private/publish", &long).await.1, 1002);
    let users: Vec<String> = (0..1001).map(|number| format!("u{number}")).collect();
    let many: Vec<_> = users.iter().map(|user| ("toUserId", user.as_str())).collect();
    assert_eq!(back_end.refused("message/private/publish", &said(TEXT, &many)).await.1, 1502);
    let to_self = back_end.refused("message/private/publish", &said(TEXT, &[("toUserId", "nora")])).await;
    assert_eq!(to_self.1, 1002);
    let huge = text(&"x".repeat(300_000));
    assert_eq!(back_end.refused("message/private/publish", &said(&huge, &[("toUserId", "olaf")])).await.0, 413);
}

#[tokio::test]
async fn a_template_has_words_for_everybody() {
    let (_server, people, back_end) = house().await;
    let (mut olaf, mut pia) = (people.user("olaf").await, people.user("pia").await);
    let call = |path: &str| {
        json!({
            "fromUserId": format!("nora-{}", path.len()), "toUserId": ["olaf", "pia"], "objectName": "RC:TxtMsg",
            "content": text(&format!("Dear {{who}}, {path}")), "values": [{ "{who}": "Olaf" }, { "who": "Pia" }],
            "pushContent": ["", ""], "pushData": ["", ""], "isPersisted": "1",
        })
    };
    for path in ["message/private/publish_template", "message/system/publish_template"] {
        back_end.json(path, &call(path)).await.ok();
        olaf.sees(&format!("Dear Olaf, {path}")).await;
        pia.sees(&format!("Dear Pia, {path}")).await;
        let mut short = call(path);
        short["values"] = json!([{ "who": "Olaf" }]);
        assert_eq!(back_end.json(path, &short).await.body["code"], 1002);
    }
}

#[tokio::test]
async fn system_messages_come_from_anybody_and_can_only_be_read() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    people.user_hello("nora").await;
    for from in ["news", "nora"] {
        let words = text(&format!("from {from}"));
        let call = [("fromUserId", from), ("toUserId", "olaf"), ("objectName", "RC:TxtMsg"), ("content", &words)];
        back_end.ask("message/system/publish", &call).await;
        olaf.sees(&format!("from {from}")).await;
    }
    let list = olaf.ask("conversations", json!({})).await.unwrap();
    let kinds: Vec<_> = list["conversations"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["system", "system"]);
}

#[tokio::test]
async fn everybody_hears_a_broadcast() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let all = [("fromUserId", "news"), ("objectName", "RC:TxtMsg"), ("content", TEXT), ("targetId", "ignored")];
    let answer = back_end.ask("message/broadcast", &all).await;
    assert!(!answer["id"].as_str().unwrap().is_empty());
    assert!(olaf.sees("hello").await["seq"].is_number());
    let now = text("now");
    let online = [("fromUserId", "news"), ("objectName", "RC:TxtMsg"), ("content", &now)];
    back_end.ask("message/online/broadcast", &online).await;
    assert_eq!(olaf.sees("now").await["seq"], Value::Null);
    let (status, code, _) = back_end.refused("message/broadcast", &all).await;
    assert_eq!((status, code), (403, 1008), "two in an hour");
}

#[tokio::test]
async fn groups_hear_it_and_members_who_are_named() {
    let (_server, people, back_end) = house().await;
    makes_group(&back_end).await;
    let (mut olaf, mut pia) = (people.user("olaf").await, people.user("pia").await);
    let mentioned = json!({
        "content": "to all", "mentionedInfo": { "type": 2, "userIdList": ["olaf"], "mentionedContent": "you" },
    });
    let mentioned = mentioned.to_string();
    let answer =
        back_end.ask("message/group/publish", &said(&mentioned, &[("toGroupId", "lamps"), ("isMentioned", "1")])).await;
    assert_eq!(answer["messageUIDs"][0]["groupId"], "lamps");
    olaf.sees("to all").await;
    pia.sees("to all").await;
    let list = olaf.ask("conversations", json!({})).await.unwrap();
    assert_eq!(list["conversations"][0]["mine"]["mentions"], 1);
    let aside = text("aside");
    back_end.ask("message/group/publish", &said(&aside, &[("toGroupId", "lamps"), ("toUserId", "olaf")])).await;
    olaf.sees("aside").await;
    let status = text("status");
    back_end.ask("statusmessage/group/publish", &said(&status, &[("toGroupId", "lamps")])).await;
    assert_eq!(pia.sees("status").await["seq"], Value::Null);
    assert_eq!(back_end.refused("message/group/publish", &said(TEXT, &[("toGroupId", "nowhere")])).await.1, 1002);
    assert_eq!(
        back_end.refused("message/discussion/publish", &said(TEXT, &[("toDiscussionId", "none")])).await.1,
        1002
    );
}

#[tokio::test]
async fn a_message_is_taken_back_by_whoever_sent_it() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let answer = back_end.ask("message/private/publish", &said(TEXT, &[("toUserId", "olaf")])).await;
    let uid = &uids(&answer)[0];
    olaf.sees("hello").await;
    let call = |from, kind, uid| {
        [
            ("fromUserId", from),
            ("conversationType", kind),
            ("targetId", "olaf"),
            ("messageUID", uid),
            ("sentTime", "1790000000000"),
            ("objectName", "RC:RcCmd"),
        ]
    };
    for wrong in [call("olaf", "1", uid), call("nora", "3", uid), call("nora", "1", "0000-0000-0000-0000")] {
        assert_eq!(back_end.refused("message/recall", &wrong).await.1, 1002);
    }
    back_end.ask("message/recall", &call("nora", "1", uid)).await;
    let recalled = olaf.push_where("recalled", |_| true).await;
    assert!(recalled.to_string().contains(uid.as_str()), "{recalled}");

    let second = text("second");
    let answer = back_end.ask("message/private/publish", &said(&second, &[("toUserId", "olaf")])).await;
    let uid = &uids(&answer)[0];
    let by_admin = [&call("olaf", "1", uid)[..], &[("isAdmin", "1"), ("isDelete", "1")]].concat();
    back_end.ask("message/recall", &by_admin).await;
}

#[tokio::test]
async fn a_request_with_an_id_is_harmless_to_repeat() {
    let (_server, _people, back_end) = house().await;
    let body = "fromUserId=nora&toUserId=olaf&objectName=RC%3ATxtMsg&content=%7B%22content%22%3A%22once%22%7D";
    let send = async || {
        let request = back_end.request("message/private/publish").header("x-request-id", "order-7").body(body);
        crate::harness::Answer::of(request.send().await.unwrap()).await.ok()
    };
    assert_eq!(uids(&send().await), uids(&send().await));
    let other = back_end.request("message/private/publish").header("x-request-id", "order-7");
    let other = other.body(body.replace("once", "and+more")).send().await.unwrap();
    assert_ne!(uids(&crate::harness::Answer::of(other).await.ok()), uids(&send().await), "one id for two messages");
}

#[tokio::test]
async fn conversations_are_muted_pinned_and_cleared_for_a_user() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    back_end.ask("message/private/publish", &said(TEXT, &[("toUserId", "olaf")])).await;
    makes_group(&back_end).await;
    let of = |user: &'static str, kind, target| [(user, "olaf"), ("conversationType", kind), ("targetId", target)];
    for (kind, target) in [("1", "nora"), ("3", "lamps")] {
        let named = of("requestId", kind, target);
        back_end.ask("conversation/notification/set", &[&named[..], &[("isMuted", "1")]].concat()).await;
        assert_eq!(back_end.ask("conversation/notification/get", &named).await["isMuted"], 1);
        back_end.ask("conversation/notification/set", &[&named[..], &[("isMuted", "0")]].concat()).await;
        assert_eq!(back_end.ask("conversation/notification/get", &named).await["isMuted"], 0);
    }
    let top = of("userId", "1", "nora");
    back_end.ask("conversation/top/set", &[&top[..], &[("setTop", "true")]].concat()).await;
    back_end.ask("conversation/message/history/clean", &of("fromUserId", "1", "nora")).await;
    let list = olaf.ask("conversations", json!({})).await.unwrap();
    let first = &list["conversations"][0];
    assert_eq!((&first["mine"]["pinned"], &first["mine"]["unread"]), (&json!(true), &json!(0)));
    let page = olaf.ask("history", json!({ "conversation": first["id"], "limit": 10 })).await.unwrap();
    assert_eq!(page["messages"], json!([]));
    for (kind, target) in [("4", "hall"), ("9", "x"), ("3", "nowhere")] {
        let (_, code, _) = back_end.refused("conversation/notification/get", &of("requestId", kind, target)).await;
        assert_eq!(code, 1002, "{kind}");
    }
}

#[tokio::test]
async fn pushes_are_taken_and_messages_in_them_are_sent() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let push = |more: Value| {
        let mut body = json!({ "platform": ["ios", "android"], "notification": { "alert": "hello" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let message = json!({ "content": TEXT, "objectName": "RC:TxtMsg" });
    let to_olaf = push(json!({ "fromuserid": "news", "audience": { "userid": ["olaf"] }, "message": message }));
    assert!(back_end.json("push", &to_olaf).await.ok()["id"].is_string());
    olaf.sees("hello").await;
    back_end.json("push/user", &json!({ "userIds": ["olaf"], "notification": { "pushContent": "hi" } })).await.ok();
    let by_tag = push(json!({ "fromuserid": "news", "audience": { "tag": ["gold"] }, "message": message }));
    assert_eq!(back_end.json("push", &by_tag).await.body["code"], 1009);
    let plain = push(json!({ "audience": { "is_to_all": true } }));
    assert_eq!(back_end.json("push", &plain).await.body["code"], 1008, "two in an hour");
}

#[tokio::test]
async fn words_work_at_once_on_what_users_say() {
    let (_server, people, back_end) = house().await;
    let mut nora = people.user("nora").await;
    people.user_hello("olaf").await;
    back_end.ask("sensitiveword/add", &[("word", "heck"), ("replaceWord", "h**k")]).await;
    back_end.ask("sensitiveword/add", &[("word", "darn")]).await;
    let list = back_end.ask("sensitiveword/list", &[]).await;
    let words: Vec<_> =
        list["words"].as_array().unwrap().iter().map(|one| (one["type"].clone(), one["word"].clone())).collect();
    assert_eq!(words, [(json!("1"), json!("darn")), (json!("0"), json!("heck"))]);
    assert_eq!(back_end.ask("sensitiveword/list", &[("type", "1")]).await["words"].as_array().unwrap().len(), 1);
    let refused = nora.sends(json!({ "user": "olaf" }), "1", "darn").await.unwrap_err();
    assert_eq!(refused["code"], "refused_words");
    assert_eq!(nora.sends(json!({ "user": "olaf" }), "2", "heck").await.unwrap()["replaced"], true);
    back_end.ask("sensitiveword/delete", &[("word", "darn")]).await;
    back_end.ask("sensitiveword/batch/delete", &[("words", "heck"), ("words", "other")]).await;
    assert_eq!(back_end.ask("sensitiveword/list", &[("type", "2")]).await["words"], json!([]));
    assert_eq!(back_end.refused("sensitiveword/add", &[("word", &"x".repeat(33))]).await.1, 1002);
}
