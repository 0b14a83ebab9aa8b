//! Users as their app's back end keeps them: profile, tags, logins that end early.

use async_trait::async_trait;

use super::{Result, TokenHash, changes::Place};
use crate::model::{AppKey, Millis, UserId, person::Profile};

/// Whose logins or restraints were changed since an earlier look. Some may be told again by the next look; nobody is left
/// out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofsAsked {
    /// From where the next look goes on.
    pub place: Place,
    /// The changes, by their numbers.
    pub asked: Vec<ProofAsked>,
}

/// Somebody whose logins or restraints changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofAsked {
    /// Its number, which no other change has. A lower one may be committed later.
    pub number: i64,
    /// Their app.
    pub app: AppKey,
    /// Who.
    pub user: UserId,
}

/// Verbs about users. The ones that end logins also note a [`ProofAsked`] in the same transaction, as do
/// [`Store::end_login`](super::Store::end_login), [`Store::set_password`](super::Store::set_password) and
/// [`Restraints::restrain`](super::Restraints::restrain).
#[async_trait]
pub trait Users: Send + Sync {
    /// What is kept of this user.
    async fn profile(&self, app: &AppKey, user: &UserId) -> Result<Option<Profile>>;
    /// Replaces the tags of all these users. One is unknown: `Missing`, and nothing changes.
    async fn set_tags(&self, app: &AppKey, users: &[UserId], tags: &[String]) -> Result<()>;
    /// The tags of those of these users that exist, by id.
    async fn tags_of(&self, app: &AppKey, users: &[UserId]) -> Result<Vec<(UserId, Vec<String>)>>;
    /// Ends the logins of a user that were made before an instant, by the clock of whoever made them; without one, all of
    /// them, whatever any clock says.
    async fn end_logins(&self, app: &AppKey, user: &UserId, before: Option<Millis>) -> Result<()>;
    /// Ends one login of a user of this app. Returns whose it was; nobody's, another app's or a visitor's or agent's is
    /// left alone.
    async fn end_user_login(&self, app: &AppKey, token: TokenHash) -> Result<Option<UserId>>;
    /// Whose logins or restraints were changed since a look, in any app; without one, only where to go on from. Only the
    /// newest 10,000 changes are remembered.
    async fn proofs_asked(&self, since: Option<Place>) -> Result<ProofsAsked>;
}
