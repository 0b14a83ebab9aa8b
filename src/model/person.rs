//! People (and robots): who they are, and who is asking.

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{AppKey, Millis, SiteKey, UserId};

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

impl Role {
    /// Whether somebody asks the desk rather than answers for it.
    pub const fn asks(self) -> bool {
        matches!(self, Self::Visitor | Self::User)
    }
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

impl Person {
    /// The house itself, as a sender: a user of every app.
    pub fn house() -> Self {
        Self {
            id: "system".parse().expect("a constant user id"),
            name: String::new(),
            role: Role::System,
            portrait: None,
        }
    }
}

/// What is kept of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who they are.
    pub person: Person,
    /// When the app first named them.
    pub created_at: Millis,
    /// What the app's back end calls them.
    pub tags: Vec<String>,
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

/// Most marks on one character (W8): more are drawn across the lines around them.
pub const MAX_MARKS: usize = 8;

/// A name as it may be shown: NFC, trimmed, no control, bidi-control or invisible characters, no towers of marks, at
/// most 64 characters (W8). `None` when nothing visible is left.
pub fn display_name(text: &str) -> Option<String> {
    let clean: String = text.nfc().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let mut marks = 0;
    let low = clean.trim().chars().filter(|c| {
        marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
        marks <= MAX_MARKS
    });
    let name: String = low.take(MAX_NAME).collect();
    name.chars().any(|c| !is_combining_mark(c) && !c.is_whitespace()).then_some(name)
}

/// Whether a character carries more than [`MAX_MARKS`] marks.
pub fn has_tower_of_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MAX_MARKS
    })
}

/// Takes no room, turns the direction of what follows, or is drawn as nothing.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
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
        for name in
            ["\u{200b} \u{feff}", "\u{3164}", "\u{2800}\u{ad}", "\u{fe0f}\u{301}", "\u{e0041}", "\u{61c}\u{2066}"]
        {
            assert_eq!(display_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn w8_a_name_carries_no_towers_of_marks() {
        let tower = format!("Zoe{}!", "\u{301}".repeat(60));
        let name = display_name(&tower).unwrap();
        assert!(name.starts_with("Zo\u{e9}") && name.ends_with('!') && !has_tower_of_marks(&name), "{name:?}");
        assert!(has_tower_of_marks(&tower) && !has_tower_of_marks("Zoë \u{1f469}\u{200d}\u{2764}\u{fe0f} กี่"));
    }
}
