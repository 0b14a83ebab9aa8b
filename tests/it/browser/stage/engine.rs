//! The only file that knows which browser is driven: Chromium through its driver. Another engine is another such file.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{WebDriver, WindowHandle, common::config::WebDriverConfig, extensions::cdp::ChromeDevTools};

use super::command;

const DRIVERS: [&str; 2] = ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"];
const SWITCHES: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--hide-scrollbars",
    // The window around the page is 144 high.
    "--window-size=1280,944",
];

/// One person's browser, with a profile that is thrown away.
pub(in crate::browser) struct Browser {
    pub(super) driver: WebDriver,
    /// A session looks at one window at a time; whoever speaks to it holds this.
    pub(super) turn: tokio::sync::Mutex<()>,
    whose: String,
    // Below the session: they go after it.
    _profile: TempDir,
    _driver: Arc<Driver>,
}

impl Browser {
    pub(super) async fn start(whose: &str, languages: &str) -> Self {
        let driver = Driver::shared();
        let profile = tempfile::tempdir().unwrap();
        let mut switches: Vec<String> = SWITCHES.iter().map(ToString::to_string).collect();
        switches.push(format!("--lang={}", languages.split(',').next().unwrap_or_default()));
        switches.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": switches, "prefs": { "intl.accept_languages": languages } },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else { unreachable!() };
        let config = WebDriverConfig::builder().reqwest_timeout(Duration::from_mins(1)).build().unwrap();
        let address = format!("http://127.0.0.1:{}", driver.port);
        let session = WebDriver::new_with_config(address, wanted, config).await.expect("the browser starts");
        let turn = tokio::sync::Mutex::default();
        Self { driver: session, turn, whose: whose.to_owned(), _profile: profile, _driver: driver }
    }

    /// What the browser wrote into its log and nobody should have to see.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let Ok(answer) =
            self.driver.cmd(command::Command("se/log".to_owned(), Some(json!({ "type": "browser" })))).await
        else {
            return Vec::new();
        };
        let entries: Vec<Value> = answer.value().unwrap_or_default();
        let bad = entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|entry| format!("{}: {}", self.whose, entry["message"].as_str().unwrap_or_default())).collect()
    }

    /// A picture, the page's text and what it heard and said, of every window.
    pub(super) async fn keep_evidence(&self, folder: &Path) {
        let Ok(windows) = self.driver.windows().await else { return };
        for (number, window) in windows.into_iter().enumerate() {
            let path = |what: &str| folder.join(format!("{}-{number}.{what}", self.whose));
            let _ = self.driver.switch_to_window(window).await;
            let _ = self.driver.enter_default_frame().await;
            let _ = self.driver.screenshot(&path("png")).await;
            self.keep_page(&path("html"), &path("txt")).await;
            let Ok(frame) = self.driver.execute(super::tab::FRAME, []).await else { continue };
            let Ok(frame) = frame.element() else { continue };
            let _ = frame.enter_frame().await;
            self.keep_page(&path("chat.html"), &path("chat.txt")).await;
        }
    }

    async fn keep_page(&self, page: &Path, trace: &Path) {
        for (path, script) in [(page, PAGE), (trace, "return (window.__trace ?? []).join('\\n')")] {
            let text = self.driver.execute(script, []).await.ok().and_then(|text| text.convert::<String>().ok());
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let _ = std::fs::write(path, text);
            }
        }
    }

    pub(super) async fn quit(&self) {
        let _ = self.driver.clone().quit().await;
    }

    /// A second window of the same person.
    pub(super) async fn new_window(&self) -> WindowHandle {
        self.driver.new_tab().await.unwrap()
    }

    /// A screen of this size; `phone` makes it a touch screen.
    pub(in crate::browser) async fn screen(&self, width: u32, height: u32, scale: u32, phone: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.tools("Emulation.setDeviceMetricsOverride", size).await;
        self.tools("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone })).await;
    }

    /// What the person prefers, such as `("prefers-color-scheme", "dark")`.
    pub(in crate::browser) async fn prefers(&self, features: &[(&str, &str)]) {
        let features: Vec<_> = features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.tools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Whether the browser believes in a network at all.
    pub(in crate::browser) async fn network(&self, there: bool) {
        self.tools("Network.enable", json!({})).await;
        let conditions = json!({ "offline": !there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.tools("Network.emulateNetworkConditions", conditions).await;
    }

    /// A script that runs in every document before the document's own.
    pub(in crate::browser) async fn before_everything(&self, script: &str) {
        self.tools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    async fn tools(&self, command: &str, body: Value) {
        ChromeDevTools::new(Arc::clone(&self.driver.handle)).execute_cdp_with_params(command, body).await.unwrap();
    }
}

/// The page, with what stands in shadow roots.
const PAGE: &str = "return document.documentElement.getHTML?.({ serializableShadowRoots: true, \
    shadowRoots: [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean) }) ?? ''";

/// The driver's process, shared by all browsers that are open at one time.
struct Driver {
    port: u16,
    /// A shell between us and the driver: when we end, however we end, its input closes, and it ends the driver,
    /// which ends its browsers.
    keeper: Child,
}

impl Driver {
    fn shared() -> Arc<Self> {
        static OPEN: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut open = OPEN.lock().unwrap();
        if let Some(driver) = open.upgrade() {
            return driver;
        }
        let driver = Arc::new(Self::start());
        *open = Arc::downgrade(&driver);
        driver
    }

    fn start() -> Self {
        let program = DRIVERS.into_iter().find(|path| Path::new(path).exists());
        let program = program.expect("the browser's driver is installed (Debian: chromium-driver)");
        let script = "\"$0\" --port=0 2>/dev/null & driver=$!; read -r _; kill $driver; wait $driver";
        let mut keeper = Command::new("/bin/sh")
            .args(["-c", script, program])
            // Not in our group: an interrupt must reach the keeper through its input, after our own end.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut said = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let port =
            said.find_map(|line| line.ok()?.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
        let port = port.expect("the driver says its port");
        // Read on, or the driver would be stopped by a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        Self { port, keeper }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(mut input) = self.keeper.stdin.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.keeper.wait();
    }
}
