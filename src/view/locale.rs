//! Texts: a small part of Fluent (plain text, `{ $var }`, one plural select), for pages and for the browser.

use std::{collections::BTreeMap, sync::LazyLock};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey},
    parser,
};
use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use serde::Serialize;
use unic_langid::LanguageIdentifier;

/// The widget's texts in every language it speaks.
pub static WIDGET: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::load(&[
        ("en", include_str!("../../locales/en/widget.ftl")),
        ("zh-CN", include_str!("../../locales/zh-CN/widget.ftl")),
    ])
});

/// The texts of one surface in every language it speaks.
pub struct Catalogue(Vec<Locale>);

/// The texts of one surface in one language.
pub struct Locale {
    tag: &'static str,
    texts: BTreeMap<String, Text>,
    plurals: PluralRules,
}

/// One text. Arguments stand in braces: `Hello {name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// The same for every number.
    Plain(String),
    /// A form per plural category (or exact number), chosen by the argument `n`; `other` always exists.
    Plural(BTreeMap<String, String>),
}

/// What is filled into a text.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> {
    /// Words.
    Text(&'a str),
    /// A number; named `n` it also chooses the plural form.
    Number(u64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Arg<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// A source that is not in the part of Fluent spoken here.
#[derive(Debug, thiserror::Error)]
#[error("{tag}: {what}")]
pub struct LocaleError {
    tag: String,
    what: String,
}

impl Catalogue {
    /// Reads compiled-in sources, the default language first.
    ///
    /// # Panics
    /// When a source is broken: a test reads every one of them.
    pub fn load(sources: &[(&'static str, &str)]) -> Self {
        let read = |(tag, source): &(&'static str, &str)| Locale::parse(tag, source);
        Self(sources.iter().map(read).collect::<Result<_, _>>().expect("compiled-in texts are tested"))
    }

    /// Every language, the default first.
    pub fn locales(&self) -> &[Locale] {
        &self.0
    }

    /// The language that suits a browser's `Accept-Language` best, else `fallback`, else the first.
    pub fn best(&self, accept_language: Option<&str>, fallback: &str) -> &Locale {
        wanted(accept_language.unwrap_or_default())
            .find_map(|tag| self.matching(tag))
            .or_else(|| self.matching(fallback))
            .or_else(|| self.0.first())
            .expect("a catalogue has at least one language")
    }

    /// The same language, whatever region: `zh` and `zh-Hans-SG` find `zh-CN`.
    fn matching(&self, tag: &str) -> Option<&Locale> {
        let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.0.iter().find(|locale| locale.tag.eq_ignore_ascii_case(tag));
        exact.or_else(|| self.0.iter().find(|locale| language(locale.tag) == language(tag)))
    }
}

/// The tags of an `Accept-Language` value, most wanted first.
fn wanted(header: &str) -> impl Iterator<Item = &str> {
    let mut tags: Vec<(&str, f32)> = header
        .split(',')
        .take(20)
        .filter_map(|part| {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let quality = quality.trim().parse().unwrap_or(0.0);
            (quality > 0.0).then_some((tag.trim(), quality))
        })
        .collect();
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    tags.into_iter().map(|(tag, _)| tag)
}

impl Locale {
    /// Reads a Fluent source.
    pub fn parse(tag: &'static str, source: &str) -> Result<Self, LocaleError> {
        let error = |what: String| LocaleError { tag: tag.to_owned(), what };
        let resource = parser::parse(source).map_err(|(_, errors)| error(format!("{errors:?}")))?;
        let mut texts = BTreeMap::new();
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let key = message.id.name.to_owned();
            let value = message.value.ok_or_else(|| error(format!("`{key}` has no text")))?;
            let text = Text::of(&value).map_err(|what| error(format!("`{key}`: {what}")))?;
            if texts.insert(key.clone(), text).is_some() {
                return Err(error(format!("`{key}` stands there twice")));
            }
        }
        // Plural rules belong to languages, not to regions.
        let language = tag.split('-').next().unwrap_or(tag).parse::<LanguageIdentifier>();
        let language = language.map_err(|_| error("not a language tag".to_owned()))?;
        let plurals = PluralRules::create(language, PluralRuleType::CARDINAL).map_err(|what| error(what.to_owned()))?;
        Ok(Self { tag, texts, plurals })
    }

    /// Its language tag, such as `zh-CN`.
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// A text without arguments. A missing text shows as its key, so that the gap is seen.
    pub fn get(&self, key: &str) -> String {
        self.format(key, &[])
    }

    /// A text with its arguments filled in.
    pub fn format(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let Some(text) = self.texts.get(key) else { return key.to_owned() };
        let form = match text {
            Text::Plain(form) => form,
            Text::Plural(forms) => self.form(forms, args),
        };
        fill(form, args)
    }

    /// Every key and its text, in order of the keys. As JSON it is what `shared/lib/strings.js` reads.
    pub fn texts(&self) -> &BTreeMap<String, Text> {
        &self.texts
    }

    fn form<'a>(&self, forms: &'a BTreeMap<String, String>, args: &[(&str, Arg<'_>)]) -> &'a str {
        let number = args.iter().find_map(|(name, arg)| match arg {
            Arg::Number(number) if *name == "n" => Some(*number),
            _ => None,
        });
        let category = number
            .and_then(|number| self.plurals.select(number).ok())
            .map_or("other", |category| category_name(&category));
        number
            .and_then(|number| forms.get(&number.to_string()))
            .or_else(|| forms.get(category))
            .or_else(|| forms.get("other"))
            .map_or("", String::as_str)
    }
}

const fn category_name(category: &PluralCategory) -> &'static str {
    match category {
        PluralCategory::ZERO => "zero",
        PluralCategory::ONE => "one",
        PluralCategory::TWO => "two",
        PluralCategory::FEW => "few",
        PluralCategory::MANY => "many",
        PluralCategory::OTHER => "other",
    }
}

fn fill(form: &str, args: &[(&str, Arg<'_>)]) -> String {
    let mut filled = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match args.iter().find(|(known, _)| *known == name) {
            Some((_, Arg::Text(text))) => filled.push_str(text),
            Some((_, Arg::Number(number))) => filled.push_str(&number.to_string()),
            None => filled.extend(["{", name, "}"]),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl Text {
    /// A select inside a text is spread over the whole: every form is a full sentence.
    fn of(pattern: &Pattern<&str>) -> Result<Self, String> {
        let mut forms: Option<BTreeMap<String, String>> = None;
        let mut plain = String::new();
        for element in &pattern.elements {
            let piece = match element {
                PatternElement::TextElement { value } => (*value).to_owned(),
                PatternElement::Placeable { expression: Expression::Inline(inline) } => argument(inline)?,
                PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                    if forms.is_some() || argument(selector)? != "{n}" {
                        return Err("one select, on $n, is all a text may have".to_owned());
                    }
                    forms = Some(select(&plain, variants)?);
                    continue;
                }
            };
            match &mut forms {
                Some(forms) => forms.values_mut().for_each(|form| form.push_str(&piece)),
                None => plain.push_str(&piece),
            }
        }
        Ok(forms.map_or(Self::Plain(plain), Self::Plural))
    }
}

fn select(before: &str, variants: &[Variant<&str>]) -> Result<BTreeMap<String, String>, String> {
    let mut forms = BTreeMap::new();
    for variant in variants {
        let Text::Plain(text) = Text::of(&variant.value)? else { return Err("a select inside a select".to_owned()) };
        let (VariantKey::Identifier { name } | VariantKey::NumberLiteral { value: name }) = &variant.key;
        if variant.default && *name != "other" {
            return Err("the default form must be `other`".to_owned());
        }
        forms.insert((*name).to_owned(), format!("{before}{text}"));
    }
    Ok(forms)
}

fn argument(inline: &InlineExpression<&str>) -> Result<String, String> {
    match inline {
        InlineExpression::VariableReference { id } => Ok(format!("{{{}}}", id.name)),
        InlineExpression::StringLiteral { value } => Ok((*value).to_owned()),
        _ => Err("only variables and literals may stand in braces".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn english() -> &'static Locale {
        WIDGET.best(None, "en")
    }

    #[test]
    fn every_language_has_every_text_with_the_same_arguments() {
        let arguments = |text: &Text| -> BTreeSet<String> {
            let forms = match text {
                Text::Plain(form) => vec![form],
                Text::Plural(forms) => forms.values().collect(),
            };
            let names = |form: &String| {
                form.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect::<Vec<_>>()
            };
            forms.into_iter().flat_map(names).collect()
        };
        // English says "Third in line", others count.
        let exceptions = ["queue-place"];
        for locale in WIDGET.locales() {
            let keys = |locale: &Locale| locale.texts().keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(locale), keys(english()), "{}", locale.tag());
            for (key, text) in locale.texts().iter().filter(|(key, _)| !exceptions.contains(&key.as_str())) {
                assert_eq!(arguments(text), arguments(&english().texts()[key]), "{} {key}", locale.tag());
            }
        }
    }

    #[test]
    fn numbers_choose_the_form() {
        let text = |n: u64| english().format("log-new", &[("n", n.into())]);
        assert_eq!((text(1).as_str(), text(3).as_str()), ("1 new message", "3 new messages"));
    }

    #[test]
    fn a_select_in_the_middle_makes_whole_sentences() {
        let locale =
            Locale::parse("en", "a = Take { $n ->\n    [one] this\n   *[other] these { $n }\n } with you").unwrap();
        assert_eq!(locale.format("a", &[("n", 2.into())]), "Take these 2 with you");
        assert_eq!(locale.format("a", &[("n", 1.into())]), "Take this with you");
    }

    #[test]
    fn arguments_are_not_filled_twice() {
        assert_eq!(english().format("panel-title", &[("site", "{site}".into())]), "Chat with {site}");
    }

    #[test]
    fn the_browser_chooses_the_language() {
        for (header, expected) in [
            (Some("de, zh-TW;q=0.8, en;q=0.5"), "zh-CN"),
            (Some("EN-gb"), "en"),
            (Some("fr"), "zh-CN"),
            (Some(";;q=,"), "zh-CN"),
            (None, "zh-CN"),
        ] {
            assert_eq!(WIDGET.best(header, "zh-CN").tag(), expected, "{header:?}");
        }
    }

    #[test]
    fn what_is_not_spoken_here_is_refused() {
        for source in ["a = { NUMBER($n) }", "a = { $x ->\n *[other] x\n }", "a = 1\na = 2", "a ="] {
            assert!(Locale::parse("en", source).is_err(), "{source}");
        }
    }
}
