//! A real browser, driven through `WebDriver`. Only this file knows which engine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    ops::Deref,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver, error::WebDriverResult};

/// How large the window is, and how it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 390 × 844, touch.
    Phone,
    /// 1280 × 800, mouse.
    Desktop,
}

/// What the person prefers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taste {
    pub(crate) screen: Screen,
    pub(crate) dark: bool,
    /// Language tags, the favourite first: `en`, `zh-CN`.
    pub(crate) languages: &'static str,
}

impl Default for Taste {
    fn default() -> Self {
        Self { screen: Screen::Desktop, dark: false, languages: "en" }
    }
}

/// One person's browser with a profile of its own. Everything it started ends with it.
pub(crate) struct Browser {
    page: WebDriver,
    // Last: its end closes the browser.
    engine: Engine,
}

/// Whether browser journeys run. Says so loudly when not.
pub(crate) fn browsers_run() -> bool {
    let wanted = std::env::var_os("PARLOR_BROWSER_TESTS").is_some_and(|value| value == "1");
    if !wanted {
        eprintln!("SKIPPED: set PARLOR_BROWSER_TESTS=1 (scripts/check does) to run this in a real browser");
    }
    wanted
}

impl Browser {
    /// A browser to somebody's taste.
    pub(crate) async fn open_as(taste: Taste) -> Self {
        let engine = Engine::start();
        let page = WebDriver::new(engine.address(), capabilities(taste).unwrap()).await.expect("the browser starts");
        Self { page, engine }
    }

    /// Keeps a picture under `target/screens`.
    pub(crate) async fn photograph(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens");
        std::fs::create_dir_all(&folder).unwrap();
        self.page.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }

    /// Cuts the network off, or gives it back.
    pub(crate) async fn set_offline(&self, offline: bool) {
        let conditions = json!({ "offline": offline, "latency": 0, "throughput": -1 });
        let body = json!({ "network_conditions": conditions });
        let path = format!("{}/session/{}/chromium/network_conditions", self.engine.address(), self.page.session_id());
        reqwest::Client::new().post(path).json(&body).send().await.unwrap().error_for_status().unwrap();
    }
}

impl Deref for Browser {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.page
    }
}

fn capabilities(taste: Taste) -> WebDriverResult<impl Into<thirtyfour::Capabilities>> {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--mute-audio",
        "--hide-scrollbars",
    ] {
        wanted.add_arg(flag)?;
    }
    wanted.add_experimental_option("prefs", json!({ "intl.accept_languages": taste.languages }))?;
    wanted.add_arg(&format!("--lang={}", taste.languages.split(',').next().unwrap_or("en")))?;
    if taste.dark {
        wanted.add_arg("--force-dark-mode")?;
    }
    // The size of the page, not of the window around it.
    let metrics = match taste.screen {
        Screen::Phone => json!({ "width": 390, "height": 844, "pixelRatio": 2, "touch": true, "mobile": true }),
        Screen::Desktop => json!({ "width": 1280, "height": 800, "pixelRatio": 1, "touch": false, "mobile": false }),
    };
    wanted.add_experimental_option("mobileEmulation", json!({ "deviceMetrics": metrics }))?;
    Ok(wanted)
}

/// The driver's process.
struct Engine {
    driver: Child,
    port: u16,
    /// Kept open: a driver that nobody hears dies of it.
    _words: BufReader<ChildStdout>,
}

impl Engine {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().expect("chromedriver is installed; scripts/check installs it");
        let mut words = BufReader::new(driver.stdout.take().unwrap());
        let port = words.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        Self { driver, port: port.expect("chromedriver tells its port"), _words: words }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The driver closes its browsers and ends.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", self.port)?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
    }
}
