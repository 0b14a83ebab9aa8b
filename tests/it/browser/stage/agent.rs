//! What an agent does and sees, in the words of the console.

use thirtyfour::Key;

use super::{Name, Tab, house::PASSWORD, tab::Seen, until};

/// An agent in front of the console.
pub(in crate::browser) struct Agent {
    pub(in crate::browser) desk: Tab,
    console: String,
    email: String,
}

impl Agent {
    pub(super) fn new(desk: Tab, console: String, email: String) -> Self {
        Self { desk, console, email }
    }

    /// A second window of the same agent.
    pub(in crate::browser) async fn second_tab(&self) -> Self {
        let desk = self.desk.another().await;
        desk.goes_to(&self.console).await;
        desk.sees("navigation", "Views").await;
        Self { desk, console: self.console.clone(), email: self.email.clone() }
    }

    /// The first agent of a new server, from the printed code to the open console.
    pub(in crate::browser) async fn sets_up(&self, code: &str, name: &str) {
        self.desk.goes_to(&self.console).await;
        self.sets_up_stopping(code, name, async |_| {}).await;
    }

    /// As [`Agent::sets_up`] from the page on, with a look around at every step.
    pub(in crate::browser) async fn sets_up_stopping(&self, code: &str, name: &str, look: impl AsyncFn(&str)) {
        self.desk.fills("textbox", "Set-up code", code).await;
        self.desk.fills("textbox", "Your name", name).await;
        look("set-up, the first agent").await;
        self.desk.fills("textbox", "E-mail", &self.email).await;
        self.desk.fills("textbox", "Password", PASSWORD).await;
        self.desk.clicks("button", "Finish").await;
        self.desk
            .sees_that("textbox", "Line to paste", |seen| seen.state("value").starts_with("<script async src="))
            .await;
        look("set-up, done").await;
        self.desk.clicks("link", "Open the console").await;
        self.desk.sees("navigation", "Views").await;
    }

    pub(in crate::browser) async fn signs_in(&self) {
        self.tries_to_sign_in(PASSWORD).await;
        self.desk.sees("navigation", "Views").await;
        self.sees_status("Online").await;
    }

    pub(in crate::browser) async fn tries_to_sign_in(&self, password: &str) {
        self.desk.goes_to(&self.console).await;
        self.desk.fills("textbox", "E-mail", &self.email).await;
        self.desk.fills("textbox", "Password", password).await;
        self.desk.clicks("button", "Sign in").await;
    }

    pub(in crate::browser) async fn sees_status(&self, word: &str) {
        self.desk.sees_that("status", Name::any(), |seen| seen.text == word).await;
    }

    /// Goes to one of the lists: `Waiting`, `Mine`, `Closed`, `All`.
    pub(in crate::browser) async fn looks_at(&self, view: &str) {
        self.desk.clicks("link", Name::starts(view)).await;
        self.desk.sees_that("link", Name::starts(view), |seen| seen.state("current") == "page").await;
    }

    /// Waits for a row of the list with these last words.
    pub(in crate::browser) async fn sees_row(&self, words: &str) -> Seen {
        self.desk.sees_that("listitem", Name::any(), |seen| seen.text.contains(words)).await
    }

    /// Opens the conversation whose row has these words.
    pub(in crate::browser) async fn opens(&self, words: &str) {
        let row = self.sees_row(words).await;
        self.desk.presses_on(&row).await;
        self.desk.sees("log", "Messages").await;
    }

    /// Opens it and makes it their own.
    pub(in crate::browser) async fn takes(&self, words: &str) {
        self.looks_at("Waiting").await;
        self.opens(words).await;
        self.sees(words).await;
        self.desk.clicks("button", "Take").await;
        self.desk.sees("textbox", "Reply").await;
    }

    pub(in crate::browser) async fn answers(&self, text: &str) {
        self.desk.types("textbox", "Reply", text).await;
        self.desk.presses(Key::Enter).await;
        self.sees(text).await;
    }

    /// Begins to write without sending.
    pub(in crate::browser) async fn begins_to_write(&self, text: &str) {
        self.desk.types("textbox", "Reply", text).await;
    }

    /// Waits for a message with these words in the open conversation.
    pub(in crate::browser) async fn sees(&self, text: &str) -> Seen {
        self.desk.sees_that("article", Name::has(", "), |seen| seen.text.contains(text)).await
    }

    /// Waits until a message with these words says its state: `Sending`, `Sent`, `Delivered`, `Read`, `Not sent`.
    pub(in crate::browser) async fn sees_state(&self, text: &str, state: &str) {
        self.desk
            .sees_that("article", Name::has(", "), |seen| seen.text.contains(text) && seen.text.contains(state))
            .await;
    }

    /// Waits until the log holds exactly these messages in this order. No one's words may be part of another's.
    pub(in crate::browser) async fn sees_exactly(&self, wanted: &[&str]) {
        until(&format!("exactly {wanted:?} for the agent"), async || {
            let found: Vec<_> = self.messages().await.iter().map(|seen| seen.text.clone()).collect();
            let same = found.len() == wanted.len() && found.iter().zip(wanted).all(|(text, want)| text.contains(want));
            if same { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    }

    pub(in crate::browser) async fn sees_text(&self, words: &str) {
        self.desk.reads(words).await;
    }

    /// Waits until the window's title starts with this many things to do; none: without a mark.
    pub(in crate::browser) async fn sees_title_mark(&self, number: u32) {
        let mark = if number == 0 { String::new() } else { format!("({number}) ") };
        until(&format!("a title with {mark:?}"), async || {
            let title = self.desk.title().await;
            let right = if number == 0 { !title.starts_with('(') } else { title.starts_with(&mark) };
            if right { Ok(()) } else { Err(title) }
        })
        .await;
    }

    pub(in crate::browser) async fn sees_typing(&self) {
        self.desk.sees_that("status", Name::any(), |seen| seen.text.ends_with("is typing")).await;
    }

    /// Waits for the pill that speaks of the connection.
    pub(in crate::browser) async fn sees_pill(&self, words: &str) {
        self.desk.sees_that("status", Name::any(), |seen| seen.text.contains(words)).await;
    }

    /// Presses Take, whoever else does; somebody faster may have made it go.
    pub(in crate::browser) async fn reaches(&self) {
        if let Some(take) = self.desk.all("button", "Take").await.first() {
            self.desk.reaches_for(take).await;
        }
        self.desk.sees_no("button", "Take").await;
    }

    /// Whether the open conversation is theirs.
    pub(in crate::browser) async fn has_it(&self) -> bool {
        !self.desk.all("textbox", "Reply").await.is_empty()
    }

    async fn messages(&self) -> Vec<Seen> {
        self.desk.all_in("article", Name::has(", "), "Messages").await
    }

    pub(in crate::browser) async fn ends(&self) {
        self.desk.clicks("button", "End conversation").await;
        self.desk.sees_no("textbox", "Reply").await;
    }

    pub(in crate::browser) async fn signs_out(&self) {
        self.desk.clicks("button", "Your status").await;
        self.desk.clicks("menuitem", Name::starts("Sign out")).await;
        self.desk.sees("button", "Sign in").await;
    }
}
