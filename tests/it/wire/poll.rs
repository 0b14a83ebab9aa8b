//! The same journeys over plain requests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    client::text_body,
    harness::{People, TestServer},
};

/// A client that polls; of several nodes, each request asks the next one.
pub(crate) struct Poll {
    http: reqwest::Client,
    origins: Vec<String>,
    turn: usize,
    path: String,
    next: u64,
}

impl Poll {
    pub(crate) async fn begin(server: &TestServer, hello: &Value) -> (Self, Value) {
        Self::begin_at(server.origins(), hello).await
    }

    pub(crate) async fn begin_at(origins: Vec<String>, hello: &Value) -> (Self, Value) {
        let mut poll = Self { http: reqwest::Client::new(), origins, turn: 0, path: "/poll".to_owned(), next: 0 };
        let answer = poll.post(&json!({ "frames": [{ "id": 1, "cmd": "hello", "body": hello }] })).await;
        if let Some(id) = answer["poll"].as_str() {
            poll.path = format!("/poll/{id}");
        }
        (poll, answer)
    }

    /// From now on another server is asked.
    pub(crate) fn goes_through(&mut self, server: &TestServer) {
        self.origins = server.origins();
    }

    /// Says that it got what was never told.
    pub(crate) async fn asks_beyond(&mut self) -> Value {
        self.post(&json!({ "ack": self.next + 1000 })).await
    }

    fn next_address(&mut self) -> String {
        self.turn += 1;
        format!("{}{}", self.origins[self.turn % self.origins.len()], self.path)
    }

    async fn post(&mut self, body: &Value) -> Value {
        let address = self.next_address();
        let response = self.http.post(address).json(body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        self.next = answer["next"].as_u64().unwrap_or(self.next);
        answer
    }

    pub(crate) async fn ask(&mut self, id: u64, cmd: &str, body: Value) -> Value {
        let frames = json!([{ "id": id, "cmd": cmd, "body": body }]);
        self.post(&json!({ "ack": self.next, "frames": frames })).await
    }

    pub(crate) async fn wait(&mut self) -> Value {
        self.post(&json!({ "ack": self.next })).await
    }

    /// Waits until a frame is meant.
    pub(crate) async fn until(&mut self, meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let answer = self.wait().await;
            let frames = answer["frames"].as_array().unwrap_or_else(|| panic!("{answer}"));
            if let Some(frame) = frames.iter().find(|frame| meant(frame)) {
                return frame.clone();
            }
        }
    }
}

#[tokio::test]
async fn a_polling_visitor_asks_and_hears_the_answer() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let mut agent = people.agent("Anna").await;
    let (mut visitor, welcome) = Poll::begin(&server, &people.visitor_hello().await).await;
    assert_eq!((&welcome["frames"][0]["ok"]["me"]["role"], &welcome["next"]), (&json!("visitor"), &json!(1)));

    let answer = visitor.ask(2, "send", text_body(&json!({ "desk": true }), "k1", "by poll")).await;
    let sent = answer["frames"].as_array().unwrap().iter().find(|frame| frame["id"] == 2).unwrap()["ok"].clone();
    assert_eq!(sent["seq"], 1);
    agent.sees("by poll").await;

    agent.ask("accept", json!({ "conversation": sent["conversation"] })).await.unwrap();
    agent.writes(&sent["conversation"], "heard").await;
    visitor.until(|frame| frame["body"]["content"]["content"] == "heard").await;
    agent.ask("end", json!({ "conversation": sent["conversation"] })).await.unwrap();
    visitor.until(|frame| frame["body"]["service"]["stage"]["name"] == "ended").await;
}

#[tokio::test]
async fn an_answer_that_got_lost_is_given_again() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut visitor, _) = Poll::begin(&server, &people.visitor_hello().await).await;
    let before = visitor.next;
    let first = visitor.ask(2, "send", text_body(&json!({ "desk": true }), "k1", "lost?")).await;
    visitor.next = before;
    let again = visitor.wait().await;
    assert!(again["frames"].as_array().unwrap().starts_with(first["frames"].as_array().unwrap()));
}

#[tokio::test]
async fn commands_are_answered_while_another_request_waits() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut visitor, _) = Poll::begin(&server, &people.visitor_hello().await).await;
    let address = visitor.next_address();
    let wait = visitor.http.post(address).json(&json!({ "ack": visitor.next }));
    let wait = tokio::spawn(async move { wait.send().await.unwrap().json::<Value>().await.unwrap() });
    let began = Instant::now();
    let pinged = visitor.ask(3, "ping", json!({})).await;
    assert!(pinged["frames"].as_array().unwrap().iter().any(|frame| frame["id"] == 3));
    // What the command brought is told to the one who waits, too.
    assert!(!wait.await.unwrap()["frames"].as_array().unwrap().is_empty());
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn refusals_close_codes_and_strange_ids() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let (mut refused, answer) = Poll::begin(&server, &json!({ "v": 1, "as": "agent" })).await;
    assert_eq!(answer["frames"][0]["error"]["code"], "unauthorized");
    assert_eq!(refused.wait().await["closed"], 4401);

    let (mut visitor, _) = Poll::begin(&server, &people.visitor_hello().await).await;
    assert_eq!(visitor.post(&json!({ "ack": 99 })).await["error"]["code"], "bad_request");
    assert_eq!(visitor.post(&json!({ "ack": 0, "x": 1 })).await["error"]["code"], "bad_request");
    let left = visitor.post(&json!({ "ack": visitor.next, "close": true })).await;
    assert_eq!(left["frames"], json!([]));

    visitor.path = "/poll/00000000000000000000000000000000".to_owned();
    assert_eq!(visitor.wait().await["error"]["code"], "not_found");
}

#[tokio::test]
async fn e3_a_cookie_counts_for_a_poll_of_our_own_page_only() {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let hello = people.visitor_hello().await;
    let cookie = format!("parlor-v-{}={}", people.site.key, hello["token"].as_str().unwrap());
    let frames = json!({ "frames": [{ "id": 1, "cmd": "hello", "body": { "v": 1, "as": "visitor", "site": people.site.key } }] });
    for (origin, fine) in [(server.url(""), true), ("https://evil.example".to_owned(), false)] {
        let request =
            reqwest::Client::new().post(server.url("/poll")).header("cookie", &cookie).header("origin", &origin);
        let answer: Value = request.json(&frames).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["frames"][0]["ok"].is_object(), fine, "{origin}: {answer}");
    }
}
