//! How a conversation stood when it was told.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Audience, Conversation, Stage, conversation::Rating};

/// How a conversation stands, but for what messages, receipts and presence move: the time of its last change moves with each
/// message, so that it says nothing about this.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stood {
    /// A service conversation's stage and rating. Its people follow from the stage.
    Desk(Stage, Option<Rating>),
    /// A mark of the people whom any other names and of their rights, and of a group's name, size and rights.
    Inside(u64),
}

impl Stood {
    /// As it is told.
    pub(super) fn of(conversation: &Conversation) -> Self {
        if let Some(service) = &conversation.service {
            return Self::Desk(service.stage.clone(), service.rating.clone());
        }
        let mut people: Vec<_> = conversation.participants.iter().map(|one| (&one.person.id, &one.member)).collect();
        people.sort_unstable_by_key(|(id, _)| *id);
        let mut marks = DefaultHasher::new();
        (people, &conversation.group).hash(&mut marks);
        Self::Inside(marks.finish())
    }
}

/// Whether everybody who hears how it stands is among those who are told.
pub(super) fn is_told_to_all(audience: &Audience, conversation: &Conversation) -> bool {
    let people = match &conversation.group {
        // There may be thousands, of whom it names some.
        Some(group) => audience.users.len() >= usize::try_from(group.members).unwrap_or(usize::MAX),
        None => conversation.participants.iter().all(|one| audience.users.contains(&one.person.id)),
    };
    // Every agent hears of service conversations.
    people && (audience.agents || conversation.service.is_none())
}
