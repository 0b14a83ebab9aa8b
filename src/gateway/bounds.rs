//! What the loops of connections have in common, whatever they speak: bounds of one turn, and its timer.

use std::{pin::Pin, task::Context, time::Duration};

use tokio::time::{Instant, Sleep};

/// What a client asked and was not answered; with more it is not read (back-pressure).
pub(super) const MOST_WORK: usize = 32;
/// Frames read before others get their turn.
pub(super) const MOST_READ: usize = 32;
/// Bytes handed to the transport at once.
pub(super) const MOST_WRITE: usize = 64 << 10;
/// Broken frames of one connection (W5).
pub(super) const MOST_BAD_FRAMES: u8 = 5;
/// A farewell may take this long (W4).
pub(super) const FAREWELL_TIME: Duration = Duration::from_secs(5);

/// Lets a timer that went off, or would go off later, go off at `due`.
pub(super) fn rearm(mut timer: Pin<&mut Sleep>, due: Instant, cx: &mut Context<'_>) {
    if timer.is_elapsed() || due < timer.deadline() {
        timer.as_mut().reset(due);
        // Registers the new deadline; if it lies in the past, the next turn comes at once.
        if timer.poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}
