//! The record of who changed what.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, AuditEntry, Millis, NewAuditEntry};

/// Something that is under way and will be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The engine's own number of it.
    pub number: i64,
    /// What will be written down.
    pub entry: NewAuditEntry,
}

/// What the store does for the audit record.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Notes that something is about to be done: from now on it is not lost, whatever happens.
    async fn begin_entry(&self, app: &AppKey, entry: NewAuditEntry) -> Result<Begun>;
    /// Writes down that it was done, to this target. Some entries older than 400 days make room.
    async fn write_down(&self, app: &AppKey, begun: Begun, target: String) -> Result<()>;
    /// Forgets what was begun: it was refused and nothing was done.
    async fn forget_entry(&self, app: &AppKey, begun: Begun) -> Result<()>;
    /// Writes down what was begun before an instant and never came to an end, as unsure; any app; how many.
    async fn write_down_unsure(&self, before: Millis) -> Result<u64>;
    /// The app's newest entries, newest first, older than the entry `before` when given.
    async fn audit(&self, app: &AppKey, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>>;
}
