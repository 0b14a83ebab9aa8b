//! Where the files are kept that people send, as the settings say.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    config::{Config, files::Place},
    media::{Blobs, FolderBlobs},
};

/// Why files cannot be kept where the settings say.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Settings that were not checked.
    #[error("files.url makes no sense; `parlor check-config` says why")]
    Settings,
    /// A folder that was named, and is no folder.
    #[error("files.url names {0}, which is not there: is its disk connected? A new folder must be made first")]
    Missing(PathBuf),
    /// The folder does not do.
    #[error("files cannot be kept in {folder}: {cause}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Opens the place for files.
pub(super) fn open(config: &Config) -> Result<Arc<dyn Blobs>, FilesError> {
    let folder = folder(config)?;
    let opened = FolderBlobs::open(&folder, config.data.reserve_bytes);
    Ok(Arc::new(opened.map_err(|cause| FilesError::Folder { folder, cause })?))
}

/// The folder of files, for commands that copy it. A folder that was named must be there: what is written into the
/// place of a disk that is not connected would be lost.
pub fn folder(config: &Config) -> Result<PathBuf, FilesError> {
    match config.files.place(&config.data).ok_or(FilesError::Settings)? {
        Place::Own(folder) => Ok(folder),
        Place::Named(folder) if Path::is_dir(&folder) => Ok(folder),
        Place::Named(folder) => Err(FilesError::Missing(folder)),
    }
}
