//! Upstreams and mirrored messages in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    append::{Numbered, Placed, append_numbered},
    error::Work,
    ledger::Ledger,
    messages,
    rows::{View, conversation_id, json, key_of, millis, parsed, to_json},
};
use crate::{
    model::{
        AppKey, ClientId, Message, MessageUid, Millis, Upstream, UserId,
        upstream::{Pending, Seat},
    },
    store::{
        Appended, Result, StoreError,
        upstreams::{Mirrored, Upstreams},
    },
};

/// An id that lies further ahead than this is not taken over: all later ones of this store must be greater.
const MOST_AHEAD_SECS: i64 = 60;

#[async_trait]
impl Upstreams for SqliteStore {
    async fn upstream(&self, app: &AppKey) -> Result<Option<(Upstream, Vec<u8>)>> {
        let app = app.clone();
        self.read(move |view| read(view, &app)).await
    }

    async fn set_upstream(&self, app: &AppKey, upstream: Upstream, secret: Vec<u8>) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| set(ledger, &app, &upstream, &secret)).await
    }

    async fn remove_upstream(&self, app: &AppKey) -> Result<bool> {
        let app = app.clone();
        self.write(move |ledger| remove(ledger, &app)).await
    }

    async fn seat(&self, app: &AppKey, visitor: &UserId) -> Result<Seat> {
        let (app, visitor) = (app.clone(), visitor.clone());
        self.read(move |view| seat(view, &app, &visitor)).await
    }

    async fn put_pending(&self, app: &AppKey, visitor: &UserId, pending: Pending) -> Result<()> {
        let (app, visitor) = (app.clone(), visitor.clone());
        self.write(move |ledger| put_pending(ledger, &app, &visitor, &pending)).await
    }

    async fn drop_pending(&self, app: &AppKey, visitor: &UserId, client_id: &ClientId) -> Result<()> {
        let (app, visitor, client_id) = (app.clone(), visitor.clone(), client_id.clone());
        self.write(move |ledger| {
            let visitor = user_row(ledger, &app, &visitor)?;
            drop_pending(ledger, visitor, &client_id)
        })
        .await
    }

    async fn heard_until(&self, app: &AppKey, visitor: &UserId, at: Millis) -> Result<()> {
        let (app, visitor) = (app.clone(), visitor.clone());
        self.write(move |ledger| {
            let visitor = user_row(ledger, &app, &visitor)?;
            move_seat(ledger, visitor, at, Millis::default())
        })
        .await
    }

    async fn mirror(&self, app: &AppKey, mirrored: Mirrored) -> Result<Appended> {
        let app = app.clone();
        self.write(move |ledger| mirror(ledger, &app, &mirrored)).await
    }

    async fn mirror_of(&self, app: &AppKey, uid: &str) -> Result<Option<MessageUid>> {
        let (app, uid) = (app.clone(), uid.to_owned());
        self.read(move |view| Ok(mirror_of(view, &app, &uid)?.map(MessageUid::from_number))).await
    }

    async fn upstream_uid(&self, app: &AppKey, uid: MessageUid) -> Result<Option<String>> {
        let app = app.clone();
        self.read(move |view| upstream_uid(view, &app, uid)).await
    }
}

fn user_row(ledger: &mut Ledger, app: &AppKey, user: &UserId) -> Work<i64> {
    let app = ledger.app(app)?;
    ledger.user(app, user)
}

fn read(view: &View<'_>, app: &AppKey) -> Work<Option<(Upstream, Vec<u8>)>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.settings, u.secret
            from upstreams u
            join apps p on p.id = u.app_id
            where p.key = ?1",
        )?
        .query_row([app.as_str()], |row| Ok((json(row, 0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

fn set(ledger: &mut Ledger, app: &AppKey, upstream: &Upstream, secret: &[u8]) -> Work<()> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "insert into upstreams (app_id, settings, secret)
            values (?1, ?2, ?3)
            on conflict (app_id) do update
            set settings = excluded.settings, secret = excluded.secret",
        )?
        .execute(params![app, to_json(upstream), secret])?;
    Ok(())
}

fn remove(ledger: &mut Ledger, app: &AppKey) -> Work<bool> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "delete from upstreams
            where app_id = ?1",
        )?
        .execute([app])?;
    Ok(rows == 1)
}

fn seat(view: &View<'_>, app: &AppKey, visitor: &UserId) -> Work<Seat> {
    let found = view
        .conn
        .prepare_cached(
            "select s.received_at, s.sent_at, s.pending_conversation, s.pending_client_id, s.pending_name,
              s.pending_digest, s.pending_at
            from seats s
            join users u on u.id = s.user_id
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![app.as_str(), visitor.as_str()], |row| {
            let pending = if row.get_ref(3)?.as_str_or_null()?.is_some() {
                Some(Pending {
                    conversation: conversation_id(row, 2)?,
                    client_id: parsed(row, 3)?,
                    name: parsed(row, 4)?,
                    digest: row.get(5)?,
                    at: millis(row, 6)?,
                })
            } else {
                None
            };
            Ok(Seat { received_at: millis(row, 0)?, sent_at: millis(row, 1)?, pending })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn put_pending(ledger: &mut Ledger, app: &AppKey, visitor: &UserId, pending: &Pending) -> Work<()> {
    let visitor = user_row(ledger, app, visitor)?;
    ledger
        .conn
        .prepare_cached(
            "insert into seats
              (user_id, pending_conversation, pending_client_id, pending_name, pending_digest, pending_at)
            values (?1, ?2, ?3, ?4, ?5, ?6)
            on conflict (user_id) do update
            set pending_conversation = excluded.pending_conversation, pending_client_id = excluded.pending_client_id,
              pending_name = excluded.pending_name, pending_digest = excluded.pending_digest,
              pending_at = excluded.pending_at",
        )?
        .execute(params![
            visitor,
            key_of(pending.conversation),
            pending.client_id.as_str(),
            pending.name.as_str(),
            pending.digest,
            pending.at.get()
        ])?;
    Ok(())
}

fn drop_pending(ledger: &Ledger, visitor: i64, client_id: &ClientId) -> Work<()> {
    ledger
        .conn
        .prepare_cached(
            "update seats
            set pending_conversation = null, pending_client_id = null, pending_name = null, pending_digest = null,
              pending_at = null
            where user_id = ?1
              and pending_client_id = ?2",
        )?
        .execute(params![visitor, client_id.as_str()])?;
    Ok(())
}

/// Times only go forward.
fn move_seat(ledger: &Ledger, visitor: i64, received: Millis, sent: Millis) -> Work<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into seats (user_id, received_at, sent_at)
            values (?1, ?2, ?3)
            on conflict (user_id) do update
            set received_at = max(received_at, excluded.received_at), sent_at = max(sent_at, excluded.sent_at)",
        )?
        .execute(params![visitor, received.get(), sent.get()])?;
    Ok(())
}

fn mirror(ledger: &mut Ledger, app: &AppKey, mirrored: &Mirrored) -> Work<Appended> {
    let Mirrored { new, uid, visitor, now } = mirrored;
    let visitor_row = user_row(ledger, app, visitor)?;
    let own = new.from.id == *visitor;
    let (received, sent) = if own { (Millis::default(), new.at) } else { (new.at, Millis::default()) };
    move_seat(ledger, visitor_row, received, sent)?;
    if let Some(client_id) = &new.client_id {
        drop_pending(ledger, visitor_row, client_id)?;
    }
    let known = mirror_of(&ledger.view(), app, uid)?;
    if let Some(number) = known {
        let message = messages::by_number(&ledger.view(), number)?.ok_or(StoreError::Missing("message"))?;
        return Ok(Appended { message, repeated: true });
    }
    let number = free_number(ledger, uid, *now)?;
    let placed = append_numbered(ledger, app, new, Numbered::There(number))?;
    match placed {
        Placed::Repeated(first) => Ok(Appended { message: *first, repeated: true }),
        Placed::New { uid: number, seq, at } => {
            if let Err(trouble) = remember(ledger, app, uid, number) {
                // The message goes with the savepoint, and so must what is remembered of it.
                ledger.forget(new.conversation);
                return Err(trouble);
            }
            let message = Message {
                uid: number,
                conversation: new.conversation,
                seq: Some(seq),
                at,
                from: new.from.clone(),
                client_id: new.client_id.clone(),
                content: new.content.clone(),
            };
            Ok(Appended { message, repeated: false })
        }
    }
}

fn remember(ledger: &mut Ledger, app: &AppKey, uid: &str, number: MessageUid) -> Work<()> {
    let app = ledger.app(app)?;
    ledger
        .conn
        .prepare_cached(
            "insert into mirrored (app_id, uid, message_id)
            values (?1, ?2, ?3)",
        )?
        .execute(params![app, uid, number.number()])?;
    Ok(())
}

/// The number inside an upstream's id, when we may have it too.
fn free_number(ledger: &Ledger, uid: &str, now: Millis) -> Work<Option<i64>> {
    let Ok(uid) = uid.parse::<MessageUid>() else { return Ok(None) };
    if uid.number() == 0 || uid.minted_at() > now.plus_secs(MOST_AHEAD_SECS) {
        return Ok(None);
    }
    let taken = ledger
        .conn
        .prepare_cached(
            "select 1
            from messages
            where id = ?1",
        )?
        .exists([uid.number()])?;
    Ok((!taken).then_some(uid.number()))
}

fn mirror_of(view: &View<'_>, app: &AppKey, uid: &str) -> Work<Option<i64>> {
    let found = view
        .conn
        .prepare_cached(
            "select m.message_id
            from mirrored m
            join apps p on p.id = m.app_id
            where p.key = ?1
              and m.uid = ?2",
        )?
        .query_row(params![app.as_str(), uid], |row| row.get(0))
        .optional()?;
    Ok(found)
}

fn upstream_uid(view: &View<'_>, app: &AppKey, uid: MessageUid) -> Work<Option<String>> {
    let found = view
        .conn
        .prepare_cached(
            "select m.uid
            from mirrored m
            join apps p on p.id = m.app_id
            where m.message_id = ?1
              and p.key = ?2",
        )?
        .query_row(params![uid.number(), app.as_str()], |row| row.get(0))
        .optional()?;
    Ok(found)
}
