use std::{
    io,
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use super::*;

/// Answers with the first list, then with the second for ever.
struct Answers {
    lists: [Vec<IpAddr>; 2],
    asked: AtomicUsize,
}

impl Answers {
    fn always(list: &[&str]) -> Arc<Self> {
        Self::first_then(list, list)
    }

    fn first_then(first: &[&str], then: &[&str]) -> Arc<Self> {
        let read = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self { lists: [read(first), read(then)], asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Lookup for Answers {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.lists[asked.min(1)].clone())
    }
}

fn settings(receiver: &MockServer, networks: &[&str]) -> config::Outbound {
    config::Outbound {
        allow_http: true,
        ports: vec![receiver.address().port()],
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        ..config::Outbound::default()
    }
}

fn app() -> AppKey {
    "halden".parse().unwrap()
}

async fn post(outbound: &Outbound, url: &str) -> Result<Answer, Unanswered> {
    let app = app();
    let post = Post {
        app: &app,
        url,
        headers: Vec::new(),
        media: Media::Json,
        body: "{}".to_owned(),
        within: None,
        wanted: 4,
    };
    outbound.post(post).await
}

async fn receiver(answer: ResponseTemplate) -> MockServer {
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&receiver).await;
    receiver
}

#[tokio::test]
async fn the_answer_tells_status_pause_and_what_was_wanted_of_its_body() {
    let answer = ResponseTemplate::new(503).insert_header("retry-after", "7").set_body_string("sorry, later");
    let receiver = receiver(answer).await;
    let outbound = Outbound::new(&settings(&receiver, &["127.0.0.1"]));
    let answer = post(&outbound, &receiver.uri()).await.unwrap();
    assert_eq!(answer, Answer { status: 503, retry_after: Some(7), body: b"sorr".to_vec() });
}

#[tokio::test]
async fn n1_redirects_are_not_followed() {
    let receiver = receiver(ResponseTemplate::new(302).insert_header("location", "/elsewhere")).await;
    let outbound = Outbound::new(&settings(&receiver, &["127.0.0.1"]));
    assert_eq!(post(&outbound, &receiver.uri()).await.unwrap().status, 302);
    assert_eq!(receiver.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn n1_a_name_that_leads_inside_is_not_asked() {
    let receiver = receiver(ResponseTemplate::new(200)).await;
    let url = format!("http://hook.example:{}/", receiver.address().port());
    for list in [&["127.0.0.1"][..], &["1.1.1.1", "127.0.0.1"], &["127.0.0.1", "::1"]] {
        let outbound = Outbound::with_lookup(&settings(&receiver, &[]), Answers::always(list));
        assert_eq!(post(&outbound, &url).await, Err(Unanswered::Refused(Refusal::Address)), "{list:?}");
    }
    assert_eq!(receiver.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn n1_a_name_is_resolved_once_and_the_checked_address_is_asked() {
    let receiver = receiver(ResponseTemplate::new(200)).await;
    let url = format!("http://hook.example:{}/", receiver.address().port());
    let answers = Answers::first_then(&["127.0.0.1"], &["10.0.0.1"]);
    let outbound = Outbound::with_lookup(&settings(&receiver, &["127.0.0.1"]), answers.clone());
    assert_eq!(post(&outbound, &url).await.unwrap().status, 200);
    assert_eq!(answers.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn n2_an_endless_answer_is_cut_and_a_late_one_given_up() {
    let receiver = receiver(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 3 << 20])).await;
    let outbound = Outbound::new(&settings(&receiver, &["127.0.0.1"]));
    assert_eq!(post(&outbound, &receiver.uri()).await.unwrap().body, b"xxxx");

    let app = app();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = config::Outbound { ports: vec![port], ..settings(&receiver, &["127.0.0.1"]) };
    let outbound = Outbound::new(&settings);
    let url = format!("http://127.0.0.1:{port}/");
    let within = Some(Duration::from_millis(50));
    let post =
        Post { app: &app, url: &url, headers: Vec::new(), media: Media::Json, body: String::new(), within, wanted: 0 };
    assert_eq!(outbound.post(post).await, Err(Unanswered::Late));
}

#[tokio::test]
async fn n2_an_app_has_so_many_requests_under_way() {
    let receiver = receiver(ResponseTemplate::new(200)).await;
    let outbound = Outbound::new(&settings(&receiver, &["127.0.0.1"]));
    let places: Vec<_> = (0..MAX_IN_FLIGHT).map(|_| outbound.take_place(&app()).unwrap()).collect();
    assert_eq!(post(&outbound, &receiver.uri()).await, Err(Unanswered::Busy));
    drop(places);
    assert!(outbound.under_way.lock().unwrap().is_empty());
    assert_eq!(post(&outbound, &receiver.uri()).await.unwrap().status, 200);
}

#[tokio::test]
async fn nobody_there_is_told_apart() {
    let receiver = receiver(ResponseTemplate::new(200)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = config::Outbound { ports: vec![free], ..settings(&receiver, &["127.0.0.1"]) };
    let outbound = Outbound::new(&settings);
    assert_eq!(post(&outbound, &format!("http://127.0.0.1:{free}/")).await, Err(Unanswered::Unreachable));
}
