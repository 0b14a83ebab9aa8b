//! The record of who changed what.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, AuditEntry, NewAuditEntry};

/// What the store does for the audit record.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes an entry down. Some entries older than 400 days make room.
    async fn write_down(&self, app: &AppKey, entry: NewAuditEntry) -> Result<()>;
    /// The app's newest entries, newest first, older than the entry `before` when given.
    async fn audit(&self, app: &AppKey, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>>;
}
