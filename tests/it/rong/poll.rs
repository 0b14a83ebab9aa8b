//! Long polling: the same conversations without a socket.

use parlor::model::Features;
use serde_json::{Value, json};

use super::client::{FOUR, Stage, TWO, address, text};
use crate::harness::TestServer;

/// What clients find by pattern when the server ends their session.
const FAREWELL: &str = "\"headerCode\":-32,";
const LOST: &str = "lost params";

/// A page that polls.
pub(crate) struct Page {
    http: reqwest::Client,
    base: String,
    session: String,
    user: String,
    last_id: u16,
    heard: Vec<Value>,
}

impl Page {
    /// A session of a user, and the body that began it.
    pub(crate) async fn begin(stage: &Stage, user: &str) -> (Self, String) {
        let token = stage.token(user).await;
        let (http, base) = (reqwest::Client::new(), stage.server.url(""));
        let at = format!("{}&pid=1", address(stage.people.app().as_str(), &token, TWO));
        let body = get(&http, &format!("{base}{at}")).await;
        let welcome: Value = serde_json::from_str(&body).unwrap();
        let session = welcome["sessionid"].as_str().expect("a session").to_owned();
        (Self { http, base, session, user: user.to_owned(), last_id: 0, heard: Vec::new() }, body)
    }

    /// From now on another server is asked.
    pub(crate) fn goes_through(&mut self, server: &TestServer) {
        self.base = server.url("");
    }

    /// The same after its first pull.
    async fn pulled(stage: &Stage, user: &str) -> Self {
        let (mut page, _) = Self::begin(stage, user).await;
        page.pull(0).await;
        page
    }

    /// One poll's body.
    pub(crate) async fn poll(&self) -> String {
        get(&self.http, &format!("{}/pullmsg.js?sessionid={}&timestrap=1&pid=2", self.base, self.session)).await
    }

    /// A frame; the answer to its request.
    async fn say(&self, header: u8, id: u16, head: &str, body: &Value) -> String {
        let at =
            format!("{}/websocket?messageid={id}&header={header}&sessionid={}{head}&pid=3", self.base, self.session);
        let asked = self.http.post(at).header("content-type", "application/x-www-form-urlencoded");
        read(asked.body(body.to_string()).send().await.unwrap()).await
    }

    /// A PUBLISH or QUERY; its number.
    async fn ask(&mut self, header: u8, topic: &str, target: &str, body: &Value) -> u16 {
        self.last_id += 1;
        assert_eq!(self.say(header, self.last_id, &format!("&topic={topic}&targetid={target}"), body).await, "");
        self.last_id
    }

    /// The next object that is meant; pushes are acknowledged, as the client does.
    async fn object(&mut self, meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(at) = self.heard.iter().position(&meant) {
                return self.heard.remove(at);
            }
            let body = self.poll().await;
            let objects = match serde_json::from_str(&body).unwrap_or_else(|_| panic!("objects: {body}")) {
                Value::Array(objects) => objects,
                object => vec![object],
            };
            for object in &objects {
                if object["headerCode"] == 50 {
                    let id = object["messageId"].as_u64().unwrap();
                    assert_eq!(self.say(64, u16::try_from(id).unwrap(), "", &json!("")).await, "");
                }
            }
            self.heard.extend(objects);
        }
    }

    pub(crate) async fn pull(&mut self, time: i64) -> Value {
        let user = self.user.clone();
        let asked = json!({ "syncTime": time, "ispolling": false, "isPullSend": true });
        let id = self.ask(82, "pullMsg", &user, &asked).await;
        let answer = self.object(|object| object["messageId"] == id && object["headerCode"] == 96).await;
        data(&answer)
    }

    /// The next message that is pushed.
    pub(crate) async fn message(&mut self) -> Value {
        let push = self.object(|object| object["headerCode"] == 50).await;
        assert_eq!((&push["topic"], &push["targetId"]), (&json!("s_msg"), &json!(self.user)));
        data(&push)
    }

    pub(crate) async fn writes(&mut self, target: &str, text: &str) -> Value {
        let content = json!({ "content": text }).to_string();
        let message = json!({ "sessionId": 3, "classname": "RC:TxtMsg", "content": content });
        let id = self.ask(50, "ppMsgP", target, &message).await;
        self.object(|object| object["messageId"] == id && object["headerCode"] == 64).await
    }
}

/// The JSON text inside an object.
fn data(object: &Value) -> Value {
    serde_json::from_str(object["data"].as_str().expect("data is text")).unwrap()
}

async fn get(http: &reqwest::Client, url: &str) -> String {
    read(http.get(url).send().await.unwrap()).await
}

/// Every page may read every answer.
async fn read(answer: reqwest::Response) -> String {
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn check_54_a_session_begins_with_its_name_written_without_blanks() {
    let stage = Stage::start().await;
    let (page, body) = Page::begin(&stage, "ann").await;
    assert!(body.starts_with(r#"{"headerCode":32,"messageId":0,"status":0,"userId":"ann","sessionid":""#), "{body}");
    assert!(body.contains(&format!("\"sessionid\":\"{}\"", page.session)));
    assert!(page.session.len() >= 32, "who knows it hears everything: it cannot be guessed");
    let wrong = address(stage.people.app().as_str(), &"x".repeat(43), TWO);
    let refused = get(&page.http, &format!("{}{wrong}&pid=1", page.base)).await;
    assert_eq!(refused, r#"{"headerCode":32,"messageId":0,"status":4}"#);
}

#[tokio::test]
async fn what_is_pushed_comes_after_the_answer_that_lets_it_and_not_with_it() {
    let stage = Stage::start().await;
    let (mut ann, (mut bob, _)) = (Page::pulled(&stage, "ann").await, Page::begin(&stage, "bob").await);
    ann.writes("bob", "one").await;
    let pull = bob.ask(82, "pullMsg", "bob", &json!({ "syncTime": 0, "ispolling": false, "isPullSend": true })).await;
    // When it is acknowledged both wait for a poll: the answer, and what is pushed behind it.
    ann.writes("bob", "two").await;
    let first: Value = serde_json::from_str(&bob.poll().await).unwrap();
    assert_eq!((&first["messageId"], &first["headerCode"]), (&json!(pull), &json!(96)), "the answer alone: {first}");
    let told = |message: &Value| message["content"].as_str().unwrap().contains("two");
    // Where the pull itself was slower, it lists both.
    if !data(&first)["list"].as_array().unwrap().iter().any(told) {
        assert!(told(&bob.message().await));
    }
}

#[tokio::test]
async fn check_55_a_waiting_poll_is_answered_empty_when_the_page_asks_anew() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let mut bob = Page::pulled(&stage, "bob").await;
    let waits = |page: &Page| {
        let at = format!("{}/pullmsg.js?sessionid={}&timestrap=1&pid=2", page.base, page.session);
        let http = page.http.clone();
        tokio::spawn(async move { get(&http, &at).await })
    };
    // Two at once: the one that came first has nothing to tell.
    let (one, two) = (waits(&bob), waits(&bob));
    let (first, later) = match futures_util::future::select(one, two).await {
        futures_util::future::Either::Left((body, other)) | futures_util::future::Either::Right((body, other)) => {
            (body.unwrap(), other)
        }
    };
    assert_eq!(first, "");
    ann.writes("bob", "hi").await;
    assert!(later.await.unwrap().contains("s_msg"));
    let told = bob.pull(0).await;
    assert_eq!(told["list"].as_array().unwrap().len(), 1, "what was not acknowledged comes by a pull");
}

#[tokio::test]
async fn check_56_answers_and_pushes_are_objects_with_json_text_inside() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let (mut bob, _) = Page::begin(&stage, "bob").await;
    let asked = json!({ "syncTime": 0, "ispolling": false, "isPullSend": true });
    let id = bob.ask(82, "pullMsg", "bob", &asked).await;
    let answer = bob.object(|object| object["messageId"] == id).await;
    assert_eq!((&answer["headerCode"], &answer["status"]), (&json!(96), &json!(0)));
    assert_eq!(answer["data"], r#"{"list":[],"syncTime":0,"finished":true}"#);

    let taken = bob.writes("ann", "over plain requests").await;
    assert_eq!(taken["status"], 0);
    assert!(taken["timestamp"].as_i64().unwrap() > 0 && !taken["messageUId"].as_str().unwrap().is_empty());
    let heard = ann.message().await;
    assert_eq!((text(&heard), heard.msg_id.as_deref()), ("over plain requests".into(), taken["messageUId"].as_str()));

    let sent = ann.writes("bob", "and back \u{1f600}").await;
    let pushed = bob.message().await;
    assert_eq!((&pushed["fromUserId"], &pushed["type"]), (&json!("ann"), &json!(1)));
    assert_eq!((&pushed["dataTime"], &pushed["msgId"]), (&json!(sent.at), &json!(sent.uid)));
    let content: Value = serde_json::from_str(pushed["content"].as_str().unwrap()).unwrap();
    assert_eq!(content["content"], "and back \u{1f600}");
    let unknown = bob.ask(80, "no such topic", "bob", &json!({})).await;
    let refused = bob.object(|object| object["messageId"] == unknown).await;
    assert!(refused["headerCode"] == 96 && refused["status"].as_u64().unwrap() > 1, "{refused}");
}

#[tokio::test]
async fn later_clients_are_told_lists_and_by_the_status_that_their_session_is_over() {
    let stage = Stage::start().await;
    let token = stage.token("ann").await;
    let (http, base) = (reqwest::Client::new(), stage.server.url(""));
    let at = format!("{base}{}&pid=1", address(stage.people.app().as_str(), &token, FOUR));
    let welcome: Value = serde_json::from_str(&get(&http, &at).await).unwrap();
    assert_eq!(welcome["status"], 0, "an object, not a list");
    let session = welcome["sessionid"].as_str().unwrap();
    let listens = async |session: &str| {
        let answer = http.get(format!("{base}/pullmsg.js?sessionid={session}&timestrap=1&pid=2")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let pull = format!("{base}/websocket?messageid=1&header=80&sessionid={session}&topic=pullMsg&targetid=ann&pid=3");
    let asked = http.post(pull).body(r#"{"syncTime":0,"ispolling":false}"#).send().await.unwrap();
    assert_eq!(asked.text().await.unwrap(), "[]");
    let (status, body) = listens(session).await;
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &told[0]["headerCode"], &told[0]["messageId"]), (200, &json!(96), &json!(1)), "{body}");
    let unknown = format!("{}-4", "0".repeat(32));
    assert_eq!(listens(&unknown).await, (410, LOST.to_owned()));
    assert_eq!(listens(&"0".repeat(32)).await, (200, LOST.to_owned()), "earlier clients look at the body only");
}

#[tokio::test]
async fn check_57_an_unknown_session_is_told_so() {
    let stage = Stage::start().await;
    let (mut page, _) = Page::begin(&stage, "ann").await;
    for session in [String::new(), "nosuch".to_owned(), "0".repeat(32)] {
        page.session = session;
        assert_eq!(page.poll().await, LOST);
        assert_eq!(page.say(82, 1, "&topic=pullMsg&targetid=ann", &json!({ "syncTime": 0 })).await, LOST);
    }
}

#[tokio::test]
async fn check_58_who_is_replaced_hears_a_disconnect_as_clients_look_for_it() {
    let stage = Stage::start().await;
    let features = Features { multi_device: false, ..Features::default() };
    stage.people.im.backend(&stage.people.app()).set_features(features).await.unwrap();
    let first = Page::pulled(&stage, "ann").await;
    let mut second = stage.device("ann", TWO).await;
    let body = first.poll().await;
    assert!(body.contains(FAREWELL) && body.contains("\"status\":1"), "{body}");
    assert_eq!(first.poll().await, LOST);
    second.ping().await;
}

#[tokio::test]
async fn check_34_nothing_is_pushed_before_the_first_pull() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let (mut bob, _) = Page::begin(&stage, "bob").await;
    let first = ann.writes("bob", "one").await;
    let told = bob.pull(0).await;
    assert!(bob.heard.is_empty(), "{:?}", bob.heard);
    assert_eq!(told["list"][0]["msgId"], json!(first.uid));
    ann.writes("bob", "two").await;
    let second = bob.message().await;
    let again = bob.pull(first.at).await;
    assert!(again["list"].as_array().unwrap().is_empty(), "what was acknowledged is not listed again");
    assert_eq!(bob.pull(second["dataTime"].as_i64().unwrap()).await["syncTime"], second["dataTime"]);
}

#[tokio::test]
async fn a_session_goes_on_after_a_reload_of_its_page() {
    let stage = Stage::start().await;
    let mut ann = stage.user("ann").await;
    let before = Page::pulled(&stage, "bob").await;
    // What the browser remembers; numbers begin anew.
    let mut after = Page { http: reqwest::Client::new(), last_id: 0, heard: Vec::new(), ..before };
    ann.writes("bob", "still there?").await;
    assert_eq!(after.message().await["fromUserId"], "ann");
    assert_eq!(after.writes("ann", "yes").await["status"], 0);
    assert_eq!(text(&ann.message().await), "yes");
}

#[tokio::test]
async fn the_socket_address_without_a_token_still_says_what_it_speaks() {
    let stage = Stage::start().await;
    let answer = reqwest::get(stage.server.url("/websocket")).await.unwrap();
    assert_eq!(answer.status(), 426);
}
