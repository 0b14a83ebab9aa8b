//! What changed of late.

use sqlx::{Row, query};

use super::{
    error::Work,
    rows::{conversation_id, get, parsed, whole},
    session::Session,
};
use crate::store::changes::{Change, Changes};

/// What was committed since a look; without one, only where to go on from.
pub(super) async fn changes(s: &mut Session<'_>, since: Option<u64>) -> Work<Changes> {
    // One statement sees one state: who is under way here shows up from this place on.
    let rows = query(
        "select pg_snapshot_xmin(pg_current_snapshot())::text, a.key, v.key, min(c.after), max(v.seq), bool_or(c.turned)
        from (select 1) as once
        left join (
          changes c
          join conversations v on v.id = c.conversation_id
          join apps a on a.id = v.app_id
        ) on c.xact >= $1::text::xid8
        group by a.key, v.key",
    )
    // No transaction has a number like this.
    .bind(since.unwrap_or(1 << 62).to_string())
    .fetch_all(&mut *s.conn)
    .await?;
    let mut found = Changes::default();
    for row in &rows {
        found.place = row.try_get::<&str, _>(0)?.parse().unwrap_or(found.place);
        if row.try_get::<Option<&str>, _>(1)?.is_none() {
            continue;
        }
        found.conversations.push(Change {
            app: parsed(row, 1)?,
            conversation: conversation_id(row, 2)?,
            after: whole(row, 3)?,
            head: whole(row, 4)?,
            turned: get(row, 5)?,
        });
    }
    Ok(found)
}

/// Forgets what every server has seen long ago.
pub(super) async fn forget(s: &mut Session<'_>) -> Work<()> {
    query("delete from changes where at < now() - interval '10 minutes'").execute(&mut *s.conn).await?;
    Ok(())
}
