//! What came for somebody, by time: over all their conversations, and in a stretch of one.

use super::{Message, Millis};

/// Which of a person's messages. Chatrooms are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbox {
    /// Messages of others that are newer than this, and those taken back after it. `None`: those that have reached no
    /// device of the person yet.
    pub received_after: Option<Millis>,
    /// The person's own messages that are newer than this, and those taken back after it. `None`: none of them.
    pub own_after: Option<Millis>,
    /// At most this many: 1–[`Inbox::MAX_LIMIT`].
    pub limit: u16,
}

impl Inbox {
    /// Largest page.
    pub const MAX_LIMIT: u16 = 200;
}

/// One thing that came for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The message; what stands in its place when it was taken back.
    pub message: Message,
    /// This is the news that the message was taken back, at this instant. `None`: it is the message itself.
    pub taken_back: Option<Millis>,
}

impl Arrival {
    /// When it came.
    pub fn at(&self) -> Millis {
        self.taken_back.unwrap_or(self.message.at)
    }
}

/// A stretch of time in a conversation: what was sent between two instants, both exclusive. Without `before` the oldest
/// messages are chosen when there is an `after`, the newest otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Sent before this instant.
    pub before: Option<Millis>,
    /// Sent after this instant.
    pub after: Option<Millis>,
    /// At most this many: 1–100.
    pub limit: u16,
}

impl Stretch {
    /// Whether the oldest messages are chosen.
    pub const fn is_forward(&self) -> bool {
        self.after.is_some() && self.before.is_none()
    }
}
