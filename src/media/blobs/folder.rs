//! Files in a folder, `XX/NAME`, drafts in `drafts`. Several servers may share it.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use tokio::{
    fs,
    io::{AsyncReadExt, AsyncSeekExt, SeekFrom},
};

use super::{
    Blobs, Draft, Names, Pieces,
    draft::{Drafts, Scratch, is_old, private_folder},
    shelf_name, shelf_of,
};
use crate::model::FileId;

/// Bytes read at once.
const PIECE: u64 = 64 << 10;

/// Files in a folder.
#[derive(Debug)]
pub struct FolderBlobs {
    folder: PathBuf,
    drafts: Drafts,
}

impl FolderBlobs {
    /// Files in `folder`, which is made when missing. Uploads are refused while less than one and a half times `reserve`
    /// bytes are free: messages still fit then (D4).
    pub fn open(folder: &Path, reserve: u64) -> io::Result<Self> {
        let drafts = Drafts::open(folder.join("drafts"), reserve)?;
        Ok(Self { folder: folder.to_owned(), drafts })
    }

    fn path(&self, file: FileId) -> PathBuf {
        self.shelf(shelf_of(file)).join(file.to_string())
    }

    fn shelf(&self, number: u8) -> PathBuf {
        self.folder.join(shelf_name(number))
    }
}

async fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(path).await?.sync_all().await } else { Ok(()) }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn begin(&self, size: u64) -> io::Result<Box<dyn Draft>> {
        let scratch = self.drafts.begin(size).await?;
        Ok(Box::new(FolderDraft { scratch, root: self.folder.clone() }))
    }

    async fn read(&self, file: FileId, size: u64, part: Range<u64>) -> io::Result<Option<Pieces>> {
        let mut opened = match fs::File::open(self.path(file)).await {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if opened.metadata().await?.len() != size {
            return Ok(None);
        }
        opened.seek(SeekFrom::Start(part.start)).await?;
        let left = part.end.saturating_sub(part.start);
        Ok(Some(Box::pin(stream::try_unfold((opened, left), next_piece))))
    }

    async fn remove(&self, file: FileId) -> io::Result<()> {
        match fs::remove_file(self.path(file)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn old(&self, turn: u8) -> io::Result<Names> {
        if turn == 0 {
            self.drafts.sweep().await?;
        }
        match fs::read_dir(self.shelf(turn)).await {
            Ok(entries) => Ok(Box::pin(stream::try_unfold(entries, next_old))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Box::pin(stream::empty())),
            Err(error) => Err(error),
        }
    }
}

async fn next_old(mut entries: fs::ReadDir) -> io::Result<Option<(FileId, fs::ReadDir)>> {
    while let Some(entry) = entries.next_entry().await? {
        let Some(file) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if is_old(&entry).await? {
            return Ok(Some((file, entries)));
        }
    }
    Ok(None)
}

async fn next_piece((mut file, left): (fs::File, u64)) -> io::Result<Option<(Bytes, (fs::File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let wanted = usize::try_from(left.min(PIECE)).unwrap_or(usize::MAX);
    let mut piece = vec![0; wanted];
    let read = file.read(&mut piece).await?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    piece.truncate(read);
    let left = left.saturating_sub(read as u64);
    Ok(Some((Bytes::from(piece), (file, left))))
}

/// A file in `drafts`.
struct FolderDraft {
    scratch: Scratch,
    root: PathBuf,
}

#[async_trait]
impl Draft for FolderDraft {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.scratch.write(&bytes).await
    }

    async fn bytes(&mut self) -> io::Result<Bytes> {
        self.scratch.bytes().await
    }

    async fn keep(mut self: Box<Self>, file: FileId) -> io::Result<()> {
        let shelf = self.root.join(shelf_name(shelf_of(file)));
        if !fs::try_exists(&shelf).await? {
            private_folder(&shelf)?;
            sync_folder(&self.root).await?;
        }
        self.scratch.keep_as(&shelf.join(file.to_string())).await?;
        sync_folder(&shelf).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::TryStreamExt;

    use super::*;
    use crate::media::blobs::conformance::names;

    async fn kept(blobs: &FolderBlobs, id: u128, text: &'static str) -> FileId {
        let mut draft = blobs.begin(100).await.unwrap();
        draft.write(Bytes::from_static(text.as_bytes())).await.unwrap();
        let file = FileId::from_u128(id);
        draft.keep(file).await.unwrap();
        file
    }

    async fn part(blobs: &FolderBlobs, file: FileId, size: u64, part: Range<u64>) -> Option<Vec<u8>> {
        let pieces = blobs.read(file, size, part).await.unwrap()?;
        let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
        Some(pieces.concat())
    }

    #[tokio::test]
    async fn a_folder_does_what_every_place_does() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), 0).unwrap();
        crate::media::blobs::conformance::run(&blobs).await;
        assert_eq!(std::fs::read_dir(folder.path().join("drafts")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_file_is_read_back_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), 0).unwrap();
        let file = kept(&blobs, 7, "hello world").await;
        assert_eq!(part(&blobs, file, 11, 0..11).await.unwrap(), b"hello world");
        assert_eq!(part(&blobs, file, 11, 6..11).await.unwrap(), b"world");
        assert_eq!(part(&blobs, file, 12, 0..12).await, None, "a file of another size is not the one that was kept");
        blobs.remove(file).await.unwrap();
        blobs.remove(file).await.unwrap();
        assert_eq!(part(&blobs, file, 11, 0..11).await, None);
    }

    #[tokio::test]
    async fn a_draft_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), 0).unwrap();
        let mut draft = blobs.begin(10).await.unwrap();
        draft.write(Bytes::from_static(b"half")).await.unwrap();
        assert_eq!(draft.bytes().await.unwrap(), "half");
        drop(draft);
        let drafts = || std::fs::read_dir(folder.path().join("drafts")).unwrap().count();
        assert_eq!(drafts(), 0);
    }

    #[tokio::test]
    async fn of_drafts_only_those_go_that_nobody_writes_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (FolderBlobs::open(folder.path(), 0).unwrap(), folder.path().join("drafts"));
        let mut draft = here.begin(10).await.unwrap();
        draft.write(Bytes::from_static(b"ha")).await.unwrap();
        std::fs::write(there.join("left"), "by a crash").unwrap();
        std::fs::File::open(there.join("left")).unwrap().set_modified(two_days_after_the_beginning()).unwrap();
        let other = FolderBlobs::open(folder.path(), 0).unwrap();
        assert_eq!(names(&other, 0).await, []);
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 1, "the draft that is written stays");
        draft.write(Bytes::from_static(b"lf")).await.unwrap();
        let file = FileId::from_u128(7);
        draft.keep(file).await.unwrap();
        assert_eq!(part(&other, file, 4, 0..4).await.unwrap(), b"half", "and its file is everybody's");
    }

    fn two_days_after_the_beginning() -> std::time::SystemTime {
        std::time::UNIX_EPOCH + Duration::from_hours(48)
    }

    #[tokio::test]
    async fn d4_uploads_are_refused_first_when_the_disk_fills() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), u64::MAX / 4).unwrap();
        assert_eq!(blobs.begin(1).await.err().unwrap().kind(), io::ErrorKind::StorageFull);
    }

    #[tokio::test]
    async fn of_a_full_shelf_every_old_file_is_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), 0).unwrap();
        let shelf = folder.path().join("05");
        std::fs::create_dir(&shelf).unwrap();
        let mut files: Vec<FileId> = (1..=2500_u128).map(|number| FileId::from_u128(number << 8 | 5)).collect();
        for file in &files {
            let made = std::fs::File::create(shelf.join(file.to_string())).unwrap();
            made.set_modified(two_days_after_the_beginning()).unwrap();
        }
        let mut found = names(&blobs, 5).await;
        found.sort_unstable();
        files.sort_unstable();
        assert_eq!(found, files);
    }

    #[tokio::test]
    async fn only_what_is_old_is_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = FolderBlobs::open(folder.path(), 0).unwrap();
        let file = kept(&blobs, 0x0305, "old").await;
        kept(&blobs, 0x0405, "new").await;
        std::fs::File::open(blobs.path(file)).unwrap().set_modified(two_days_after_the_beginning()).unwrap();
        assert_eq!(names(&blobs, 5).await, [file]);
        assert_eq!(names(&blobs, 6).await, []);
    }
}
