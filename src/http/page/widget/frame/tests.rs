use serde_json::{Value, json};

use super::*;
use crate::model::{
    Content, Kind, Message, MessageUid, Millis, Position, Role, Seq, Stage,
    conversation::{Context, Service},
    site::Look,
};

fn person(id: &str, name: &str, role: Role) -> Person {
    Person { id: id.parse().unwrap(), name: name.to_owned(), role, portrait: None }
}

fn message(seq: u64, from: Person, name: &str, body: &Value) -> Message {
    Message {
        uid: MessageUid::from_number(i64::try_from(seq).unwrap()),
        conversation: "c00000000000000000000000000".parse().unwrap(),
        seq: Some(Seq(seq)),
        at: Millis::new(1_795_000_000_000),
        from,
        client_id: None,
        content: Content::of(name, body),
    }
}

/// A conversation with one of everything in it.
fn known() -> Known {
    let (nora, anna) = (person("v1", "", Role::Visitor), person("a1", "Anna <b>", Role::Agent));
    let house = person("system", "", Role::System);
    let head = Position { epoch: 1, seq: Seq(4) };
    let messages = vec![
        message(1, nora.clone(), "RC:TxtMsg", &json!({ "content": "<script>alert(1)</script>" })),
        message(
            2,
            house.clone(),
            "RC:InfoNtf",
            &json!({ "message": "x", "extra": "joined", "user": { "name": "Anna" } }),
        ),
        message(3, anna.clone(), "RC:TxtMsg", &json!({ "content": "Hello" })),
        message(4, anna.clone(), "RC:LBSMsg", &json!({})),
    ];
    let part = |person| Participant {
        person,
        online: true,
        delivered: Seq(0),
        read: Seq(0),
        read_at: None,
        unread: 2,
        member: None,
    };
    let conversation = |open: bool| Conversation {
        id: messages[0].conversation,
        kind: Kind::Service,
        handle: None,
        head,
        created_at: Millis::new(0),
        changed_at: Millis::new(0),
        participants: vec![part(nora.clone()), part(anna.clone())],
        last: messages.last().cloned(),
        group: None,
        mine: None,
        service: Some(Service {
            site: "demo1234".parse().unwrap(),
            visitor: nora.id.clone(),
            stage: if open {
                Stage::Human { agent: anna.id.clone(), since: Millis::new(0) }
            } else {
                Stage::Offline { since: Millis::new(0) }
            },
            waiting_since: None,
            ahead: None,
            context: Context { time_zone: Some("Europe/Berlin".to_owned()), ..Context::default() },
            rating: None,
        }),
    };
    let page = Page { head, messages: messages.clone(), more: true, offline_before: None };
    Known { conversations: vec![conversation(true), conversation(false)], page: Some(page), ..Known::default() }
}

fn render(known: &Known, desk: &Desk, locale: &Locale) -> String {
    let site = Site {
        key: "demo1234".parse().unwrap(),
        app: "app12345".parse().unwrap(),
        name: "Halden & Söhne".to_owned(),
        origins: vec![Origin::parse("https://shop.example").unwrap()],
        look: Look { quick_questions: vec!["Where is <it>?".to_owned()], ..Look::default() },
        created_at: Millis::new(0),
    };
    let now = Timestamp::from_second(1_795_000_000).unwrap();
    let me = person("v1", "", Role::Visitor);
    FramePage::new(&site, locale, &Nonce::random(), desk, Some(&me), known, &clock(None, known, now)).render().unwrap()
}

#[test]
fn every_first_screen_renders_in_every_language() {
    let nobody = Desk { online: false, agents: Vec::new(), waiting: 0, mine: 0 };
    let anna = Desk { online: true, agents: vec![person("a1", "Anna", Role::Agent)], waiting: 0, mine: 0 };
    for locale in WIDGET.locales() {
        for (known, desk, view) in
            [(known(), &anna, "chat"), (Known::default(), &anna, "home"), (Known::default(), &nobody, "leave")]
        {
            let html = render(&known, desk, locale);
            assert!(html.contains(&format!(r#"data-view="{view}""#)), "{} {view}", locale.tag());
            assert!(html.contains(&format!(r#"lang="{}""#, locale.tag())));
            assert!(html.contains("Halden &#38; Söhne") && !html.contains("<script>alert"), "{view}");
            // A text that is missing would show as its key.
            let keys = locale.texts().keys().filter(|key| key.contains('-'));
            assert_eq!(keys.filter(|key| html.contains(&format!(">{key}<"))).count(), 0, "{view}");
        }
    }
}

#[test]
fn b2_what_people_type_stays_text() {
    let anna = Desk { online: true, agents: vec![person("a1", "A\"><b>", Role::Agent)], waiting: 0, mine: 0 };
    let html = render(&known(), &anna, WIDGET.best(None, "en"));
    assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(!html.contains("A\"><b>") && !html.contains("Anna <b>"));
}

#[test]
fn e2_the_page_needs_nothing_from_elsewhere() {
    let nobody = Desk { online: false, agents: Vec::new(), waiting: 0, mine: 0 };
    let html = render(&known(), &nobody, WIDGET.best(None, "en"));
    let addresses = ["src=\"http", "href=\"http", "src=\"//", "href=\"//", " style=\"", " onclick"];
    assert_eq!(addresses.iter().filter(|address| html.contains(**address)).count(), 0);
}
