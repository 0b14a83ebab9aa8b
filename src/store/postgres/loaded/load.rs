//! Reading what a batch needs, in the fixed order of locks.

use std::collections::{BTreeSet, HashMap};

use sqlx::{Row, postgres::PgRow, query};

use super::{DeskSide, FEW, Head, Loaded};
use crate::{
    model::{ConversationId, FileId, Message, MessageUid},
    store::{
        postgres::{
            batcher::{Append, Copy, Mark},
            error::Work,
            files::Named,
            messages::by_numbers,
            names::Names,
            rows::{all, get, key},
            session::Session,
        },
        records::{key_of, number},
    },
};

impl<'j> Loaded<'j> {
    /// Reads it, and locks what will be written.
    pub(in crate::store::postgres) async fn load(
        s: &mut Session<'_>,
        names: &'j Names,
        appends: &[&'j Append],
        marks: &[&'j Mark],
    ) -> Work<Self> {
        let mut loaded = Self::of(names);
        let to_lock: BTreeSet<ConversationId> = appends.iter().map(|job| job.new.conversation).collect();
        let to_see: BTreeSet<ConversationId> =
            marks.iter().map(|job| job.conversation).filter(|id| !to_lock.contains(id)).collect();
        loaded.load_heads(s, LOCKED, &to_lock).await?;
        loaded.load_heads(s, SEEN, &to_see).await?;
        loaded.load_inside(s, &to_lock).await?;
        loaded.load_locked(s, appends, marks, &to_lock).await?;
        let files: Vec<FileId> = appends.iter().flat_map(|job| job.new.content.files()).collect();
        if !files.is_empty() {
            loaded.files = Named::load(s, &files).await?.into_iter().map(|named| (named.id, named)).collect();
        }
        loaded.load_counted(s, marks).await?;
        loaded.load_copies(s, appends).await?;
        Ok(loaded)
    }

    /// What is known of the originals of copies.
    async fn load_copies(&mut self, s: &mut Session<'_>, appends: &[&Append]) -> Work<()> {
        let copies: Vec<(i64, &Copy)> =
            appends.iter().filter_map(|job| Some((self.app(&job.app).ok()?, job.copy.as_ref()?))).collect();
        if copies.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select m.app_id, m.uid, m.message_id
            from unnest($1::bigint[], $2::text[]) as w (app, uid)
            join mirrored m on m.app_id = w.app and m.uid = w.uid",
        )
        .bind(copies.iter().map(|(app, _)| *app).collect::<Vec<_>>())
        .bind(copies.iter().map(|(_, copy)| copy.uid.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        let numbers: Vec<i64> = all(&rows, |row| row.try_get(2))?;
        let mut found: HashMap<i64, Message> =
            by_numbers(s, &numbers).await?.into_iter().map(|(message, _)| (message.uid.number(), message)).collect();
        for row in &rows {
            if let Some(message) = found.remove(&row.try_get(2)?) {
                self.mirrors.insert((row.try_get(0)?, get(row, 1)?), message);
            }
        }
        let wanted: Vec<i64> =
            copies.iter().filter_map(|(_, copy)| copy.uid.parse().ok()).map(|uid: MessageUid| uid.number()).collect();
        let rows = query("select id from messages where id = any($1)").bind(&wanted).fetch_all(&mut *s.conn).await?;
        self.taken = all(&rows, |row| row.try_get(0))?.into_iter().collect();
        Ok(())
    }

    async fn load_heads(&mut self, s: &mut Session<'_>, sql: &'static str, ids: &BTreeSet<ConversationId>) -> Work<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| key_of(*id).to_vec()).collect();
        let rows = query(sql).bind(&keys).fetch_all(&mut *s.conn).await?;
        for row in &rows {
            self.heads.insert(ConversationId::from_u128(key(row, 0)?), head(row)?);
        }
        Ok(())
    }

    /// Who is inside the conversations that get messages, as long as they are few. Everybody of them has a time afterwards.
    async fn load_inside(&mut self, s: &mut Session<'_>, to_lock: &BTreeSet<ConversationId>) -> Work<()> {
        let rows: Vec<i64> = to_lock.iter().filter_map(|id| self.heads.get(id)).map(|head| head.row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select c.id, p.user_id, exists (select 1 from moments m where m.user_id = p.user_id)
            from unnest($1::bigint[]) as c (id)
            join lateral (
              select user_id from participants where conversation_id = c.id limit $2
            ) as p on true",
        )
        .bind(&rows)
        .bind(FEW + 1)
        .fetch_all(&mut *s.conn)
        .await?;
        let (mut inside, mut timeless): (HashMap<i64, Vec<i64>>, BTreeSet<i64>) = Default::default();
        for row in &rows {
            let user = row.try_get(1)?;
            inside.entry(row.try_get(0)?).or_default().push(user);
            if !row.try_get::<bool, _>(2)? {
                timeless.insert(user);
            }
        }
        for head in self.heads.values_mut() {
            let people = inside.remove(&head.row).unwrap_or_default();
            head.inside = (i64::try_from(people.len()).unwrap_or(i64::MAX) <= FEW).then_some(people);
        }
        if timeless.is_empty() {
            return Ok(());
        }
        query(
            "insert into moments (user_id, at)
            select w.id, 0 from unnest($1::bigint[]) as w (id)
            order by w.id
            on conflict do nothing",
        )
        .bind(timeless.into_iter().collect::<Vec<_>>())
        .execute(&mut *s.conn)
        .await?;
        Ok(())
    }

    /// How many messages count up to the places that receipts name.
    async fn load_counted(&mut self, s: &mut Session<'_>, marks: &[&Mark]) -> Work<()> {
        let mut asked = BTreeSet::new();
        for mark in marks {
            let (Some(head), Some(read)) = (self.heads.get(&mark.conversation), mark.read.map(number)) else {
                continue;
            };
            if read <= head.seq {
                asked.insert((head.row, read));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let rows = query(
            "select w.conversation, w.seq, coalesce(m.counted, 0)
            from unnest($1::bigint[], $2::bigint[]) as w (conversation, seq)
            left join lateral (
              select m.counted
              from messages m
              where m.conversation_id = w.conversation
                and m.seq <= w.seq
              order by m.seq desc
              limit 1
            ) as m on true",
        )
        .bind(asked.iter().map(|(conversation, _)| *conversation).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, seq)| *seq).collect::<Vec<_>>())
        .fetch_all(&mut *s.conn)
        .await?;
        self.counted =
            all(&rows, |row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?)))?.into_iter().collect();
        Ok(())
    }
}

/// Locks the conversations that get messages, in the order of their rows.
const LOCKED: &str = "select key, id, app_id, kind, created_at, seq, newest, counted, told, said_at, stirred_until,
      changed_at, waiting_since, visitor_id, stage, dismissed_at is not null, silenced
    from conversations
    where key = any($1)
    order by id
    for no key update";

/// Looks at the conversations that get receipts only: their heads move forward only.
const SEEN: &str = "select key, id, app_id, kind, created_at, seq, newest, counted, told, said_at, stirred_until,
      changed_at, waiting_since, visitor_id, stage, dismissed_at is not null, silenced
    from conversations
    where key = any($1)";

fn head(row: &PgRow) -> sqlx::Result<Head> {
    let stage: Option<&str> = row.try_get(14)?;
    Ok(Head {
        row: row.try_get(1)?,
        app: row.try_get(2)?,
        kind: row.try_get(3)?,
        began_at: row.try_get(4)?,
        seq: row.try_get(5)?,
        seq_before: row.try_get(5)?,
        newest: row.try_get(6)?,
        counted: row.try_get(7)?,
        told: row.try_get(8)?,
        said_at: row.try_get(9)?,
        stirred_until: row.try_get(10)?,
        changed_at: row.try_get(11)?,
        waiting_since: row.try_get(12)?,
        visitor: row.try_get(13)?,
        desk: match stage {
            _ if row.try_get(15)? => DeskSide::Ended,
            None => DeskSide::None,
            Some("human") => DeskSide::Human,
            Some("ended") => DeskSide::Ended,
            Some(_) => DeskSide::Waiting,
        },
        silenced: row.try_get(16)?,
        moved: false,
        places: Vec::new(),
        inside: None,
    })
}

/// The newest time that any message can have got. Numbers are never older than the times of their messages. Of an app of
/// which the moments are locked for update nobody keeps one meanwhile.
pub(in crate::store::postgres) async fn newest(s: &mut Session<'_>) -> Work<i64> {
    let row = query("select coalesce(max(id), 0) from messages").fetch_one(&mut *s.conn).await?;
    Ok((row.try_get::<i64, _>(0)? >> 22) + MessageUid::EPOCH_MS)
}
