//! What changed of late.

use sqlx::{Row, postgres::PgRow, query};

use super::{
    conversations::{kind, stage},
    error::Work,
    rows::{all, conversation_id, get, json, key_of, maybe_millis, parsed, whole},
    session::Session,
};
use crate::{
    model::{ConversationId, Kind, Millis, Seq},
    store::changes::{Change, Changes, Followers, Other, Place, Reached, Rest},
};

/// When the server is another than at the last look, this much is looked at again. Numbers of transactions that were under way
/// on one server mean nothing on a standby that took over.
pub(super) const WINDOW_SECS: f64 = 300.0;
/// For so many microseconds everything is surely known that changed: rows are kept for ten minutes.
const KNOWN: i64 = 9 * 60 * 1_000_000;
/// The same when another server answers: the window, but for how much two clocks may differ.
const KNOWN_ELSEWHERE: i64 = 270 * 1_000_000;
/// Rows of each table that a page has, but for those of its last transaction.
const PAGE: i64 = 2000;

/// Which run of which server this is: no two began in the same microsecond.
macro_rules! server {
    () => {
        "(extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint"
    };
}

/// The same as a question of its own, which is asked once and not for each row. Where an index begins it is not one, so that
/// the planner can tell how few rows come behind.
macro_rules! server_once {
    () => {
        concat!("(select ", server!(), ")")
    };
}

/// Rows since a look: `$1` its place, `$2` its server, `$3` the window otherwise.
macro_rules! since {
    ($row:literal) => {
        concat!(
            $row,
            ".xact >= case when $2 = ",
            server!(),
            " then $1::text::xid8 else '0'::xid8 end and ($2 = ",
            server_once!(),
            " or ",
            $row,
            ".at > now() - make_interval(secs => $3))"
        )
    };
}

pub(super) use {server, server_once, since};

/// Rows of a page: of those since a look (see [`since`]), what was begun before `$4`, the rest of the look, and up to `$5`,
/// the last of the page.
macro_rules! within {
    ($row:literal, $last:literal) => {
        concat!(
            since!($row),
            " and ($2 <> ",
            server_once!(),
            " or ",
            $row,
            ".xact < $4::text::xid8) and ",
            $row,
            ".xact <= ",
            $last
        )
    };
}

/// The first transaction behind a full page.
macro_rules! full {
    ($table:literal) => {
        concat!(
            "(select t.xact from ",
            $table,
            " t where ",
            within!("t", "'18446744073709551615'::xid8"),
            " order by t.xact offset $5 limit 1)"
        )
    };
}

/// Bounds of a page.
struct Bounds {
    from: Reached,
    window: f64,
    until: u64,
}

/// What was committed since a look; without one, only where to go on from.
pub(super) async fn changes(s: &mut Session<'_>, since: Option<Reached>) -> Work<Changes> {
    let from = since.unwrap_or(Reached { place: Place { low: 0, server: 0 }, at: 0, rest: None });
    let window = if since.is_some() { WINDOW_SECS } else { 0.0 };
    let page = Bounds { from, window, until: from.rest.map_or(u64::MAX, |rest| rest.until) };
    // One statement sees one state: who is under way here shows up from this place on. A page ends with a transaction.
    let rows = query(concat!(
        "with page as materialized (select least(",
        full!("changes"),
        ", ",
        full!("other_changes"),
        ") as last)
        select pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text, ",
        server!(),
        ", (extract(epoch from now()) * 1000000)::bigint, page.last::text, a.key, v.key, f.after, v.seq, f.turned
        from page
        left join (
          (
            select c.conversation_id, min(c.after) as after, bool_or(c.turned) as turned
            from changes c
            where ",
        within!("c", "coalesce((select last from page), '18446744073709551615'::xid8)"),
        "
            group by c.conversation_id
          ) as f
          join conversations v on v.id = f.conversation_id
          join apps a on a.id = v.app_id
        ) on true"
    ))
    .bind(from.place.low.to_string())
    .bind(from.place.server)
    .bind(window)
    .bind(page.until.to_string())
    .bind(PAGE)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = Changes::default();
    let Some(first) = rows.first() else { return Ok(found) };
    let last = stand(&mut found, since, first)?;
    for row in &rows {
        if row.try_get::<Option<&str>, _>(5)?.is_some() {
            found.conversations.push(Change {
                app: parsed(row, 5)?,
                conversation: conversation_id(row, 6)?,
                after: whole(row, 7)?,
                head: whole(row, 8)?,
                turned: get(row, 9)?,
            });
        }
    }
    // Behind the place: what is committed in between is found by both looks.
    found.others = others(s, &page, last).await?;
    Ok(found)
}

/// Notes where the next look goes on, and whether all that was before is still known; the last transaction of a full page.
fn stand(found: &mut Changes, since: Option<Reached>, row: &PgRow) -> sqlx::Result<Option<u64>> {
    let number = |column: usize| {
        let text: Option<&str> = row.try_get(column)?;
        Ok::<_, sqlx::Error>(text.and_then(|text| text.parse::<u64>().ok()))
    };
    let (low, top, last) = (number(0)?.unwrap_or(0), number(1)?.unwrap_or(u64::MAX), number(4)?);
    let (server, now): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
    let here = since.filter(|since| since.place.server == server);
    let rest = here.and_then(|since| since.rest).unwrap_or(Rest { until: top, next: low, at: now });
    found.place = Some(match last {
        Some(last) => {
            let place = Place { low: last + 1, server };
            Reached { place, at: since.map_or(now, |since| since.at), rest: Some(rest) }
        }
        None => Reached { place: Place { low: rest.next, server }, at: rest.at, rest: None },
    });
    found.more = last.is_some();
    let known = if here.is_some() { KNOWN } else { KNOWN_ELSEWHERE };
    found.missed = since.is_some_and(|since| now - since.at > known);
    Ok(last)
}

async fn others(s: &mut Session<'_>, page: &Bounds, last: Option<u64>) -> Work<Vec<Other>> {
    let rows = query(concat!(
        "select distinct o.what, a.key, v.key, u.key, coalesce(o.seq, 0), p.delivered, p.read, coalesce(p.read_at, m.recalled_at),
          o.name
        from other_changes o
        left join conversations v on v.id = o.conversation_id
        left join users u on u.id = o.user_id
        join apps a on a.id = coalesce(v.app_id, u.app_id)
        left join participants p on o.what = 1 and p.conversation_id = o.conversation_id and p.user_id = o.user_id
        left join messages m on o.what = 3 and m.conversation_id = o.conversation_id and m.seq = o.seq
        where ",
        within!("o", "$5::text::xid8")
    ))
    .bind(page.from.place.low.to_string())
    .bind(page.from.place.server)
    .bind(page.window)
    .bind(page.until.to_string())
    .bind(last.unwrap_or(u64::MAX).to_string())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, other)?.into_iter().flatten().collect())
}

/// Who hears of these conversations; of groups and discussions only when `with_members`.
pub(super) async fn followers(s: &mut Session<'_>, of: &[ConversationId], with_members: bool) -> Work<Vec<Followers>> {
    let keys: Vec<Vec<u8>> = of.iter().map(|id| key_of(*id).to_vec()).collect();
    let rows = query(
        "select a.key, v.key, v.kind, v.rating, v.stage, v.stage_at, g.key, v.ended_by,
          array(
            select u.key
            from participants m
            join users u on u.id = m.user_id
            where m.conversation_id = v.id
              and v.kind <> 4
          )
        from conversations v
        join apps a on a.id = v.app_id
        left join users g on g.id = v.agent_id
        where v.key = any($1)
          and ($2 or v.kind not in (2, 3))",
    )
    .bind(&keys)
    .bind(with_members)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, follower)?)
}

fn follower(row: &PgRow) -> sqlx::Result<Followers> {
    let kind = kind(row, 2)?;
    let rated = || Ok::<_, sqlx::Error>(row.try_get::<Option<&str>, _>(3)?.is_some());
    let desk = || Ok::<_, sqlx::Error>((stage(row, 4)?, if rated()? { Some(json(row, 3)?) } else { None }));
    let people: Vec<String> = row.try_get(8)?;
    Ok(Followers {
        app: parsed(row, 0)?,
        conversation: conversation_id(row, 1)?,
        kind,
        // Every key in the table was a user's id once.
        people: people.into_iter().filter_map(|key| key.parse().ok()).collect(),
        desk: if kind == Kind::Service { Some(desk()?) } else { None },
    })
}

/// `None`: of a kind that only a newer program knows, or of somebody who is not inside any more.
fn other(row: &PgRow) -> sqlx::Result<Option<Other>> {
    let (app, seq) = (parsed(row, 1)?, Seq(whole(row, 4)?));
    let at = maybe_millis(row, 7)?.unwrap_or(Millis::new(0));
    let place = |column| whole(row, column).map(Seq);
    Ok(Some(match row.try_get::<i16, _>(0)? {
        1 if row.try_get::<Option<i64>, _>(5)?.is_none() => return Ok(None),
        1 => Other::Read {
            app,
            conversation: conversation_id(row, 2)?,
            user: parsed(row, 3)?,
            delivered: place(5)?,
            read: place(6)?,
            at,
        },
        2 => Other::Kept { app, conversation: conversation_id(row, 2)?, user: parsed(row, 3)? },
        3 => Other::Replaced { app, conversation: conversation_id(row, 2)?, seq, at },
        4 => Other::ThrownAway { app, conversation: conversation_id(row, 2)?, user: parsed(row, 3)?, seq },
        5 => Other::Listed { app, user: parsed(row, 3)? },
        6 => Other::Went { app, conversation: conversation_id(row, 2)?, user: parsed(row, 3)? },
        7 => Other::Attributed { app, conversation: conversation_id(row, 2)?, version: seq.0, key: parsed(row, 8)? },
        _ => return Ok(None),
    }))
}

/// Notes whose watermarks moved, for servers that hear of each other: conversations and users by their rows.
pub(super) async fn note_read(s: &mut Session<'_>, moved: &[(i64, i64)]) -> Work<()> {
    query(
        "insert into other_changes (what, conversation_id, user_id)
        select 1, w.conversation, w.id
        from unnest($1::bigint[], $2::bigint[]) as w (conversation, id)",
    )
    .bind(moved.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, user)| *user).collect::<Vec<_>>())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Forgets what every server has seen long ago.
pub(super) async fn forget(s: &mut Session<'_>) -> Work<()> {
    for sql in [
        "delete from changes where at < now() - interval '10 minutes'",
        "delete from other_changes where at < now() - interval '10 minutes'",
    ] {
        query(sql).execute(&mut *s.conn).await?;
    }
    Ok(())
}
