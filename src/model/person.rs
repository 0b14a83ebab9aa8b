//! People (and robots): who they are, and who is asking.

use serde::{Deserialize, Serialize};

use super::{AppKey, SiteKey, UserId};

/// What somebody is within an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A person on a customer's page; minted by the widget.
    Visitor,
    /// A user named by the app's own back end, with a token.
    User,
    /// A person who answers visitors from the console.
    Agent,
    /// A program that answers visitors.
    Robot,
    /// The house itself: notes, system messages.
    System,
}

/// Somebody as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id within the app.
    pub id: UserId,
    /// The name shown; empty when nobody gave one.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Address of a picture, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub portrait: Option<String>,
}

/// The authenticated person behind a command. Built only by authentication, never from a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The app they belong to.
    pub app: AppKey,
    /// Who they are.
    pub person: Person,
    /// The site whose widget they use; visitors only.
    pub site: Option<SiteKey>,
}

impl Caller {
    /// Their user id.
    pub fn id(&self) -> &UserId {
        &self.person.id
    }

    /// Whether they answer visitors.
    pub fn is_agent(&self) -> bool {
        self.person.role == Role::Agent
    }
}

/// Longest display name in characters (security §13).
pub const MAX_NAME: usize = 64;

/// A name as it may be shown: NFC, trimmed, no control or bidi-control characters, at most 64 characters (W8).
/// `None` when nothing visible is left.
pub fn display_name(text: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let clean: String = text
        .nfc()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        .collect();
    let name: String = clean.trim().chars().take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_loses_bidi_controls_and_edges() {
        assert_eq!(display_name("  Ann\u{202e}a \n"), Some("Anna".to_owned()));
    }

    #[test]
    fn an_invisible_name_is_no_name() {
        assert_eq!(display_name("\u{200b} \u{feff}"), None);
    }
}
