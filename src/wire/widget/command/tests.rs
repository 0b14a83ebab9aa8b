use super::*;

const C: &str = "c00000000000000000000000000";

fn conversation() -> ConversationId {
    C.parse().unwrap()
}

fn command(name: &str, body: &str) -> Command {
    match decode(name, &body.replace('$', C)) {
        Ok(Request::Command(command)) => command,
        other => panic!("{name} {body}: {other:?}"),
    }
}

fn fault(name: &str, body: &str) -> String {
    decode(name, &body.replace('$', C)).expect_err(body).message.into_owned()
}

#[test]
fn a_content_stays_byte_for_byte() {
    let body = r#"{"conversation":"$","client_id":"k1","type":"RC:TxtMsg","content":{ "content" : "h\u00e9\"", "x":[1, 2.50] }}"#;
    let Command::Send(send) = command("send", body) else { panic!() };
    assert_eq!(send.content.body(), r#"{ "content" : "h\u00e9\"", "x":[1, 2.50] }"#);
    assert_eq!(send.to, Target::Conversation(conversation()));
    assert_eq!(send.client_id.as_str(), "k1");
}

#[test]
fn a_send_goes_to_exactly_one_place() {
    let rest = r#""client_id":"k1","type":"RC:TxtMsg","content":{}"#;
    let to = |place: &str| match command("send", &format!("{{{place}{rest}}}")) {
        Command::Send(send) => send.to,
        other => panic!("{other:?}"),
    };
    assert_eq!(to(r#""desk":true,"#), Target::Desk);
    assert_eq!(to(r#""user":"u1","#), Target::User("u1".parse().unwrap()));
    assert_eq!(to(r#""group":"g1","#), Target::Group(Kind::Group, "g1".parse().unwrap()));
    assert_eq!(to(r#""discussion":"g1","#), Target::Group(Kind::Discussion, "g1".parse().unwrap()));
    for place in ["", r#""desk":false,"#, r#""desk":true,"user":"u1","#, r#""conversation":"$","user":"u1","#] {
        assert!(fault("send", &format!("{{{place}{rest}}}")).contains("give one of"), "{place}");
    }
}

#[test]
fn every_command_has_its_name_and_body() {
    let c = conversation();
    for (name, body, expected) in [
        ("history", r#"{"conversation":"$"}"#, Command::History(History::newest(c, 20))),
        (
            "history",
            r#"{"conversation":"$","after":7,"limit":100}"#,
            Command::History(History { after: Some(Seq(7)), ..History::newest(c, 100) }),
        ),
        (
            "history",
            r#"{"conversation":"$","before_at":9,"after_at":7}"#,
            Command::History(History {
                before_at: Some(Millis::new(9)),
                after_at: Some(Millis::new(7)),
                ..History::newest(c, 20)
            }),
        ),
        (
            "receipt",
            r#"{"conversation":"$","read":3}"#,
            Command::Receipt(Receipt { conversation: c, delivered: None, read: Some(Seq(3)) }),
        ),
        ("typing", r#"{"conversation":"$","on":true}"#, Command::Typing { conversation: c, on: true }),
        ("search", r#"{"query":"lamp"}"#, Command::Search(Box::new(Search::of("lamp")))),
        ("conversations", "{}", Command::Conversations(List::default())),
        (
            "conversations",
            r#"{"view":"waiting","before":{"changed_at":5,"id":"$"},"limit":1}"#,
            Command::Conversations(List {
                view: Some(View::Waiting),
                before: Some((Millis::new(5), c)),
                limit: 1,
                ..List::default()
            }),
        ),
        (
            "conversations",
            r#"{"kinds":["private","service"]}"#,
            Command::Conversations(List { kinds: vec![Kind::Private, Kind::Service], ..List::default() }),
        ),
        ("pin", r#"{"conversation":"$","on":true}"#, Command::Keep { conversation: c, change: Keeping::Pinned(true) }),
        (
            "mute",
            r#"{"conversation":"$","on":false}"#,
            Command::Keep { conversation: c, change: Keeping::Muted(false) },
        ),
        ("remove", r#"{"conversation":"$"}"#, Command::Keep { conversation: c, change: Keeping::Removed }),
        (
            "clear",
            r#"{"conversation":"$","seq":4}"#,
            Command::Keep { conversation: c, change: Keeping::Cleared(Seq(4)) },
        ),
        (
            "clear",
            r#"{"conversation":"$","until":9}"#,
            Command::Keep { conversation: c, change: Keeping::ClearedUntil(Millis::new(9)) },
        ),
        (
            "delete",
            r#"{"conversation":"$","seqs":[1,2]}"#,
            Command::Delete(Delete { conversation: c, seqs: vec![Seq(1), Seq(2)] }),
        ),
        (
            "create_group",
            r#"{"kind":"group","name":"Team","users":["u1"]}"#,
            Command::CreateGroup(CreateGroup {
                kind: Kind::Group,
                name: "Team".to_owned(),
                users: vec!["u1".parse().unwrap()],
            }),
        ),
        ("block", r#"{"user":"u1","on":true}"#, Command::Block { user: "u1".parse().unwrap(), on: true }),
        ("blocked", "{}", Command::Blocked),
        ("group_join", r#"{"conversation":"$"}"#, group(c, GroupChange::Join)),
        ("group_silence", r#"{"conversation":"$","on":true}"#, group(c, GroupChange::SilenceAll(true))),
        (
            "group_kick",
            r#"{"conversation":"$","user":"u1"}"#,
            group(c, GroupChange::Kick { user: "u1".parse().unwrap(), ban: false }),
        ),
        ("unread", "{}", Command::Unread(vec![])),
        ("unread", r#"{"kinds":["private"]}"#, Command::Unread(vec![Kind::Private])),
        ("conversation", r#"{"conversation":"$"}"#, Command::Conversation(c)),
        ("accept", r#"{"conversation":"$"}"#, Command::Accept(c)),
        ("end", r#"{"conversation":"$"}"#, Command::End(c)),
        ("status", r#"{"status":"busy"}"#, Command::Status(AgentStatus::Busy)),
        ("ping", "{}", Command::Ping),
    ] {
        assert_eq!(command(name, body), expected, "{name} {body}");
    }
}

#[test]
fn a_wrong_field_is_named() {
    for (name, body, words) in [
        ("typing", r#"{"conversation":"$","on":"yes"}"#, "`on`: invalid type"),
        ("typing", r#"{"conversation":"x","on":true}"#, "`conversation`: `x` is not a conversation id"),
        ("typing", r#"{"conversation":"$"}"#, "missing field `on`"),
        ("typing", r#"{"conversation":"$","on":true,"who":1}"#, "unknown field `who`"),
        ("history", r#"{"conversation":"$","limit":101}"#, "`limit` is 101"),
        ("history", r#"{"conversation":"$","limit":-1}"#, "`limit`: invalid value"),
        ("history", r#"{"conversation":"$","before":1,"after":1}"#, "not both"),
        ("conversations", r#"{"view":"mad"}"#, "`view`: unknown variant"),
        ("conversations", r#"{"before":{"changed_at":"x","id":"$"}}"#, "`before`: invalid type"),
        ("clear", r#"{"conversation":"$"}"#, "give one of `seq` and `until`"),
        ("recall", r#"{"uid":"AAAA"}"#, "`uid`: `AAAA` is not a message id"),
        ("unread", r#"{"kinds":["party"]}"#, "`kinds`: unknown variant"),
        ("status", r#"{"status":"gone"}"#, "`status`: unknown variant"),
        ("send", r#"{"client_id":"","type":"x","content":{},"desk":true}"#, "`client_id`"),
        ("send", r#"{"client_id":"k","type":"","content":{},"desk":true}"#, "`type`"),
        ("send", r#"{"client_id":"k","type":"x","content":[],"desk":true}"#, "`content` must be a JSON object"),
        ("send", r#"{"client_id":"k","type":"x","content":{"a":"\u0000"},"desk":true}"#, "U+0000"),
        ("group_rename", r#"{"conversation":"$","name":"a\u0000"}"#, "U+0000"),
        ("hello", r#"{"v":"1","as":"visitor","site":"site1"}"#, "`v`: invalid type"),
        ("hello", r#"{"v":1,"as":"admin"}"#, "`as`: unknown variant"),
        ("hello", r#"{"v":1,"as":"visitor"}"#, "`site` is for visitors"),
        ("hello", r#"{"v":1,"as":"agent","site":"site1"}"#, "`site` is for visitors"),
        ("hello", r#"{"v":1,"as":"agent","since":[{}]}"#, "`since`: missing field"),
    ] {
        let message = fault(name, body);
        assert!(message.contains(words), "{name} {body}: {message}");
    }
}

#[test]
fn hello_may_resume_from_128_positions_and_no_more() {
    let hello = |count| {
        let have = format!(r#"{{"conversation":"{C}","epoch":1,"seq":4}}"#);
        decode("hello", &format!(r#"{{"v":1,"as":"agent","since":[{}]}}"#, vec![have; count].join(",")))
    };
    assert!(matches!(hello(128), Ok(Request::Hello(hello)) if hello.since.len() == 128));
    assert!(hello(129).unwrap_err().message.contains("the limit is 128"));
}

#[test]
fn a_hello_never_prints_its_token() {
    let hello = decode("hello", r#"{"v":1,"as":"agent","token":"secret"}"#).unwrap();
    assert!(!format!("{hello:?}").contains("secret"));
}
