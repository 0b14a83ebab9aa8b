//! From instants to places. Times grow with places unless the clock was put back, so a few steps find them by halving.

use rusqlite::{OptionalExtension, params};

use super::rows::View;
use crate::model::Millis;

/// The next message from a place on, and when it was sent.
pub(super) const NEXT: &str = "select seq, sent_at
    from messages
    where conversation_id = ?1
      and seq >= ?2
    order by seq
    limit 1";

/// The last place of a conversation, given by its row and head, that was taken until an instant; 0 when there is none
/// or no instant is given.
pub(super) fn last_until(view: &View<'_>, conversation: (i64, i64), until: Option<Millis>) -> rusqlite::Result<i64> {
    until.map_or(Ok(0), |until| Ok(halve(view, conversation, |at| at > until.get())? - 1))
}

/// The first place taken at or after an instant; behind all others when there is none or no instant is given.
pub(super) fn first_from(view: &View<'_>, conversation: (i64, i64), from: Option<Millis>) -> rusqlite::Result<i64> {
    from.map_or(Ok(i64::MAX), |from| halve(view, conversation, |at| at >= from.get()))
}

/// The first place whose time is late; the one behind the head when none is.
fn halve(view: &View<'_>, (row, head): (i64, i64), is_late: impl Fn(i64) -> bool) -> rusqlite::Result<i64> {
    let mut statement = view.conn.prepare_cached(NEXT)?;
    // Everything up to `early` is early, everything from `late` on is late or not there.
    let (mut early, mut late) = (0, head + 1);
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        let next: Option<(i64, i64)> =
            statement.query_row(params![row, middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match next {
            Some((place, at)) if place < late && !is_late(at) => early = place,
            _ => late = middle,
        }
    }
    Ok(late)
}
