//! What the index knows of a text: pieces of words, such that every search finds at least the messages it should.
//!
//! Scripts without spaces give single characters and pairs, others three characters at a time; so a query is found
//! by substring in every script, and the short words that Chinese has are as cheap as long ones. A word of one or two
//! letters gives no pieces: then only the place narrows the search, and every message found there is read.

use unicode_normalization::char::is_combining_mark;

/// What a message is found by, each once and with spaces between: where it stands, and the pieces of its folded text.
pub(super) fn joined(places: &[String], folded: &str) -> String {
    let mut words = of_text(folded);
    words.extend(places.iter().map(String::as_str));
    words.join(" ")
}

/// The pieces of a folded text that is to be found, each once, in their order.
fn of_text(folded: &str) -> Vec<&str> {
    let mut grams = Vec::with_capacity(folded.len());
    for (run, is_dense) in runs(folded) {
        if is_dense {
            windows::<1>(run, &mut grams);
            windows::<2>(run, &mut grams);
        } else {
            windows::<3>(run, &mut grams);
        }
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The pieces that a message with this folded word has for certain, each once, in their order.
pub(super) fn of_query(folded: &str) -> Vec<&str> {
    let mut grams = Vec::new();
    for (run, is_dense) in runs(folded) {
        let alone = run.chars().nth(1).is_none();
        match (is_dense, alone) {
            (true, true) => grams.push(run),
            (true, false) => windows::<2>(run, &mut grams),
            (false, _) => windows::<3>(run, &mut grams),
        }
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// All parts of so many characters.
fn windows<'t, const SIZE: usize>(run: &'t str, grams: &mut Vec<&'t str>) {
    let starts = || run.char_indices().map(|(at, _)| at);
    let ends = starts().chain([run.len()]).skip(SIZE);
    grams.extend(starts().zip(ends).filter_map(|(start, end)| run.get(start..end)));
}

/// Letters and digits that stand together and are of one sort, and whether it is a dense one.
fn runs(folded: &str) -> impl Iterator<Item = (&str, bool)> {
    let sort = |c: char| (c.is_alphanumeric() || is_combining_mark(c)).then(|| is_dense(c));
    let mut rest = folded;
    std::iter::from_fn(move || {
        let start = rest.find(|c| sort(c).is_some())?;
        let run = rest.get(start..)?;
        let is_dense = sort(run.chars().next()?)?;
        let (run, others) = run.split_at(run.find(|c| sort(c) != Some(is_dense)).unwrap_or(run.len()));
        rest = others;
        Some((run, is_dense))
    })
}

/// Scripts in which one character is a word or a syllable.
const fn is_dense(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312f}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dense_scripts_give_pairs_and_others_threes() {
        assert_eq!(of_text("lamps, ok lamp"), ["amp", "lam", "mps"]);
        assert_eq!(of_text("订单no1号"), ["no1", "单", "号", "订", "订单"]);
        assert_eq!(of_query("订单"), ["订单"]);
        assert_eq!(joined(&["here".to_owned()], "so lamps"), "amp lam mps here");
        assert!(of_query("ok").is_empty() && of_query("*%\"").is_empty());
    }

    proptest! {
        #[test]
        fn a_part_of_a_text_gives_only_pieces_of_that_text(text in "[a-c 订单ก\u{e34}!]{0,12}", cut in 0..12_usize, len in 0..6_usize) {
            let part: String = text.chars().skip(cut).take(len).collect();
            let pieces = of_text(&text);
            prop_assert!(of_query(&part).iter().all(|piece| pieces.contains(piece)), "{part:?} in {text:?}");
        }
    }
}
