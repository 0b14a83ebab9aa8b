//! What can go wrong inside the engine, and what the domain hears of it.

use crate::store::StoreError;

/// Why a piece of work did not get done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The domain's rules say no; nothing is wrong with the engine.
    Refused(StoreError),
    /// PostgreSQL says no, or says nothing.
    Engine(sqlx::Error),
    /// The answer to a commit was lost: whether it was written is not known.
    Unknown(sqlx::Error),
}

/// Result of a piece of work inside a transaction.
pub(super) type Work<T> = Result<T, Trouble>;

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Engine(error) => told(&error),
            Trouble::Unknown(error) => Self::Unavailable(format!("whether it was written is not known: {error}")),
        }
    }
}

/// The five characters by which PostgreSQL names an error.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    code(error).is_some_and(|code| codes.contains(&code.as_str()))
}

/// What the domain hears of an engine error.
pub(super) fn told(error: &sqlx::Error) -> StoreError {
    if has_code(error, &["53100"]) {
        return StoreError::Full;
    }
    if has_code(error, &["XX001", "XX002"]) {
        return StoreError::Damaged(error.to_string());
    }
    // The data itself does not do, such as a character that the database cannot hold: another try would end the same way.
    if let Some(code) = code(error).filter(|code| code.starts_with("22")) {
        return StoreError::Unfit(code);
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        let why = "no connection to PostgreSQL in time (is it away, or its max_connections too small?)";
        return StoreError::Unavailable(why.to_owned());
    }
    StoreError::Unavailable(error.to_string())
}

/// Connection failures; the server goes, comes, has ended this session or become a replica.
const GONE: [&str; 8] = ["08000", "08003", "08006", "57P01", "57P02", "57P03", "57P05", "25006"];
/// The server has ended a session in the middle of a transaction, by time.
const TOO_LONG: [&str; 2] = ["25P03", "25P04"];

/// Whether nothing was written for certain and another try may succeed: two transactions met, the connection was
/// lost before the commit, or the server is starting, stopping or changing its role. Never asked of a commit.
pub(super) fn may_try_again(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => true,
        // Serialisation, deadlock, a lock that was not to be had; a session that was idle in its transaction. What took
        // too long as a whole would do so again.
        _ => has_code(error, &GONE) || has_code(error, &["40001", "40P01", "55P03", "25P03"]),
    }
}

/// Whether the connection can no longer be used.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        _ => has_code(error, &GONE) || has_code(error, &TOO_LONG),
    }
}

/// Whether a unique rule was broken.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    has_code(error, &["23505"])
}

/// Turns a broken unique rule into [`StoreError::AlreadyExists`].
pub(super) fn or_taken(error: sqlx::Error) -> Trouble {
    if is_taken(&error) { Trouble::Refused(StoreError::AlreadyExists) } else { Trouble::Engine(error) }
}

/// A commit either surely failed (the server said so) or its outcome is unknown.
pub(super) fn of_commit(error: sqlx::Error) -> Trouble {
    let may_stand = |code: &str| code.starts_with("08") || code.starts_with("57P") || TOO_LONG.contains(&code);
    let said_no = code(&error).is_some_and(|code| !may_stand(&code));
    if said_no { Trouble::Engine(error) } else { Trouble::Unknown(error) }
}
