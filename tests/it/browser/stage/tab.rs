//! A window in somebody's browser, and what can be done and seen in it. Engine-neutral.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::{Key, TypingData, WebElement, WindowHandle, error::WebDriverResult};

use super::{command::Command, engine::Browser, until};

/// Which document of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::browser) enum Place {
    /// The page in the address bar.
    Page,
    /// The chat's frame on a stranger's page.
    Chat,
}

/// How an accessible name is matched.
#[derive(Debug, Clone)]
pub(in crate::browser) struct Name(&'static str, String);

impl Name {
    pub(in crate::browser) fn starts(words: &str) -> Self {
        Self("starts", words.to_owned())
    }

    pub(in crate::browser) fn has(words: &str) -> Self {
        Self("has", words.to_owned())
    }

    pub(in crate::browser) const fn any() -> Self {
        Self("any", String::new())
    }
}

impl From<&str> for Name {
    fn from(words: &str) -> Self {
        Self("is", words.to_owned())
    }
}

impl From<&String> for Name {
    fn from(words: &String) -> Self {
        Self("is", words.clone())
    }
}

/// Something a person can perceive.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::browser) struct Seen {
    element: Value,
    pub(in crate::browser) name: String,
    pub(in crate::browser) text: String,
    states: serde_json::Map<String, Value>,
}

impl Seen {
    /// A state without its `aria-`: `expanded`, `current`, `haspopup`; also `value`, `checked` and `focused`.
    pub(in crate::browser) fn state(&self, name: &str) -> &str {
        self.states.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Left, top, width and height in its document, in whole pixels.
    pub(in crate::browser) fn bounds(&self) -> [i64; 4] {
        serde_json::from_value(self.states["box"].clone()).unwrap()
    }
}

/// One window, looked at in one place.
#[derive(Clone)]
pub(in crate::browser) struct Tab {
    pub(in crate::browser) browser: Arc<Browser>,
    window: WindowHandle,
    place: Place,
}

impl Tab {
    /// The browser's first window.
    pub(in crate::browser) async fn first(browser: Arc<Browser>) -> Self {
        let window = browser.driver.window().await.unwrap();
        Self { browser, window, place: Place::Page }
    }

    /// A further window of the same browser.
    pub(in crate::browser) async fn another(&self) -> Self {
        let _turn = self.browser.turn.lock().await;
        let window = self.browser.new_window().await;
        Self { browser: Arc::clone(&self.browser), window, place: Place::Page }
    }

    /// The same window, looked at in the chat's frame.
    pub(in crate::browser) fn chat(&self) -> Self {
        Self { place: Place::Chat, ..self.clone() }
    }

    pub(in crate::browser) async fn goes_to(&self, address: &str) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.goto(address).await.unwrap();
    }

    pub(in crate::browser) async fn reloads(&self) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.refresh().await.unwrap();
    }

    pub(in crate::browser) async fn goes_back(&self) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.back().await.unwrap();
    }

    pub(in crate::browser) async fn address(&self) -> String {
        self.ask("return location.href", []).await.unwrap().as_str().unwrap_or_default().to_owned()
    }

    pub(in crate::browser) async fn title(&self) -> String {
        self.ask("return document.title", []).await.unwrap().as_str().unwrap_or_default().to_owned()
    }

    /// Puts the window out of sight: its documents are hidden.
    pub(in crate::browser) async fn looks_away(&self) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.minimize_window().await.unwrap();
    }

    /// Brings the window back.
    pub(in crate::browser) async fn looks_back(&self) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.set_window_rect(0, 0, 1280, 900).await.unwrap();
    }

    /// Everything with this role and name that is there now.
    pub(in crate::browser) async fn all(&self, role: &str, name: impl Into<Name>) -> Vec<Seen> {
        self.all_within(role, name.into(), None).await.unwrap_or_default()
    }

    /// As [`Tab::all`], inside the part of the page with the given name.
    pub(in crate::browser) async fn all_in(&self, role: &str, name: impl Into<Name>, part: &str) -> Vec<Seen> {
        self.all_within(role, name.into(), Some(part)).await.unwrap_or_default()
    }

    /// Waits for something with this role and name.
    pub(in crate::browser) async fn sees(&self, role: &str, name: impl Into<Name>) -> Seen {
        self.sees_within(role, name, None).await
    }

    /// As [`Tab::sees`], inside the part of the page with the given name.
    pub(in crate::browser) async fn sees_within(&self, role: &str, name: impl Into<Name>, part: Option<&str>) -> Seen {
        let name = name.into();
        until(&format!("{role} {name:?} in {part:?}"), async || {
            let found = self.all_within(role, name.clone(), part).await.map_err(|error| error.to_string())?;
            match found.into_iter().next() {
                Some(seen) => Ok(seen),
                None => Err(self.everything(role).await),
            }
        })
        .await
    }

    /// Waits for something with this role and name whose words or states satisfy.
    pub(in crate::browser) async fn sees_that(
        &self,
        role: &str,
        name: impl Into<Name>,
        holds: impl Fn(&Seen) -> bool,
    ) -> Seen {
        let name = name.into();
        until(&format!("{role} {name:?} as wished"), async || {
            let found = self.all(role, name.clone()).await;
            let seen: Vec<_> = found.iter().map(|seen| (&seen.name, &seen.text, &seen.states)).collect();
            let reason = format!("{seen:?}");
            found.into_iter().find(|seen| holds(seen)).ok_or(reason)
        })
        .await
    }

    /// Waits until nothing has this role and name.
    pub(in crate::browser) async fn sees_no(&self, role: &str, name: impl Into<Name>) {
        let name = name.into();
        until(&format!("no {role} {name:?}"), async || {
            let left = self.all_within(role, name.clone(), None).await.map_err(|error| error.to_string())?;
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        })
        .await;
    }

    /// Waits until these words stand somewhere in this place.
    pub(in crate::browser) async fn reads(&self, words: &str) {
        until(&format!("the words {words:?}"), async || {
            let text = self.ask("return document.body.innerText.replace(/\\s+/g, ' ')", []).await;
            let text = text.map_err(|error| error.to_string())?.as_str().unwrap_or_default().to_owned();
            if text.contains(words) { Ok(()) } else { Err(text) }
        })
        .await;
    }

    /// Presses it with the pointer.
    pub(in crate::browser) async fn clicks(&self, role: &str, name: impl Into<Name>) {
        self.clicks_within(role, name, None).await;
    }

    /// As [`Tab::clicks`], inside the part of the page with the given name.
    pub(in crate::browser) async fn clicks_within(&self, role: &str, name: impl Into<Name>, part: Option<&str>) {
        let name = name.into();
        until(&format!("{role} {name:?} to press"), async || {
            let seen = self.sees_within(role, name.clone(), part).await;
            self.act(&seen, async |element| element.click().await).await
        })
        .await;
    }

    /// Presses something seen before, at its middle.
    pub(in crate::browser) async fn presses_on(&self, seen: &Seen) {
        self.act(seen, async |element| element.click().await).await.unwrap();
    }

    /// As [`Tab::presses_on`], for what may have gone meanwhile.
    pub(in crate::browser) async fn reaches_for(&self, seen: &Seen) {
        // Gone is one of the two outcomes the caller is prepared for.
        let _ = self.act(seen, async |element| element.click().await).await;
    }

    /// Types into it; what was there before goes.
    pub(in crate::browser) async fn fills(&self, role: &str, name: impl Into<Name>, text: &str) {
        let name = name.into();
        until(&format!("{role} {name:?} to fill"), async || {
            let seen = self.sees(role, name.clone()).await;
            self.act(&seen, async |element| {
                element.clear().await?;
                element.send_keys(text).await
            })
            .await
        })
        .await;
    }

    /// Types into it after what is there.
    pub(in crate::browser) async fn types(&self, role: &str, name: impl Into<Name>, text: &str) {
        let seen = self.sees(role, name).await;
        self.act(&seen, async |element| element.send_keys(text).await).await.unwrap();
    }

    /// Presses keys, wherever the focus is.
    pub(in crate::browser) async fn presses(&self, keys: impl Into<TypingData>) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        self.browser.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Presses a key while holding another.
    pub(in crate::browser) async fn presses_with(&self, held: Key, key: impl Into<TypingData>) {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        let chain = self.browser.driver.action_chain();
        chain.key_down(held.value()).send_keys(key).key_up(held.value()).perform().await.unwrap();
    }

    /// Role and name of what has the focus in this place; empty when nothing has.
    pub(in crate::browser) async fn focused(&self) -> String {
        let script = "let at = document.activeElement; while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; \
            return at && at !== document.body ? at : null";
        let _turn = self.browser.turn.lock().await;
        let Ok(()) = self.choose().await else { return String::new() };
        let Ok(found) = self.browser.driver.execute(script, []).await else { return String::new() };
        let Ok(element) = found.element() else { return String::new() };
        format!("{} {}", self.computed(&element, "role").await, self.computed(&element, "label").await)
    }

    /// What the browser's own accessibility tree says of an element.
    async fn computed(&self, element: &WebElement, what: &str) -> String {
        let Ok(answer) =
            self.browser.driver.cmd(Command(format!("element/{}/computed{what}", element.element_id()), None)).await
        else {
            return String::new();
        };
        answer.value::<String>().unwrap_or_default().trim().to_owned()
    }

    /// Role and name of something seen, as the browser itself computes them.
    pub(in crate::browser) async fn computed_of(&self, seen: &Seen) -> String {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.unwrap();
        let element = WebElement::from_json(seen.element.clone(), Arc::clone(&self.browser.driver.handle)).unwrap();
        format!("{} {}", self.computed(&element, "role").await, self.computed(&element, "label").await)
    }

    /// Waits until the focus is on what has this role and name, as the browser itself computes them.
    pub(in crate::browser) async fn has_focus_on(&self, role: &str, name: &str) {
        let wanted = format!("{role} {name}");
        until(&format!("the focus on {wanted}"), async || {
            let focused = self.focused().await;
            if focused == wanted { Ok(()) } else { Err(focused) }
        })
        .await;
    }

    /// Chooses a file for what is written next.
    pub(in crate::browser) async fn chooses_file(&self, name: &str, media_type: &str, bytes: &[u8]) {
        let bytes = data_encoding::BASE64.encode(bytes);
        let script = "const [name, type, base64] = arguments; const input = document.querySelector('input[type=file]'); \
            const chosen = new DataTransfer(); \
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)); \
            chosen.items.add(new File([bytes], name, { type })); input.files = chosen.files; \
            input.dispatchEvent(new Event('change', { bubbles: true }))";
        self.ask(script, [json!(name), json!(media_type), json!(bytes)]).await.unwrap();
    }

    /// Runs a script for what no person can ask: cookies, requests, computed styles.
    pub(in crate::browser) async fn ask(
        &self,
        script: &str,
        arguments: impl Into<Arc<[Value]>>,
    ) -> WebDriverResult<Value> {
        let _turn = self.browser.turn.lock().await;
        self.choose().await?;
        Ok(self.browser.driver.execute(script, arguments).await?.json().clone())
    }

    async fn everything(&self, role: &str) -> String {
        let all = self.all(role, Name::any()).await;
        let all: Vec<_> = all.iter().map(|seen| seen.name.as_str()).collect();
        format!("here are {all:?}")
    }

    async fn all_within(&self, role: &str, Name(how, words): Name, part: Option<&str>) -> WebDriverResult<Vec<Seen>> {
        let found = self.ask(include_str!("query.js"), [json!(role), json!(how), json!(words), json!(part)]).await?;
        Ok(serde_json::from_value(found)?)
    }

    async fn act(&self, on: &Seen, act: impl AsyncFnOnce(WebElement) -> WebDriverResult<()>) -> Result<(), String> {
        let _turn = self.browser.turn.lock().await;
        self.choose().await.map_err(|error| error.to_string())?;
        let element = WebElement::from_json(on.element.clone(), Arc::clone(&self.browser.driver.handle));
        act(element.unwrap()).await.map_err(|error| error.to_string())
    }

    /// Makes the session look at this window and place.
    async fn choose(&self) -> WebDriverResult<()> {
        let driver = &self.browser.driver;
        driver.switch_to_window(self.window.clone()).await?;
        driver.enter_default_frame().await?;
        if self.place == Place::Chat {
            let frame = driver.execute(FRAME, []).await?.element()?;
            frame.enter_frame().await?;
        }
        Ok(())
    }
}

/// The chat's frame, which stands in a shadow root.
pub(super) const FRAME: &str = "const deep = (root) => root.querySelector('iframe') ?? \
    [...root.querySelectorAll('*')].reduce((found, e) => found ?? (e.shadowRoot && deep(e.shadowRoot)), null); \
    return deep(document)";
