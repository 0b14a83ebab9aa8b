//! Figures by day, and everything in its order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    conversations::kind,
    error::Work,
    messages::by_numbers,
    rows::{get, maybe, whole},
    session::{Session, reading},
};
use crate::{
    model::{AppKey, Kind, Message, MessageUid, Millis, Role, calendar::Day, statistics::DayFigures},
    store::{
        Result,
        records::first_number,
        statistics::{Exported, Part, Statistics},
    },
};

/// Messages looked at for one part, whosever they are.
const PART: i64 = 1000;
/// A part that holds this many bytes of content ends early.
const PART_BYTES: i64 = 1 << 20;
/// Most days of one question.
const MOST_DAYS: i64 = 31;
/// Rows of counts that are added up at once.
pub(super) const MOST_ADDED: i64 = 5000;

#[async_trait]
impl Statistics for PostgresStore {
    async fn days(&self, app: &AppKey, from: Day, to: Day) -> Result<Vec<DayFigures>> {
        reading!(self, s => days(s, app, from, to))
    }

    async fn seal(&self, until: Millis, _now: Millis) -> Result<Option<u32>> {
        self.wait_until_whole(until).await
    }

    async fn part(&self, app: &AppKey, from: Millis, until: Millis, after: Option<MessageUid>) -> Result<Part> {
        reading!(self, s => part(s, app, (from, until), after))
    }
}

/// What is counted of the messages of one commit.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages: BTreeMap<(i64, i64, i64), i64>,
    active: BTreeSet<(i64, i64, i64)>,
    answers: BTreeMap<i64, (i64, i64, i64)>,
}

impl Tally {
    /// A message was kept in a conversation, given by its row, kind and beginning.
    pub(super) fn add(
        &mut self,
        app: i64,
        (conversation, kind, began_at): (i64, i64, i64),
        sender: (i64, Role),
        at: i64,
    ) {
        let day = Day::of(Millis::new(at)).number();
        *self.messages.entry((app, day, kind)).or_default() += 1;
        self.active.insert((app, day, sender.0));
        if sender.1 == Role::Agent && kind == i64::from(Kind::Service.number()) {
            let waited = at.saturating_sub(began_at).max(0);
            self.answers.entry(conversation).or_insert((app, day, waited));
        }
    }

    /// How many messages of each kind: apps, days, kinds, counts.
    pub(super) fn messages(&self) -> [Vec<i64>; 4] {
        let column = |which: fn(&(i64, i64, i64)) -> i64| self.messages.keys().map(which).collect();
        [column(|key| key.0), column(|key| key.1), column(|key| key.2), self.messages.values().copied().collect()]
    }

    /// Who wrote: apps, days, users.
    pub(super) fn active(&self) -> [Vec<i64>; 3] {
        let column = |which: fn(&(i64, i64, i64)) -> i64| self.active.iter().map(which).collect();
        [column(|key| key.0), column(|key| key.1), column(|key| key.2)]
    }

    /// What few batches have: agents' first answers.
    pub(super) async fn write_answers(&self, s: &mut Session<'_>) -> Work<()> {
        if self.answers.is_empty() {
            return Ok(());
        }
        let column = |which: fn(&(i64, i64, i64)) -> i64| self.answers.values().map(which).collect::<Vec<_>>();
        query(
            "insert into first_answers (conversation_id, app_id, day, waited)
            select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
            on conflict do nothing",
        )
        .bind(self.answers.keys().copied().collect::<Vec<_>>())
        .bind(column(|answer| answer.0))
        .bind(column(|answer| answer.1))
        .bind(column(|answer| answer.2))
        .execute(&mut *s.conn)
        .await?;
        Ok(())
    }
}

/// Adds counts of the same day up, so that asking costs as much as there are days: of today and yesterday when there are many,
/// of older days to the last. Looks at the last days, or `everything`. Skips what another node adds up. Tells how many rows went.
pub(super) async fn add_up(s: &mut Session<'_>, everything: bool) -> Work<i64> {
    let row = query(
        "with today as (
          select (extract(epoch from clock_timestamp()) / 86400)::bigint - 1 as yesterday
        ), gone as (
          delete from daily_messages
          where ctid = any (array(
              select ctid
              from daily_messages
              where (app_id, day, kind) in (
                select app_id, day, kind
                from daily_messages, today
                where $2
                  or day >= yesterday - 2
                group by app_id, day, kind, yesterday
                having count(*) > case when day < yesterday then 1 else 64 end
                limit 64
              )
              limit $1
              for update skip locked
            ))
          returning app_id, day, kind, count
        ), added as (
          insert into daily_messages (app_id, day, kind, count)
          select app_id, day, kind, sum(count)::bigint
          from gone
          group by app_id, day, kind
        )
        select count(*) from gone",
    )
    .bind(MOST_ADDED)
    .bind(everything)
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(row.try_get(0)?)
}

async fn app_row(s: &mut Session<'_>, app: &AppKey) -> Work<Option<i64>> {
    let row = query("select id from apps where key = $1").bind(app.as_str()).fetch_optional(&mut *s.conn).await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0))?)
}

async fn days(s: &mut Session<'_>, app: &AppKey, from: Day, to: Day) -> Work<Vec<DayFigures>> {
    let Some(app) = app_row(s, app).await? else { return Ok(Vec::new()) };
    let to = to.number().min(from.number() + MOST_DAYS - 1);
    let mut figures = Vec::new();
    for day in from.number()..=to {
        figures.push(figures_of(s, app, Day::from_number(day)).await?);
    }
    Ok(figures)
}

async fn figures_of(s: &mut Session<'_>, app: i64, day: Day) -> Work<DayFigures> {
    let mut figures = DayFigures::nothing(day);
    count_messages(s, app, &mut figures).await?;
    let (number, from, until) = (day.number(), day.from().get(), day.until().get());
    let row = query(
        "select (select count(*) from daily_active where app_id = $1 and day = $2),
          (select count(*) from first_answers where app_id = $1 and day = $2),
          (
            select percentile_disc(0.5) within group (order by waited)
            from first_answers
            where app_id = $1
              and day = $2
          ),
          (
            select count(*)
            from conversations
            where app_id = $1
              and kind = 5
              and created_at >= $3
              and created_at < $4
          ),
          ended.count, ended.ratings, ended.stars, came.users, came.visitors
        from (
          select count(*) as count, count(rating) as ratings,
            avg((rating::json ->> 'stars')::double precision) as stars
          from conversations
          where app_id = $1
            and stage = 'ended'
            and changed_minute between $3 / 60000 and $4 / 60000
            and changed_at >= $3
            and changed_at < $4
        ) as ended
        cross join (
          select count(*) filter (where role = 'user') as users,
            count(*) filter (where role = 'visitor') as visitors
          from users
          where app_id = $1
            and created_at >= $3
            and created_at < $4
        ) as came",
    )
    .bind(app)
    .bind(number)
    .bind(from)
    .bind(until)
    .fetch_one(&mut *s.conn)
    .await?;
    (figures.active, figures.answered) = (whole(&row, 0)?, whole(&row, 1)?);
    figures.median_answer_ms = get::<Option<i64>>(&row, 2)?.map(|waited| u64::try_from(waited).unwrap_or(0));
    figures.opened = whole(&row, 3)?;
    (figures.ended, figures.ratings, figures.mean_stars) = (whole(&row, 4)?, whole(&row, 5)?, get(&row, 6)?);
    (figures.new_users, figures.new_visitors) = (whole(&row, 7)?, whole(&row, 8)?);
    Ok(figures)
}

/// Messages of the day, by kind of conversation.
async fn count_messages(s: &mut Session<'_>, app: i64, figures: &mut DayFigures) -> Work<()> {
    let kinds = query(
        "select kind, sum(count)::bigint
        from daily_messages
        where app_id = $1
          and day = $2
        group by kind",
    )
    .bind(app)
    .bind(figures.day.number())
    .fetch_all(&mut *s.conn)
    .await?;
    for row in &kinds {
        figures.messages.insert(super::rows::small(row, 0)?, whole(row, 1)?);
    }
    Ok(())
}

/// Numbers are given by nodes, so one that is lower may be kept a moment later than one that is higher: what was kept in
/// the last moments may be missed. Exports are of hours that are over.
async fn part(
    s: &mut Session<'_>,
    app: &AppKey,
    (from, until): (Millis, Millis),
    after: Option<MessageUid>,
) -> Work<Part> {
    let Some(app) = app_row(s, app).await? else { return Ok(Part { messages: Vec::new(), next: None }) };
    let low = after.map_or(first_number(from) - 1, MessageUid::number).max(first_number(from) - 1);
    let rows = query(
        "select m.id, c.app_id = $1, c.kind, coalesce(
          c.handle,
          case m.sender_id
            when c.low_user_id then h.key
            when c.high_user_id then l.key
            else v.key
          end
        ), octet_length(m.body)::bigint
        from (select * from messages where id > $2 and id < $3 order by id limit $4) as m
        join conversations c on c.id = m.conversation_id
        left join users l on l.id = c.low_user_id
        left join users h on h.id = c.high_user_id
        left join users v on v.id = c.visitor_id and v.id <> m.sender_id
        order by m.id",
    )
    .bind(app)
    .bind(low)
    .bind(first_number(until))
    .bind(PART)
    .fetch_all(&mut *s.conn)
    .await?;
    let (mut ours, mut bytes, mut last, mut cut) = (Vec::new(), 0, None, false);
    for row in &rows {
        if bytes >= PART_BYTES {
            cut = true;
            break;
        }
        let id: i64 = row.try_get(0)?;
        last = Some(MessageUid::from_number(id));
        if row.try_get(1)? {
            bytes += row.try_get::<i64, _>(4)?;
            ours.push((id, kind(row, 2)?, row.try_get::<Option<String>, _>(3)?));
        }
    }
    let ids: Vec<i64> = ours.iter().map(|(id, ..)| *id).collect();
    let mut by_number: HashMap<i64, Message> =
        by_numbers(s, &ids).await?.into_iter().map(|(message, _)| (message.uid.number(), message)).collect();
    let exported = |(id, kind, target)| by_number.remove(&id).map(|message| Exported { message, kind, target });
    let messages = ours.into_iter().filter_map(exported).collect();
    let full = i64::try_from(rows.len()).unwrap_or(0) == PART;
    Ok(Part { messages, next: last.filter(|_| cut || full) })
}
