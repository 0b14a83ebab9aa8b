//! An app's word list, ready to be looked for in texts.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use unicode_normalization::char::is_combining_mark;

use crate::model::{
    fold::{Folded, Marks, fold},
    words::Word,
};

/// All words of an app at once.
#[derive(Debug)]
pub(super) struct Lexicon {
    pub(super) words: Vec<Word>,
    /// Missing when the list is empty.
    finder: Option<AhoCorasick>,
}

/// What the list says of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Clean,
    /// It is to read like this.
    Replaced(String),
    /// It must not be.
    Refused,
}

impl Lexicon {
    pub(super) fn new(words: Vec<Word>) -> Self {
        let patterns = words.iter().map(|word| fold(&word.word, Marks::Keep));
        let finder = if words.is_empty() { None } else { AhoCorasick::new(patterns).ok() };
        Self { words, finder }
    }

    /// Looks for every word. Of replacements that overlap the leftmost is made, of those the longest.
    pub(super) fn judge(&self, text: &str) -> Verdict {
        let Some(finder) = &self.finder else { return Verdict::Clean };
        let folded = Folded::new(text, Marks::Keep);
        let mut found: Vec<(Range<usize>, &str)> = Vec::new();
        for hit in finder.find_overlapping_iter(folded.as_str()) {
            let Some(word) = self.words.get(hit.pattern().as_usize()) else { continue };
            if !stands(folded.as_str(), &hit.range(), word.whole) {
                continue;
            }
            match &word.replacement {
                Some(replacement) => found.push((folded.source(&hit.range()), replacement)),
                None => return Verdict::Refused,
            }
        }
        if found.is_empty() {
            return Verdict::Clean;
        }
        found.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
        Verdict::Replaced(rewrite(text, &found))
    }
}

/// Whether a hit is the word itself: no mark makes its last letter another one, and it stands alone if it must.
fn stands(text: &str, hit: &Range<usize>, whole: bool) -> bool {
    let before = text.get(..hit.start).and_then(|text| text.chars().next_back());
    let after = text.get(hit.end..).and_then(|text| text.chars().next());
    let joins = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
    !after.is_some_and(is_combining_mark) && !(whole && (joins(before) || joins(after)))
}

fn rewrite(text: &str, found: &[(Range<usize>, &str)]) -> String {
    let (mut written, mut done) = (String::with_capacity(text.len()), 0);
    for (place, replacement) in found {
        if place.start < done {
            continue;
        }
        written.push_str(text.get(done..place.start).unwrap_or_default());
        written.push_str(replacement);
        done = place.end;
    }
    written.push_str(text.get(done..).unwrap_or_default());
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    fn lexicon(words: &[(&str, Option<&str>, bool)]) -> Lexicon {
        let word = |&(word, replacement, whole): &(&str, Option<&str>, bool)| Word {
            word: word.to_owned(),
            replacement: replacement.map(str::to_owned),
            whole,
            added_at: Millis::new(0),
        };
        Lexicon::new(words.iter().map(word).collect())
    }

    #[test]
    fn words_are_found_however_they_are_dressed() {
        let list = lexicon(&[("damn", None, false), ("敏感", None, false), ("café", None, false)]);
        for text in ["Damn!", "ＤＡＭＮ", "d\u{200b}a\u{ad}mn", "goddamned", "这是敏感词", "CAFE\u{301}"] {
            assert_eq!(list.judge(text), Verdict::Refused, "{text}");
        }
        for text in ["dam n", "敏 感", "cafe", "damn\u{303}"] {
            assert_eq!(list.judge(text), Verdict::Clean, "{text}");
        }
    }

    #[test]
    fn a_whole_word_stands_alone() {
        let list = lexicon(&[("ass", None, true), ("Ж", None, true)]);
        for text in ["class", "assess", "ass1", "Жук"] {
            assert_eq!(list.judge(text), Verdict::Clean, "{text}");
        }
        for text in ["Ass", "you ass!", "(ass)", "ж."] {
            assert_eq!(list.judge(text), Verdict::Refused, "{text}");
        }
    }

    #[test]
    fn replacements_take_the_place_of_words_and_of_nothing_else() {
        let list = lexicon(&[
            ("heck", Some("h**k"), false),
            ("what the heck", Some("oh"), false),
            ("the", Some(""), true),
            ("ban", None, false),
        ]);
        for (text, replaced) in [
            ("HECK\u{200b} no", "h**k\u{200b} no"),
            ("What the heck, heck!", "oh, h**k!"),
            ("the one", " one"),
            ("Ｈeck 😀 hecks", "h**k 😀 h**ks"),
        ] {
            assert_eq!(list.judge(text), Verdict::Replaced(replaced.to_owned()), "{text}");
        }
        assert_eq!(list.judge("heck, a ban"), Verdict::Refused, "one refused word is enough");
    }

    #[test]
    fn an_empty_list_finds_nothing() {
        assert_eq!(lexicon(&[]).judge("damn"), Verdict::Clean);
    }
}
