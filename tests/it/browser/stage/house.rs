//! The server of a journey, and who works there.

use std::{cell::RefCell, collections::HashSet};

use parlor::{
    config::Config,
    im::accounts::NewAgent,
    model::site::{Look, Origin},
};

use super::Line;
use crate::{
    client::Client,
    harness::{People, TestServer},
};

/// Everybody's password: long enough, and on no list.
pub(super) const PASSWORD: &str = "lamps-from-malmo-1974";

/// A server with its demo page, reached directly or over a line that can be cut.
pub(in crate::browser) struct House {
    // Gone before the server, which waits for its connections.
    somebody: RefCell<Option<Client>>,
    pub(in crate::browser) server: TestServer,
    agents: RefCell<HashSet<String>>,
}

impl House {
    /// A house that answers on its own address.
    pub(in crate::browser) fn opens() -> Self {
        Self::opens_with(|_| {})
    }

    /// A house behind a line.
    pub(in crate::browser) fn opens_behind(line: &Line) -> Self {
        let house = Self::opens_with(|config| config.server.public_url = line.origin());
        line.leads_to(house.server.address());
        house
    }

    /// A house with other settings.
    pub(in crate::browser) fn opens_with(change: impl FnOnce(&mut Config)) -> Self {
        Self { somebody: RefCell::default(), server: TestServer::start_with(change), agents: RefCell::default() }
    }

    /// The stranger's page with nothing of ours but one line.
    pub(in crate::browser) fn demo_page(&self) -> String {
        self.server.demo_url()
    }

    pub(in crate::browser) fn console(&self) -> String {
        self.server.url("/console")
    }

    /// What the terminal printed for the first agent.
    pub(in crate::browser) fn setup_code(&self) -> String {
        self.server.welcome().setup_code.clone().expect("nobody has set the server up")
    }

    /// Somebody is in, though nobody looks at a console: visitors find an open desk.
    pub(in crate::browser) async fn has_somebody_in(&self) {
        *self.somebody.borrow_mut() = Some(People::of(&self.server).await.agent("Mei").await);
    }

    /// The line to paste for a new site of this origin.
    pub(in crate::browser) async fn line_for(&self, origin: &str) -> String {
        let People { im, site, .. } = People::of(&self.server).await;
        let origin = Origin::parse(origin).unwrap();
        let site = im.create_site(&site.app, &site.name, vec![origin], Look::default()).await.unwrap();
        self.server.url(&format!("/w/{}.js", site.key))
    }

    /// Makes the agent when there is none of this name; returns the e-mail.
    pub(super) async fn knows_agent(&self, name: &str) -> String {
        let email = format!("{}@halden.example", name.split(' ').next().unwrap_or(name).to_lowercase());
        if self.agents.borrow_mut().insert(email.clone()) {
            let People { im, site, .. } = People::of(&self.server).await;
            let password = PASSWORD.to_owned();
            let agent = NewAgent { app: Some(site.app), email: email.clone(), name: name.to_owned(), password };
            im.create_agent(agent).await.unwrap();
        }
        email
    }
}
