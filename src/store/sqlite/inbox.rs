//! What came for somebody: their conversations side by side, oldest message first.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    messages::{self, PAGE_BYTES},
    rows::View,
    times,
};
use crate::{
    model::{AppKey, Arrival, Inbox, Millis, UserId},
    store::{
        Result,
        inbox::{Inboxes, Incoming},
    },
};

/// Messages read ahead of one conversation.
const AHEAD: u16 = 16;

/// Conversations in which something was said to the user after an instant (`?2`), or that hold what has not reached
/// them (if `?3`).
pub(super) const STIRRED: &str = "select c.id, c.seq, m.delivered, m.cleared
    from participants m
    join conversations c on c.id = m.conversation_id
    where m.user_id = ?1
      and m.quiet_after > ?2";
const STIRRED_OR_UNDELIVERED: &str = "select c.id, c.seq, m.delivered, m.cleared
    from participants m
    join conversations c on c.id = m.conversation_id
    where m.user_id = ?1
      and (m.quiet_after > ?2 or c.seq > m.delivered)";

#[async_trait]
impl Inboxes for SqliteStore {
    async fn inbox(&self, app: &AppKey, user: &UserId, window: &Inbox) -> Result<Incoming> {
        let (app, user, window) = (app.clone(), user.clone(), *window);
        self.read(move |view| inbox(view, &app, &user, &window)).await
    }
}

fn inbox(view: &View<'_>, app: &AppKey, user: &UserId, window: &Inbox) -> Work<Incoming> {
    let Some(user) = user_row(view, app, user)? else { return Ok(Incoming::default()) };
    let mut lanes = lanes(view, user, window)?;
    let mut due = BinaryHeap::with_capacity(lanes.len());
    for (index, lane) in lanes.iter_mut().enumerate() {
        due.extend(lane.next_at(view, user)?.map(|at| Reverse((at, index))));
    }
    let (mut found, mut bytes, mut count, mut last_at) = (Incoming::default(), 0, 0, None);
    while let Some(Reverse((at, index))) = due.pop() {
        let is_full = count >= usize::from(window.limit) || bytes >= PAGE_BYTES;
        if is_full && last_at != Some(at) {
            found.more = true;
            break;
        }
        let Some(lane) = lanes.get_mut(index) else { continue };
        if let Some(message) = lane.take().map(|number| messages::readable(view, number)).transpose()?.flatten() {
            bytes += message.content.body().len();
            let taken_back = (lane.of == Of::Recalls).then_some(Millis::new(at));
            found.arrivals.push(Arrival { message, taken_back });
        }
        (count, last_at) = (count + 1, Some(at));
        due.extend(lane.next_at(view, user)?.map(|at| Reverse((at, index))));
    }
    Ok(found)
}

fn user_row(view: &View<'_>, app: &AppKey, user: &UserId) -> rusqlite::Result<Option<i64>> {
    view.conn
        .prepare_cached(
            "select u.id
            from users u
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![app.as_str(), user.as_str()], |row| row.get(0))
        .optional()
}

/// What a lane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Messages, in the order of their places.
    Messages,
    /// What was taken back, in the order of the instants of that.
    Recalls,
}

/// Where one conversation's part of the window begins, and what was read of it ahead.
struct Lane {
    conversation: i64,
    of: Of,
    /// Messages of others count after this place or instant, own ones after that.
    received: i64,
    own: i64,
    /// Everything up to this place or instant was read.
    place: i64,
    /// The user does not see what stands up to this place.
    cleared: i64,
    ahead: VecDeque<(i64, i64)>,
    /// Nothing is left to read.
    ended: bool,
}

/// The user's conversations that may hold something of the window.
fn lanes(view: &View<'_>, user: i64, window: &Inbox) -> Work<Vec<Lane>> {
    let times = [window.received_after, window.own_after].into_iter().flatten().map(Millis::get);
    // Without a time only what has not reached them counts.
    let after = times.min().unwrap_or(i64::MAX);
    let sql = if window.received_after.is_some() { STIRRED } else { STIRRED_OR_UNDELIVERED };
    let stirred = view
        .conn
        .prepare_cached(sql)?
        .query_map(params![user, after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<Vec<(i64, i64, i64, i64)>>>()?;
    let mut lanes = Vec::with_capacity(stirred.len() * 2);
    for (conversation, head, delivered, cleared) in stirred {
        let until = |at: Millis| times::newest_until(view, (conversation, head), at);
        let received = window.received_after.map_or(Ok(delivered), until)?;
        let own = window.own_after.map_or(Ok(i64::MAX), until)?;
        let messages = Lane::new((conversation, cleared), Of::Messages, (received, own));
        lanes.push(Lane { ended: messages.place >= head, ..messages });
        let after = |time: Option<Millis>| time.map_or(i64::MAX, Millis::get);
        let instants = (after(window.received_after), after(window.own_after));
        lanes.push(Lane::new((conversation, cleared), Of::Recalls, instants));
    }
    Ok(lanes)
}

/// What the user sees: not deleted by them, and for them.
macro_rules! seen {
    () => {
        "not exists (
          select 1
          from deleted d
          where d.conversation_id = m.conversation_id
            and d.user_id = ?3
            and d.seq = m.seq
        )
        and (
          not m.directed
          or exists (
            select 1
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = ?3
              and d.seq = m.seq
          )
        )"
    };
}

const MESSAGES: &str = concat!(
    "select m.sent_at, m.id, m.seq
    from messages m
    where m.conversation_id = ?1
      and m.seq > ?2
      and m.seq > iif(m.sender_id = ?3, ?4, ?5)
      and m.seq > ?6
      and m.name not in ('RC:RcCmd', 'parlor:deleted')
      and ",
    seen!(),
    " order by m.seq
    limit ?7"
);
const RECALLS: &str = concat!(
    "select m.recalled_at, m.id, m.recalled_at
    from messages m
    where m.conversation_id = ?1
      and m.recalled_at > ?2
      and m.recalled_at > iif(m.sender_id = ?3, ?4, ?5)
      and m.seq > ?6
      and ",
    seen!(),
    " order by m.recalled_at
    limit ?7"
);

impl Lane {
    fn new((conversation, cleared): (i64, i64), of: Of, (received, own): (i64, i64)) -> Self {
        let place = received.min(own);
        Self { conversation, of, received, own, place, cleared, ahead: VecDeque::new(), ended: false }
    }

    /// The time of the next message.
    fn next_at(&mut self, view: &View<'_>, user: i64) -> rusqlite::Result<Option<i64>> {
        if self.ahead.is_empty() && !self.ended {
            self.read(view, user)?;
        }
        Ok(self.ahead.front().map(|(at, _)| *at))
    }

    /// The number of the next message.
    fn take(&mut self) -> Option<i64> {
        self.ahead.pop_front().map(|(_, number)| number)
    }

    /// Reads on, without what the user does not see.
    fn read(&mut self, view: &View<'_>, user: i64) -> rusqlite::Result<()> {
        let sql = if self.of == Of::Messages { MESSAGES } else { RECALLS };
        let mut statement = view.conn.prepare_cached(sql)?;
        let within = params![self.conversation, self.place, user, self.own, self.received, self.cleared, AHEAD];
        let mut rows = statement.query(within)?;
        while let Some(row) = rows.next()? {
            self.ahead.push_back((row.get(0)?, row.get(1)?));
            self.place = row.get(2)?;
        }
        self.ended = self.ahead.len() < usize::from(AHEAD);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        conformance::{House, at},
        sqlite::tests::{behind, fresh},
    };

    #[tokio::test]
    async fn only_what_stirred_is_looked_at() {
        let (store, folder) = fresh();
        House::new(&store).await;
        let conn = behind(&folder);
        let plan: Vec<String> = conn
            .prepare(&format!("explain query plan {STIRRED}"))
            .unwrap()
            .query_map(params![1, at(0).get()], |row| row.get("detail"))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert_eq!(
            plan,
            [
                "SEARCH m USING INDEX participants_of_user (user_id=? AND quiet_after>?)",
                "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"
            ]
        );
    }
}
