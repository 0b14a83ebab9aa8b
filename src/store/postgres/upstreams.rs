//! Upstreams and mirrored messages in PostgreSQL. A copy is kept by the batcher, like any message.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{Row, postgres::PgRow, query};

use super::{
    PostgresStore,
    batcher::{Append, Copy, Job},
    error::Work,
    rows::{conversation_id, get, hash, json, key_of, maybe, millis, parsed, to_json},
    session::{Session, glancing, writing},
};
use crate::{
    model::{
        AppKey, ClientId, MessageUid, Millis, Upstream, UserId,
        upstream::{Pending, Seat},
    },
    store::{
        Appended, Result,
        upstreams::{Mirrored, Upstreams},
    },
};

#[async_trait]
impl Upstreams for PostgresStore {
    async fn upstream(&self, app: &AppKey) -> Result<Option<(Upstream, Vec<u8>)>> {
        glancing!(self, s => read(s, app))
    }

    async fn set_upstream(&self, app: &AppKey, upstream: Upstream, secret: Vec<u8>) -> Result<()> {
        writing!(self, s => set(s, app, &upstream, &secret))
    }

    async fn remove_upstream(&self, app: &AppKey) -> Result<bool> {
        writing!(self, s => remove(s, app))
    }

    async fn seat(&self, app: &AppKey, visitor: &UserId) -> Result<Seat> {
        glancing!(self, s => seat(s, app, visitor))
    }

    async fn put_pending(&self, app: &AppKey, visitor: &UserId, pending: Pending) -> Result<()> {
        writing!(self, s => put_pending(s, app, visitor, &pending))
    }

    async fn drop_pending(&self, app: &AppKey, visitor: &UserId, client_id: &ClientId) -> Result<()> {
        writing!(self, s => drop_pending(s, app, visitor, client_id))
    }

    async fn heard_until(&self, app: &AppKey, visitor: &UserId, at: Millis) -> Result<()> {
        writing!(self, s => heard_until(s, app, visitor, at))
    }

    async fn mirror(&self, app: &AppKey, mirrored: Mirrored) -> Result<Appended> {
        let Mirrored { new, uid, visitor, now } = mirrored;
        self.queue(Append { app: app.clone(), new, copy: Some(Copy { uid, visitor, now }) }, Job::Append).await
    }

    async fn mirror_of(&self, app: &AppKey, uid: &str) -> Result<Option<MessageUid>> {
        glancing!(self, s => mirror_of(s, app, uid))
    }

    async fn upstream_uid(&self, app: &AppKey, uid: MessageUid) -> Result<Option<String>> {
        glancing!(self, s => upstream_uid(s, app, uid))
    }
}

async fn user_row(s: &mut Session<'_>, app: &AppKey, user: &UserId) -> Work<i64> {
    let app = s.app(app).await?;
    s.user(app, user).await
}

async fn read(s: &mut Session<'_>, app: &AppKey) -> Work<Option<(Upstream, Vec<u8>)>> {
    let row = query(
        "select u.settings, u.secret
        from upstreams u
        join apps p on p.id = u.app_id
        where p.key = $1",
    )
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| Ok((json(row, 0)?, get(row, 1)?)))?)
}

async fn set(s: &mut Session<'_>, app: &AppKey, upstream: &Upstream, secret: &[u8]) -> Work<()> {
    let app = s.app(app).await?;
    query(
        "insert into upstreams (app_id, settings, secret)
        values ($1, $2, $3)
        on conflict (app_id) do update
        set settings = excluded.settings, secret = excluded.secret",
    )
    .bind(app)
    .bind(to_json(upstream))
    .bind(secret)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn remove(s: &mut Session<'_>, app: &AppKey) -> Work<bool> {
    let app = s.app(app).await?;
    let done = query("delete from upstreams where app_id = $1").bind(app).execute(&mut *s.conn).await?;
    Ok(done.rows_affected() == 1)
}

async fn seat(s: &mut Session<'_>, app: &AppKey, visitor: &UserId) -> Work<Seat> {
    let row = query(
        "select s.received_at, s.sent_at, s.pending_conversation, s.pending_client_id, s.pending_name,
          s.pending_digest, s.pending_at
        from seats s
        join users u on u.id = s.user_id
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(visitor.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    let read = |row: &PgRow| {
        let pending = if row.try_get::<Option<&str>, _>(3)?.is_some() {
            Some(Pending {
                conversation: conversation_id(row, 2)?,
                client_id: parsed(row, 3)?,
                name: parsed(row, 4)?,
                digest: hash(row, 5)?,
                at: millis(row, 6)?,
            })
        } else {
            None
        };
        Ok(Seat { received_at: millis(row, 0)?, sent_at: millis(row, 1)?, pending })
    };
    Ok(maybe(row.as_ref(), read)?.unwrap_or_default())
}

async fn put_pending(s: &mut Session<'_>, app: &AppKey, visitor: &UserId, pending: &Pending) -> Work<()> {
    let visitor = user_row(s, app, visitor).await?;
    query(
        "insert into seats
          (user_id, pending_conversation, pending_client_id, pending_name, pending_digest, pending_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (user_id) do update
        set pending_conversation = excluded.pending_conversation, pending_client_id = excluded.pending_client_id,
          pending_name = excluded.pending_name, pending_digest = excluded.pending_digest,
          pending_at = excluded.pending_at",
    )
    .bind(visitor)
    .bind(&key_of(pending.conversation)[..])
    .bind(pending.client_id.as_str())
    .bind(pending.name.as_str())
    .bind(&pending.digest[..])
    .bind(pending.at.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn drop_pending(s: &mut Session<'_>, app: &AppKey, visitor: &UserId, client_id: &ClientId) -> Work<()> {
    let visitor = user_row(s, app, visitor).await?;
    let seats = Seats { arrived: vec![(visitor, client_id.as_str())], ..Seats::default() };
    seats.write(s).await
}

async fn heard_until(s: &mut Session<'_>, app: &AppKey, visitor: &UserId, at: Millis) -> Work<()> {
    let visitor = user_row(s, app, visitor).await?;
    let seats = Seats { until: BTreeMap::from([(visitor, (at.get(), 0))]), ..Seats::default() };
    seats.write(s).await
}

async fn mirror_of(s: &mut Session<'_>, app: &AppKey, uid: &str) -> Work<Option<MessageUid>> {
    let row = query(
        "select m.message_id
        from mirrored m
        join apps p on p.id = m.app_id
        where p.key = $1
          and m.uid = $2",
    )
    .bind(app.as_str())
    .bind(uid)
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0).map(MessageUid::from_number))?)
}

async fn upstream_uid(s: &mut Session<'_>, app: &AppKey, uid: MessageUid) -> Work<Option<String>> {
    let row = query(
        "select m.uid
        from mirrored m
        join apps p on p.id = m.app_id
        where m.message_id = $1
          and p.key = $2",
    )
    .bind(uid.number())
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0))?)
}

/// How far the copies of visitors came.
#[derive(Debug, Default)]
pub(super) struct Seats<'j> {
    /// By the visitor's row: heard and said until then.
    pub(super) until: BTreeMap<i64, (i64, i64)>,
    /// What is on its way no more.
    pub(super) arrived: Vec<(i64, &'j str)>,
}

impl Seats<'_> {
    /// Times only go forward.
    pub(super) async fn write(&self, s: &mut Session<'_>) -> Work<()> {
        if !self.until.is_empty() {
            query(
                "insert into seats (user_id, received_at, sent_at)
                select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])
                on conflict (user_id) do update
                set received_at = greatest(seats.received_at, excluded.received_at),
                  sent_at = greatest(seats.sent_at, excluded.sent_at)",
            )
            .bind(self.until.keys().copied().collect::<Vec<_>>())
            .bind(self.until.values().map(|(received, _)| *received).collect::<Vec<_>>())
            .bind(self.until.values().map(|(_, sent)| *sent).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        }
        if !self.arrived.is_empty() {
            query(
                "update seats s
                set pending_conversation = null, pending_client_id = null, pending_name = null, pending_digest = null,
                  pending_at = null
                from unnest($1::bigint[], $2::text[]) as w (id, client_id)
                where s.user_id = w.id
                  and s.pending_client_id = w.client_id",
            )
            .bind(self.arrived.iter().map(|(visitor, _)| *visitor).collect::<Vec<_>>())
            .bind(self.arrived.iter().map(|(_, client_id)| *client_id).collect::<Vec<_>>())
            .execute(&mut *s.conn)
            .await?;
        }
        Ok(())
    }
}
