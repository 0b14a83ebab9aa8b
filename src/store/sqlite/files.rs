//! Files: rows, what names them, and what must go.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, millis, parsed},
};
use crate::{
    model::{AppKey, ConversationId, File, FileId, FileName, MediaType, Millis, UserId},
    store::{
        Result, StoreError,
        files::{Files, Quota, Usage},
    },
};

#[async_trait]
impl Files for SqliteStore {
    async fn create_file(&self, app: &AppKey, file: File, quota: Quota) -> Result<bool> {
        self.need_room()?;
        let app = app.clone();
        self.write(move |ledger| create(ledger, &app, &file, &quota)).await
    }

    async fn files_used(&self, app: &AppKey, uploader: &UserId, since: Millis) -> Result<Usage> {
        let (app, uploader) = (app.clone(), uploader.clone());
        self.read(move |view| Ok(used(view, &app, &uploader, since)?)).await
    }

    async fn files(&self, app: &AppKey, ids: &[FileId]) -> Result<Vec<File>> {
        let (app, ids) = (app.clone(), ids.to_vec());
        self.read(move |view| files(view, &app, &ids)).await
    }

    async fn files_to_remove(&self, unused_before: Millis, limit: u16) -> Result<Vec<FileId>> {
        let unused = self.read(move |view| Ok(any_to_remove(view, unused_before)?)).await?;
        // Most looks find nothing: a read costs no fsync.
        if !unused {
            return Ok(Vec::new());
        }
        self.write(move |ledger| to_remove(ledger, unused_before, limit)).await
    }

    async fn files_removed(&self, ids: &[FileId], counts_since: Millis) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |ledger| removed(ledger, &ids, counts_since)).await
    }

    async fn known_files(&self, ids: &[FileId]) -> Result<Vec<FileId>> {
        let ids = ids.to_vec();
        self.read(move |view| known(view, &ids)).await
    }
}

fn key(file: FileId) -> [u8; 16] {
    file.as_u128().to_be_bytes()
}

fn create(ledger: &mut Ledger, app: &AppKey, file: &File, quota: &Quota) -> Work<bool> {
    let used = used(&ledger.view(), app, &file.uploader, quota.since)?;
    if !quota.has_room(used, file.size) {
        return Ok(false);
    }
    let app = ledger.app(app)?;
    let uploader = ledger.user(app, &file.uploader)?;
    let conversation = match file.conversation {
        Some(id) => Some(ledger.head(app, id)?.row),
        None => None,
    };
    ledger
        .conn
        .prepare_cached(
            "insert into files
              (app_id, key, uploader_id, conversation_id, name, media_type, size, sha256, width, height, created_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            app,
            key(file.id),
            uploader,
            conversation,
            file.name.as_str(),
            file.media_type.name(),
            i64::try_from(file.size).unwrap_or(i64::MAX),
            file.sha256,
            file.pixels.map(|(width, _)| width),
            file.pixels.map(|(_, height)| height),
            file.created_at.get()
        ])?;
    Ok(true)
}

fn used(view: &View<'_>, app: &AppKey, uploader: &UserId, since: Millis) -> rusqlite::Result<Usage> {
    let (files, bytes) = view
        .conn
        .prepare_cached(
            "select count(*), coalesce(sum(f.size), 0)
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join files f on f.uploader_id = u.id
            where p.key = ?1
              and f.created_at >= ?3",
        )?
        .query_row(params![app.as_str(), uploader.as_str(), since.get()], |row| Ok((count(row, 0)?, count(row, 1)?)))?;
    let app_bytes = view
        .conn
        .prepare_cached(
            "select coalesce(sum(f.size), 0)
            from apps p
            join files f on f.app_id = p.id
            where p.key = ?1
              and f.created_at >= ?2",
        )?
        .query_row(params![app.as_str(), since.get()], |row| count(row, 0))?;
    Ok(Usage { files, bytes, app_bytes })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0))
}

fn files(view: &View<'_>, app: &AppKey, ids: &[FileId]) -> Work<Vec<File>> {
    let mut find = view.conn.prepare_cached(
        "select f.key, c.key, u.key, f.name, f.media_type, f.size, f.sha256, f.width, f.height, f.created_at
        from files f
        join apps p on p.id = f.app_id
        join users u on u.id = f.uploader_id
        left join conversations c on c.id = f.conversation_id
        where f.key = ?1
          and p.key = ?2
          and f.state = 0",
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(find.query_row(params![key(*id), app.as_str()], file).optional()?);
    }
    Ok(found)
}

fn file(row: &Row<'_>) -> rusqlite::Result<File> {
    let conversation: Option<[u8; 16]> = row.get(1)?;
    let (width, height): (Option<u32>, Option<u32>) = (row.get(7)?, row.get(8)?);
    Ok(File {
        id: file_id(row, 0)?,
        conversation: conversation.map(|key| ConversationId::from_u128(u128::from_be_bytes(key))),
        uploader: parsed(row, 2)?,
        name: FileName::clean(row.get_ref(3)?.as_str()?),
        media_type: MediaType::named(row.get_ref(4)?.as_str()?),
        size: count(row, 5)?,
        sha256: row.get(6)?,
        pixels: width.zip(height),
        created_at: millis(row, 9)?,
    })
}

fn file_id(row: &Row<'_>, column: usize) -> rusqlite::Result<FileId> {
    row.get(column).map(|key| FileId::from_u128(u128::from_be_bytes(key)))
}

/// A message that names files is on its way into a conversation: what is missing.
pub(super) fn missing(
    ledger: &Ledger,
    (app, conversation, sender): (i64, i64, i64),
    named: &[FileId],
) -> Work<Option<StoreError>> {
    let mut find = ledger.conn.prepare_cached(
        "select 1
        from files
        where key = ?1
          and app_id = ?2
          and state = 0
          and case when message_id is null
            then uploader_id = ?4 and coalesce(conversation_id, ?3) = ?3
            else conversation_id = ?3
          end",
    )?;
    for file in named {
        if !find.exists(params![key(*file), app, conversation, sender])? {
            return Ok(Some(StoreError::Missing("file")));
        }
    }
    Ok(None)
}

/// A message that names files was kept.
pub(super) fn bind(ledger: &Ledger, conversation: i64, message: i64, named: &[FileId]) -> rusqlite::Result<()> {
    for file in named {
        ledger
            .conn
            .prepare_cached(
                "update files
                set conversation_id = ?2, message_id = ?3
                where key = ?1
                  and message_id is null",
            )?
            .execute(params![key(*file), conversation, message])?;
    }
    Ok(())
}

/// What a message said is gone: its files go too.
pub(super) fn drop_of(ledger: &Ledger, message: i64) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "update files
            set state = 1
            where message_id = ?1
              and state = 0",
        )?
        .execute([message])?;
    Ok(())
}

fn any_to_remove(view: &View<'_>, unused_before: Millis) -> rusqlite::Result<bool> {
    view.conn
        .prepare_cached(
            "select 1 from files where state = 1
            union all
            select 1 from files where state = 0 and message_id is null and created_at < ?1
            limit 1",
        )?
        .exists([unused_before.get()])
}

fn to_remove(ledger: &mut Ledger, unused_before: Millis, limit: u16) -> Work<Vec<FileId>> {
    ledger
        .conn
        .prepare_cached(
            "update files
            set state = 1
            where id in (
              select id
              from files
              where state = 0
                and message_id is null
                and created_at < ?1
              order by created_at
              limit ?2
            )",
        )?
        .execute(params![unused_before.get(), limit])?;
    let going = ledger
        .conn
        .prepare_cached(
            "select key
            from files
            where state = 1
            order by created_at
            limit ?1",
        )?
        .query_map([limit], |row| file_id(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(going)
}

fn removed(ledger: &mut Ledger, ids: &[FileId], counts_since: Millis) -> Work<()> {
    for id in ids {
        ledger
            .conn
            .prepare_cached(
                "update files
                set state = 2
                where key = ?1
                  and state = 1",
            )?
            .execute([key(*id)])?;
    }
    ledger
        .conn
        .prepare_cached(
            "delete from files
            where state = 2
              and created_at < ?1",
        )?
        .execute([counts_since.get()])?;
    Ok(())
}

fn known(view: &View<'_>, ids: &[FileId]) -> Work<Vec<FileId>> {
    let mut find = view.conn.prepare_cached("select 1 from files where key = ?1")?;
    let mut found = Vec::new();
    for id in ids {
        if find.exists([key(*id)])? {
            found.push(*id);
        }
    }
    Ok(found)
}
