//! What the index knows of a text: pieces of words, such that every search finds at least the messages it should.
//!
//! Scripts without spaces give single characters and pairs, others three characters at a time; so a query is found
//! by substring in every script, and the short words that Chinese has are as cheap as long ones. A word of one or two
//! letters gives no pieces: then only the place narrows the search, and every message found there is read.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

/// Puts the pieces of a folded text that is to be found into a set.
pub(super) fn of_text(folded: &str, grams: &mut BTreeSet<String>) {
    for run in runs(folded) {
        if run.first().copied().is_some_and(is_dense) {
            grams.extend(run.iter().map(ToString::to_string));
            grams.extend(run.windows(2).map(|pair| pair.iter().collect()));
        } else {
            grams.extend(run.windows(3).map(|three| three.iter().collect()));
        }
    }
}

/// The pieces that a message with this folded word has for certain.
pub(super) fn of_query(folded: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for run in runs(folded) {
        match (run.first().copied().is_some_and(is_dense), run.len()) {
            (true, 1) => grams.extend(run.iter().map(ToString::to_string)),
            (true, _) => grams.extend(run.windows(2).map(|pair| pair.iter().collect())),
            (false, _) => grams.extend(run.windows(3).map(|three| three.iter().collect())),
        }
    }
    grams
}

/// Letters and digits that stand together and are of one sort.
fn runs(folded: &str) -> Vec<Vec<char>> {
    let (mut runs, mut run): (Vec<Vec<char>>, Vec<char>) = (Vec::new(), Vec::new());
    for c in folded.chars() {
        let is_part = c.is_alphanumeric() || is_combining_mark(c);
        let same_sort = run.last().is_none_or(|last| is_dense(*last) == is_dense(c));
        let goes_on = is_part && same_sort;
        if !goes_on && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
        if is_part {
            run.push(c);
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
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

    fn of(text: &str) -> Vec<String> {
        let mut grams = BTreeSet::new();
        of_text(text, &mut grams);
        grams.into_iter().collect()
    }

    #[test]
    fn dense_scripts_give_pairs_and_others_threes() {
        assert_eq!(of("lamps, ok"), ["amp", "lam", "mps"]);
        assert_eq!(of("订单no1号"), ["no1", "单", "号", "订", "订单"]);
        assert_eq!(of_query("订单").into_iter().collect::<Vec<_>>(), ["订单"]);
        assert!(of_query("ok").is_empty() && of_query("*%\"").is_empty());
    }

    proptest! {
        #[test]
        fn a_part_of_a_text_gives_only_pieces_of_that_text(text in "[a-c 订单ก\u{e34}!]{0,12}", cut in 0..12_usize, len in 0..6_usize) {
            let part: String = text.chars().skip(cut).take(len).collect();
            let pieces = of(&text);
            prop_assert!(of_query(&part).iter().all(|piece| pieces.contains(piece)), "{part:?} in {text:?}");
        }
    }
}
