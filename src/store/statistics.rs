//! Counting what happened, and reading everything in its order.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, Kind, Message, MessageUid, Millis, calendar::Day, statistics::DayFigures};

/// A message on its way out of the store, and where it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The message.
    pub message: Message,
    /// The kind of its conversation.
    pub kind: Kind,
    /// For whom: the other user, or the app's own id of the group. Nothing when there is neither.
    pub target: Option<String>,
}

/// A part of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Messages, oldest first.
    pub messages: Vec<Exported>,
    /// Ask on with this as `after`; nothing when this was the last part.
    pub next: Option<MessageUid>,
}

/// Looking at everything that an app has.
#[async_trait]
pub trait Statistics: Send + Sync {
    /// Figures of the days from one to another, at most 31, oldest first; every day is there. Days are counted a moment
    /// behind the messages.
    async fn days(&self, app: &AppKey, from: Day, to: Day) -> Result<Vec<DayFigures>>;
    /// Sees to it that no message gets a time or number before this instant any more, so that what was kept before it is
    /// whole; `now` is what the clock says here. `None` when that holds, otherwise the seconds after which to ask again: the
    /// instant is not over, or something that began before it may still be kept. An engine with several writers takes the
    /// clocks of servers for at most ten minutes apart. Copies of an upstream's messages are not held to it: they have the
    /// times of their originals.
    async fn seal(&self, until: Millis, now: Millis) -> Result<Option<u32>>;
    /// Messages of the app that were kept between two instants, by the order in which they were kept: those behind
    /// `after`. A part is bounded; it may be empty and not the last one.
    async fn part(&self, app: &AppKey, from: Millis, until: Millis, after: Option<MessageUid>) -> Result<Part>;
}
