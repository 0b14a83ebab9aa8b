//! What an app does not want to be said: looked at once, in the one path that every message takes.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::lexicon::{Lexicon, Verdict};
use super::{Im, conversation::Route, deliver::Outgoing, remembered::Remembered};
use crate::model::{AppKey, Code, Content, Fault, content::names};

mod lexicon;

/// Word lists by app, for a moment.
#[derive(Debug)]
pub(super) struct Lexicons(Remembered<AppKey, Arc<Lexicon>>);

impl Default for Lexicons {
    fn default() -> Self {
        Self(Remembered::at_most(1000))
    }
}

impl Lexicons {
    pub(super) fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.forget(app);
    }
}

impl Im {
    /// What becomes of what somebody wants to say in a conversation: the same, something else, or nothing. The word list
    /// is asked first, then the back end. What the app's own back end says does not come by here.
    pub(super) async fn moderate(&self, route: &Route, outgoing: &Outgoing) -> Result<Content, Fault> {
        let content = self.judge_words(&outgoing.app, &outgoing.content).await?;
        self.ask_back_end(route, outgoing, content).await
    }

    /// What the app's word list makes of a content. Only texts are looked at.
    pub(super) async fn judge_words(&self, app: &AppKey, content: &Content) -> Result<Content, Fault> {
        if content.name.as_str() != names::TEXT {
            return Ok(content.clone());
        }
        // Nothing but the text is looked at, so that no odd field beside it hides it.
        let Some(Text { content: text }) = content.view() else { return Ok(content.clone()) };
        match self.lexicon(app).await?.judge(&text) {
            Verdict::Clean => Ok(content.clone()),
            Verdict::Replaced(text) => with_text(content, &text),
            Verdict::Refused => Err(Fault::new(
                Code::RefusedWords,
                "the message holds a word that is not wanted here; write it in other words",
            )),
        }
    }

    async fn lexicon(&self, app: &AppKey) -> Result<Arc<Lexicon>, Fault> {
        let read = async { Ok(Arc::new(Lexicon::new(self.store.words(app).await?))) };
        self.lexicons.0.get(app, read).await
    }
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

/// The content with another text; all else stays byte for byte.
fn with_text(content: &Content, text: &str) -> Result<Content, Fault> {
    #[derive(Deserialize)]
    struct Text<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let body = content.body();
    let old = content.view::<Text<'_>>().map_or("", |view| view.content.get());
    // The old text is a part of the body: how far from its beginning tells where.
    let from = old.as_ptr().addr().saturating_sub(body.as_ptr().addr());
    let (Some(before), Some(after)) = (body.get(..from), body.get(from + old.len()..)) else {
        return Ok(Content::text(text));
    };
    let new = serde_json::Value::from(text);
    let body = RawValue::from_string(format!("{before}{new}{after}"))
        .map_err(|_| Fault::new(Code::BadRequest, "the text cannot be replaced"))?;
    Ok(Content::new(content.name.clone(), body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_is_replaced() {
        let body = r#"{ "extra": "heck", "content" : "oh \u0068eck", "n":[1.50] }"#.to_owned();
        let content = Content::new("RC:TxtMsg".parse().unwrap(), RawValue::from_string(body).unwrap()).unwrap();
        let replaced = with_text(&content, "oh \"h**k\"").unwrap();
        assert_eq!(replaced.body(), r#"{ "extra": "heck", "content" : "oh \"h**k\"", "n":[1.50] }"#);
    }
}
