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

/// As [`last_until`], for an instant that few messages are newer than: it costs as much as they are many.
pub(super) fn newest_until(view: &View<'_>, (row, head): (i64, i64), until: Millis) -> rusqlite::Result<i64> {
    let mut statement = view.conn.prepare_cached(NEXT)?;
    let (mut late, mut step) = (head + 1, 1);
    while late > 1 {
        let probe = (late - step).max(1);
        let next: Option<(i64, i64)> =
            statement.query_row(params![row, probe], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match next {
            Some((place, at)) if place < late && at <= until.get() => {
                return Ok(halve_between(view, row, (place, late), |at| at > until.get())? - 1);
            }
            _ => (late, step) = (probe, step * 2),
        }
    }
    Ok(0)
}

/// The first place taken at or after an instant; behind all others when there is none or no instant is given.
pub(super) fn first_from(view: &View<'_>, conversation: (i64, i64), from: Option<Millis>) -> rusqlite::Result<i64> {
    from.map_or(Ok(i64::MAX), |from| halve(view, conversation, |at| at >= from.get()))
}

/// The first place whose time is late; the one behind the head when none is.
fn halve(view: &View<'_>, (row, head): (i64, i64), is_late: impl Fn(i64) -> bool) -> rusqlite::Result<i64> {
    halve_between(view, row, (0, head + 1), is_late)
}

/// The same when everything up to `early` is early, and everything from `late` on is late or not there.
fn halve_between(
    view: &View<'_>,
    row: i64,
    (mut early, mut late): (i64, i64),
    is_late: impl Fn(i64) -> bool,
) -> rusqlite::Result<i64> {
    let mut statement = view.conn.prepare_cached(NEXT)?;
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
