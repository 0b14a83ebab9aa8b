//! The server API of the compatible protocol, asked as its own SDKs ask.

mod auth;
mod callbacks;
mod everywhere;
mod groups;
mod history;
mod limits;
mod messages;
mod rooms;
mod sdk;
mod users;

use std::time::{SystemTime, UNIX_EPOCH};

use parlor::{
    auth::app_secret::{JoinedSignature, SharedSecret},
    config::Config,
    im::Im,
    model::AppKey,
};
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::harness::{Answer, People, TestServer};

/// A back end that was written for the compatible server API.
#[derive(Clone)]
pub(crate) struct OldBackEnd {
    client: reqwest::Client,
    origin: String,
    pub(crate) app: AppKey,
    pub(crate) secret: SharedSecret,
}

#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
pub(crate) fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl OldBackEnd {
    /// A back end of an app that is opened for it.
    pub(crate) async fn of(server: &TestServer, im: &Im, app: &AppKey) -> Self {
        let secret = im.backend(app).make_compatible().await.unwrap().expect("it had no secret");
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { client, origin: server.url(""), app: app.clone(), secret }
    }

    /// The same, asking another server.
    pub(crate) fn asking(&self, server: &TestServer) -> Self {
        Self { origin: server.url(""), ..self.clone() }
    }

    /// A request without headers.
    pub(crate) fn bare(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/{path}.json", self.origin))
    }

    /// The headers of a request, as one library or another makes them.
    pub(crate) fn signature(&self, nonce: &str, timestamp: &str) -> JoinedSignature {
        self.secret.sign(nonce, timestamp)
    }

    /// A signed request without a body. All requests of this process carry the same signature, as those of some SDKs do.
    pub(crate) fn request(&self, path: &str) -> RequestBuilder {
        let at = now_secs().to_string();
        self.bare(path)
            .header("app-key", self.app.as_str())
            .header("nonce", "14314")
            .header("timestamp", &at)
            .header("signature", self.signature("14314", &at).to_hex())
    }

    /// Sends a form.
    pub(crate) async fn form(&self, path: &str, body: &str) -> Answer {
        let request = self.request(path).header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.body(body.to_owned()).send().await.unwrap()).await
    }

    /// Sends JSON.
    pub(crate) async fn json(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(path).json(body).send().await.unwrap()).await
    }

    /// Sends names and values, and expects that it works.
    #[track_caller]
    pub(crate) fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> impl Future<Output = Value> + use<> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let (this, path) = (self.clone(), path.to_owned());
        async move {
            let answer = this.form(&path, &body).await;
            assert_eq!((answer.status, &answer.body["code"]), (200, &Value::from(200)), "{path}: {}", answer.body);
            answer.body
        }
    }

    /// Sends names and values, and expects a refusal: its status and code.
    pub(crate) async fn refused(&self, path: &str, pairs: &[(&str, &str)]) -> (u16, u64, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        refusal(&self.form(path, &body).await, path)
    }
}

/// Status, code and words of a refusal that has the right form.
#[track_caller]
pub(crate) fn refusal(answer: &Answer, path: &str) -> (u16, u64, String) {
    let body = &answer.body;
    assert!(answer.status >= 400, "{path} worked: {body}");
    assert_eq!(body["url"], format!("/{path}.json"), "{body}");
    let words = body["errorMessage"].as_str().unwrap_or_else(|| panic!("no words: {body}")).to_owned();
    (answer.status, body["code"].as_u64().unwrap(), words)
}

/// A server, the people of its first site, and its app's back end.
pub(crate) async fn house() -> (TestServer, People, OldBackEnd) {
    house_with(|_| {}).await
}

/// The same with some settings changed.
pub(crate) async fn house_with(change: impl FnOnce(&mut Config)) -> (TestServer, People, OldBackEnd) {
    let server = TestServer::start_with(change);
    let people = People::of(&server).await;
    let back_end = OldBackEnd::of(&server, &people.im, &people.site.app).await;
    (server, people, back_end)
}
