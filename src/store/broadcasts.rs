//! Messages to everybody: kept as one row, sent in the background piece by piece.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Broadcast, BroadcastId, ClientId, Content, Kind, Millis, UserId};

/// A message to everybody, to keep.
#[derive(Debug, Clone)]
pub struct NewBroadcast {
    /// Its id.
    pub id: BroadcastId,
    /// Makes the call harmless to repeat.
    pub client_id: Option<ClientId>,
    /// Who sends.
    pub from: UserId,
    /// System, or one of the public services: then it goes to those who follow the sender.
    pub kind: Kind,
    /// What it says.
    pub content: Content,
    /// Only who is connected hears it, and it is not kept.
    pub online_only: bool,
    /// The server's time.
    pub at: Millis,
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where the next one begins.
    pub place: i64,
    /// Users it was sent to.
    pub sent: u64,
    /// Users passed over.
    pub passed_over: u64,
    /// Set when it was the last one.
    pub finished_at: Option<Millis>,
}

/// Verbs about messages to everybody.
#[async_trait]
pub trait Broadcasts: Send + Sync {
    /// Keeps a message to everybody; a retry with the same client id returns the first. The same client id with
    /// something else: [`StoreError::ClientIdReused`].
    ///
    /// [`StoreError::ClientIdReused`]: super::StoreError::ClientIdReused
    async fn create_broadcast(&self, app: &AppKey, new: NewBroadcast) -> Result<Broadcast>;
    /// How far one got.
    async fn broadcast(&self, app: &AppKey, id: &BroadcastId) -> Result<Option<Broadcast>>;
    /// Those that are not finished and on which no other server works, any app, oldest first, at most `limit`. For a while
    /// from now on this one works on them, and renews that by asking again.
    async fn unfinished_broadcasts(&self, limit: u16) -> Result<Vec<Broadcast>>;
    /// The users of the next piece, with their places, at most `limit`.
    async fn next_piece(&self, app: &AppKey, id: &BroadcastId, limit: u16) -> Result<Vec<(i64, UserId)>>;
    /// Notes that a piece is done. Noted again it counts no more, and nothing goes back.
    async fn finish_piece(&self, app: &AppKey, id: &BroadcastId, piece: Piece) -> Result<()>;
}
