//! Accounts of an app that speak to many.

use serde::Serialize;

use super::{Kind, Person, UserId};

/// Longest description of a public service, in characters.
pub const MAX_ABOUT: usize = 500;

/// An account of the app that users have ([`Kind::AppService`]) or follow when they want to ([`Kind::PublicService`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicService {
    /// The account, a person with the role `System`.
    #[serde(flatten)]
    pub person: Person,
    /// Which of the two.
    pub kind: Kind,
    /// What it says about itself.
    pub about: String,
    /// Whoever asks follows it; everybody follows those that every user has.
    pub followed: bool,
}

/// What a user may do about public services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicServiceCommand {
    /// Looks for some.
    Find {
        /// Their id or name holds these; all when empty.
        words: String,
        /// Only those that the caller has.
        followed: bool,
        /// Those whose ids come after this one.
        after: Option<UserId>,
        /// At most this many: 1–100.
        limit: u16,
    },
    /// Follows one, or no more.
    Follow {
        /// Which.
        account: UserId,
        /// From now on, or no more.
        on: bool,
    },
}

/// A page of public services, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicServicePage {
    /// Some of them.
    pub accounts: Vec<PublicService>,
    /// There are more.
    pub more: bool,
}
