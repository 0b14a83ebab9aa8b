use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::bus::nats::slots;
use crate::model::{
    AppKey, ConnectionId, Content, Kind, MessageUid, Role, Stage, Stale,
    chatroom::{Attribute, ChatroomNews},
    conversation::{Context, Group, Member, Participant, Position, Rating, Service},
};

const NODE: NodeId = NodeId(0xfedc_ba98_7654_3210);
const PLACE: ConversationId = ConversationId::from_u128(7);

fn ann() -> Person {
    Person { id: "ann".parse().unwrap(), name: "Ann \u{1F98A}".into(), role: Role::Visitor, portrait: Some("p".into()) }
}

fn message(content: Content) -> Arc<Message> {
    Arc::new(Message {
        uid: MessageUid::from_number(77),
        conversation: PLACE,
        seq: Some(Seq(u64::MAX)),
        at: Millis::new(5),
        from: ann(),
        client_id: Some("c1".parse().unwrap()),
        content,
    })
}

fn conversation() -> Conversation {
    let member = Member { silenced: true, silenced_until: Some(Millis::new(9)), ..Member::default() };
    let participant = |member: Option<Member>| Participant {
        person: ann(),
        online: true,
        delivered: Seq(3),
        read: Seq(2),
        read_at: member.map(|_| Millis::new(4)),
        unread: 1,
        member,
    };
    let rating =
        Rating { stars: 5, tags: vec!["kind".into()], text: "t".into(), solved: Some(true), at: Millis::new(8) };
    Conversation {
        id: PLACE,
        kind: Kind::Service,
        handle: Some("h1".parse().unwrap()),
        head: Position { epoch: 2, seq: Seq(3) },
        created_at: Millis::new(1),
        changed_at: Millis::new(2),
        participants: vec![participant(None), participant(Some(member))],
        last: Some(Message::clone(&message(Content::text("hello")))),
        service: Some(Service {
            site: "site1".parse().unwrap(),
            visitor: "ann".parse().unwrap(),
            stage: Stage::Human { agent: "bo".parse().unwrap(), since: Millis::new(6) },
            waiting_since: Some(Millis::new(7)),
            ahead: Some(4),
            context: Context { page: Some("https://x.example/".into()), ..Context::default() },
            rating: Some(rating),
        }),
        group: Some(Group { name: "g".into(), members: 3, silenced: true, dismissed_at: Some(Millis::new(9)) }),
        mine: Some(mine()),
    }
}

fn mine() -> Mine {
    Mine { pinned: true, muted: true, removed: true, unread: 4, mentions: 3, cleared: Seq(2) }
}

fn chatroom(what: ChatroomNews) -> Event {
    Event::Chatroom(Arc::new(ChatroomEvent { id: PLACE, handle: "lobby".parse().unwrap(), what }))
}

/// One of every kind. A new kind does not compile until somebody has thought of it here.
fn every_kind() -> Vec<Event> {
    let must_be_below = |event: &Event| match event {
        Event::Message(_)
        | Event::Receipt { .. }
        | Event::Typing { .. }
        | Event::Conversation(_)
        | Event::Recalled { .. }
        | Event::Deleted { .. }
        | Event::Mine { .. }
        | Event::Chatroom(_)
        | Event::Desk(_)
        | Event::Presence(_)
        | Event::ProveAgain
        | Event::TakenOver => {}
    };
    let attribute = Attribute {
        key: "k".parse().unwrap(),
        value: "v".into(),
        by: "ann".parse().unwrap(),
        auto_delete: true,
        at: Millis::new(3),
    };
    let (set, removed) = (vec![attribute], vec!["gone".parse().unwrap()]);
    let events = vec![
        Event::Message(message(Content::text("hello"))),
        Event::Receipt {
            conversation: PLACE,
            user: "ann".parse().unwrap(),
            delivered: Seq(3),
            read: Seq(2),
            at: Millis::new(1),
        },
        Event::Typing { conversation: PLACE, person: ann(), on: true },
        Event::Conversation(Arc::new(conversation())),
        Event::Recalled { message: message(Content::deleted()), at: Millis::new(77) },
        Event::Deleted { conversation: PLACE, seqs: vec![Seq(1), Seq(2)] },
        Event::Mine { conversation: PLACE, mine: mine() },
        chatroom(ChatroomNews::Ended { ticket: 9 }),
        chatroom(ChatroomNews::Out { ticket: 9 }),
        chatroom(ChatroomNews::Attributes { version: 4, set, removed }),
        Event::Desk(Desk { online: true, agents: vec![ann()], waiting: 2, mine: 1 }),
        Event::Presence(Presence { user: "ann".parse().unwrap(), online: true, at: None }),
        Event::ProveAgain,
        Event::TakenOver,
    ];
    events.iter().for_each(must_be_below);
    events
}

fn audience() -> Audience {
    Audience {
        users: vec!["ann".parse().unwrap(), "bo".parse().unwrap()],
        agents: true,
        visitors: true,
        room: Some(PLACE),
        except: Some(ConnectionId(u64::MAX)),
        ..Audience::of("app1".parse::<AppKey>().unwrap())
    }
}

fn crossed(event: Event) -> Hint {
    let bytes = hint(NODE, 9, &Hint { audience: audience(), event });
    let Some((NODE, Letter::Hint(9, folded))) = read(&bytes) else { panic!("{bytes:?}") };
    folded.unfold().unwrap()
}

#[test]
fn every_kind_of_event_crosses() {
    for event in every_kind() {
        assert_eq!(crossed(event.clone()), Hint { audience: audience(), event });
    }
}

/// A letter with these as entries.
fn bundled(events: &[Event]) -> Vec<u8> {
    let mut letter = bundle::Bundle::of(NODE);
    for (event, number) in events.iter().zip(1..) {
        letter.push(&bundle::entry(number, &Hint { audience: audience(), event: event.clone() }));
    }
    letter.sealed().to_vec()
}

fn entries(letter: &[u8]) -> Vec<Option<(u64, Option<Hint>)>> {
    let Some((NODE, Letter::Bundle(entries))) = read(letter) else { panic!("{letter:?}") };
    let hint = |entry: &bundle::Entry<'_>| entry.folded().and_then(Folded::unfold);
    entries.map(|entry| entry.map(|entry| (entry.number, hint(&entry)))).collect()
}

#[test]
fn every_kind_of_event_crosses_in_one_letter() {
    let events = every_kind();
    let whole = |event: Event| Hint { audience: audience(), event };
    let sent: Vec<_> = (1..).zip(events.clone()).map(|(number, event)| Some((number, Some(whole(event))))).collect();
    assert_eq!(entries(&bundled(&events)), sent);
    assert_eq!(entries(&bundled(&[])), []);
}

#[test]
fn w5_a_letter_that_is_cut_off_or_lies_gives_what_stands_before() {
    let letter = bundled(&[Event::ProveAgain, Event::TakenOver]);
    let all = entries(&letter);
    let first = (HEAD..letter.len()).find(|end| entries(&letter[..*end]).first() == Some(&all[0])).unwrap();
    for end in HEAD + 1..letter.len() {
        let found = entries(&letter[..end]);
        let whole = usize::from(end >= first);
        assert_eq!(found[..whole], all[..whole]);
        assert_eq!(found[whole..], if end == first { vec![] } else { vec![None] }, "{end}");
    }
    for at in [HEAD + 8, HEAD + 12] {
        let mut lies = letter.clone();
        lies[at] = 0xff;
        assert_eq!(entries(&lies), [None], "a length of 4 GB");
    }
    let mut none = letter.clone();
    none[HEAD + 8..HEAD + 16].fill(0);
    assert_eq!(entries(&none)[0], Some((1, None)), "nothing is no audience");
    let mut strange = letter;
    strange[first - 2] = b'!';
    assert_eq!(entries(&strange), [Some((1, None)), all[1].clone()], "the next is read");
}

#[test]
fn how_a_sender_wants_a_message_kept_crosses() {
    let flags = Flags { stored: true, counted: false };
    let content = Content::of("app:own", &json!({})).with_flags(flags);
    let Event::Message(message) = crossed(Event::Message(message(content))).event else { panic!("a message") };
    assert_eq!(message.content.flags(), flags);
}

#[test]
fn tidings_beats_and_questions_cross() {
    let app: AppKey = "app1".parse().unwrap();
    let told = Tidings::Stale(app, Stale::Conversation(PLACE));
    assert!(matches!(read(&tidings(NODE, 4, &told)), Some((NODE, Letter::Tidings(4, found))) if found == told));
    assert!(matches!(read(&beat(NODE, 5, false, b"")), Some((NODE, Letter::Beat(5, None)))));
    let slots = slots::also(6, &[7]);
    let new = beat(NODE, 5, true, &slots);
    let Some((NODE, Letter::New(5, Some(saying)))) = read(&new) else { panic!("a saying") };
    assert_eq!(saying.version, 6);
    assert!(matches!(read(&bye(NODE)), Some((NODE, Letter::Bye))));
    let asked = Question::Poll("{\"a\":1}".into());
    assert!(matches!(read(&question(NODE, &asked)), Some((NODE, Letter::Question(found))) if found == asked));
    assert_eq!(Answer::default().take(&answer(None, 100)[0]), ControlFlow::Break(None));
}

/// What a version behind this one may say.
#[test]
fn what_this_version_does_not_know_is_ignored() {
    let of = |kind: u8, body: &str| {
        let mut bytes = vec![kind];
        bytes.extend(NODE.0.to_be_bytes());
        bytes.extend(6_u64.to_be_bytes());
        bytes.extend(body.as_bytes());
        bytes
    };
    assert!(read(&of(b'z', "{}")).is_none());
    let news = of(b't', r#"{"kind":"later","of":{"a":1}}"#);
    assert!(read(&news).is_none());
    assert_eq!(unknown_tidings(&news), Some((NODE, 6)), "it counts all the same");
    let audience =
        r#""audience":{"app":"app1","users":[],"agents":true,"visitors":false,"room":null,"except":null,"x":1}"#;
    let event = of(b'h', &format!(r#"{{{audience},"event":{{"later":[1]}},"more":2}}"#));
    let Some((_, Letter::Hint(6, folded))) = read(&event) else { panic!("a hint") };
    assert!(folded.audience.agents && folded.unfold().is_none());
    let known =
        of(b'h', &format!(r#"{{{audience},"event":{{"deleted":{{"conversation":"{PLACE}","seqs":[1],"x":2}}}}}}"#));
    let Some((_, Letter::Hint(6, folded))) = read(&known) else { panic!("a hint") };
    assert_eq!(folded.unfold().unwrap().event, Event::Deleted { conversation: PLACE, seqs: vec![Seq(1)] });
}

#[test]
fn w5_what_is_too_large_or_too_deep_is_not_looked_at() {
    let sane = beat(NODE, 1, false, b"");
    let mut large = sane.to_vec();
    large.resize(MOST_BYTES + 1, b' ');
    assert!(read(&sane).is_some() && read(&large).is_none());
    let mut deep = vec![b't'];
    deep.extend([0; 16]);
    deep.extend(std::iter::repeat_n(b'[', 100_000));
    assert!(read(&deep).is_none());
}

proptest! {
    #[test]
    fn an_answer_is_put_together_from_its_parts(text: String, most in 2..20_usize) {
        let parts = answer(Some(&text), most);
        prop_assert!(parts.iter().all(|part| part.len() <= most));
        let mut whole = Answer::default();
        let taken: Vec<_> = parts.iter().map(|part| whole.take(part)).collect();
        let (last, earlier) = taken.split_last().unwrap();
        prop_assert!(earlier.iter().all(ControlFlow::is_continue));
        prop_assert_eq!(last, &ControlFlow::Break(Some(text)));
    }

    #[test]
    fn a_messages_body_is_the_same_bytes(text in any::<String>(), space in "[ \t\n]{0,3}", number in any::<f64>()) {
        let text = text.replace('\0', "");
        let body = format!("{{{space}\"content\":{space}{},\"n\":{number:?},\"n\":1e400{space}}}", json!(text));
        let Ok(body) = RawValue::from_string(body) else { return Ok(()) };
        let Ok(content) = Content::new("RC:TxtMsg".parse().unwrap(), body) else { return Ok(()) };
        let Event::Message(found) = crossed(Event::Message(message(content.clone()))).event else { panic!("a message") };
        prop_assert_eq!(found.content.body(), content.body());
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>, kind in prop::sample::select(&b"dhtbngqz"[..])) {
        let _ = read(&bytes);
        let headed: Vec<u8> = std::iter::once(kind).chain([0; 16]).chain(bytes.iter().copied()).collect();
        if let Some((_, Letter::Bundle(entries))) = read(&headed) {
            entries.flatten().for_each(|entry| drop(entry.folded().and_then(Folded::unfold)));
        }
        let _ = (read(&headed), unknown_tidings(&headed), Answer::default().take(&bytes));
    }

    #[test]
    fn reading_what_was_damaged_never_panics(which in 0..14_usize, at in any::<prop::sample::Index>(), with: u8) {
        let event = every_kind().swap_remove(which);
        let mut bytes = hint(NODE, 1, &Hint { audience: audience(), event }).to_vec();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Some((_, Letter::Hint(_, folded))) = read(&bytes) {
            let _ = folded.unfold();
        }
    }

    #[test]
    fn reading_a_damaged_bundle_never_panics(at in any::<prop::sample::Index>(), with: u8) {
        let mut bytes = bundled(&every_kind());
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Some((_, Letter::Bundle(entries))) = read(&bytes) {
            entries.flatten().for_each(|entry| drop(entry.folded().and_then(Folded::unfold)));
        }
    }
}
