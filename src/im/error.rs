//! From what the store or a rule says to what a client hears.

use crate::{
    auth::PasswordError,
    model::{Code, Fault, content::InvalidContent},
    store::StoreError,
};

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ClientIdReused => Self::new(
                Code::ClientIdReused,
                "this client_id was used before with another content; use a new one for each message",
            ),
            StoreError::NoConversation => not_found(),
            StoreError::Missing(what) => Self::new(Code::NotFound, format!("no such {what}")),
            StoreError::WrongStage => {
                Self::new(Code::ConversationClosed, "the conversation has moved on; load it again")
            }
            StoreError::Silenced => Self::new(Code::Silenced, "you may not write in this group now"),
            StoreError::AlreadyExists => Self::new(Code::AlreadyExists, "it exists already"),
            StoreError::TooMany(what) => {
                Self::new(Code::LimitReached, format!("there are as many {what} as there may be; remove one first"))
            }
            StoreError::Unfit(cause) => {
                tracing::error!(%cause, "The store cannot keep what came");
                Self::new(Code::BadRequest, "this cannot be stored as it is; trying again does not help")
            }
            StoreError::Full => Self::new(
                Code::StorageFull,
                "the server has no room left for new messages; what you wrote was not sent, try again later",
            )
            .retry_after(60),
            StoreError::Unavailable(cause) => {
                tracing::error!(%cause, "The store does not answer");
                Self::new(Code::Unavailable, "the server cannot store messages now; try again").retry_after(2)
            }
            StoreError::Damaged(cause) => {
                tracing::error!(%cause, "A stored record is damaged");
                Self::new(Code::Internal, "this record is damaged and cannot be shown")
            }
        }
    }
}

impl From<InvalidContent> for Fault {
    fn from(error: InvalidContent) -> Self {
        let code = match error {
            InvalidContent::TooLarge { .. } => Code::TooLarge,
            _ => Code::BadRequest,
        };
        Self::new(code, error.to_string())
    }
}

impl From<PasswordError> for Fault {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Length | PasswordError::Common => Self::new(Code::WeakPassword, error.to_string()),
            PasswordError::Busy => Self::new(Code::RateLimited, error.to_string()).retry_after(2),
        }
    }
}

/// One answer for "is not there" and "is not yours" (A7).
pub(super) fn not_found() -> Fault {
    Fault::new(Code::NotFound, "no such conversation, or you may not see it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_never_be_kept_is_refused_for_good_and_what_cannot_be_had_now_is_not() {
        let fault = Fault::from(StoreError::Unfit("22021".to_owned()));
        assert_eq!((fault.code, fault.code.temporary()), (Code::BadRequest, false));
        assert!(Fault::from(StoreError::Unavailable("away".to_owned())).code.temporary());
    }
}
