//! What came for somebody, over all their conversations.

use super::Millis;

/// Which of a person's messages. Chatrooms are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbox {
    /// Messages of others that are newer than this. `None`: those that have reached no device of the person yet.
    pub received_after: Option<Millis>,
    /// The person's own messages that are newer than this. `None`: none of them.
    pub own_after: Option<Millis>,
    /// At most this many: 1–[`Inbox::MAX_LIMIT`].
    pub limit: u16,
}

impl Inbox {
    /// Largest page.
    pub const MAX_LIMIT: u16 = 200;
}
