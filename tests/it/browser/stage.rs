//! What a journey is played on: a server, people with browsers of their own, and the evidence when it fails.

mod agent;
mod axe;
mod command;
mod engine;
mod host;
mod house;
mod line;
mod tab;
mod visitor;

use std::{
    cell::RefCell,
    io::Write as _,
    panic::{AssertUnwindSafe, resume_unwind},
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use self::engine::Browser;
pub(super) use self::{
    agent::Agent,
    host::{Host, HostPage},
    house::House,
    line::Line,
    tab::{Name, Tab},
    visitor::Visitor,
};

/// How long anything may take to appear. Generous: a slow machine must not fail a journey, only a broken product.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Journeys at once. Each has two browsers, so more only wait for each other.
static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Plays a journey to its end: afterwards no browser may have anything to complain about.
pub(super) async fn journey(body: impl AsyncFnOnce(&Stage)) {
    let name = std::thread::current().name().unwrap_or("journey").replace("::", "-");
    if !switched_on("PARLOR_BROWSER_TESTS") {
        // Straight to the terminal: the test runner swallows what passing tests print.
        let _ = writeln!(std::io::stderr(), "SKIPPED, set PARLOR_BROWSER_TESTS=1 to run it: {name}");
        return;
    }
    crate::harness::provide_tls();
    let _room = ROOM.acquire().await.unwrap();
    let stage = Stage { name, browsers: RefCell::default(), forgiven: RefCell::default() };
    let ended = AssertUnwindSafe(body(&stage)).catch_unwind().await;
    let complaints = stage.complaints().await;
    if ended.is_err() || !complaints.is_empty() {
        stage.keep_evidence(&complaints).await;
    }
    stage.clear().await;
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
    assert!(complaints.is_empty(), "browsers complained:\n{}", complaints.join("\n"));
}

fn switched_on(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| value == "1")
}

/// One journey's surroundings.
pub(super) struct Stage {
    name: String,
    browsers: RefCell<Vec<Arc<Browser>>>,
    forgiven: RefCell<Vec<&'static str>>,
}

impl Stage {
    /// A visitor in front of the demo page.
    pub(super) async fn visitor(&self, house: &House) -> Visitor {
        let visitor = self.visitor_named("visitor").await;
        visitor.page.goes_to(&house.demo_page()).await;
        visitor
    }

    /// A visitor in front of nothing yet.
    pub(super) async fn visitor_named(&self, whose: &str) -> Visitor {
        Visitor::new(Tab::first(self.browser(whose).await).await)
    }

    /// The house's first agent, signed in.
    pub(super) async fn agent(&self, house: &House) -> Agent {
        let agent = self.agent_named(house, "Anna Lindqvist").await;
        agent.signs_in().await;
        agent
    }

    /// Whoever started the server: nobody works here yet.
    pub(super) async fn newcomer(&self, house: &House) -> Agent {
        let email = "anna@halden.example".to_owned();
        Agent::new(Tab::first(self.browser(&email).await).await, house.console(), email)
    }

    /// An agent in front of a browser that shows nothing yet; made when the house does not know the name.
    pub(super) async fn agent_named(&self, house: &House, name: &str) -> Agent {
        let email = house.knows_agent(name).await;
        Agent::new(Tab::first(self.browser(&email).await).await, house.console(), email)
    }

    /// A browser of its own for somebody: nothing in it yet.
    pub(super) async fn browser(&self, whose: &str) -> Arc<Browser> {
        self.browser_in(whose, "en-US,en").await
    }

    /// As [`Stage::browser`], of somebody who reads these languages, the favourite first.
    pub(super) async fn browser_in(&self, whose: &str, languages: &str) -> Arc<Browser> {
        let browser = Arc::new(Browser::start(whose, languages).await);
        if switched_on("PARLOR_BROWSER_TRACE") {
            browser.before_everything(include_str!("stage/trace.js")).await;
        }
        self.browsers.borrow_mut().push(Arc::clone(&browser));
        browser
    }

    /// Complaints with these words are expected in this journey, such as a refused connection while the server is away.
    pub(super) fn forgive(&self, words: &[&'static str]) {
        self.forgiven.borrow_mut().extend(words);
    }

    async fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for browser in self.everybody() {
            all.extend(browser.complaints().await);
        }
        let forgiven = self.forgiven.borrow();
        all.retain(|line| !forgiven.iter().any(|words| line.contains(words)));
        all
    }

    async fn keep_evidence(&self, complaints: &[String]) {
        let folder = std::env::var_os("PARLOR_BROWSER_EVIDENCE")
            .map_or_else(|| std::env::temp_dir().join("parlor-journeys"), PathBuf::from)
            .join(&self.name);
        if std::fs::create_dir_all(&folder).is_err() {
            return;
        }
        let _ = std::fs::write(folder.join("complaints.txt"), complaints.join("\n"));
        for browser in self.everybody() {
            browser.keep_evidence(&folder).await;
        }
        let _ = writeln!(std::io::stderr(), "evidence of {} is in {}", self.name, folder.display());
    }

    async fn clear(&self) {
        for browser in self.everybody() {
            browser.quit().await;
        }
        self.browsers.borrow_mut().clear();
    }

    fn everybody(&self) -> Vec<Arc<Browser>> {
        self.browsers.borrow().clone()
    }
}

/// Asks again and again until there is an answer, or patience ends: the only way a journey waits.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        let reason = match look().await {
            Ok(found) => return found,
            Err(reason) => reason,
        };
        assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}: {reason}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
