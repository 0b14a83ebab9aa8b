//! Accounts and tokens, as they are kept: hashes only (V2).

use crate::model::{AppKey, Millis, Person, SiteKey, UserId};

/// A credential as it is stored: SHA-256 of a random token of at least 128 bits (V2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// An agent's account.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentAccount {
    /// The agent.
    pub person: Person,
    /// Their app.
    pub app: AppKey,
    /// Their e-mail, lower-case.
    pub email: String,
    /// Argon2id hash of their password, PHC format.
    pub password_hash: String,
}

impl std::fmt::Debug for AgentAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentAccount").field("id", &self.person.id).finish_non_exhaustive()
    }
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Whose.
    pub person: Person,
    /// Which app.
    pub app: AppKey,
    /// For visitors: on which site.
    pub site: Option<SiteKey>,
    /// Until when.
    pub expires_at: Millis,
    /// When it was made; bounds an agent's login absolutely.
    pub created_at: Millis,
}

/// A token to keep.
#[derive(Debug, Clone)]
pub struct NewLogin {
    /// Hash of the token.
    pub token: TokenHash,
    /// Whose. Must exist as a user of the app.
    pub user: UserId,
    /// For visitors: on which site.
    pub site: Option<SiteKey>,
    /// Until when.
    pub expires_at: Millis,
    /// The server's time.
    pub at: Millis,
}
