//! From instants to places. Times grow with places, so a few steps find them; the server does them.

use sqlx::{Row, query};

use super::{error::Work, session::Session};
use crate::model::Millis;

/// The last place of a conversation, given by its row and head, that was taken until an instant; 0 when there is none
/// or no instant is given.
pub(super) async fn last_until(s: &mut Session<'_>, of: (i64, i64), until: Option<Millis>) -> Work<i64> {
    let Some(until) = until else { return Ok(0) };
    Ok(halve(s, of, until.get().saturating_add(1)).await? - 1)
}

/// The first place taken at or after an instant; behind all others when there is none or no instant is given.
pub(super) async fn first_from(s: &mut Session<'_>, of: (i64, i64), from: Option<Millis>) -> Work<i64> {
    let Some(from) = from else { return Ok(i64::MAX) };
    halve(s, of, from.get()).await
}

/// The first place whose time is not before an instant; the one behind the head when none is.
async fn halve(s: &mut Session<'_>, (row, head): (i64, i64), instant: i64) -> Work<i64> {
    let found =
        query("select first_place_from($1, $2, $3)").bind(row).bind(head).bind(instant).fetch_one(&mut *s.conn).await?;
    Ok(found.try_get(0)?)
}
