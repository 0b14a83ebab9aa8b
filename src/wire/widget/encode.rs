//! Replies and pushes as frames. Each is made once and shared by everybody who hears it.

use bytestring::ByteString;
use serde::Serialize;

use crate::model::{
    Conversation, ConversationId, Event, Fault, Handle, Message, Millis, Mine, Person, Reply, Seq, UserId,
    chatroom::{Attribute, AttributeKey, ChatroomEvent, ChatroomNews},
    command::Desk,
    presence::Presence,
};

/// Room for a usual frame, so that it is written without growing.
const USUAL: usize = 640;
const REPLY: &[u8] = b"{\"id\":";

/// `{"id", "ok"}`
pub fn reply(id: u64, reply: &Reply) -> ByteString {
    #[derive(Serialize)]
    struct Answer<'a> {
        id: u64,
        ok: &'a Reply,
    }
    frame(&Answer { id, ok: reply })
}

/// `{"id", "error"}`
pub fn fault(id: Option<u64>, fault: &Fault) -> ByteString {
    #[derive(Serialize)]
    struct Refusal<'a> {
        id: Option<u64>,
        error: &'a Fault,
    }
    frame(&Refusal { id, error: fault })
}

/// `{"push", "body"}`; `None` for events that close a connection instead of being told.
pub fn push(event: &Event) -> Option<ByteString> {
    let push = match event {
        Event::Message(message) => Push::Message(message),
        Event::Receipt { conversation, user, delivered, read, at } => {
            Push::Receipt { conversation: *conversation, user, delivered: *delivered, read: *read, at: *at }
        }
        Event::Typing { conversation, person, on } => Push::Typing { conversation: *conversation, person, on: *on },
        Event::Conversation(conversation) => Push::Conversation(conversation),
        Event::Recalled { message, .. } => Push::Recalled(message),
        Event::Deleted { conversation, seqs } => Push::Deleted { conversation: *conversation, seqs },
        Event::Mine { conversation, mine } => Push::Mine { conversation: *conversation, mine },
        Event::Chatroom(event) => chatroom(event),
        Event::Desk(desk) => Push::Desk(desk),
        Event::Presence(presence) => Push::Presence(presence),
        Event::ProveAgain | Event::TakenOver => return None,
    };
    Some(frame(&push))
}

/// Whether this frame answers a command.
pub fn is_reply(frame: &str) -> bool {
    frame.as_bytes().starts_with(REPLY)
}

#[derive(Serialize)]
#[serde(tag = "push", content = "body", rename_all = "lowercase")]
enum Push<'a> {
    Message(&'a Message),
    Receipt {
        conversation: ConversationId,
        user: &'a UserId,
        delivered: Seq,
        read: Seq,
        at: Millis,
    },
    Typing {
        conversation: ConversationId,
        person: &'a Person,
        on: bool,
    },
    Conversation(&'a Conversation),
    Recalled(&'a Message),
    Deleted {
        conversation: ConversationId,
        seqs: &'a [Seq],
    },
    Mine {
        conversation: ConversationId,
        #[serde(flatten)]
        mine: &'a Mine,
    },
    Chatroom {
        conversation: ConversationId,
        chatroom: &'a Handle,
        state: &'static str,
    },
    Attributes {
        conversation: ConversationId,
        chatroom: &'a Handle,
        version: u64,
        set: &'a [Attribute],
        removed: &'a [AttributeKey],
    },
    Desk(&'a Desk),
    Presence(&'a Presence),
}

fn chatroom(event: &ChatroomEvent) -> Push<'_> {
    let ChatroomEvent { id, handle: chatroom, what } = event;
    match what {
        ChatroomNews::Ended { .. } => Push::Chatroom { conversation: *id, chatroom, state: "ended" },
        ChatroomNews::Out { .. } => Push::Chatroom { conversation: *id, chatroom, state: "out" },
        ChatroomNews::Attributes { version, set, removed } => {
            Push::Attributes { conversation: *id, chatroom, version: *version, set, removed }
        }
    }
}

fn frame(value: &impl Serialize) -> ByteString {
    let mut bytes = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut bytes, value).expect("our own frames are plain data and serialise");
    ByteString::try_from(bytes).expect("serde_json writes UTF-8")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        Code, Content, Kind, MessageUid, Position, Role, Service, Stage,
        command::{ConversationPage, Gap, Page, Sent, Welcome},
        conversation::{Context, EndedBy, Participant, Rating, Unread},
        search::{Found, Hit},
    };

    fn anna() -> Person {
        let portrait = Some("/assets/a/anna.webp".to_owned());
        Person { id: "aanna".parse().unwrap(), name: "Anna".to_owned(), role: Role::Agent, portrait }
    }

    fn visitor() -> Person {
        Person { id: "v1".parse().unwrap(), name: String::new(), role: Role::Visitor, portrait: None }
    }

    fn message() -> Message {
        Message {
            uid: MessageUid::from_number(42),
            conversation: ConversationId::from_u128(7),
            seq: Some(Seq(3)),
            at: Millis::new(1_790_000_000_000),
            from: visitor(),
            client_id: Some("k1".parse().unwrap()),
            content: Content::from_stored("RC:TxtMsg", r#"{"content" : "h\u00e9 </script>","x":[1, 2.50]}"#.to_owned())
                .unwrap(),
        }
    }

    fn conversation(stage: Stage) -> Conversation {
        let participant = |person| Participant {
            person,
            online: true,
            delivered: Seq(3),
            read: Seq(2),
            read_at: None,
            unread: 1,
            member: None,
        };
        Conversation {
            id: ConversationId::from_u128(7),
            kind: Kind::Service,
            handle: None,
            head: Position { epoch: 1, seq: Seq(3) },
            created_at: Millis::new(1_790_000_000_000),
            changed_at: Millis::new(1_790_000_000_500),
            participants: vec![participant(visitor()), participant(anna())],
            last: Some(message()),
            service: Some(Service {
                site: "site1".parse().unwrap(),
                visitor: "v1".parse().unwrap(),
                stage,
                waiting_since: Some(Millis::new(1_790_000_000_000)),
                ahead: Some(2),
                context: Context { page: Some("https://shop.example/cart".to_owned()), ..Context::default() },
                rating: None,
            }),
            group: None,
            mine: None,
        }
    }

    fn mine() -> Mine {
        Mine { pinned: true, muted: false, removed: false, unread: 3, mentions: 1, cleared: Seq(2) }
    }

    fn desk() -> Desk {
        Desk { online: true, agents: vec![anna()], waiting: 2, mine: 1 }
    }

    fn pretty(frame: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(frame).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }

    #[test]
    fn replies_have_their_documented_form() {
        let queued = conversation(Stage::Queued { since: Millis::new(1_790_000_000_000) });
        let position = Position { epoch: 1, seq: Seq(3) };
        let gap = Gap { conversation: queued.id, reset: false, messages: vec![message()], more: true };
        let welcome = Welcome {
            v: 1,
            me: visitor(),
            now: Millis::new(1_790_000_000_000),
            desk: desk(),
            conversations: vec![queued.clone()],
            gaps: vec![gap],
        };
        let at = Millis::new(1);
        let sent = Sent { uid: MessageUid::from_number(42), conversation: queued.id, seq: None, at, replaced: false };
        for (name, answer) in [
            ("welcome", Reply::Welcome(Box::new(welcome))),
            ("sent", Reply::Sent(sent)),
            (
                "page",
                Reply::Page(Page {
                    head: position,
                    messages: vec![message()],
                    more: false,
                    offline_before: Some(Millis::new(i64::MAX)),
                }),
            ),
            (
                "conversations",
                Reply::Conversations(ConversationPage { conversations: vec![queued.clone()], more: false }),
            ),
            ("conversation", Reply::Conversation(Box::new(queued))),
            ("blocked", Reply::Blocked { users: vec![anna()] }),
            ("mine", Reply::Mine(mine())),
            (
                "found",
                Reply::Found(Found {
                    hits: vec![Hit { message: message(), text: "hi".to_owned(), marks: vec![(0, 2)] }],
                    next: Some(MessageUid::from_number(42)),
                    partial: false,
                }),
            ),
            ("unread", Reply::Unread(Unread { total: 7, muted: 2 })),
            ("done", Reply::Done {}),
        ] {
            insta::assert_snapshot!(format!("reply_{name}"), pretty(&reply(5, &answer)));
        }
    }

    #[test]
    fn pushes_have_their_documented_form() {
        let id = ConversationId::from_u128(7);
        let ended = Stage::Ended {
            at: Millis::new(1_790_000_000_900),
            by: EndedBy::AgentClosed,
            agent: Some("aanna".parse().unwrap()),
        };
        let mut rated = conversation(ended);
        if let Some(service) = rated.service.as_mut() {
            service.rating =
                Some(Rating { stars: 5, tags: vec![], text: String::new(), solved: Some(true), at: Millis::new(1) });
        }
        for (name, event) in [
            ("message", Event::Message(Arc::new(message()))),
            (
                "receipt",
                Event::Receipt {
                    conversation: id,
                    user: "v1".parse().unwrap(),
                    delivered: Seq(3),
                    read: Seq(2),
                    at: Millis::new(1_790_000_000_000),
                },
            ),
            ("typing", Event::Typing { conversation: id, person: anna(), on: true }),
            ("conversation", Event::Conversation(Arc::new(rated))),
            ("recalled", Event::Recalled { message: Arc::new(message()), at: Millis::new(9) }),
            ("deleted", Event::Deleted { conversation: id, seqs: vec![Seq(1), Seq(3)] }),
            ("mine", Event::Mine { conversation: id, mine: mine() }),
            ("desk", Event::Desk(desk())),
        ] {
            insta::assert_snapshot!(format!("push_{name}"), pretty(&push(&event).unwrap()));
        }
        assert_eq!(push(&Event::ProveAgain), None);
    }

    #[test]
    fn faults_have_their_documented_form() {
        let limited = Fault::new(Code::RateLimited, "too fast").retry_after(3);
        assert_eq!(
            fault(Some(9), &limited),
            r#"{"id":9,"error":{"code":"rate_limited","message":"too fast","temporary":true,"retry_after":3}}"#
        );
        assert!(fault(None, &Fault::new(Code::BadRequest, "x")).starts_with(r#"{"id":null,"error":"#));
    }

    #[test]
    fn a_content_leaves_as_it_came() {
        let frame = push(&Event::Message(Arc::new(message()))).unwrap();
        assert!(frame.contains(r#""content":{"content" : "h\u00e9 </script>","x":[1, 2.50]}"#), "{frame}");
    }

    #[test]
    fn replies_are_told_from_pushes() {
        assert!(is_reply(&reply(1, &Reply::Done {})) && is_reply(&fault(None, &Fault::new(Code::Internal, ""))));
        assert!(!is_reply(&push(&Event::Desk(desk())).unwrap()));
    }
}
