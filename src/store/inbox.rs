//! What came for somebody, over all their conversations.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Arrival, Inbox, Message, UserId};

/// What came for one person over all their conversations, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Incoming {
    /// Messages, and which were taken back, by the times at which they came. A page never ends between two of one
    /// millisecond, so that the next one can begin after the time of its last.
    pub arrivals: Vec<Arrival>,
    /// There is newer.
    pub more: bool,
}

/// Messages for one person, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrived {
    /// The messages. A page never ends between two messages of one millisecond, so that the next one can begin after
    /// the time of its last message.
    pub messages: Vec<Message>,
    /// There are newer ones.
    pub more: bool,
}

/// Verbs about what comes for people.
#[async_trait]
pub trait Inboxes: Send + Sync {
    /// A page of what came for this user, in conversations other than chatrooms in which they take part: without what
    /// was cleared or deleted, and without what is not for them. What was taken back stands at the time of that, and
    /// comes to those who have received something before, since they may have shown it. Costs as much as changed in
    /// the window: other conversations are not looked at, but for groups of more than 64. Without `received_after` all
    /// of the user's conversations are.
    async fn inbox(&self, app: &AppKey, user: &UserId, window: &Inbox) -> Result<Incoming>;
}
