//! What a verb may answer besides what it was asked for.

/// Why a verb did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The client id was used by this sender in this conversation with another content.
    #[error("the client id was used before with another content")]
    ClientIdReused,
    /// The conversation is not there (any more), or belongs to another app.
    #[error("no such conversation")]
    NoConversation,
    /// The app, site or user that was named does not exist (in this app).
    #[error("no such {0}")]
    Missing(&'static str),
    /// The conversation's stage is not one the caller allowed.
    #[error("the conversation has moved on")]
    WrongStage,
    /// The sender may not write there now.
    #[error("the sender was silenced")]
    Silenced,
    /// The name, e-mail or key is taken.
    #[error("it exists already")]
    AlreadyExists,
    /// There are as many of these as there may be.
    #[error("there are too many {0} already")]
    TooMany(&'static str),
    /// The engine cannot keep such data, and never will. Nothing was written. What the engine calls it.
    #[error("the store cannot keep this ({0})")]
    Unfit(String),
    /// No room left on the disk. Nothing was written.
    #[error("the disk is full")]
    Full,
    /// The engine does not answer, is stopping, or its queue is full. Whether it was written is not known.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// A record failed its checksum. It is reported and never served (D8).
    #[error("a stored record is damaged: {0}")]
    Damaged(String),
}

/// Result of a verb.
pub type Result<T> = std::result::Result<T, StoreError>;
