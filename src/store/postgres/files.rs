//! Files: rows, what names them, and what must go.

use async_trait::async_trait;
use sqlx::{Row, postgres::PgRow, query};

use super::{
    PostgresStore,
    error::Work,
    rows::{all, get, hash, key, maybe, maybe_conversation, maybe_small, millis, parsed, text, whole},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, File, FileId, FileName, MediaType, Millis, UserId},
    store::{
        Result, StoreError,
        files::{Files, Quota, Usage},
    },
};

#[async_trait]
impl Files for PostgresStore {
    async fn create_file(&self, app: &AppKey, file: File, quota: Quota) -> Result<bool> {
        writing!(self, s => create(s, app, &file, &quota))
    }

    async fn files_used(&self, app: &AppKey, uploader: &UserId, since: Millis) -> Result<Usage> {
        glancing!(self, s => used(s, app, uploader, since))
    }

    async fn files(&self, app: &AppKey, ids: &[FileId]) -> Result<Vec<File>> {
        glancing!(self, s => files(s, app, ids))
    }

    async fn files_to_remove(&self, unused_before: Millis, limit: u16) -> Result<Vec<FileId>> {
        // Most looks find nothing: a read costs no fsync.
        if !glancing!(self, s => any_to_remove(s, unused_before))? {
            return Ok(Vec::new());
        }
        writing!(self, s => to_remove(s, unused_before, limit))
    }

    async fn files_removed(&self, ids: &[FileId], counts_since: Millis) -> Result<()> {
        writing!(self, s => removed(s, ids, counts_since))
    }

    async fn known_files(&self, ids: &[FileId]) -> Result<Vec<FileId>> {
        glancing!(self, s => known(s, ids))
    }

    async fn note_upload(&self, app: &AppKey, name: [u8; 32], file: FileId) -> Result<()> {
        if !self.has_company {
            return Ok(());
        }
        writing!(self, s => note_upload(s, app, name, file))
    }

    async fn noted_upload(&self, app: &AppKey, name: [u8; 32]) -> Result<Option<FileId>> {
        if !self.has_company {
            return Ok(None);
        }
        glancing!(self, s => noted_upload(s, app, name))
    }
}

/// Keys as the column keeps them.
pub(super) fn keys(ids: &[FileId]) -> Vec<Vec<u8>> {
    ids.iter().map(|id| id.as_u128().to_be_bytes().to_vec()).collect()
}

async fn note_upload(s: &mut Session<'_>, app: &AppKey, name: [u8; 32], file: FileId) -> Work<()> {
    let app = s.app(app).await?;
    query(
        "insert into upload_keys (app_id, name, file)
        values ($1, $2, $3)
        on conflict (app_id, name) do update set file = excluded.file, noted_at = excluded.noted_at",
    )
    .bind(app)
    .bind(&name[..])
    .bind(&file.as_u128().to_be_bytes()[..])
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

async fn noted_upload(s: &mut Session<'_>, app: &AppKey, name: [u8; 32]) -> Work<Option<FileId>> {
    let row = query(
        "select u.file
        from upload_keys u
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.name = $2
          and u.noted_at > now() - interval '1 day'",
    )
    .bind(app.as_str())
    .bind(&name[..])
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| key(row, 0).map(FileId::from_u128))?)
}

/// Forgets names under which files were uploaded long ago.
pub(super) async fn forget_uploads(s: &mut Session<'_>) -> Work<()> {
    query("delete from upload_keys where noted_at < now() - interval '1 day'").execute(&mut *s.conn).await?;
    Ok(())
}

async fn create(s: &mut Session<'_>, app_key: &AppKey, file: &File, quota: &Quota) -> Work<bool> {
    // Counted and added by one at a time: those who come at once cannot be too many together.
    let app = s.lock_app(app_key).await?;
    let used = used(s, app_key, &file.uploader, quota.since).await?;
    if !quota.has_room(used, file.size) {
        return Ok(false);
    }
    let uploader = s.user(app, &file.uploader).await?;
    let conversation = match file.conversation {
        Some(id) => Some(super::conversations::row_of(s, app_key, id).await?.ok_or(StoreError::NoConversation)?),
        None => None,
    };
    query(
        "insert into files
          (app_id, key, uploader_id, conversation_id, name, media_type, size, sha256, width, height, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(app)
    .bind(&file.id.as_u128().to_be_bytes()[..])
    .bind(uploader)
    .bind(conversation)
    .bind(file.name.as_str())
    .bind(file.media_type.name())
    .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
    .bind(&file.sha256[..])
    .bind(file.pixels.map(|(width, _)| i64::from(width)))
    .bind(file.pixels.map(|(_, height)| i64::from(height)))
    .bind(file.created_at.get())
    .execute(&mut *s.conn)
    .await?;
    Ok(true)
}

async fn used(s: &mut Session<'_>, app: &AppKey, uploader: &UserId, since: Millis) -> Work<Usage> {
    let row = query(
        "select own.files, own.bytes, everybody.bytes
        from (
          select count(*) as files, coalesce(sum(f.size), 0)::bigint as bytes
          from apps p
          join users u on u.app_id = p.id and u.key = $2
          join files f on f.uploader_id = u.id
          where p.key = $1
            and f.created_at >= $3
        ) as own
        cross join (
          select coalesce(sum(f.size), 0)::bigint as bytes
          from apps p
          join files f on f.app_id = p.id
          where p.key = $1
            and f.created_at >= $3
        ) as everybody",
    )
    .bind(app.as_str())
    .bind(uploader.as_str())
    .bind(since.get())
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(Usage { files: whole(&row, 0)?, bytes: whole(&row, 1)?, app_bytes: whole(&row, 2)? })
}

async fn files(s: &mut Session<'_>, app: &AppKey, ids: &[FileId]) -> Work<Vec<File>> {
    let rows = query(
        "select f.key, c.key, u.key, f.name, f.media_type, f.size, f.sha256, f.width, f.height, f.created_at
        from unnest($1::bytea[]) with ordinality as w (key, place)
        join files f on f.key = w.key
        join apps p on p.id = f.app_id
        join users u on u.id = f.uploader_id
        left join conversations c on c.id = f.conversation_id
        where p.key = $2
          and f.state = 0
        order by w.place",
    )
    .bind(keys(ids))
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, file)?)
}

fn file(row: &PgRow) -> sqlx::Result<File> {
    let (width, height): (Option<u32>, Option<u32>) = (maybe_small(row, 7)?, maybe_small(row, 8)?);
    Ok(File {
        id: file_id(row)?,
        conversation: maybe_conversation(row, 1)?,
        uploader: parsed(row, 2)?,
        name: FileName::clean(text(row, 3)?),
        media_type: MediaType::named(text(row, 4)?),
        size: whole(row, 5)?,
        sha256: hash(row, 6)?,
        pixels: width.zip(height),
        created_at: millis(row, 9)?,
    })
}

fn file_id(row: &PgRow) -> sqlx::Result<FileId> {
    key(row, 0).map(FileId::from_u128)
}

/// What a message said is gone: its files go too.
pub(super) async fn drop_of(s: &mut Session<'_>, message: i64) -> Work<()> {
    query("update files set state = 1 where message_id = $1 and state = 0").bind(message).execute(&mut *s.conn).await?;
    Ok(())
}

async fn any_to_remove(s: &mut Session<'_>, unused_before: Millis) -> Work<bool> {
    let row = query(
        "select exists (select 1 from files where state > 0 and state = 1)
          or exists (select 1 from files where state = 0 and message_id is null and created_at < $1)",
    )
    .bind(unused_before.get())
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(row.try_get(0)?)
}

async fn to_remove(s: &mut Session<'_>, unused_before: Millis, limit: u16) -> Work<Vec<FileId>> {
    query(
        "update files
        set state = 1
        where id in (
          select id
          from files
          where state = 0
            and message_id is null
            and created_at < $1
          order by created_at
          limit $2
          for update skip locked
        )",
    )
    .bind(unused_before.get())
    .bind(i64::from(limit))
    .execute(&mut *s.conn)
    .await?;
    let rows = query(
        "select key
        from files
        where state > 0
          and state = 1
        order by created_at
        limit $1",
    )
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, file_id)?)
}

async fn removed(s: &mut Session<'_>, ids: &[FileId], counts_since: Millis) -> Work<()> {
    query("update files set state = 2 where key = any($1) and state = 1").bind(keys(ids)).execute(&mut *s.conn).await?;
    query("delete from files where state > 0 and state = 2 and created_at < $1")
        .bind(counts_since.get())
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

async fn known(s: &mut Session<'_>, ids: &[FileId]) -> Work<Vec<FileId>> {
    let rows = query(
        "select f.key
        from unnest($1::bytea[]) with ordinality as w (key, place)
        join files f on f.key = w.key
        order by w.place",
    )
    .bind(keys(ids))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, file_id)?)
}

/// A file that a message on its way names, locked until the end of the transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) id: FileId,
    app: i64,
    uploader: i64,
    conversation: Option<i64>,
    used: bool,
}

impl Named {
    /// Those of these files that are there.
    pub(super) async fn load(s: &mut Session<'_>, ids: &[FileId]) -> Work<Vec<Self>> {
        let rows = query(
            "select key, app_id, uploader_id, conversation_id, message_id is not null
            from files
            where key = any($1)
              and state = 0
            order by id
            for no key update",
        )
        .bind(keys(ids))
        .fetch_all(&mut *s.conn)
        .await?;
        let read = |row: &PgRow| {
            Ok(Self {
                id: file_id(row)?,
                app: get(row, 1)?,
                uploader: get(row, 2)?,
                conversation: get(row, 3)?,
                used: get(row, 4)?,
            })
        };
        Ok(all(&rows, read)?)
    }

    /// Whether a message of this sender may name it there.
    pub(super) fn fits(&self, app: i64, conversation: i64, sender: i64) -> bool {
        let there = if self.used {
            self.conversation == Some(conversation)
        } else {
            self.uploader == sender && self.conversation.is_none_or(|own| own == conversation)
        };
        self.app == app && there
    }

    /// A message was kept that names it; tells whether it is the first.
    pub(super) fn bind(&mut self, conversation: i64) -> bool {
        self.conversation = Some(conversation);
        !std::mem::replace(&mut self.used, true)
    }
}
