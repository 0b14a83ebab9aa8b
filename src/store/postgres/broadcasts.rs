//! Messages to everybody.

use async_trait::async_trait;
use sqlx::{Row, postgres::PgRow, query};

use super::{
    PostgresStore,
    error::{Work, or_taken},
    rows::{all, get, maybe, maybe_millis, millis, parsed, person, small, text, whole},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Broadcast, BroadcastId, ClientId, Content, Kind, Millis, UserId},
    store::{
        Result, StoreError,
        broadcasts::{Broadcasts, NewBroadcast, Piece},
    },
};

/// For so long the other nodes leave a broadcast to the one that claimed it: longer than a piece takes.
const CLAIMED_SECS: f64 = 30.0;

#[async_trait]
impl Broadcasts for PostgresStore {
    async fn create_broadcast(&self, app: &AppKey, new: NewBroadcast) -> Result<Broadcast> {
        writing!(self, s => create(s, app, &new))
    }

    async fn broadcast(&self, app: &AppKey, id: &BroadcastId) -> Result<Option<Broadcast>> {
        glancing!(self, s => broadcast(s, app, id))
    }

    async fn unfinished_broadcasts(&self, limit: u16) -> Result<Vec<Broadcast>> {
        // Mostly there is none: that costs one look.
        if !glancing!(self, s => any_unfinished(s))? {
            return Ok(Vec::new());
        }
        writing!(self, s => claim_unfinished(s, limit, self.claimant))
    }

    async fn next_piece(&self, app: &AppKey, id: &BroadcastId, limit: u16) -> Result<Vec<(i64, UserId)>> {
        glancing!(self, s => next_piece(s, app, id, limit))
    }

    async fn finish_piece(&self, app: &AppKey, id: &BroadcastId, piece: Piece) -> Result<()> {
        writing!(self, s => finish_piece(s, app, id, piece))
    }
}

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "select b.key, p.key, b.kind, b.name, b.body, b.online_only, b.created_at, b.sent, b.passed_over, b.finished_at,
          b.place, u.key, u.name, u.role, u.portrait
        from broadcasts b
        join apps p on p.id = b.app_id
        join users u on u.id = b.sender_id "
    };
}

fn read(row: &PgRow) -> sqlx::Result<Option<Broadcast>> {
    let kind = Kind::from_number(small(row, 2)?);
    let content = Content::from_stored(text(row, 3)?, get(row, 4)?);
    let (Some(kind), Ok(content)) = (kind, content) else { return Ok(None) };
    Ok(Some(Broadcast {
        id: parsed(row, 0)?,
        app: parsed(row, 1)?,
        from: person(row, 11)?,
        kind,
        content,
        online_only: get(row, 5)?,
        created_at: millis(row, 6)?,
        sent: whole(row, 7)?,
        passed_over: whole(row, 8)?,
        finished_at: maybe_millis(row, 9)?,
        place: get(row, 10)?,
    }))
}

async fn create(s: &mut Session<'_>, app_key: &AppKey, new: &NewBroadcast) -> Work<Broadcast> {
    // Retries wait for the first.
    let app = s.lock_app(app_key).await?;
    if let Some(client_id) = &new.client_id
        && let Some(first) = by_client_id(s, app, client_id).await?
    {
        let same = first.content == new.content
            && first.from.id == new.from
            && (first.kind, first.online_only) == (new.kind, new.online_only);
        return if same { Ok(first) } else { Err(StoreError::ClientIdReused.into()) };
    }
    let sender = s.user(app, &new.from).await?;
    query(
        "insert into broadcasts
          (app_id, key, client_id, sender_id, kind, name, body, online_only, created_at, last_user_id)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(max(id), 0)
        from users",
    )
    .bind(app)
    .bind(new.id.as_str())
    .bind(new.client_id.as_ref().map(ClientId::as_str))
    .bind(sender)
    .bind(i64::from(new.kind.number()))
    .bind(new.content.name.as_str())
    .bind(new.content.body())
    .bind(new.online_only)
    .bind(new.at.get())
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    broadcast(s, app_key, &new.id).await?.ok_or_else(|| StoreError::Missing("broadcast").into())
}

async fn by_client_id(s: &mut Session<'_>, app: i64, client_id: &ClientId) -> Work<Option<Broadcast>> {
    let row = query(concat!(columns!(), "where b.app_id = $1 and b.client_id = $2"))
        .bind(app)
        .bind(client_id.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(maybe(row.as_ref(), read)?.flatten())
}

async fn broadcast(s: &mut Session<'_>, app: &AppKey, id: &BroadcastId) -> Work<Option<Broadcast>> {
    let row = query(concat!(columns!(), "where p.key = $1 and b.key = $2"))
        .bind(app.as_str())
        .bind(id.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(maybe(row.as_ref(), read)?.flatten())
}

async fn any_unfinished(s: &mut Session<'_>) -> Work<bool> {
    let row =
        query("select exists (select 1 from broadcasts where finished_at is null)").fetch_one(&mut *s.conn).await?;
    Ok(row.try_get(0)?)
}

/// Claims what no other node works on. What this node claimed before is its own again, so that each piece renews the claim.
async fn claim_unfinished(s: &mut Session<'_>, limit: u16, claimant: i64) -> Work<Vec<Broadcast>> {
    let rows = query(
        "update broadcasts
        set claimed_by = $2, claimed_until = now() + make_interval(secs => $3)
        where id in (
            select id
            from broadcasts
            where finished_at is null
              and (claimed_by = $2 or claimed_until <= now())
            order by id
            limit $1
            for update skip locked
          )
        returning id",
    )
    .bind(i64::from(limit))
    .bind(claimant)
    .bind(CLAIMED_SECS)
    .fetch_all(&mut *s.conn)
    .await?;
    let claimed: Vec<i64> = all(&rows, |row| get(row, 0))?;
    let rows =
        query(concat!(columns!(), "where b.id = any($1) order by b.id")).bind(&claimed).fetch_all(&mut *s.conn).await?;
    Ok(all(&rows, read)?.into_iter().flatten().collect())
}

async fn next_piece(s: &mut Session<'_>, app: &AppKey, id: &BroadcastId, limit: u16) -> Work<Vec<(i64, UserId)>> {
    let rows = query(
        "select u.id, u.key
        from broadcasts b
        join apps p on p.id = b.app_id
        join users u on u.app_id = b.app_id
        where p.key = $1
          and b.key = $2
          and u.id > b.place
          and u.id <= b.last_user_id
          and u.role = 'user'
          and (b.kind <> 8 or exists (
              select 1
              from follows f
              where f.account_id = b.sender_id
                and f.user_id = u.id
            ))
        order by u.id
        limit $3",
    )
    .bind(app.as_str())
    .bind(id.as_str())
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, |row| Ok((get(row, 0)?, parsed(row, 1)?)))?)
}

async fn finish_piece(s: &mut Session<'_>, app: &AppKey, id: &BroadcastId, piece: Piece) -> Work<()> {
    let app = s.app(app).await?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    query(
        "update broadcasts
        set place = greatest(place, $3), sent = sent + $4, passed_over = passed_over + $5, finished_at = $6
        where app_id = $1
          and key = $2
          and finished_at is null
          and (place < $3 or $6 is not null)",
    )
    .bind(app)
    .bind(id.as_str())
    .bind(piece.place)
    .bind(count(piece.sent))
    .bind(count(piece.passed_over))
    .bind(piece.finished_at.map(Millis::get))
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}
