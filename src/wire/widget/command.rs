//! Names and bodies of requests ⇄ `model::Command`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::frame::{blame, plain};
use crate::{
    model::{
        ClientId, Code, Command, Content, ConversationId, Fault, FileId, Handle, Kind, MessageUid, Millis, ObjectName,
        Position, Seq, SiteKey, UserId,
        command::{
            AgentStatus, CreateGroup, Delete, GroupChange, History, List, MembersQuery, ReadersQuery, Receipt, Send,
            Target,
        },
        conversation::{Keeping, View},
        json::escapes_nul,
        presence::Watch,
        public_service::PublicServiceCommand,
        search::Search,
    },
    wire::{ClientKind, Hello, Request},
};

/// Most positions a client may resume from at once.
const MAX_SINCE: usize = 128;
/// People of a page when nothing else is asked for.
const PAGE: u16 = 50;

/// Reads the body of the command with this name.
pub(super) fn decode(name: &str, body: &str) -> Result<Request, Fault> {
    let command = match name {
        "send" => send(read(body)?)?,
        "receipt" => receipt(&read(body)?),
        "typing" => typing(&read(body)?),
        "history" => history(&read(body)?)?,
        "conversations" => list(read(body)?)?,
        "conversation" => Command::Conversation(read::<One>(body)?.conversation),
        "pin" => keep(&read(body)?, Keeping::Pinned),
        "mute" => keep(&read(body)?, Keeping::Muted),
        "remove" => Command::Keep { conversation: read::<One>(body)?.conversation, change: Keeping::Removed },
        "block" => block(read(body)?),
        "blocked" => {
            let Nothing {} = read(body)?;
            Command::Blocked
        }
        "presence" => watch(read(body)?),
        "create_group" => create_group(read(body)?),
        "group_members" => members(read(body)?),
        "readers" => readers(read(body)?),
        "public_services" => public_services(read(body)?),
        "follow" => follow(read(body)?, true),
        "unfollow" => follow(read(body)?, false),
        "group_add" => group_add(read(body)?),
        "group_join" => group(read::<One>(body)?.conversation, GroupChange::Join),
        "group_quit" => group(read::<One>(body)?.conversation, GroupChange::Quit),
        "group_dismiss" => group(read::<One>(body)?.conversation, GroupChange::Dismiss),
        "group_rename" => group_rename(read(body)?),
        "group_kick" => group_kick(read(body)?),
        "group_silence" => group_silence(read(body)?)?,
        "group_allow" => group_allow(read(body)?),
        "clear" => clear(&read(body)?)?,
        "delete" => delete(read(body)?),
        "recall" => Command::Recall(read::<RecallBody>(body)?.uid),
        "search" => search(read(body)?),
        "links" => Command::Links(read::<LinksBody>(body)?.files),
        "unread" => Command::Unread(read::<UnreadBody>(body)?.kinds.unwrap_or_default()),
        "accept" => Command::Accept(read::<One>(body)?.conversation),
        "end" => Command::End(read::<One>(body)?.conversation),
        "status" => Command::Status(read::<Status>(body)?.status),
        "ping" => {
            let Nothing {} = read(body)?;
            Command::Ping
        }
        "hello" => return hello(read(body)?).map(|hello| Request::Hello(Box::new(hello))),
        name if let Some(command) = chatroom_command(name, body) => command?,
        unknown => {
            let unknown: String = unknown.chars().take(40).collect();
            return Err(Fault::new(Code::UnknownCommand, format!("there is no command `{unknown}`")));
        }
    };
    Ok(Request::Command(command))
}

/// Bodies name the field that has the wrong type, which serde alone does not.
trait Body: DeserializeOwned {
    fn blame(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<Fault>;
}

macro_rules! body {
    ($name:ident { $($field:ident $wire:literal: $type:ty),* }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $(#[serde(rename = $wire)] $field: $type,)* }

        impl Body for $name {
            fn blame(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<Fault> {
                let _ = fields;
                $(if let Some(fault) = blame::<$type>(fields, $wire) { return Some(fault) })*
                None
            }
        }
    };
}

mod chatroom;

fn chatroom_command(name: &str, body: &str) -> Option<Result<Command, Fault>> {
    chatroom::decode(name.strip_prefix("chatroom_")?, body)
}

body!(SendBody {
    client_id "client_id": ClientId,
    name "type": ObjectName,
    content "content": Box<RawValue>,
    conversation "conversation": Option<ConversationId>,
    user "user": Option<UserId>,
    group "group": Option<Handle>,
    discussion "discussion": Option<Handle>,
    chatroom "chatroom": Option<Handle>,
    desk "desk": Option<bool>,
    only "to": Option<Vec<UserId>>
});
body!(HistoryBody {
    conversation "conversation": ConversationId,
    before "before": Option<Seq>,
    after "after": Option<Seq>,
    before_at "before_at": Option<Millis>,
    after_at "after_at": Option<Millis>,
    limit "limit": Option<u16>
});
body!(ReceiptBody {
    conversation "conversation": ConversationId,
    delivered "delivered": Option<Seq>,
    read "read": Option<Seq>
});
body!(TypingBody { conversation "conversation": ConversationId, on "on": bool });
body!(ListBody {
    view "view": Option<View>,
    kinds "kinds": Option<Vec<Kind>>,
    before "before": Option<Before>,
    limit "limit": Option<u16>
});
body!(SwitchBody { conversation "conversation": ConversationId, on "on": bool });
body!(BlockBody { user "user": UserId, on "on": bool });
body!(WatchBody { users "users": Vec<UserId>, on "on": Option<bool> });
body!(CreateBody { kind "kind": Kind, name "name": String, users "users": Vec<UserId> });
body!(MembersBody {
    conversation "conversation": ConversationId,
    after "after": Option<UserId>,
    limit "limit": Option<u16>
});
body!(ReadersBody { uid "uid": MessageUid, after "after": Option<UserId>, limit "limit": Option<u16> });
body!(PublicServicesBody {
    search "search": Option<String>,
    followed "followed": Option<bool>,
    after "after": Option<UserId>,
    limit "limit": Option<u16>
});
body!(FollowBody { account "account": UserId });
body!(AddBody { conversation "conversation": ConversationId, users "users": Vec<UserId> });
body!(RenameBody { conversation "conversation": ConversationId, name "name": String });
body!(KickBody { conversation "conversation": ConversationId, user "user": UserId, ban "ban": Option<bool> });
body!(SilenceBody {
    conversation "conversation": ConversationId,
    user "user": Option<UserId>,
    on "on": bool,
    minutes "minutes": Option<u32>
});
body!(AllowBody { conversation "conversation": ConversationId, user "user": UserId, on "on": bool });
body!(ClearBody { conversation "conversation": ConversationId, seq "seq": Option<Seq>, until "until": Option<Millis> });
body!(DeleteBody { conversation "conversation": ConversationId, seqs "seqs": Vec<Seq> });
body!(SearchBody {
    query "query": String,
    conversation "conversation": Option<ConversationId>,
    kinds "kinds": Option<Vec<Kind>>,
    from "from": Option<UserId>,
    name "type": Option<ObjectName>,
    before_at "before_at": Option<Millis>,
    after_at "after_at": Option<Millis>,
    before "before": Option<MessageUid>,
    limit "limit": Option<u16>
});
body!(RecallBody { uid "uid": MessageUid });
body!(LinksBody { files "files": Vec<FileId> });
body!(UnreadBody { kinds "kinds": Option<Vec<Kind>> });
body!(Before { changed_at "changed_at": Millis, id "id": ConversationId });
body!(One { conversation "conversation": ConversationId });
body!(Status { status "status": AgentStatus });
body!(Nothing {});
body!(HelloBody {
    version "v": u32,
    kind "as": ClientKind,
    site "site": Option<SiteKey>,
    token "token": Option<String>,
    since "since": Option<Vec<Have>>
});
body!(Have { conversation "conversation": ConversationId, epoch "epoch": u64, seq "seq": Seq });

fn read<T: Body>(body: &str) -> Result<T, Fault> {
    if escapes_nul(body) {
        return Err(Fault::new(Code::BadRequest, "`body` holds the character U+0000, which cannot be kept"));
    }
    serde_json::from_str(body).map_err(|error| {
        let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_str(body).ok();
        match fields {
            Some(fields) => T::blame(&fields).unwrap_or_else(|| Fault::new(Code::BadRequest, plain(&error))),
            None => Fault::new(Code::BadRequest, "`body` must be a JSON object"),
        }
    })
}

fn send(body: SendBody) -> Result<Command, Fault> {
    let places = [
        body.conversation.map(Target::Conversation),
        body.user.map(Target::User),
        body.group.map(|handle| Target::Group(Kind::Group, handle)),
        body.discussion.map(|handle| Target::Group(Kind::Discussion, handle)),
        body.chatroom.map(Target::Chatroom),
        body.desk.unwrap_or(false).then_some(Target::Desk),
    ];
    let mut places = places.into_iter().flatten();
    let (Some(to), None) = (places.next(), places.next()) else {
        return Err(bad("give one of `conversation`, `user`, `group`, `discussion`, `chatroom` and `desk: true`"));
    };
    let content = Content::new(body.name, body.content).map_err(|error| {
        let code = match error {
            crate::model::content::InvalidContent::TooLarge { .. } => Code::TooLarge,
            _ => Code::BadRequest,
        };
        Fault::new(code, error.to_string())
    })?;
    Ok(Command::Send(Send { to, client_id: body.client_id, content, only: body.only.unwrap_or_default() }))
}

fn history(body: &HistoryBody) -> Result<Command, Fault> {
    if body.before.is_some() && body.after.is_some() {
        return Err(bad("give `before` or `after`, not both"));
    }
    Ok(Command::History(History {
        conversation: body.conversation,
        before: body.before,
        after: body.after,
        before_at: body.before_at,
        after_at: body.after_at,
        limit: within(body.limit.unwrap_or(20))?,
    }))
}

fn receipt(body: &ReceiptBody) -> Command {
    Command::Receipt(Receipt { conversation: body.conversation, delivered: body.delivered, read: body.read })
}

fn typing(body: &TypingBody) -> Command {
    Command::Typing { conversation: body.conversation, on: body.on }
}

fn list(body: ListBody) -> Result<Command, Fault> {
    let limit = within(body.limit.unwrap_or(30))?;
    let before = body.before.map(|before| (before.changed_at, before.id));
    Ok(Command::Conversations(List { view: body.view, kinds: body.kinds.unwrap_or_default(), before, limit }))
}

fn keep(body: &SwitchBody, change: fn(bool) -> Keeping) -> Command {
    Command::Keep { conversation: body.conversation, change: change(body.on) }
}

fn block(body: BlockBody) -> Command {
    Command::Block { user: body.user, on: body.on }
}

fn watch(body: WatchBody) -> Command {
    Command::Watch(Watch { users: body.users, on: body.on.unwrap_or(true) })
}

fn group(conversation: ConversationId, change: GroupChange) -> Command {
    Command::Group { conversation, change }
}

fn create_group(body: CreateBody) -> Command {
    Command::CreateGroup(CreateGroup { kind: body.kind, name: body.name, users: body.users })
}

fn members(body: MembersBody) -> Command {
    let limit = body.limit.unwrap_or(PAGE);
    Command::Members(MembersQuery { conversation: body.conversation, after: body.after, limit })
}

fn readers(body: ReadersBody) -> Command {
    Command::Readers(ReadersQuery { uid: body.uid, after: body.after, limit: body.limit.unwrap_or(PAGE) })
}

fn public_services(body: PublicServicesBody) -> Command {
    let (words, followed) = (body.search.unwrap_or_default(), body.followed.unwrap_or(false));
    let find = PublicServiceCommand::Find { words, followed, after: body.after, limit: body.limit.unwrap_or(PAGE) };
    Command::PublicService(find)
}

fn follow(body: FollowBody, on: bool) -> Command {
    Command::PublicService(PublicServiceCommand::Follow { account: body.account, on })
}

fn group_add(body: AddBody) -> Command {
    group(body.conversation, GroupChange::Add(body.users))
}

fn group_rename(body: RenameBody) -> Command {
    group(body.conversation, GroupChange::Rename(body.name))
}

fn group_kick(body: KickBody) -> Command {
    group(body.conversation, GroupChange::Kick { user: body.user, ban: body.ban.unwrap_or(false) })
}

fn group_silence(body: SilenceBody) -> Result<Command, Fault> {
    let change = match (body.user, body.minutes) {
        (Some(user), minutes) => GroupChange::Silence { user, on: body.on, minutes: minutes.unwrap_or(0) },
        (None, None) => GroupChange::SilenceAll(body.on),
        (None, Some(_)) => return Err(bad("`minutes` goes with a `user`")),
    };
    Ok(group(body.conversation, change))
}

fn group_allow(body: AllowBody) -> Command {
    group(body.conversation, GroupChange::Allow { user: body.user, on: body.on })
}

fn clear(body: &ClearBody) -> Result<Command, Fault> {
    let change = match (body.seq, body.until) {
        (Some(seq), None) => Keeping::Cleared(seq),
        (None, Some(until)) => Keeping::ClearedUntil(until),
        _ => return Err(bad("give one of `seq` and `until`")),
    };
    Ok(Command::Keep { conversation: body.conversation, change })
}

fn delete(body: DeleteBody) -> Command {
    Command::Delete(Delete { conversation: body.conversation, seqs: body.seqs })
}

fn search(body: SearchBody) -> Command {
    Command::Search(Box::new(Search {
        query: body.query,
        conversation: body.conversation,
        kinds: body.kinds.unwrap_or_default(),
        from: body.from,
        name: body.name,
        before_at: body.before_at,
        after_at: body.after_at,
        before: body.before,
        limit: body.limit.unwrap_or(20),
    }))
}

fn hello(body: HelloBody) -> Result<Hello, Fault> {
    let since = body.since.unwrap_or_default();
    if since.len() > MAX_SINCE {
        return Err(bad(format!("`since` has {} entries; the limit is {MAX_SINCE}", since.len())));
    }
    if (body.kind == ClientKind::Visitor) != body.site.is_some() {
        return Err(bad("`site` is for visitors, and required for them"));
    }
    let since = since.into_iter().map(|have| (have.conversation, Position { epoch: have.epoch, seq: have.seq }));
    Ok(Hello { version: body.version, kind: body.kind, site: body.site, token: body.token, since: since.collect() })
}

fn within(limit: u16) -> Result<u16, Fault> {
    if (1..=History::MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(bad(format!("`limit` is {limit}; allowed are 1 to {}", History::MAX_LIMIT)))
    }
}

fn bad(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new(Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
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
            (
                "pin",
                r#"{"conversation":"$","on":true}"#,
                Command::Keep { conversation: c, change: Keeping::Pinned(true) },
            ),
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
}
