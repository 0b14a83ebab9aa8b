//! What every page of the console has: language, look, nonce, and the data its scripts begin with.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header};
use askama::Template;
use serde::Serialize;

use super::{csrf, session};
use crate::{
    http::{
        assets,
        headers::{self, Nonce},
    },
    model::Fault,
    view::{Catalogue, Locale, locale::Text},
};

/// The console's texts in every language it speaks.
pub(super) static TEXTS: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::load(&[
        ("en", include_str!("../../../locales/en/console.ftl")),
        ("zh-CN", include_str!("../../../locales/zh-CN/console.ftl")),
    ])
});

/// How a language calls itself.
const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("zh-CN", "简体中文")];

/// Cookie that remembers the language somebody chose.
pub(super) const LANGUAGE_COOKIE: &str = "parlor-lang";

/// The frame of one page.
pub(super) struct Page {
    /// Which page: the scripts ask.
    pub(super) name: &'static str,
    /// The document's title.
    pub(super) title: String,
    /// The symbols it draws.
    pub(super) icons: &'static [&'static str],
    /// What its scripts begin with.
    pub(super) data: PageData,
    locale: &'static Locale,
    nonce: Nonce,
}

/// What the scripts read. No detour over `Value`: message contents stay byte for byte.
#[derive(Serialize)]
struct Carried<'a, T> {
    page: &'static str,
    language: &'static str,
    texts: BTreeMap<&'a String, &'a Text>,
    csrf: Option<String>,
    data: &'a T,
}

/// A language to choose.
pub(super) struct Choice {
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    pub(super) chosen: bool,
}

impl Page {
    /// A page in the reader's language. `title` is a text key.
    pub(super) fn new(
        name: &'static str,
        title: &str,
        icons: &'static [&'static str],
        locale: &'static Locale,
    ) -> Self {
        let title = locale.format("console-title", &[("view", locale.get(title).as_str().into())]);
        Self { name, title, icons, data: PageData::default(), locale, nonce: Nonce::random() }
    }

    /// Gives the scripts their data, the texts whose keys `wanted` likes, and the word for requests.
    pub(super) fn carry(&mut self, data: &impl Serialize, secret: Option<&str>, wanted: fn(&str) -> bool) {
        let texts = self.locale.texts().iter().filter(|(key, _)| wanted(key)).collect();
        let csrf = secret.map(csrf::word);
        self.data = PageData::of(&Carried { page: self.name, language: self.lang(), texts, csrf, data });
    }

    pub(super) const fn lang(&self) -> &'static str {
        self.locale.tag()
    }

    pub(super) fn nonce(&self) -> &str {
        self.nonce.as_str()
    }

    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    pub(super) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.locale.get(key)
    }

    pub(super) fn format(&self, key: &str, name: &str, value: &str) -> String {
        self.locale.format(key, &[(name, value.into())])
    }

    pub(super) fn languages(&self) -> impl Iterator<Item = Choice> + use<> {
        let chosen = self.lang();
        LANGUAGES.into_iter().map(move |(tag, name)| Choice { tag, name, chosen: tag == chosen })
    }

    /// The answer: headers of the surface (security §12), and what the template prints.
    pub(super) fn answer(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        template: &impl Template,
    ) -> Result<HttpResponse, Fault> {
        let html = template.render().map_err(|error| {
            tracing::error!(%error, page = self.name, "A page could not be rendered");
            crate::http::error::internal()
        })?;
        let mut answer = HttpResponse::build(status);
        headers::console_page(&self.nonce, session::server(request)).set(&mut answer);
        answer.insert_header((header::VARY, "accept-language, cookie"));
        Ok(answer.content_type("text/html; charset=utf-8").body(html))
    }
}

/// The language somebody chose for this page, chose before, or whose browser asks for.
pub(super) fn locale(request: &HttpRequest) -> &'static Locale {
    let asked = request.query_string().split('&').find_map(|part| part.strip_prefix("lang="));
    let chosen = request.cookie(LANGUAGE_COOKIE);
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let wish = asked.or(chosen.as_ref().map(actix_web::cookie::Cookie::value)).filter(|wish| is_language(wish));
    TEXTS.best(wish.or(accepted), "en")
}

/// Whether the console speaks it.
pub(super) fn is_language(tag: &str) -> bool {
    LANGUAGES.iter().any(|(known, _)| *known == tag)
}

/// JSON that can stand inside a script element: no character of it means anything to the HTML around it (B2).
#[derive(Debug, Default)]
pub(super) struct PageData(String);

impl PageData {
    fn of(value: &impl Serialize) -> Self {
        let json = serde_json::to_string(value).expect("page data has text keys only");
        let mut safe = String::with_capacity(json.len());
        for c in json.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    use fmt::Write as _;
                    write!(safe, "\\u{:04x}", u32::from(c)).expect("a String takes everything");
                }
                _ => safe.push(c),
            }
        }
        Self(safe)
    }
}

impl fmt::Display for PageData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Escaped above, for the place where it stands.
impl askama::filters::HtmlSafe for PageData {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b2_page_data_cannot_leave_its_element() {
        let data = PageData::of(&json!({ "name": "</script><script>alert(1)</script>&\u{2028}" })).to_string();
        assert!(!data.contains(['<', '>', '&', '\u{2028}']), "{data}");
        let back: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(back["name"], "</script><script>alert(1)</script>&\u{2028}");
    }

    #[test]
    fn every_language_has_every_text_with_the_same_arguments() {
        let arguments = |text: &Text| -> std::collections::BTreeSet<String> {
            let forms = match text {
                Text::Plain(form) => vec![form],
                Text::Plural(forms) => forms.values().collect(),
            };
            let names = |form: &&String| {
                form.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect::<Vec<_>>()
            };
            forms.iter().flat_map(names).collect()
        };
        let english = TEXTS.best(None, "en");
        for locale in TEXTS.locales() {
            let keys = |locale: &Locale| locale.texts().keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(locale), keys(english), "{}", locale.tag());
            // English may leave the number out where there is one or none.
            let counted = ["console-list-nobody-has"];
            for (key, text) in locale.texts().iter().filter(|(key, _)| !counted.contains(&key.as_str())) {
                assert_eq!(arguments(text), arguments(&english.texts()[key]), "{} {key}", locale.tag());
            }
        }
    }
}
