//! The data folder: which files are in it, and the lock that lets only one process use it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use fs4::fs_std::FileExt;

use super::OpenError;

/// The database's file in a data folder.
pub fn database_in(folder: &Path) -> PathBuf {
    folder.join("parlor.db")
}

/// A data folder that this process has for itself, or visits. The lock goes with the value.
#[derive(Debug)]
pub(super) struct Folder {
    /// Held by the owner.
    lock: Option<File>,
    path: PathBuf,
}

impl Folder {
    /// Makes the folder when it is missing, and locks it.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        if !path.try_exists()? {
            make(path)?;
        }
        let lock = private().create(true).truncate(false).write(true).open(path.join("parlor.lock"))?;
        if !FileExt::try_lock_exclusive(&lock)? {
            return Err(OpenError::InUse(path.to_owned()));
        }
        Ok(Self { lock: Some(lock), path: path.to_owned() })
    }

    /// Makes the folder when it is missing, and leaves its lock to whoever has it.
    pub(super) fn visit(path: &Path) -> io::Result<Self> {
        make(path)?;
        Ok(Self { lock: None, path: path.to_owned() })
    }

    /// Whether no other process works in it.
    pub(super) const fn is_ours(&self) -> bool {
        self.lock.is_some()
    }

    pub(super) fn database(&self) -> PathBuf {
        database_in(&self.path)
    }
}

/// Makes a folder that only this user may look into.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    sync_entry(path)
}

/// Makes a file that only this user may read, if it is missing.
pub(super) fn make_file(path: &Path) -> io::Result<()> {
    private().create(true).truncate(false).write(true).open(path).map(drop)
}

/// Options for files that only this user may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Brings a file, and the entry of its name in its folder, to the disk.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    sync_entry(path)
}

/// Brings the entry of a name in its folder to the disk.
pub(super) fn sync_entry(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
