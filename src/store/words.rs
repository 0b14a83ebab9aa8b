//! Each app's list of words that it does not want to see.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, words::Word};

/// What an engine keeps of word lists. Words are told apart by their folded form (`model::fold`), which comes beside
/// each of them.
#[async_trait]
pub trait Words: Send + Sync {
    /// Puts words on the app's list; a word that is there already is replaced. `false`, and nothing changed, when the
    /// list would hold more than `most`.
    async fn put_words(&self, app: &AppKey, words: Vec<(String, Word)>, most: u32) -> Result<bool>;
    /// Takes words, given by their folded form, off the app's list; how many were there.
    async fn remove_words(&self, app: &AppKey, folded: Vec<String>) -> Result<u64>;
    /// The app's list, by folded form.
    async fn words(&self, app: &AppKey) -> Result<Vec<Word>>;
}
