//! What came for somebody: their conversations side by side, oldest message first.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::Work,
    messages::{PAGE_BYTES, by_numbers},
    rows::{all, get, maybe},
    session::{Session, reading},
};
use crate::{
    model::{AppKey, Arrival, Inbox, Message, Millis, UserId},
    store::{
        Result,
        inbox::{Inboxes, Incoming},
    },
};

#[async_trait]
impl Inboxes for PostgresStore {
    async fn inbox(&self, app: &AppKey, user: &UserId, window: &Inbox) -> Result<Incoming> {
        reading!(self, s => inbox(s, app, user, window))
    }
}

async fn inbox(s: &mut Session<'_>, app: &AppKey, user: &UserId, window: &Inbox) -> Work<Incoming> {
    let row = query(
        "select u.id
        from users u
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(user.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let Some(user) = maybe(row.as_ref(), |row| get::<i64>(row, 0))? else { return Ok(Incoming::default()) };
    let candidates = candidates(s, user, window).await?;
    let (mut taken, mut bytes, mut last_at, mut more) = (Vec::new(), 0, None, false);
    for candidate in candidates {
        let is_full = taken.len() >= usize::from(window.limit) || bytes >= PAGE_BYTES;
        if is_full && last_at != Some(candidate.at) {
            more = true;
            break;
        }
        bytes += candidate.size;
        last_at = Some(candidate.at);
        taken.push(candidate);
    }
    let numbers: Vec<i64> = taken.iter().map(|candidate| candidate.number).collect();
    let mut by_number: HashMap<i64, Message> =
        by_numbers(s, &numbers).await?.into_iter().map(|(message, _)| (message.uid.number(), message)).collect();
    let arrival = |candidate: Candidate| {
        let taken_back = candidate.is_recall.then_some(Millis::new(candidate.at));
        // Damaged ones are reported and left out.
        by_number.remove(&candidate.number).map(|message| Arrival { message, taken_back })
    };
    Ok(Incoming { arrivals: taken.into_iter().filter_map(arrival).collect(), more })
}

/// What may come next.
struct Candidate {
    at: i64,
    number: i64,
    size: i64,
    is_recall: bool,
}

/// What the user sees: not deleted by them, and for them.
macro_rules! seen {
    () => {
        "not exists (
          select 1
          from deleted d
          where d.conversation_id = m.conversation_id
            and d.user_id = $1
            and d.seq = m.seq
        )
        and (
          not m.directed
          or exists (
            select 1
            from directed d
            where d.conversation_id = m.conversation_id
              and d.user_id = $1
              and d.seq = m.seq
          )
        )"
    };
}

const CANDIDATES: &str = concat!(
    "with stirred as (
      select c.id, c.seq, m.delivered, m.cleared
      from participants m
      join conversations c on c.id = m.conversation_id
      where m.user_id = $1
        and (m.quiet_after > $2 or ($3::bigint is null and c.seq > m.delivered))
    ), lanes as (
      select id, cleared,
        greatest(cleared, case
          when $3 is null then delivered
          else first_place_from(id, seq, $3 + 1) - 1
        end) as received,
        greatest(cleared, case
          when $4::bigint is null then 9223372036854775807
          else first_place_from(id, seq, $4 + 1) - 1
        end) as own
      from stirred
    )
    select x.at, x.id, octet_length(x.body)::bigint, x.is_recall
    from lanes l
    join lateral (
      (
        select m.sent_at as at, m.id, m.body, false as is_recall
        from messages m
        where m.conversation_id = l.id
          and m.seq > least(l.received, l.own)
          and m.seq > case when m.sender_id = $1 then l.own else l.received end
          and m.name not in ('RC:RcCmd', 'parlor:deleted')
          and ",
    seen!(),
    "    order by m.seq
        fetch first $5 rows only
      )
      union all
      (
        select m.recalled_at, m.id, m.body, true
        from messages m
        where m.conversation_id = l.id
          and m.recalled_at > least($3, $4)
          and m.recalled_at > case when m.sender_id = $1 then $4 else $3 end
          and m.seq > l.cleared
          and ",
    seen!(),
    "    order by m.recalled_at
        fetch first $5 rows only
      )
    ) as x on true
    order by x.at
    fetch first $5 rows with ties"
);

/// An instant behind which there is one more: the statement reckons with it.
fn before_the_end(at: Millis) -> i64 {
    at.get().min(i64::MAX - 1)
}

/// Times, numbers and sizes of what comes next, with one more than a page holds.
async fn candidates(s: &mut Session<'_>, user: i64, window: &Inbox) -> Work<Vec<Candidate>> {
    let times = [window.received_after, window.own_after].into_iter().flatten().map(Millis::get);
    // Without a time only what has not reached them counts.
    let after = times.min().unwrap_or(i64::MAX);
    let rows = query(CANDIDATES)
        .bind(user)
        .bind(after)
        .bind(window.received_after.map(before_the_end))
        .bind(window.own_after.map(before_the_end))
        .bind(i64::from(window.limit) + 1)
        .fetch_all(&mut *s.conn)
        .await?;
    Ok(all(&rows, |row| {
        Ok(Candidate {
            at: row.try_get(0)?,
            number: row.try_get(1)?,
            size: row.try_get(2)?,
            is_recall: row.try_get(3)?,
        })
    })?)
}
