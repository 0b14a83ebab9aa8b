//! What can go wrong inside the engine, and what the domain hears of it.

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// Why a piece of work did not get done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The domain's rules say no; nothing is wrong with the engine.
    Refused(StoreError),
    /// SQLite says no.
    Engine(rusqlite::Error),
}

/// Result of a piece of work inside a transaction.
pub(super) type Work<T> = Result<T, Trouble>;

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Engine(error) => told(&error),
        }
    }
}

/// What the domain hears of an engine error.
pub(super) fn told(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Whether the transaction around the failed statement can no longer be trusted.
/// A broken rule or a value of the wrong type only fails the statement itself.
pub(super) fn spoils_transaction(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code().is_some_and(|code| {
        !matches!(code, ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    })
}

/// Whether a unique rule was broken.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code().is_some_and(|code| {
        code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE || code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    })
}

/// Whether the kernel failed to bring data to the disk. What is on the disk is then unknown, and asking again
/// would answer "fine" for pages that were dropped (D4).
pub(super) fn is_sync_failure(error: &rusqlite::Error) -> bool {
    error
        .sqlite_extended_error_code()
        .is_some_and(|code| code == rusqlite::ffi::SQLITE_IOERR_FSYNC || code == rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// Turns a broken unique rule into [`StoreError::AlreadyExists`].
pub(super) fn or_taken(error: rusqlite::Error) -> Trouble {
    if is_taken(&error) { Trouble::Refused(StoreError::AlreadyExists) } else { Trouble::Engine(error) }
}
