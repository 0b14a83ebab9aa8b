//! Texts as they are compared: compatibility forms, case and invisible characters do not matter.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::person::is_invisible;

/// A text in the form in which it is compared, and where each part of it came from.
#[derive(Debug, Clone)]
pub struct Folded {
    text: String,
    /// For each cluster: where it begins here, and where it stands in the source.
    clusters: Vec<(usize, Range<usize>)>,
}

/// What happens to marks such as accents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// They count: `é` is not `e`.
    Keep,
    /// They do not: `é` is `e`. Those of kana and Hangul are parts of letters and always count.
    Drop,
}

impl Folded {
    /// Folds a text: NFKC cluster by cluster, lower case, without what takes no room.
    pub fn new(text: &str, marks: Marks) -> Self {
        let mut folded = Self { text: String::with_capacity(text.len()), clusters: Vec::with_capacity(text.len()) };
        let mut rest = text.char_indices().peekable();
        while let Some((from, first)) = rest.next() {
            let mut to = from + first.len_utf8();
            while let Some((at, mark)) = rest.next_if(|(_, next)| is_combining_mark(*next)) {
                to = at + mark.len_utf8();
            }
            folded.push(text.get(from..to).unwrap_or_default(), from..to, marks);
        }
        folded
    }

    fn push(&mut self, cluster: &str, source: Range<usize>, marks: Marks) {
        let begin = self.text.len();
        if let [byte] = cluster.as_bytes() {
            self.text.push(char::from(byte.to_ascii_lowercase()));
        } else if marks == Marks::Drop && !cluster.chars().any(has_marks_of_its_own) {
            let bare = cluster.nfkd().filter(|c| !is_combining_mark(*c));
            self.text.extend(bare.filter(|c| !is_invisible(*c)).flat_map(lower));
        } else {
            self.text.extend(cluster.nfkc().filter(|c| !is_invisible(*c)).flat_map(lower));
        }
        if self.text.len() > begin {
            self.clusters.push((begin, source));
        }
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a part of the folded text stands in the source: whole clusters.
    pub fn source(&self, part: &Range<usize>) -> Range<usize> {
        let from = self.cluster(part.start).map_or(0, |source| source.start);
        let to = self.cluster(part.end.saturating_sub(1)).map_or(0, |source| source.end);
        from..to.max(from)
    }

    /// The source of the cluster that holds this place.
    fn cluster(&self, place: usize) -> Option<&Range<usize>> {
        let behind = self.clusters.partition_point(|(begin, _)| *begin <= place);
        self.clusters.get(behind.checked_sub(1)?).map(|(_, source)| source)
    }
}

/// A text as it is compared, without its places.
pub fn fold(text: &str, marks: Marks) -> String {
    Folded::new(text, marks).text
}

/// Kana and Hangul: without their marks they are other letters.
const fn has_marks_of_its_own(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Lower case, where letters that look alike in upper case are one.
fn lower(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ς' => ('σ', None),
        'ß' | 'ẞ' => ('s', Some('s')),
        _ => (c, None),
    };
    first.to_lowercase().chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_compatibility_forms_and_invisible_characters_do_not_matter() {
        for (given, folded) in [
            ("Hello", "hello"),
            ("ＦＵＬＬ ｗｉｄｔｈ", "full width"),
            ("fo\u{200b}o\u{ad}", "foo"),
            ("ΣΑΣ ς", "σασ σ"),
            ("Straße STRASSE", "strasse strasse"),
            ("ﬁn", "fin"),
            ("ﾊﾟ", "ハ\u{309a}"),
            ("e\u{301}", "é"),
        ] {
            assert_eq!(fold(given, Marks::Keep), folded, "{given}");
        }
    }

    #[test]
    fn marks_are_dropped_where_they_are_not_parts_of_letters() {
        for (given, folded) in [("Crème BRÛLÉE", "creme brulee"), ("が각", "が각"), ("и\u{306}", "и")] {
            assert_eq!(fold(given, Marks::Drop), folded, "{given}");
        }
    }

    #[test]
    fn parts_lead_back_to_the_source() {
        let text = "Das Ｃafe\u{301}, ja";
        let folded = Folded::new(text, Marks::Drop);
        let at = folded.as_str().find("cafe").unwrap();
        assert_eq!(&text[folded.source(&(at..at + 4))], "Ｃafe\u{301}");
        assert_eq!(folded.source(&(0..3)), 0..3);
    }
}
