//! A connection's life in bytes, with a server played by hand.

use super::*;

const NOW: Millis = Millis::new(1_795_383_000_000);

fn ms(millis: i64) -> Millis {
    after(NOW, millis)
}

/// A line and what it said and told so far.
struct Talk {
    line: Line,
    now: Millis,
}

impl Talk {
    fn with(peer: &Peer, seat: &Seat) -> Self {
        Self { line: Line::new(peer, seat, NOW), now: NOW }
    }

    fn new() -> Self {
        Self::with(&Peer::User("desk".into()), &Seat::default())
    }

    fn hears(&mut self, frame: &ServerFrame) {
        self.line.hear(&frame.encode(), self.now);
    }

    /// Let in, with the first pull answered by these.
    fn live(list: Vec<DownStreamMessage>) -> Self {
        let mut talk = Self::new();
        talk.let_in();
        let (id, _) = talk.pull();
        talk.answers_pull(id, list, true);
        talk
    }

    fn let_in(&mut self) {
        self.hears(&ServerFrame::ConnAck(ConnAck::Accepted { user: "v1".into(), session: "s".into(), at: NOW }));
        assert_eq!(self.line.told(), Some(Told::In));
    }

    fn says(&mut self) -> Option<ClientFrame> {
        self.line.frame().map(|bytes| ClientFrame::decode(&bytes).unwrap())
    }

    fn query(&mut self, topic: Asking) -> Request {
        match self.says() {
            Some(ClientFrame::Query(request)) if request.topic == topic.name() => request,
            other => panic!("{other:?} is not {topic:?}"),
        }
    }

    fn pull(&mut self) -> (u16, SyncRequestMsg) {
        let request = self.query(Asking::Pull);
        (request.id, read_body(&request.body).unwrap())
    }

    fn published(&mut self) -> (Request, UpStreamMessage) {
        let Some(ClientFrame::Publish(request)) = self.says() else { panic!("nothing was published") };
        let body = read_body(&request.body).unwrap();
        (request, body)
    }

    fn answers(&mut self, id: u16, status: u16, body: Vec<u8>) {
        self.hears(&ServerFrame::QueryAck(Answer { id, status, at: NOW, wants_answer: false, body }));
    }

    fn answers_pull(&mut self, id: u16, list: Vec<DownStreamMessage>, finished: bool) {
        let page = DownStreamMessages { list, sync_time: 0, finished: Some(finished), broadcast_sync_time: None };
        self.answers(id, 0, page.encode_to_vec());
    }

    fn pushes(&mut self, topic: Telling, body: Vec<u8>) {
        let topic = topic.name().to_owned();
        let target = "v1".to_owned();
        let push = Push { topic, target, id: 9, wants_answer: true, synced: false, at: NOW, body };
        self.hears(&ServerFrame::Publish(push));
    }

    /// The texts told since the last look, with `own:` before those of ours; everything else by its name.
    fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(told) = self.line.told() {
            heard.push(match told {
                Told::Message(message) => words(&message),
                Told::CaughtUp => "caught up".to_owned(),
                Told::Over(end) => end.name().to_owned(),
                other => format!("{other:?}"),
            });
        }
        heard
    }
}

fn words(message: &Heard) -> String {
    #[derive(serde::Deserialize)]
    struct Text {
        content: String,
    }
    let text = message.content.view::<Text>().unwrap().content;
    if message.own { format!("own:{text}") } else { text }
}

fn said(from: &str, text: &str, at: i64) -> DownStreamMessage {
    let own = from == "v1";
    DownStreamMessage {
        from_user_id: from.into(),
        r#type: 1,
        group_id: own.then(|| "desk".into()),
        classname: "RC:TxtMsg".into(),
        content: json!({ "content": text }).to_string().into_bytes(),
        data_time: ms(at).get(),
        msg_id: Some(format!("uid-{text}")),
        direction: Some(if own { 1 } else { 2 }),
        ..DownStreamMessage::default()
    }
}

#[test]
fn what_waited_is_pulled_before_anything_else() {
    let seat = Seat { received_at: ms(10), sent_at: ms(20), pending: None };
    let mut talk = Talk::with(&Peer::User("desk".into()), &seat);
    talk.let_in();
    let (id, asked) = talk.pull();
    assert_eq!((asked.sync_time, asked.send_box_sync_time), (ms(10).get(), Some(ms(20).get())));
    assert_eq!((asked.is_pull_send, asked.ispolling), (Some(true), false));
    talk.pushes(Telling::Message, said("desk", "too early", 40).encode_to_vec());
    let list = vec![said("v1", "mine", 30), said("desk", "old", 10), said("desk", "hello", 25), said("v1", "sent", 20)];
    talk.answers_pull(id, list, true);
    assert_eq!(talk.heard(), ["hello", "own:mine", "caught up"]);
    assert_eq!(talk.says(), Some(ClientFrame::PubAck { id: 9 }));
    talk.pushes(Telling::Message, said("desk", "now", 50).encode_to_vec());
    assert_eq!(talk.heard(), ["now"]);
}

#[test]
fn pages_follow_until_the_last() {
    let mut talk = Talk::new();
    talk.let_in();
    let (id, _) = talk.pull();
    talk.answers_pull(id, vec![said("desk", "one", 1)], false);
    assert_eq!(talk.heard(), ["one"]);
    let (id, asked) = talk.pull();
    assert_eq!(asked.sync_time, ms(1).get());
    talk.answers_pull(id, vec![said("desk", "two", 2)], true);
    assert_eq!(talk.heard(), ["two", "caught up"]);
    assert_eq!(talk.says(), None);
}

#[test]
fn a_page_without_news_ends_the_pulling() {
    let mut talk = Talk::new();
    talk.let_in();
    let (id, _) = talk.pull();
    talk.answers_pull(id, Vec::new(), false);
    assert_eq!((talk.heard(), talk.says()), (vec!["caught up".to_owned()], None));
}

#[test]
fn a_notice_of_something_newer_pulls_once_and_then_once_more() {
    let mut talk = Talk::live(vec![said("desk", "one", 5)]);
    talk.heard();
    let notice = |kind, at| NotifyMsg { r#type: kind, time: Some(ms(at).get()), chrm_id: None }.encode_to_vec();
    talk.pushes(Telling::Notice, notice(1, 5));
    talk.pushes(Telling::Notice, notice(2, 50));
    assert_eq!(talk.says(), Some(ClientFrame::PubAck { id: 9 }));
    assert_eq!(talk.says(), Some(ClientFrame::PubAck { id: 9 }));
    assert_eq!(talk.says(), None);
    talk.pushes(Telling::Notice, notice(1, 6));
    talk.pushes(Telling::Notice, notice(1, 7));
    assert_eq!(talk.says(), Some(ClientFrame::PubAck { id: 9 }));
    let (id, asked) = talk.pull();
    assert_eq!((asked.sync_time, asked.is_pull_send), (ms(5).get(), None));
    assert_eq!(talk.says(), Some(ClientFrame::PubAck { id: 9 }));
    // What is pushed while the pull is under way does not hide what the pull lists.
    talk.pushes(Telling::Message, said("desk", "three", 7).encode_to_vec());
    talk.says();
    talk.answers_pull(id, vec![said("desk", "two", 6)], true);
    assert_eq!(talk.heard(), ["three", "two"]);
    assert_eq!(talk.pull().1.sync_time, ms(7).get());
}

#[test]
fn a_message_goes_up_and_its_id_and_time_come_back() {
    let mut talk = Talk::live(Vec::new());
    talk.heard();
    assert!(talk.line.say(Ticket(7), &Content::text("hi"), NOW));
    let (request, body) = talk.published();
    assert_eq!((request.topic.as_str(), request.target.as_str(), request.wants_answer), ("ppMsgP", "desk", true));
    assert_eq!(
        (body.session_id, body.classname.as_str(), body.content.as_slice()),
        (3, "RC:TxtMsg", &br#"{"content":"hi"}"#[..])
    );
    talk.hears(&ServerFrame::PubAck { id: request.id, status: 0, at: ms(33), uid: "U-1".into() });
    assert_eq!(talk.line.told(), Some(Told::Answered(Ticket(7), Ok(("U-1".into(), ms(33))))));
    talk.hears(&ServerFrame::PubAck { id: request.id, status: 0, at: ms(33), uid: "U-1".into() });
    assert_eq!(talk.line.told(), None, "a second answer is nobody's");
    assert!(talk.line.say(Ticket(8), &Content::text("hm"), NOW));
    let (request, _) = talk.published();
    talk.hears(&ServerFrame::PubAck { id: request.id, status: 405, at: ms(34), uid: String::new() });
    assert_eq!(talk.line.told(), Some(Told::Answered(Ticket(8), Err(405))));
}

#[test]
fn service_has_its_own_topics_and_controls_are_not_kept() {
    let mut talk = Talk::with(&Peer::Service("KEFU1".into()), &Seat::default());
    talk.let_in();
    talk.pull();
    assert!(talk.line.say(Ticket(1), &Content::of(names::HANDSHAKE, &json!({})), NOW));
    let (request, body) = talk.published();
    assert_eq!((request.topic.as_str(), request.target.as_str(), body.session_id), ("pcMsgP", "KEFU1", 0));
    assert!(talk.line.recall(Ticket(2), "U-1", ms(3), NOW));
    let (request, body) = talk.published();
    assert_eq!(
        (request.topic.as_str(), request.target.as_str(), body.classname.as_str()),
        ("recallMsg", "v1", "RC:RcCmd")
    );
    let notice: serde_json::Value = serde_json::from_slice(&body.content).unwrap();
    let wanted = json!({ "messageUId": "U-1", "conversationType": 5, "targetId": "KEFU1", "sentTime": ms(3).get() });
    assert_eq!(notice, wanted);
    assert!(talk.line.ask_history(ms(9), 20, NOW));
    let asked = talk.query(Asking::HistoryService);
    let input: HistoryMsgInput = read_body(&asked.body).unwrap();
    assert_eq!((asked.target.as_str(), input.time, input.count), ("KEFU1", Some(ms(9).get()), Some(20)));
}

#[test]
fn history_comes_as_pages_or_as_a_number() {
    let mut talk = Talk::live(Vec::new());
    talk.heard();
    assert!(talk.line.ask_history(Millis::new(0), 2, NOW));
    let id = talk.query(Asking::HistoryPrivate).id;
    let list = vec![said("v1", "two", 2), said("desk", "one", 1), said("somebody else", "x", 0)];
    talk.answers(id, 0, HistoryMessagesOuput { list, sync_time: 0, has_msg: 1 }.encode_to_vec());
    let Some(Told::History(Ok((page, true)))) = talk.line.told() else { panic!("no page came") };
    assert_eq!(page.iter().map(words).collect::<Vec<_>>(), ["own:two", "one"]);
    assert!(talk.line.ask_history(ms(1), 2, NOW));
    let id = talk.query(Asking::HistoryPrivate).id;
    talk.answers(id, 33007, Vec::new());
    assert_eq!(talk.line.told(), Some(Told::History(Err(33007))));
}

#[test]
fn what_is_not_with_the_peer_is_not_told() {
    let system = DownStreamMessage { r#type: 6, ..said("desk", "to all", 1) };
    let other = said("mallory", "hello", 2);
    let broken = DownStreamMessage { content: b"no object".to_vec(), ..said("desk", "x", 3) };
    let elsewhere = DownStreamMessage { group_id: Some("other".into()), ..said("v1", "mine", 4) };
    let mut talk = Talk::live(vec![system, other, broken, elsewhere, said("desk", "yes", 5)]);
    assert_eq!(talk.heard(), ["yes", "caught up"]);
}

#[test]
fn refusals_and_ends_have_their_reasons() {
    for (status, end) in
        [(4, End::Token), (10, End::Token), (6, End::Moved), (9, End::Blocked), (8, End::App), (3, End::Closed)]
    {
        let mut talk = Talk::new();
        talk.hears(&ServerFrame::ConnAck(ConnAck::Refused(status)));
        assert_eq!(talk.line.told(), Some(Told::Over(end)), "{status}");
    }
    for (status, end) in [(1, End::Kicked), (2, End::Blocked), (0, End::Closed), (4, End::Closed)] {
        let mut talk = Talk::live(Vec::new());
        talk.heard();
        talk.hears(&ServerFrame::Disconnect(status));
        assert_eq!(talk.line.told(), Some(Told::Over(end)), "{status}");
        assert!(talk.line.is_over() && !talk.line.say(Ticket(1), &Content::text("x"), NOW));
    }
    let mut talk = Talk::live(Vec::new());
    talk.heard();
    talk.line.hear(&[0x31, 0], NOW);
    assert_eq!(talk.heard(), ["broken"]);
}

#[test]
fn silence_has_an_end() {
    let mut talk = Talk::new();
    assert_eq!(talk.line.next_tick(), ms(GREETING));
    talk.line.tick(ms(GREETING - 1));
    assert!(!talk.line.is_over());
    talk.line.tick(ms(GREETING));
    assert_eq!(talk.heard(), ["silent"]);

    let mut talk = Talk::live(Vec::new());
    talk.heard();
    assert_eq!(talk.line.next_tick(), ms(PING_EVERY));
    talk.line.tick(ms(PING_EVERY));
    assert_eq!(talk.says(), Some(ClientFrame::Ping));
    talk.hears(&ServerFrame::Pong);
    talk.line.tick(ms(PING_EVERY + PONG));
    assert!(!talk.line.is_over());
    talk.line.tick(ms(2 * PING_EVERY));
    talk.line.tick(ms(2 * PING_EVERY + PONG));
    assert_eq!(talk.heard(), ["silent"]);

    let mut talk = Talk::live(Vec::new());
    talk.heard();
    assert!(talk.line.say(Ticket(1), &Content::text("x"), NOW));
    talk.line.tick(ms(ANSWER));
    assert_eq!(talk.heard(), ["silent"]);
}

#[test]
fn w5_no_more_waits_for_an_answer_than_may() {
    let mut talk = Talk::live(Vec::new());
    for number in 0..u64::try_from(MOST_ASKED).unwrap() {
        assert!(talk.line.say(Ticket(number), &Content::text("x"), NOW));
    }
    assert!(!talk.line.say(Ticket(99), &Content::text("x"), NOW));
}

proptest::proptest! {
    #[test]
    fn w5_no_bytes_do_harm(frames in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..64), 0..20)) {
        let mut talk = Talk::live(Vec::new());
        for frame in frames {
            talk.line.hear(&frame, NOW);
        }
        talk.line.tick(ms(1));
    }
}
