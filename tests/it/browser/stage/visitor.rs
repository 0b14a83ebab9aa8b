//! What a visitor does and sees, in the words of the widget.

use thirtyfour::Key;

use super::{Name, Tab, tab::Seen, until};

/// A visitor in front of a page with the chat in its corner.
pub(in crate::browser) struct Visitor {
    pub(in crate::browser) page: Tab,
    pub(in crate::browser) chat: Tab,
}

impl Visitor {
    pub(in crate::browser) fn new(page: Tab) -> Self {
        let chat = page.chat();
        Self { page, chat }
    }

    /// A second tab of the same visitor, on the same page.
    pub(in crate::browser) async fn second_tab(&self) -> Self {
        let tab = self.page.another().await;
        tab.goes_to(&self.page.address().await).await;
        Self::new(tab)
    }

    pub(in crate::browser) async fn opens_the_chat(&self) {
        self.page.clicks("button", Name::starts("Open chat")).await;
        self.chat.sees("textbox", "Message").await;
    }

    /// Opens it again after a reload: the conversation is there.
    pub(in crate::browser) async fn comes_back(&self) {
        self.page.reloads().await;
        self.opens_the_chat().await;
    }

    pub(in crate::browser) async fn says(&self, text: &str) {
        self.chat.types("textbox", "Message", text).await;
        self.chat.presses(Key::Enter).await;
        self.sees_own(text).await;
    }

    pub(in crate::browser) async fn sees_text(&self, words: &str) {
        self.chat.reads(words).await;
    }

    /// The visitor's own machine has no network any more.
    pub(in crate::browser) async fn goes_offline(&self) {
        self.page.browser.network(false).await;
    }

    pub(in crate::browser) async fn goes_online(&self) {
        self.page.browser.network(true).await;
    }

    /// Waits for somebody's message with exactly these words.
    pub(in crate::browser) async fn sees(&self, text: &str) -> Seen {
        self.chat.sees("article", Name::has(&format!(": {text}, "))).await
    }

    pub(in crate::browser) async fn sees_own(&self, text: &str) -> Seen {
        self.chat.sees("article", Name::starts(&format!("You: {text}, "))).await
    }

    /// Waits until the own message with these words says its state: `Sending`, `Sent`, `Delivered`, `Read`, `Not sent`.
    pub(in crate::browser) async fn sees_state(&self, text: &str, state: &str) {
        let name = format!("You: {text}, ");
        let spoken = format!(", {}", state.to_lowercase());
        self.chat.sees_that("article", Name::starts(&name), |seen| seen.name.ends_with(&spoken)).await;
    }

    /// Waits until the log holds exactly these messages in this order.
    pub(in crate::browser) async fn sees_exactly(&self, wanted: &[&str]) {
        until(&format!("exactly {wanted:?} for the visitor"), async || {
            let found = self.messages().await;
            if found == wanted { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    }

    /// The words of every message in the log, in its order.
    pub(in crate::browser) async fn messages(&self) -> Vec<String> {
        self.chat.all("article", Name::has(": ")).await.iter().map(|seen| words(&seen.name)).collect()
    }

    pub(in crate::browser) async fn ends_the_chat(&self) {
        self.chat.clicks("button", "More options").await;
        self.chat.clicks("menuitem", "End chat").await;
        self.chat.clicks_within("button", "End chat", Some("End this chat?")).await;
    }

    /// Presses a star, from 1 to 5; five are sent at once.
    pub(in crate::browser) async fn rates(&self, stars: u8) {
        let name = if stars == 1 { "1 star,".to_owned() } else { format!("{stars} stars,") };
        self.chat.clicks("radio", Name::starts(&name)).await;
    }
}

/// "Anna: Hello, 14:02, read" without who, when and its state.
fn words(name: &str) -> String {
    let said = name.split_once(": ").map_or(name, |(_, rest)| rest);
    let states = ["sending", "waiting", "sent", "delivered", "read", "not sent"];
    let said = states.iter().find_map(|state| said.strip_suffix(&format!(", {state}"))).unwrap_or(said);
    said.rsplit_once(", ").map_or(said, |(text, _)| text).to_owned()
}
