//! An app's own back end, which speaks REST to a running server.

use parlor::{
    im::{Im, backend::keys::NewKey},
    model::{AppKey, Scope},
};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use super::TestServer;

/// A back end with a key.
#[derive(Clone)]
pub(crate) struct BackEnd {
    client: reqwest::Client,
    origin: String,
    pub(crate) app: AppKey,
    /// The whole key.
    pub(crate) key: String,
    /// Its public part.
    pub(crate) key_id: String,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `null` when there was no body.
    pub(crate) body: Value,
}

impl Answer {
    /// The code of an error.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {} {}", self.status, self.body))
    }

    /// The body of a request that worked.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// A header, empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// From whatever was asked.
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status, headers, body }
    }
}

impl BackEnd {
    /// A back end of an app with every scope.
    pub(crate) async fn of(server: &TestServer, im: &Im, app: &AppKey) -> Self {
        Self::with_scopes(server, im, app, Scope::ALL).await
    }

    /// A back end of an app with some scopes.
    pub(crate) async fn with_scopes(server: &TestServer, im: &Im, app: &AppKey, scopes: &[Scope]) -> Self {
        Self::at(server.some_url(""), im, app, scopes).await
    }

    /// A back end of an app that asks whatever server is found there.
    pub(crate) async fn at(origin: String, im: &Im, app: &AppKey, scopes: &[Scope]) -> Self {
        let new = NewKey { name: "Test".to_owned(), scopes: scopes.to_vec(), lives_secs: None };
        let made = im.backend(app).create_key(new, None).await.unwrap();
        Self {
            // No connection outlives a request: servers are restarted in between.
            client: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            origin,
            app: app.clone(),
            key: made.full.reveal(),
            key_id: made.key.id.to_string(),
        }
    }

    /// The same with another key.
    pub(crate) fn with_key(self, key: &str) -> Self {
        Self { key: key.to_owned(), key_id: key.split('_').nth(1).unwrap().to_owned(), ..self }
    }

    /// The same, asking another server.
    pub(crate) fn asking(&self, server: &TestServer) -> Self {
        self.asking_at(server.some_url(""))
    }

    /// The same, asking whatever server is found there.
    pub(crate) fn asking_at(&self, origin: String) -> Self {
        Self { origin, ..self.clone() }
    }

    /// A request that carries the key, to be changed before it is sent.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.bare(method, path).bearer_auth(&self.key)
    }

    /// A request without a key.
    pub(crate) fn bare(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.origin))
    }

    /// Asks, with a body when one is given.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask("PATCH", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None).await
    }
}
