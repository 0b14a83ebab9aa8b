//! Whom a message is for, and who has read it.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, MessageUid, Millis, Person, UserId};

/// Somebody who has read a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub person: Person,
    /// When they last read on; `None` when only their own writing tells.
    pub read_at: Option<Millis>,
}

/// A page of those who have read a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readers {
    /// How many there are in all.
    pub count: u64,
    /// How many could have: everybody whom the message is for but its sender.
    pub of: u64,
    /// Some of them, by id.
    pub readers: Vec<Reader>,
}

/// Verbs about those for whom messages are.
#[async_trait]
pub trait Readership: Send + Sync {
    /// Whom a message is for, its sender among them; empty when it is for everybody inside, or unknown.
    async fn recipients(&self, app: &AppKey, uid: MessageUid) -> Result<Vec<UserId>>;
    /// Who of those inside has read a message, by id after `after`, at most `limit`. Its sender is not counted.
    async fn readers(&self, app: &AppKey, uid: MessageUid, after: Option<&UserId>, limit: u16) -> Result<Readers>;
}
