//! Such a page, as its owner wrote it, and what its handlers heard.

use serde_json::{Value, json};

use crate::{
    browser::stage::{Host, HostPage, House, Stage, Tab, until},
    client::Client,
    harness::People,
};

/// A customer's page with one user in front of it.
pub(super) struct Page {
    pub(super) tab: Tab,
    /// The frame in it.
    pub(super) chat: Tab,
    pub(super) people: People,
    // Serves the page as long as the journey lasts.
    _host: Host,
}

/// What every such page has: the script, and handlers that remember what they are called with.
const HEARD: &str = "window.heard = []; const hears = (name) => (...what) => { heard.push([name, ...what]) };";

impl Page {
    /// Opens a page whose own code is `init`; `APPKEY` and `TOKEN` stand in it as its back end would write them.
    pub(super) async fn opens(stage: &Stage, house: &House, user: (&str, &str), init: &str) -> Self {
        Self::opens_in(stage, house, user, init, "en-US,en").await
    }

    pub(super) async fn opens_in(
        stage: &Stage,
        house: &House,
        (id, name): (&str, &str),
        init: &str,
        languages: &str,
    ) -> Self {
        let people = People::of(&house.server).await;
        let host = Host::start();
        house.line_for(&host.origin()).await;
        let hello = people.user_hello_named(id, name).await;
        let script = house.server.url("/compat/rong-widget.js");
        let init = init.replace("APPKEY", people.app().as_str()).replace("TOKEN", hello["token"].as_str().unwrap());
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
            <title>Shop</title><body><main><h1>Shop</h1><button id=\"contact\">Contact the seller</button></main>\
            <rong-widget></rong-widget><script src=\"{script}\"></script><script>{HEARD}{init}</script>"
        );
        let address = host.publishes("/", HostPage { html, policy: None });
        let tab = Tab::first(stage.browser_in(id, languages).await).await;
        tab.goes_to(&address).await;
        let chat = tab.chat();
        Self { tab, chat, people, _host: host }
    }

    /// Waits until a handler of this name was called, and returns what it heard the first time.
    pub(super) async fn hears(&self, name: &str) -> Value {
        self.hears_where(name, |_| true).await
    }

    /// As [`Page::hears`], for the first call that is meant.
    pub(super) async fn hears_where(&self, name: &str, meant: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{name} to be called"), async || {
            let heard = self.tab.ask("return window.heard", []).await.map_err(|error| error.to_string())?;
            let calls = heard.as_array().cloned().unwrap_or_default();
            let found = calls.iter().find(|call| call[0] == name && meant(&call[1]));
            found.map(|call| call[1].clone()).ok_or_else(|| heard.to_string())
        })
        .await
    }

    /// How often a handler of this name was called so far.
    pub(super) async fn times(&self, name: &str) -> usize {
        let heard = self.tab.ask("return window.heard", []).await.unwrap();
        heard.as_array().unwrap().iter().filter(|call| call[0] == name).count()
    }

    /// Runs a line of the page's own code.
    pub(super) async fn runs(&self, code: &str) -> Value {
        self.tab.ask(code, []).await.unwrap()
    }

    /// Waits until a line of the page's own code says this.
    pub(super) async fn says(&self, code: &str, wanted: Value) {
        until(&format!("{code} to say {wanted}"), async || {
            let said = self.tab.ask(code, []).await.map_err(|error| error.to_string())?;
            if said == wanted { Ok(()) } else { Err(said.to_string()) }
        })
        .await;
    }

    /// Another user of the app, connected elsewhere.
    pub(super) async fn other(&self, id: &str, name: &str) -> Client {
        self.people.connect(self.people.user_hello_named(id, name).await).await
    }
}

/// Somebody writes to a user.
pub(super) async fn writes_to(from: &mut Client, user: &str, text: &str) {
    let id = format!("k-{}", text.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    from.sends(json!({ "user": user }), &id, text).await.unwrap();
}
