//! Refusals as numbers. 0 is success; clients hand every other number to the application.
//!
//! Source: compatible protocol, "Error numbers the SDK names". Status 1 is never used: long polling turns it into 6.

use crate::model::{Code, Kind};

/// Why something was refused, in a PUBACK or QUERYACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// A parameter is missing or wrong, or the topic is not served here.
    pub const PARAMETER: Self = Self(33003);
    /// The message to take back is not named properly, or it is too late.
    pub const RECALL: Self = Self(25101);
    /// Somebody else's message cannot be taken back.
    pub const RECALL_OF_OTHERS: Self = Self(25102);
    /// The message was sent, but with some words replaced.
    pub const REPLACED: Self = Self(21502);
    /// Nobody is there by that name, or nobody who may be written to.
    pub const NO_TARGET: Self = Self(20407);

    /// Some attributes of a chatroom were not set; the body says which.
    pub const NOT_ALL: Self = Self(23428);
    /// The type of a file is none.
    pub const FILE_TYPE: Self = Self(41001);
    /// There is no file by that key.
    pub const NO_FILE: Self = Self(41002);

    /// The user is in no such discussion.
    pub const fn of_discussion() -> Self {
        Self(outside(Kind::Discussion))
    }

    /// What a refused command about a conversation of this kind is told.
    pub const fn of(code: Code, kind: Option<Kind>) -> Self {
        Self(match (code, kind) {
            (Code::Blocked | Code::NotOnList, _) => 405,
            (Code::Silenced, Some(Kind::Group | Kind::Discussion)) => 22408,
            (Code::Silenced, Some(Kind::Chatroom)) => 23408,
            (Code::Silenced, _) => 20406,
            (Code::UserBlocked, _) => 31009,
            (Code::NotFound | Code::Forbidden | Code::Banned | Code::ConversationClosed, Some(kind)) => outside(kind),
            (Code::NotInChatroom, _) => 23406,
            (Code::NoChatroom, _) => 23410,
            (Code::ChatroomHistoryOff, _) => 23414,
            (Code::AttributesFull, _) => 23423,
            (Code::AttributeTaken, _) => 23424,
            (Code::NoAttribute, _) => 23427,
            (Code::TooManyChatrooms, _) => 36002,
            (Code::RefusedWords, _) => 21501,
            (Code::RateLimited, _) => 20604,
            (Code::TooLarge, _) => 30016,
            (Code::HistoryOff, _) => 33007,
            (Code::TooLate, _) => Self::RECALL.0,
            (Code::Unauthorized, _) => 31004,
            (Code::Internal | Code::Unavailable | Code::Restarting | Code::StorageFull, _) => 30002,
            _ => Self::PARAMETER.0,
        })
    }

    /// The same for a recall, of which the application wants to know whose message it was.
    pub const fn of_recall(code: Code) -> Self {
        match code {
            Code::Forbidden => Self::RECALL_OF_OTHERS,
            Code::NotFound | Code::BadRequest => Self::RECALL,
            other => Self::of(other, None),
        }
    }
}

/// The user is not inside, or there is no such thing: the two are told apart to nobody.
const fn outside(kind: Kind) -> u16 {
    match kind {
        Kind::Discussion => 21406,
        Kind::Group => 22406,
        Kind::Chatroom => 23406,
        _ => Status::NO_TARGET.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_numbers_that_the_sdk_names() {
        let table = [
            (Code::Blocked, Some(Kind::Private), 405),
            (Code::NotFound, Some(Kind::Group), 22406),
            (Code::NotFound, Some(Kind::Discussion), 21406),
            (Code::NotFound, Some(Kind::Chatroom), 23406),
            (Code::NotFound, Some(Kind::Private), 20407),
            (Code::Banned, Some(Kind::Group), 22406),
            (Code::Silenced, Some(Kind::Group), 22408),
            (Code::Silenced, Some(Kind::Chatroom), 23408),
            (Code::Silenced, Some(Kind::Private), 20406),
            (Code::RateLimited, None, 20604),
            (Code::TooLarge, Some(Kind::Private), 30016),
            (Code::RefusedWords, Some(Kind::Private), 21501),
            (Code::BadRequest, None, 33003),
            (Code::NotInChatroom, Some(Kind::Chatroom), 23406),
            (Code::NoChatroom, Some(Kind::Chatroom), 23410),
            (Code::ChatroomHistoryOff, Some(Kind::Chatroom), 23414),
            (Code::AttributesFull, Some(Kind::Chatroom), 23423),
            (Code::AttributeTaken, Some(Kind::Chatroom), 23424),
            (Code::NoAttribute, Some(Kind::Chatroom), 23427),
        ];
        for (code, kind, number) in table {
            assert_eq!(Status::of(code, kind), Status(number), "{code:?} {kind:?}");
        }
        assert_eq!(Status::of_recall(Code::Forbidden), Status(25102));
        assert_eq!(Status::of_recall(Code::TooLate), Status(25101));
    }

    #[test]
    fn no_refusal_reads_as_success_or_as_the_number_that_polling_changes() {
        for code in Code::ALL {
            for kind in Kind::ALL.map(Some).into_iter().chain([None]) {
                assert!(Status::of(*code, kind).0 > 1 && Status::of_recall(*code).0 > 1, "{code:?}");
            }
        }
    }
}
