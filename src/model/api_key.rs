//! The keys with which an app's back ends speak for it.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{AppKey, KeyId, Millis, named::named};

named! {
    /// What a key may do.
    #[derive(PartialOrd, Ord)]
    pub enum Scope;

    /// Read what the app has: conversations, messages, users, groups, figures.
    Read = "read";
    /// Send messages, to anybody and in anybody's name, and take them back.
    Messages = "messages";
    /// Assign and end service conversations.
    Conversations = "conversations";
    /// Make and change users, and issue and revoke their tokens.
    Users = "users";
    /// Make, change and dismiss groups and discussions.
    Groups = "groups";
    /// Make, change and end chatrooms.
    Chatrooms = "chatrooms";
    /// Gag, block and ban users, and keep the word list.
    Moderation = "moderation";
    /// Take files in, for messages in anybody's name.
    Files = "files";
    /// See and change webhooks and their secrets.
    Webhooks = "webhooks";
    /// Change the app itself: switches, sites, agents, keys; read the audit record.
    App = "app";
    /// Take the history out, whole.
    Export = "export";
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope; there are {known}", known = names())]
pub struct UnknownScope(String);

fn names() -> String {
    Scope::ALL.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::from_name(name).ok_or_else(|| UnknownScope(name.chars().take(40).collect()))
    }
}

/// A key as its owner sees it. The secret is shown once, when the key is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// The part of the key that is no secret; names it in lists, records and signed requests.
    pub id: KeyId,
    /// The app it speaks for.
    pub app: AppKey,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Millis,
    /// From then on it opens nothing; `None`: until it is revoked.
    pub expires_at: Option<Millis>,
    /// When it was last used, to within an hour.
    pub last_used_at: Option<Millis>,
}

impl ApiKey {
    /// Most keys of one app: enough to rotate each back end's own.
    pub const MOST: usize = 20;

    /// Whether it may do this.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it opens anything at this instant.
    pub fn is_live(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_scopes_are_these() {
        let documented = include_str!("../../docs/API.md");
        let row = |scope: &Scope| format!("| `{}` | {} |\n", scope.name(), scope.meaning().trim());
        let table: String = Scope::ALL.iter().map(row).collect();
        assert!(documented.contains(&format!("|---|---|\n{table}\n")), "docs/API.md lists:\n{table}");
    }

    #[test]
    fn a_scope_is_found_by_its_name() {
        assert!(Scope::ALL.iter().all(|scope| Scope::from_name(scope.name()) == Some(*scope)));
        let words = "roots".parse::<Scope>().unwrap_err().to_string();
        assert!(words.starts_with("`roots` is no scope; there are read, messages,"), "{words}");
    }
}
