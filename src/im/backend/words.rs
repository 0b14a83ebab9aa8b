//! The app's word list.

use super::Backend;
use crate::model::{
    Code, Fault, Stale,
    fold::{Marks, fold},
    person::{MAX_MARKS, has_tower_of_marks},
    words::Word,
};

/// Most words in one change.
const AT_ONCE: usize = 100;

/// A word to put on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWord {
    /// What is looked for: 1–32 characters.
    pub word: String,
    /// What stands in its place, at most 32 characters; without it messages with the word are refused.
    pub replacement: Option<String>,
    /// Only where no letter or digit stands beside it.
    pub whole: bool,
}

impl Backend<'_> {
    /// Puts words on the list; a word that is there already is replaced. Works for the next message.
    pub async fn add_words(&self, words: Vec<NewWord>) -> Result<Vec<Word>, Fault> {
        check_count(words.len())?;
        let added_at = self.im.clock.now();
        let mut checked = Vec::with_capacity(words.len());
        for NewWord { word, replacement, whole } in words {
            let word = Word { word: word.trim().to_owned(), replacement, whole, added_at };
            checked.push((check(&word)?, word));
        }
        let put = self.im.store.put_words(self.app, checked.clone(), Word::MOST).await?;
        self.im.stale(self.app, Stale::App).await;
        if !put {
            let message = format!("the list would hold more than {} words; take some off first", Word::MOST);
            return Err(Fault::new(Code::LimitReached, message));
        }
        Ok(checked.into_iter().map(|(_, word)| word).collect())
    }

    /// Takes words off the list; how many were there.
    pub async fn remove_words(&self, words: &[String]) -> Result<u64, Fault> {
        check_count(words.len())?;
        let folded = words.iter().map(|word| fold(word.trim(), Marks::Keep)).collect();
        let removed = self.im.store.remove_words(self.app, folded).await?;
        self.im.stale(self.app, Stale::App).await;
        Ok(removed)
    }

    /// The list, at most 1,000 words.
    pub async fn words(&self) -> Result<Vec<Word>, Fault> {
        Ok(self.im.store.words(self.app).await?)
    }
}

fn check_count(count: usize) -> Result<(), Fault> {
    if (1..=AT_ONCE).contains(&count) {
        return Ok(());
    }
    Err(Fault::new(Code::BadRequest, format!("`words` has {count} entries; allowed are 1 to {AT_ONCE}")))
}

/// The form in which the word is compared, if it can be on the list.
fn check(word: &Word) -> Result<String, Fault> {
    let bad = |message: String| Err(Fault::new(Code::BadRequest, message));
    for (field, text) in [("word", Some(&word.word)), ("replacement", word.replacement.as_ref())] {
        let Some(text) = text else { continue };
        let chars = text.chars().count();
        if chars > Word::MAX_CHARS {
            return bad(format!("`{field}` has {chars} characters; the limit is {}", Word::MAX_CHARS));
        }
        if text.contains(char::is_control) || has_tower_of_marks(text) {
            return bad(format!("`{field}` holds a control character, or one with more than {MAX_MARKS} marks"));
        }
    }
    let folded = fold(&word.word, Marks::Keep);
    if folded.trim().is_empty() {
        return bad("`word` has nothing that can be seen".to_owned());
    }
    Ok(folded)
}
