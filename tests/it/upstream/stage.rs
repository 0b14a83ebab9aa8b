//! The two servers, and who talks by them.

use std::{net::SocketAddr, time::Duration};

use parlor::{
    config::Config,
    model::{Upstream, upstream::Peer},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Client, text_body},
    crash::ServerProcess,
    harness::{People, TestServer},
};

/// Whatever is repeated has worked by then, or the test fails. Pauses after failures grow up to 30 s.
const DEADLINE: Duration = Duration::from_mins(1);

/// A service in a process of its own, and its app.
pub(crate) struct Service {
    pub(crate) process: ServerProcess,
    pub(crate) app: String,
    pub(crate) secret: String,
    desk: String,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Prepared, but not running.
    pub(crate) fn prepare() -> Self {
        crate::harness::provide_tls();
        let process = ServerProcess::prepare();
        let (app, secret) = process.add_compatible_app("Service");
        let desk = process.token(&app, "desk");
        let address = process.address().parse().unwrap();
        Self { process, app, secret, desk, address }
    }

    pub(crate) async fn running() -> Self {
        let mut service = Self::prepare();
        service.process.start().await;
        service
    }

    /// Who answers there, connected.
    pub(crate) async fn desk(&self) -> Client {
        let hello = json!({ "v": 1, "as": "user", "token": self.desk });
        Client::connect(self.address, hello).await.0
    }

    /// How an app in front finds it.
    pub(crate) fn as_upstream(&self) -> Upstream {
        let origin = format!("http://{}", self.address);
        let (navigation, api) = (origin.clone(), origin);
        Upstream { navigation, api, app_key: self.app.clone(), peer: Peer::User("desk".to_owned()) }
    }

    /// What was said with a visitor, as it stands there: texts with the ids of their messages.
    pub(crate) async fn said(&self, visitor: &str) -> Vec<(String, String)> {
        let mut desk = self.desk().await;
        let list = desk.ask("conversations", json!({ "limit": 100 })).await.unwrap();
        let with = |conversation: &&Value| {
            conversation["participants"].as_array().unwrap().iter().any(|person| person["id"] == visitor)
        };
        let found = list["conversations"].as_array().unwrap().iter().find(with).expect("they talked");
        history(&mut desk, &found["id"]).await
    }
}

/// The front, which may ask this machine's port.
pub(crate) fn asking(port: u16) -> impl FnOnce(&mut Config) {
    move |config| {
        config.outbound.allow_http = true;
        config.outbound.ports = vec![port];
        config.outbound.networks = vec!["127.0.0.1".parse().unwrap()];
        // Those who insist here ask more often than a widget does.
        config.limits.visitor_sends_per_sec = 1000;
        config.limits.visitor_send_burst = 1000;
    }
}

/// A service, and a server in front of it.
pub(crate) struct Stage {
    pub(crate) service: Service,
    pub(crate) front: TestServer,
    pub(crate) people: People,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::before(Service::running().await).await
    }

    /// A server in front of this service, which may not run yet.
    pub(crate) async fn before(service: Service) -> Self {
        let secret = service.secret.clone();
        Self::with_secret(service, &secret).await
    }

    pub(crate) async fn with_secret(service: Service, secret: &str) -> Self {
        let upstream = service.as_upstream();
        Self::with_upstream(service, upstream, secret).await
    }

    pub(crate) async fn with_upstream(service: Service, upstream: Upstream, secret: &str) -> Self {
        let navigation = url::Url::parse(&upstream.navigation).unwrap();
        let ports = [service.address.port(), navigation.port().unwrap()];
        let front = TestServer::start_with(|config| {
            asking(ports[0])(config);
            config.outbound.ports = ports.to_vec();
        });
        let people = People::of(&front).await;
        let app = people.app();
        people.im.backend(&app).set_upstream(upstream, secret).await.unwrap();
        Self { service, front, people }
    }

    /// A new visitor in front, and what they are called on both sides.
    pub(crate) async fn visitor(&self) -> (Client, String, Value) {
        let hello = self.people.visitor_hello().await;
        let (client, welcome) = Client::connect(self.front.address(), hello.clone()).await;
        (client, welcome["me"]["id"].as_str().unwrap().to_owned(), hello)
    }

    /// The front's figures.
    pub(crate) async fn figures(&self) -> String {
        reqwest::get(self.front.metrics_url()).await.unwrap().text().await.unwrap()
    }
}

/// What stands in a conversation: texts with the ids of their messages, oldest first.
pub(crate) async fn history(client: &mut Client, conversation: &Value) -> Vec<(String, String)> {
    let mut said: Vec<(String, String)> = Vec::new();
    let mut after = 0;
    loop {
        let query = json!({ "conversation": conversation, "after": after, "limit": 100 });
        let page = client.ask("history", query).await.unwrap();
        for message in page["messages"].as_array().unwrap() {
            after = message["seq"].as_u64().unwrap();
            if let Some(text) = message["content"]["content"].as_str() {
                said.push((text.to_owned(), message["uid"].as_str().unwrap().to_owned()));
            }
        }
        if page["more"] != true {
            return said;
        }
    }
}

/// Sends as a widget does: again with the same id as long as the refusal is temporary.
pub(crate) async fn insists(client: &mut Client, to: &Value, client_id: &str, text: &str) -> Value {
    let trying = async {
        loop {
            match client.ask("send", text_body(to, client_id, text)).await {
                Ok(sent) => return sent,
                Err(error) => {
                    assert_eq!(error["temporary"], true, "{error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    timeout(DEADLINE, trying).await.unwrap_or_else(|_| panic!("`{text}` was not taken in time"))
}
