//! Those who use a running server: made beside it, as an operator would.

use std::sync::atomic::{AtomicUsize, Ordering};

use parlor::{
    app::{domain_beside, open_beside},
    im::{Im, accounts::NewAgent},
    model::{AppKey, Site},
};
use serde_json::{Value, json};

use super::TestServer;
use crate::client::Client;

/// A site with whoever comes to it.
pub(crate) struct People {
    pub(crate) im: Im,
    pub(crate) site: Site,
    addresses: Vec<std::net::SocketAddr>,
    next: AtomicUsize,
}

impl People {
    /// The people of the server's own first site.
    pub(crate) async fn of(server: &TestServer) -> Self {
        let store = open_beside(server.config()).await.unwrap();
        let im = domain_beside(server.config(), store).await.unwrap();
        let app = im.apps().await.unwrap().remove(0);
        let site = im.sites(&app.key).await.unwrap().remove(0);
        Self::at(im, site, server.addresses())
    }

    /// The people of a site whose servers are found there.
    pub(crate) fn at(im: Im, site: Site, addresses: Vec<std::net::SocketAddr>) -> Self {
        Self { im, site, addresses, next: AtomicUsize::new(0) }
    }

    /// What a new visitor says as hello.
    pub(crate) async fn visitor_hello(&self) -> Value {
        let (_, token) = self.im.mint_visitor(&self.site).await.unwrap();
        json!({ "v": 1, "as": "visitor", "site": self.site.key, "token": token.reveal() })
    }

    /// What a new agent says as hello.
    pub(crate) async fn agent_hello(&self, name: &str) -> Value {
        let email = format!("{name}@shop.example").to_lowercase();
        let password = "a long and winding road".to_owned();
        let agent =
            NewAgent { app: Some(self.app()), email: email.clone(), name: name.to_owned(), password: password.clone() };
        self.im.create_agent(agent).await.unwrap();
        let (_, token) = self.im.sign_in(&email, password, "test").await.unwrap();
        json!({ "v": 1, "as": "agent", "token": token.reveal() })
    }

    /// What a user of the app's own back end says as hello.
    pub(crate) async fn user_hello(&self, id: &str) -> Value {
        self.user_hello_named(id, id).await
    }

    /// The same, with a name.
    pub(crate) async fn user_hello_named(&self, id: &str, name: &str) -> Value {
        let token = self.im.issue_user_token(&self.app(), id.parse().unwrap(), name, None).await.unwrap();
        json!({ "v": 1, "as": "user", "token": token.reveal() })
    }

    /// A new visitor, connected.
    pub(crate) async fn visitor(&self) -> Client {
        self.connect(self.visitor_hello().await).await
    }

    /// A new agent, connected.
    pub(crate) async fn agent(&self, name: &str) -> Client {
        self.connect(self.agent_hello(name).await).await
    }

    /// A new user, connected.
    pub(crate) async fn user(&self, id: &str) -> Client {
        self.connect(self.user_hello(id).await).await
    }

    /// Somebody known, connected once more; to the next node each time.
    pub(crate) async fn connect(&self, hello: Value) -> Client {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
        Client::connect(self.addresses[next], hello).await.0
    }

    /// The site's app.
    pub(crate) fn app(&self) -> AppKey {
        self.site.app.clone()
    }
}
