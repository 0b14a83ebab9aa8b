//! Messages as one reader of this protocol gets them.
//!
//! Source: compatible protocol, "What the application gets", "Flags" and "Recall".

use serde_json::{Map, Value, json};

use super::{dialect::Dialect, place::Place};
use crate::{
    model::{
        Content, Kind, Message, Millis, Person, Role, UserId,
        content::{Mentions, names},
    },
    proto::rong::DownStreamMessage,
};

/// Bits of a message's status.
const STORED: i64 = 16;
const COUNTED: i64 = 32;
const CALLS_BY_NAME: i64 = 64;
/// Directions.
const OWN: i32 = 1;
const RECEIVED: i32 = 2;

/// Who reads, where, and with what client.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The conversation as they see it.
    pub place: &'a Place,
    /// How their client reads.
    pub dialect: Dialect,
}

impl Reader<'_> {
    /// A message of the conversation.
    pub fn message(&self, message: &Message) -> DownStreamMessage {
        let own = message.from.id == *self.user;
        let flags = message.content.flags();
        let stored = message.seq.is_some();
        let calls = self.place.kind.has_members() && message.content.mentions() != Mentions::Nobody;
        let bit = |on: bool, bit: i64| if on { bit } else { 0 };
        let status = bit(stored, STORED) | bit(stored && flags.counted, COUNTED) | bit(stored && calls, CALLS_BY_NAME);
        DownStreamMessage {
            data_time: message.at.get(),
            status,
            msg_id: Some(message.uid.to_string()),
            ..self.envelope(own, message.from.id.as_str(), &self.seen(message))
        }
    }

    /// That a message was taken back: a message of its own, at the time of the recall, so that it does not set the
    /// client's time back. `recalled` is what stands in the place of the message now.
    pub fn recalled(&self, recalled: &Message, at: Millis) -> DownStreamMessage {
        let shown = if recalled.content.is_recalled() {
            self.message(recalled)
        } else {
            // Thrown away by the back end: no trace of it is to stay on the screen.
            self.message(&Message { content: self.thrown_away(recalled), ..recalled.clone() })
        };
        DownStreamMessage { data_time: at.get(), ..shown }
    }

    fn thrown_away(&self, message: &Message) -> Content {
        let body = json!({
            "messageUId": message.uid,
            "conversationType": self.place.kind.number(),
            "targetId": self.place.target.as_str(),
            "sentTime": message.at,
            "isDelete": true,
        });
        Content::of(names::RECALLED, &body)
    }

    /// That somebody, or the user on another device, has read a private conversation up to a message. Its time is that
    /// of [`Reader::typing`].
    pub fn read(&self, who: &UserId, newest: &Message, known: Millis) -> DownStreamMessage {
        let content = Content::of(
            names::READ,
            &json!({ "messageUId": newest.uid, "lastMessageSendTime": newest.at, "type": self.place.kind.number() }),
        );
        DownStreamMessage { data_time: known.get(), ..self.envelope(who == self.user, who.as_str(), &content) }
    }

    /// That somebody is typing. It passes; its time is one that the client knows already, because clients pull from
    /// the time of whatever they handled last.
    pub fn typing(&self, who: &UserId, known: Millis) -> DownStreamMessage {
        let content = Content::of(names::TYPING, &json!({ "typingContentType": names::TEXT, "data": "" }));
        DownStreamMessage { data_time: known.get(), ..self.envelope(false, who.as_str(), &content) }
    }

    fn envelope(&self, own: bool, from: &str, content: &Content) -> DownStreamMessage {
        let kind = self.place.kind;
        let target = self.place.target.as_str();
        let of_many = matches!(kind, Kind::Discussion | Kind::Group | Kind::Chatroom);
        // Clients take the sender for the conversation where there are only two: a desk speaks with one voice. Later
        // ones do so also with what their own user wrote, which the direction tells them.
        let stands_for_it = if own { self.dialect.later && !of_many } else { kind == Kind::Service };
        let from = if stands_for_it { target } else { from };
        DownStreamMessage {
            from_user_id: from.to_owned(),
            r#type: kind.number().into(),
            group_id: (own || of_many).then(|| target.to_owned()),
            classname: content.name.to_string(),
            content: self.dialect.content(content),
            direction: Some(if own { OWN } else { RECEIVED }),
            ..DownStreamMessage::default()
        }
    }

    /// The content, byte for byte; but a recall names the conversation as this reader sees it, and who speaks for a desk
    /// stands in what they say.
    fn seen(&self, message: &Message) -> Content {
        let content = &message.content;
        let speaks_for_desk =
            self.place.kind == Kind::Service && matches!(message.from.role, Role::Agent | Role::Robot);
        if speaks_for_desk && !content.is_gone() {
            return signed(content, &message.from);
        }
        let Some(mut notice) = content.view::<Map<String, Value>>().filter(|_| content.is_recalled()) else {
            return content.clone();
        };
        notice.insert("conversationType".to_owned(), self.place.kind.number().into());
        notice.insert("targetId".to_owned(), self.place.target.as_str().into());
        Content::of(names::RECALLED, &notice)
    }
}

/// The content with its author in it, unless it names one.
fn signed(content: &Content, from: &Person) -> Content {
    let body = content.view::<Map<String, Value>>().filter(|body| !body.contains_key("user"));
    let Some(mut body) = body else { return content.clone() };
    let user = json!({ "id": from.id, "name": from.name, "portraitUri": from.portrait.as_deref().unwrap_or_default() });
    body.insert("user".to_owned(), user);
    Content::of(content.name.as_str(), &body)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{ConversationId, MessageUid, Seq};

    pub(in crate::wire::rong) fn said(from: &str, at: i64, content: Content) -> Message {
        Message {
            uid: MessageUid::from_number(at),
            conversation: ConversationId::from_u128(1),
            seq: content.name.flags().stored.then_some(Seq(1)),
            at: Millis::new(at),
            from: Person { id: from.parse().unwrap(), name: String::new(), role: Role::User, portrait: None },
            client_id: None,
            content,
        }
    }

    /// As bob reads it.
    fn read(kind: Kind, target: &str, message: &Message) -> DownStreamMessage {
        let (user, place) = ("bob".parse().unwrap(), Place::new(kind, target).unwrap());
        Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") }.message(message)
    }

    fn content(name: &str, body: &Value) -> Content {
        Content::of(name, body)
    }

    #[test]
    fn senders_groups_and_directions_are_as_each_kind_wants_them() {
        // kind, the conversation's other side, who wrote it; then sender, group and direction in the frame
        let table = [
            (Kind::Private, "ann", "ann", ("ann", None, RECEIVED)),
            (Kind::Private, "ann", "bob", ("bob", Some("ann"), OWN)),
            (Kind::Group, "g1", "ann", ("ann", Some("g1"), RECEIVED)),
            (Kind::Group, "g1", "bob", ("bob", Some("g1"), OWN)),
            (Kind::Discussion, "d1", "ann", ("ann", Some("d1"), RECEIVED)),
            (Kind::Chatroom, "r1", "ann", ("ann", Some("r1"), RECEIVED)),
            (Kind::Chatroom, "r1", "bob", ("bob", Some("r1"), OWN)),
            (Kind::Service, "site", "agent7", ("site", None, RECEIVED)),
            (Kind::Service, "site", "bob", ("bob", Some("site"), OWN)),
            (Kind::System, "news", "news", ("news", None, RECEIVED)),
            (Kind::PublicService, "shop", "shop", ("shop", None, RECEIVED)),
        ];
        for (kind, target, from, (sender, group, direction)) in table {
            let seen = read(kind, target, &said(from, 7, Content::text("hi")));
            let found = (seen.from_user_id.as_str(), seen.group_id.as_deref(), seen.direction);
            assert_eq!(found, (sender, group, Some(direction)), "{kind:?} {from}");
            assert_eq!(seen.r#type, i32::from(kind.number()));
        }
    }

    #[test]
    fn later_clients_take_the_sender_for_the_conversation_also_when_it_is_their_own_user() {
        for (kind, from, sender) in [
            (Kind::Private, "bob", "ann"),
            (Kind::Private, "ann", "ann"),
            (Kind::Service, "bob", "ann"),
            (Kind::Group, "bob", "bob"),
        ] {
            let (user, place) = ("bob".parse().unwrap(), Place::new(kind, "ann").unwrap());
            let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("5.2.5") };
            assert_eq!(reader.message(&said(from, 7, Content::text("hi"))).from_user_id, sender, "{kind:?} {from}");
        }
    }

    #[test]
    fn check_20_and_27_time_uid_name_and_body_are_the_messages_own() {
        let message = said("ann", 1_795_383_033_398, Content::text("hi"));
        let seen = read(Kind::Private, "ann", &message);
        assert_eq!(seen.data_time, 1_795_383_033_398);
        assert_eq!(seen.msg_id, Some(message.uid.to_string()));
        assert_eq!(
            (seen.classname.as_str(), seen.content.as_slice()),
            ("RC:TxtMsg", message.content.body().as_bytes())
        );
    }

    #[test]
    fn check_36_status_bits_say_stored_counted_and_called_by_name() {
        let calling = content(names::TEXT, &json!({ "content": "hi", "mentionedInfo": { "type": 1 } }));
        let table = [
            (Kind::Private, Content::text("hi"), STORED | COUNTED),
            (Kind::Private, content(names::INFO, &json!({ "message": "hi" })), STORED),
            (Kind::Private, content(names::TYPING, &json!({})), 0),
            (Kind::Group, calling.clone(), STORED | COUNTED | CALLS_BY_NAME),
            (Kind::Discussion, calling.clone(), STORED | COUNTED | CALLS_BY_NAME),
            (Kind::Private, calling, STORED | COUNTED),
        ];
        for (kind, content, status) in table {
            assert_eq!(read(kind, "x", &said("ann", 7, content.clone())).status, status, "{kind:?} {content:?}");
        }
    }

    #[test]
    fn check_37_characters_above_the_bmp_reach_an_old_client_as_escapes() {
        let message = said("ann", 7, Content::text("\u{1f600}"));
        let (user, place) = ("bob".parse().unwrap(), Place::new(Kind::Private, "ann").unwrap());
        let content = |dialect| Reader { user: &user, place: &place, dialect }.message(&message).content;
        assert_eq!(content(Dialect::of_socket("2.5.3")), br#"{"content":"\ud83d\ude00"}"#);
        assert_eq!(content(Dialect::of_socket("4.6.4")), message.content.body().as_bytes());
        assert_eq!(content(Dialect::of_poll("2.5.3")), message.content.body().as_bytes());
    }

    #[test]
    fn check_26_a_recall_names_the_conversation_as_its_reader_sees_it_and_sets_no_time_back() {
        let stored = json!({ "messageUId": "U", "conversationType": 1, "targetId": "c0123", "sentTime": 7 });
        let message = said("ann", 7, content(names::RECALLED, &stored));
        let (user, place) = ("bob".parse().unwrap(), Place::new(Kind::Private, "ann").unwrap());
        let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") };
        let seen = reader.recalled(&message, Millis::new(99));
        let body: Value = serde_json::from_slice(&seen.content).unwrap();
        assert_eq!(body, json!({ "messageUId": "U", "conversationType": 1, "targetId": "ann", "sentTime": 7 }));
        assert_eq!((seen.classname.as_str(), seen.data_time), ("RC:RcCmd", 99));
    }

    #[test]
    fn reading_is_told_by_its_reader_and_to_the_readers_own_devices() {
        let (user, place) = ("bob".parse().unwrap(), Place::new(Kind::Private, "ann").unwrap());
        let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") };
        let newest = said("bob", 7, Content::text("hi"));
        let theirs = reader.read(&"ann".parse().unwrap(), &newest, Millis::new(9));
        assert_eq!(
            (theirs.from_user_id.as_str(), theirs.classname.as_str(), theirs.data_time),
            ("ann", "RC:ReadNtf", 9)
        );
        let body: Value = serde_json::from_slice(&theirs.content).unwrap();
        assert_eq!(body, json!({ "messageUId": newest.uid, "lastMessageSendTime": 7, "type": 1 }));
        let own = reader.read(&user, &newest, Millis::new(9));
        assert_eq!((own.group_id.as_deref(), own.direction), (Some("ann"), Some(OWN)));
    }

    #[test]
    fn who_speaks_for_a_desk_stands_in_what_they_say() {
        let mut message = said("agent7", 7, Content::text("hi"));
        (message.from.role, message.from.name) = (Role::Agent, "Anna".to_owned());
        let body = |kind, message: &Message| -> Value {
            serde_json::from_slice(&read(kind, "site", message).content).unwrap()
        };
        let user = json!({ "id": "agent7", "name": "Anna", "portraitUri": "" });
        assert_eq!(body(Kind::Service, &message), json!({ "content": "hi", "user": user }));
        assert_eq!(body(Kind::Group, &message), json!({ "content": "hi" }), "elsewhere the sender is told");
        let own = json!({ "content": "hi", "user": { "id": "x" } });
        message.content = content(names::TEXT, &own);
        assert_eq!(body(Kind::Service, &message), own);
    }

    #[test]
    fn typing_is_told_at_a_time_that_the_client_knows() {
        let (user, place) = ("bob".parse().unwrap(), Place::new(Kind::Service, "site").unwrap());
        let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") };
        let typing = reader.typing(&"agent7".parse().unwrap(), Millis::new(5));
        assert_eq!(
            (typing.from_user_id.as_str(), typing.classname.as_str(), typing.data_time),
            ("site", "RC:TypSts", 5)
        );
        assert_eq!(typing.status, 0);
    }
}
