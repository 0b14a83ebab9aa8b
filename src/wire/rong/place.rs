//! Conversations as this protocol names them: by their kind and their other side, as the one who speaks sees it.

use crate::model::{Conversation, Handle, Kind, UserId};

/// One conversation, seen by one user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// What it is.
    pub kind: Kind,
    /// The other user, the group, discussion or chatroom, or the site whose desk answers.
    pub target: Handle,
}

impl Place {
    /// The place that a frame names; `None` when the target is no id at all.
    pub fn new(kind: Kind, target: &str) -> Option<Self> {
        Some(Self { kind, target: target.parse().ok()? })
    }

    /// Where a reader sees a conversation. Groups without a handle of the app are named by their own id; service
    /// conversations by their site, so that all episodes with one desk are one conversation. `None` for a pair of
    /// which the reader is no part.
    pub fn of(conversation: &Conversation, reader: &UserId) -> Option<Self> {
        let kind = conversation.kind;
        let target = match &conversation.service {
            Some(service) => service.site.to_string(),
            None if kind.is_pair() => {
                conversation.has(reader).then_some(())?;
                conversation.participants.iter().find(|other| other.person.id != *reader)?.person.id.to_string()
            }
            None => conversation.handle.as_ref().map_or_else(|| conversation.id.to_string(), Handle::to_string),
        };
        Self::new(kind, &target)
    }

    /// The other user of a pair.
    pub fn user(&self) -> Option<UserId> {
        self.kind.is_pair().then(|| self.target.as_str().parse().ok())?
    }
}
