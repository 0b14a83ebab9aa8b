//! Somebody's back end: answers as it is told, remembers what came, checks signatures by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::watch;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

/// Whatever is awaited comes by then, or the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) signature: String,
    pub(crate) timestamp: i64,
    /// Where it came, with what stands behind the question mark.
    pub(crate) url: url::Url,
    pub(crate) media: String,
    pub(crate) raw: String,
    /// `null` when it is no JSON.
    pub(crate) body: Value,
}

impl Received {
    /// The words of a message that was told.
    pub(crate) fn words(&self) -> String {
        self.body["data"]["content"]["content"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.body["sequence"].as_u64().unwrap()
    }

    /// Whether one of the signatures is of this secret, as a receiver that knows only the standard would find out.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.raw).as_bytes());
        let right = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
        self.signature.split(' ').any(|signature| signature == right)
    }
}

/// How to answer.
type Rule = Box<dyn Fn(&Received) -> ResponseTemplate + Send + Sync>;

/// A receiver of notices.
pub(crate) struct Receiver {
    server: MockServer,
    desk: Arc<Desk>,
}

struct Desk {
    rule: Mutex<Rule>,
    received: watch::Sender<Vec<Received>>,
}

impl Receiver {
    /// Answers 204 to everything.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| ResponseTemplate::new(204)).await
    }

    pub(crate) async fn answering(rule: impl Fn(&Received) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let server = MockServer::start().await;
        let desk = Arc::new(Desk { rule: Mutex::new(Box::new(rule)), received: watch::channel(Vec::new()).0 });
        Mock::given(method("POST")).respond_with(Clerk(desk.clone())).mount(&server).await;
        Self { server, desk }
    }

    /// Answers in another way from now on.
    pub(crate) fn answers(&self, rule: impl Fn(&Received) -> ResponseTemplate + Send + Sync + 'static) {
        *self.desk.rule.lock().unwrap() = Box::new(rule);
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// Everything that came.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.desk.received.borrow().clone()
    }

    /// Waits until what came is so.
    pub(crate) async fn until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut received = self.desk.received.subscribe();
        let waiting = received.wait_for(|received| enough(received));
        let Ok(received) = tokio::time::timeout(PATIENCE, waiting).await else {
            panic!("it never came; this did: {:#?}", self.received());
        };
        received.unwrap().clone()
    }

    /// Waits for so many requests.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Received> {
        self.until(|received| received.len() >= count).await
    }
}

struct Clerk(Arc<Desk>);

impl Respond for Clerk {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header =
            |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let raw = String::from_utf8(request.body.clone()).unwrap();
        let media = header("content-type");
        let received = Received {
            id: header("webhook-id"),
            signature: header("webhook-signature"),
            timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
            body: if media == "application/json" { serde_json::from_str(&raw).unwrap() } else { Value::Null },
            url: request.url.clone(),
            media,
            raw,
        };
        let answer = (self.0.rule.lock().unwrap())(&received);

        self.0.received.send_modify(|all| all.push(received));
        answer
    }
}

/// The answer to each notice by the words of its message; 204 to others.
pub(crate) fn by_words(statuses: &[(&str, u16)]) -> impl Fn(&Received) -> ResponseTemplate + use<> {
    let statuses: HashMap<String, u16> =
        statuses.iter().map(|(words, status)| ((*words).to_owned(), *status)).collect();
    move |received| ResponseTemplate::new(statuses.get(&received.words()).copied().unwrap_or(204))
}
