//! Messages to everybody.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, maybe_millis, millis, parsed, person},
};
use crate::{
    model::{AppKey, Broadcast, BroadcastId, ClientId, Content, Kind, UserId},
    store::{
        Result, StoreError,
        broadcasts::{Broadcasts, NewBroadcast, Piece},
    },
};

#[async_trait]
impl Broadcasts for SqliteStore {
    async fn create_broadcast(&self, app: &AppKey, new: NewBroadcast) -> Result<Broadcast> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| create(ledger, &app, &new)).await
    }

    async fn broadcast(&self, app: &AppKey, id: &BroadcastId) -> Result<Option<Broadcast>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| broadcast(view, &app, &id)).await
    }

    async fn unfinished_broadcasts(&self, limit: u16) -> Result<Vec<Broadcast>> {
        self.read(move |view| unfinished(view, limit)).await
    }

    async fn next_piece(&self, app: &AppKey, id: &BroadcastId, limit: u16) -> Result<Vec<(i64, UserId)>> {
        let (app, id) = (app.clone(), id.clone());
        self.read(move |view| next_piece(view, &app, &id, limit)).await
    }

    async fn finish_piece(&self, app: &AppKey, id: &BroadcastId, piece: Piece) -> Result<()> {
        let (app, id) = (app.clone(), id.clone());
        self.write(move |ledger| finish_piece(ledger, &app, &id, piece)).await
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

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Broadcast>> {
    let (kind, name, body) = (row.get(2)?, row.get::<_, String>(3)?, row.get(4)?);
    let (Some(kind), Ok(content)) = (Kind::from_number(kind), Content::from_stored(&name, body)) else {
        return Ok(None);
    };
    Ok(Some(Broadcast {
        id: parsed(row, 0)?,
        app: parsed(row, 1)?,
        from: person(row, 11)?,
        kind,
        content,
        online_only: row.get(5)?,
        created_at: millis(row, 6)?,
        sent: row.get::<_, i64>(7)?.unsigned_abs(),
        passed_over: row.get::<_, i64>(8)?.unsigned_abs(),
        finished_at: maybe_millis(row, 9)?,
        place: row.get(10)?,
    }))
}

fn create(ledger: &mut Ledger, app_key: &AppKey, new: &NewBroadcast) -> Work<Broadcast> {
    let app = ledger.app(app_key)?;
    if let Some(client_id) = &new.client_id
        && let Some(first) = by_client_id(&ledger.view(), app, client_id)?
    {
        let same = first.content == new.content
            && first.from.id == new.from
            && (first.kind, first.online_only) == (new.kind, new.online_only);
        return if same { Ok(first) } else { Err(StoreError::ClientIdReused.into()) };
    }
    let sender = ledger.user(app, &new.from)?;
    ledger
        .conn
        .prepare_cached(
            "insert into broadcasts
              (app_id, key, client_id, sender_id, kind, name, body, online_only, created_at, last_user_id)
            select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(max(id), 0)
            from users",
        )?
        .execute(params![
            app,
            new.id.as_str(),
            new.client_id.as_ref().map(ClientId::as_str),
            sender,
            new.kind.number(),
            new.content.name.as_str(),
            new.content.body(),
            new.online_only,
            new.at.get()
        ])?;
    broadcast(&ledger.view(), app_key, &new.id)?.ok_or_else(|| StoreError::Missing("broadcast").into())
}

fn by_client_id(view: &View<'_>, app: i64, client_id: &ClientId) -> Work<Option<Broadcast>> {
    let found = view
        .conn
        .prepare_cached(concat!(columns!(), "where b.app_id = ?1 and b.client_id = ?2"))?
        .query_row(params![app, client_id.as_str()], read)
        .optional()?;
    Ok(found.flatten())
}

fn broadcast(view: &View<'_>, app: &AppKey, id: &BroadcastId) -> Work<Option<Broadcast>> {
    let found = view
        .conn
        .prepare_cached(concat!(columns!(), "where p.key = ?1 and b.key = ?2"))?
        .query_row(params![app.as_str(), id.as_str()], read)
        .optional()?;
    Ok(found.flatten())
}

fn unfinished(view: &View<'_>, limit: u16) -> Work<Vec<Broadcast>> {
    let found = view
        .conn
        .prepare_cached(concat!(columns!(), "where b.finished_at is null order by b.id limit ?1"))?
        .query_map([limit], read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn next_piece(view: &View<'_>, app: &AppKey, id: &BroadcastId, limit: u16) -> Work<Vec<(i64, UserId)>> {
    let users = view
        .conn
        .prepare_cached(
            "select u.id, u.key
            from broadcasts b
            join apps p on p.id = b.app_id
            join users u on u.app_id = b.app_id
            where p.key = ?1
              and b.key = ?2
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
            limit ?3",
        )?
        .query_map(params![app.as_str(), id.as_str(), limit], |row| Ok((row.get(0)?, parsed(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(users)
}

fn finish_piece(ledger: &mut Ledger, app: &AppKey, id: &BroadcastId, piece: Piece) -> Work<()> {
    let app = ledger.app(app)?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    ledger
        .conn
        .prepare_cached(
            "update broadcasts
            set place = max(place, ?3), sent = sent + ?4, passed_over = passed_over + ?5, finished_at = ?6
            where app_id = ?1
              and key = ?2
              and finished_at is null
              and (place < ?3 or ?6 is not null)",
        )?
        .execute(params![
            app,
            id.as_str(),
            piece.place,
            count(piece.sent),
            count(piece.passed_over),
            piece.finished_at.map(crate::model::Millis::get)
        ])?;
    Ok(())
}
