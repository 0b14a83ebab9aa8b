//! Messages to everybody.

use super::{AppKey, BroadcastId, Content, Kind, Millis, Person};

/// A message to everybody, and how far it got.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// Its id.
    pub id: BroadcastId,
    /// Its app.
    pub app: AppKey,
    /// Who sends.
    pub from: Person,
    /// Of which kind its conversations are.
    pub kind: Kind,
    /// What it says.
    pub content: Content,
    /// Only who is connected hears it.
    pub online_only: bool,
    /// When it was asked for. Users who came later do not get it.
    pub created_at: Millis,
    /// Users whom it was sent to.
    pub sent: u64,
    /// Users whom it could not be sent to, or who are not connected and need not be.
    pub passed_over: u64,
    /// When everybody had it.
    pub finished_at: Option<Millis>,
    /// Where its next piece begins; the engine's own number.
    pub place: i64,
}
