//! What changed of late.

use sqlx::{Row, postgres::PgRow, query};

use super::{
    error::Work,
    rows::{all, conversation_id, get, maybe_millis, parsed, whole},
    session::Session,
};
use crate::{
    model::{Millis, Seq},
    store::changes::{Change, Changes, Other, Place},
};

/// When the server is another than at the last look, this much is looked at again. Numbers of transactions that were under way
/// on one server mean nothing on a standby that took over.
pub(super) const WINDOW_SECS: f64 = 300.0;

/// Which run of which server this is: no two began in the same microsecond.
macro_rules! server {
    () => {
        "(extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint"
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
            server!(),
            " or ",
            $row,
            ".at > now() - make_interval(secs => $3))"
        )
    };
}

pub(super) use {server, since};

/// What was committed since a look; without one, only where to go on from.
pub(super) async fn changes(s: &mut Session<'_>, since: Option<Place>) -> Work<Changes> {
    let window = if since.is_some() { WINDOW_SECS } else { 0.0 };
    let from = since.unwrap_or(Place { low: 0, server: 0 });
    // One statement sees one state: who is under way here shows up from this place on.
    let rows = query(concat!(
        "select pg_snapshot_xmin(pg_current_snapshot())::text, ",
        server!(),
        ", a.key, v.key, min(c.after), max(v.seq), bool_or(c.turned)
        from (select 1) as once
        left join (
          changes c
          join conversations v on v.id = c.conversation_id
          join apps a on a.id = v.app_id
        ) on ",
        since!("c"),
        "
        group by a.key, v.key"
    ))
    .bind(from.low.to_string())
    .bind(from.server)
    .bind(window)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = Changes::default();
    for row in &rows {
        let low = row.try_get::<&str, _>(0)?.parse().unwrap_or(from.low);
        found.place = Some(Place { low, server: row.try_get(1)? });
        if row.try_get::<Option<&str>, _>(2)?.is_none() {
            continue;
        }
        found.conversations.push(Change {
            app: parsed(row, 2)?,
            conversation: conversation_id(row, 3)?,
            after: whole(row, 4)?,
            head: whole(row, 5)?,
            turned: get(row, 6)?,
        });
    }
    // Behind the place: what is committed in between is found by both looks.
    found.others = others(s, from, window).await?;
    Ok(found)
}

async fn others(s: &mut Session<'_>, from: Place, window: f64) -> Work<Vec<Other>> {
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
        since!("o")
    ))
    .bind(from.low.to_string())
    .bind(from.server)
    .bind(window)
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, other)?.into_iter().flatten().collect())
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
