//! The secrets that an app shares with its back ends, for requests and callbacks signed in the older form.

use serde::Serialize;

use super::{Millis, SecretId};

/// A secret as its owner sees it. Its text is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppSecret {
    /// Names it in lists and records.
    pub id: SecretId,
    /// When it was made.
    pub created_at: Millis,
}

impl AppSecret {
    /// Most secrets of one app: the one in use, and the one that takes its place (A5).
    pub const MOST: usize = 2;
}
