//! Figures by day, and everything in its order.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore,
    error::{Trouble, Work},
    messages::by_number,
    rows::View,
};
use crate::{
    model::{AppKey, Kind, MessageUid, Millis, calendar::Day, statistics::DayFigures},
    store::{
        Result, StoreError,
        records::first_number,
        statistics::{Exported, Part, Statistics},
    },
};

/// Messages looked at for one part, whosever they are.
const PART: i64 = 1000;
/// A part that holds this many bytes of content ends early.
const PART_BYTES: usize = 1 << 20;
/// Most days of one question.
const MOST_DAYS: i64 = 31;

#[async_trait]
impl Statistics for SqliteStore {
    async fn days(&self, app: &AppKey, from: Day, to: Day) -> Result<Vec<DayFigures>> {
        let app = app.clone();
        self.look_long(move |view| days(view, &app, from, to)).await
    }

    async fn seal(&self, until: Millis, now: Millis) -> Result<Option<u32>> {
        if until > now {
            return Ok(Some(u32::try_from((until.since(now) + 999) / 1000).unwrap_or(u32::MAX)));
        }
        self.write(move |ledger| ledger.seal(until)).await?;
        Ok(None)
    }

    async fn part(&self, app: &AppKey, from: Millis, until: Millis, after: Option<MessageUid>) -> Result<Part> {
        let app = app.clone();
        self.look_long(move |view| part(view, &app, (from, until), after)).await
    }
}

fn days(view: &View<'_>, app: &AppKey, from: Day, to: Day) -> Work<Vec<DayFigures>> {
    let Some(app) = app_row(view, app)? else { return Ok(Vec::new()) };
    let to = to.number().min(from.number() + MOST_DAYS - 1);
    (from.number()..=to).map(|day| Ok(figures(view, app, Day::from_number(day))?)).collect()
}

fn app_row(view: &View<'_>, app: &AppKey) -> rusqlite::Result<Option<i64>> {
    let mut statement = view.conn.prepare_cached("select id from apps where key = ?1")?;
    statement.query_row([app.as_str()], |row| row.get(0)).optional()
}

/// Conversations that began on a day; the index names the app and the instant.
pub(super) const OPENED: &str = "select count(*)
    from conversations
    where app_id = ?1
      and kind = 5
      and created_at >= ?2
      and created_at < ?3";

/// Conversations that ended on a day, and how they were rated.
pub(super) const ENDED: &str = "select count(*), count(rating), avg(json_extract(rating, '$.stars'))
    from conversations
    where app_id = ?1
      and stage = 'ended'
      and changed_at >= ?2
      and changed_at < ?3";

/// People who were made on a day.
pub(super) const CAME: &str = "select count(*) filter (where role = 'user'), count(*) filter (where role = 'visitor')
    from users
    where app_id = ?1
      and created_at >= ?2
      and created_at < ?3";

fn figures(view: &View<'_>, app: i64, day: Day) -> rusqlite::Result<DayFigures> {
    let mut figures = DayFigures::nothing(day);
    let (number, from, until) = (day.number(), day.from().get(), day.until().get());
    let mut kinds =
        view.conn.prepare_cached("select kind, count from found.daily_messages where app_id = ?1 and day = ?2")?;
    let mut rows = kinds.query([app, number])?;
    while let Some(row) = rows.next()? {
        figures.messages.insert(row.get(0)?, unsigned(row.get(1)?));
    }
    figures.active =
        count(view, "select count(*) from found.daily_active where app_id = ?1 and day = ?2", [app, number])?;
    figures.answered =
        count(view, "select count(*) from found.first_answers where app_id = ?1 and day = ?2", [app, number])?;
    let middle = i64::try_from(figures.answered.saturating_sub(1) / 2).unwrap_or(0);
    figures.median_answer_ms = view
        .conn
        .prepare_cached(
            "select waited
            from found.first_answers
            where app_id = ?1
              and day = ?2
            order by waited
            limit 1
            offset ?3",
        )?
        .query_row(params![app, number, middle], |row| row.get(0).map(unsigned))
        .optional()?;
    figures.opened = count(view, OPENED, [app, from, until])?;
    let rated = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (ended, ratings, stars) = view.conn.prepare_cached(ENDED)?.query_row([app, from, until], rated)?;
    (figures.ended, figures.ratings, figures.mean_stars) = (unsigned(ended), unsigned(ratings), stars);
    let came = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (users, visitors) = view.conn.prepare_cached(CAME)?.query_row([app, from, until], came)?;
    (figures.new_users, figures.new_visitors) = (unsigned(users), unsigned(visitors));
    Ok(figures)
}

fn count(view: &View<'_>, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<u64> {
    view.conn.prepare_cached(sql)?.query_row(values, |row| row.get(0).map(unsigned))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn part(view: &View<'_>, app: &AppKey, (from, until): (Millis, Millis), after: Option<MessageUid>) -> Work<Part> {
    let Some(app) = app_row(view, app)? else { return Ok(Part { messages: Vec::new(), next: None }) };
    let low = after.map_or(first_number(from) - 1, MessageUid::number).max(first_number(from) - 1);
    let mut statement = view.conn.prepare_cached(
        "select m.id, c.app_id = ?1, c.kind, coalesce(
          c.handle,
          case m.sender_id
            when c.low_user_id then h.key
            when c.high_user_id then l.key
            else v.key
          end
        )
        from messages m
        join conversations c on c.id = m.conversation_id
        left join users l on l.id = c.low_user_id
        left join users h on h.id = c.high_user_id
        left join users v on v.id = c.visitor_id and v.id <> m.sender_id
        where m.id > ?2
          and m.id < ?3
        order by m.id
        limit ?4",
    )?;
    let mut rows = statement.query(params![app, low, first_number(until), PART])?;
    let (mut messages, mut seen, mut bytes, mut last) = (Vec::new(), 0, 0, None);
    while let Some(row) = rows.next()? {
        if bytes >= PART_BYTES {
            return Ok(Part { messages, next: last });
        }
        let id: i64 = row.get(0)?;
        (seen, last) = (seen + 1, Some(MessageUid::from_number(id)));
        if !row.get::<_, bool>(1)? {
            continue;
        }
        let message = match by_number(view, id) {
            Ok(Some(message)) => message,
            Ok(None) | Err(Trouble::Refused(StoreError::Damaged(_))) => continue,
            Err(trouble) => return Err(trouble),
        };
        bytes += message.content.body().len();
        let Some(kind) = Kind::from_number(row.get(2)?) else { continue };
        messages.push(Exported { message, kind, target: row.get(3)? });
    }
    Ok(Part { messages, next: last.filter(|_| seen == PART) })
}
