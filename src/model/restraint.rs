//! What an app's back end forbids one of its users.

use serde::{Deserialize, Serialize};

use super::{Kind, Millis, UserId};

/// Something that a user may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restraint {
    /// Anything: they cannot even connect.
    Everything,
    /// Write to anybody; they may read.
    Writing,
    /// Write in private.
    WritingPrivate,
    /// Write in groups and discussions.
    WritingGroups,
    /// Write in chatrooms.
    WritingChatrooms,
}

impl Restraint {
    /// Every restraint, in the order of the numbers.
    pub const ALL: [Self; 5] =
        [Self::Everything, Self::Writing, Self::WritingPrivate, Self::WritingGroups, Self::WritingChatrooms];

    /// Its number in the store.
    pub const fn number(self) -> u8 {
        match self {
            Self::Everything => 0,
            Self::Writing => 1,
            Self::WritingPrivate => 2,
            Self::WritingGroups => 3,
            Self::WritingChatrooms => 4,
        }
    }

    /// The restraint with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|restraint| restraint.number() == number)
    }

    /// Whether it forbids writing in conversations of this kind. Visitors' service conversations are the desk's matter.
    pub const fn forbids_writing_in(self, kind: Kind) -> bool {
        match self {
            Self::Everything | Self::Writing => true,
            Self::WritingPrivate => matches!(kind, Kind::Private),
            Self::WritingGroups => kind.has_members(),
            Self::WritingChatrooms => matches!(kind, Kind::Chatroom),
        }
    }
}

/// A restraint of one user, and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// What they may not do.
    pub restraint: Restraint,
    /// Until when; `None`: for ever.
    pub until: Option<Millis>,
}

impl Term {
    /// Whether it still counts. It is over exactly at its end.
    pub fn counts_at(self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Somebody under a restraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restrained {
    /// Who.
    pub user: UserId,
    /// Until when; `null`: for ever.
    pub until: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restraint_survives_its_number() {
        assert!(Restraint::ALL.into_iter().all(|it| Restraint::from_number(it.number()) == Some(it)));
        assert_eq!(Restraint::from_number(9), None);
    }

    #[test]
    fn a_term_is_over_exactly_at_its_end() {
        let term = Term { restraint: Restraint::Writing, until: Some(Millis::new(1000)) };
        assert!(term.counts_at(Millis::new(999)) && !term.counts_at(Millis::new(1000)));
        assert!(Term { until: None, ..term }.counts_at(Millis::new(i64::MAX)));
    }
}
