//! Files that are being written, in a folder of this machine or on a disk that several servers share.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    fs,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom},
};

/// A file that has no row after so long never gets one, and a draft into which nothing was written for so long has lost
/// its server: uploads end much sooner (W7). Long enough for clocks that differ.
pub(super) const OLD: Duration = Duration::from_hours(24);

/// The folder of drafts.
#[derive(Debug)]
pub(super) struct Drafts {
    folder: PathBuf,
    reserve: u64,
}

impl Drafts {
    /// Drafts in `folder`, which is made when missing. They are refused while less than one and a half times `reserve`
    /// bytes are free: messages still fit then (D4).
    pub(super) fn open(folder: PathBuf, reserve: u64) -> io::Result<Self> {
        private_folder(&folder)?;
        Ok(Self { folder, reserve: reserve + reserve / 2 })
    }

    /// A new draft, for which so many bytes are free now.
    pub(super) async fn begin(&self, size: u64) -> io::Result<Scratch> {
        if self.reserve > 0 && fs4::available_space(&self.folder)? < self.reserve.saturating_add(size) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let path = self.folder.join(uuid::Uuid::new_v4().to_string());
        let mut options = fs::OpenOptions::new();
        options.create_new(true).read(true).write(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?;
        Ok(Scratch { file, path: Some(path) })
    }

    /// Removes drafts that nobody writes any more. Younger ones may be another server's.
    pub(super) async fn sweep(&self) -> io::Result<()> {
        let mut entries = fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if !is_old(&entry).await? {
                continue;
            }
            match fs::remove_file(entry.path()).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// What went meanwhile is not old.
pub(super) async fn is_old(entry: &fs::DirEntry) -> io::Result<bool> {
    let modified = match entry.metadata().await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?.modified()?,
    };
    Ok(modified.elapsed().unwrap_or_default() > OLD)
}

pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A draft. Dropping it removes it, unless it was given another name.
#[derive(Debug)]
pub(super) struct Scratch {
    file: fs::File,
    /// Taken when it was given its name.
    path: Option<PathBuf>,
}

impl Scratch {
    /// Adds bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Everything written so far.
    pub(super) async fn bytes(&mut self) -> io::Result<Bytes> {
        self.begin_again().await?;
        let mut all = Vec::new();
        self.file.read_to_end(&mut all).await?;
        Ok(all.into())
    }

    /// Reads from the beginning next. How many bytes there are.
    pub(super) async fn begin_again(&mut self) -> io::Result<u64> {
        self.file.flush().await?;
        self.file.seek(SeekFrom::Start(0)).await?;
        Ok(self.file.metadata().await?.len())
    }

    /// The next bytes, `most` or what is left; none at the end.
    pub(super) async fn next(&mut self, most: usize) -> io::Result<Bytes> {
        let mut part = Vec::new();
        (&mut self.file).take(most as u64).read_to_end(&mut part).await?;
        Ok(part.into())
    }

    /// Flushes it to the disk and gives it its name, on the same disk.
    pub(super) async fn keep_as(&mut self, name: &Path) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        if let Some(path) = &self.path {
            fs::rename(path, name).await?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(%error, "A draft could not be removed; the sweep does it in a day");
        }
    }
}
