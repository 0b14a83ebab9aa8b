//! The agents of an app, as its owner sees them.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Millis, Person, UserId};

/// An agent in the list of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEntry {
    /// The agent.
    pub person: Person,
    /// Their e-mail, with which they sign in.
    pub email: String,
    /// When they were made.
    pub created_at: Millis,
    /// Since when they may not sign in any more.
    pub disabled_at: Option<Millis>,
}

/// What the store does for the list of agents.
#[async_trait]
pub trait Agents: Send + Sync {
    /// The app's agents, oldest first, at most 1,000.
    async fn agents(&self, app: &AppKey) -> Result<Vec<AgentEntry>>;
    /// Ends an agent's logins, has their connections prove themselves anew, and finds their account no more by its
    /// e-mail. Doing so twice is harmless. No agent of the app: [`Missing`](super::StoreError::Missing).
    async fn disable_agent(&self, app: &AppKey, agent: &UserId, at: Millis) -> Result<()>;
    /// Finds a disabled agent's account by its e-mail again; logins that ended stay ended. Doing so twice is harmless.
    /// No agent of the app: [`Missing`](super::StoreError::Missing).
    async fn enable_agent(&self, app: &AppKey, agent: &UserId) -> Result<()>;
}
