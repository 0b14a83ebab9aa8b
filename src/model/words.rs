//! Words that an app does not want to see in messages.

use serde::{Deserialize, Serialize};

use super::Millis;

/// An entry of an app's word list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What is looked for, as it was given: 1–32 characters.
    pub word: String,
    /// What stands in its place, at most 32 characters. Without it a message with the word is refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replacement: Option<String>,
    /// Only where no letter or digit stands beside it. Without it, anywhere: the way for scripts without spaces.
    #[serde(default)]
    pub whole: bool,
    /// Since when it is on the list.
    pub added_at: Millis,
}

impl Word {
    /// Longest word and longest replacement in characters.
    pub const MAX_CHARS: usize = 32;
    /// Most words on an app's list.
    pub const MOST: u32 = 1000;
}
