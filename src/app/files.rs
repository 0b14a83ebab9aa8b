//! Where the files are kept that people send, as the settings say.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::RootCertStore;

use crate::{
    config::{Config, files::Place},
    media::{
        Blobs, FolderBlobs, ObjectBlobs,
        blobs::{BlobStats, CountedBlobs, NoBucket},
    },
    outbound,
};

/// The folder in the data folder in which uploads wait until they are whole, when files go to a bucket.
const DRAFTS: &str = "drafts";

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
    /// The secret's file cannot be read.
    #[error("files.secret_file = {file}: {cause}")]
    Secret {
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file of authorities cannot be read.
    #[error("files.ca_file = {file}: {cause}")]
    Authorities {
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The bucket does not do.
    #[error("files cannot be kept in the bucket {0} (files.url): {1}")]
    Bucket(String, NoBucket),
    /// Files lie in a bucket, which has its own tools.
    #[error("files lie in a bucket")]
    NoFolder,
}

/// Opens the place for files. A bucket that refuses us is an error, one that cannot be reached is not: that passes.
/// What fails there is counted.
pub(super) async fn open(config: &Config, stats: Arc<BlobStats>) -> Result<Arc<dyn Blobs>, FilesError> {
    if let Some(Place::Bucket { name, prefix }) = config.files.place(&config.data) {
        let blobs = bucket(config, &name, &prefix)?;
        match blobs.probe().await {
            Ok(()) => {}
            Err(NoBucket::Away(cause)) => {
                tracing::warn!(bucket = name, cause, "The bucket of files cannot be reached now: {cause}");
            }
            Err(refused) => return Err(FilesError::Bucket(name, refused)),
        }
        return Ok(Arc::new(CountedBlobs::of(blobs, stats)));
    }
    let folder = folder(config)?;
    let opened = match FolderBlobs::open(&folder, config.data.reserve_bytes) {
        Ok(blobs) => may_be_written(&blobs).await.map(|()| blobs),
        Err(cause) => Err(cause),
    };
    let blobs = opened.map_err(|cause| FilesError::Folder { folder, cause })?;
    Ok(Arc::new(CountedBlobs::of(blobs, stats)))
}

/// Makes a draft and lets it go. A full disk is none of a start's business: there may be room again.
async fn may_be_written(blobs: &FolderBlobs) -> io::Result<()> {
    match blobs.begin(0).await {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => Err(error),
        _ => Ok(()),
    }
}

/// Says whether files can be kept where the settings say, and where that is. A folder is not made.
pub async fn look(config: &Config) -> Result<String, FilesError> {
    match config.files.place(&config.data).ok_or(FilesError::Settings)? {
        Place::Bucket { name, prefix } => {
            let probed = bucket(config, &name, &prefix)?.probe().await;
            probed.map_err(|cause| FilesError::Bucket(name, cause))?;
            Ok(config.files.url.clone())
        }
        Place::Own(_) | Place::Named(_) => Ok(folder(config)?.display().to_string()),
    }
}

fn bucket(config: &Config, name: &str, prefix: &str) -> Result<ObjectBlobs, FilesError> {
    let refused = |text: String| FilesError::Bucket(name.to_owned(), NoBucket::Refused(text));
    let secret = secret(config)?;
    let store = outbound::bucket(&config.files, name, &secret, authorities(config)?)
        .map_err(|error| refused(error.to_string()))?;
    let drafts = config.data.dir.join(DRAFTS);
    let opened = ObjectBlobs::open(store, prefix, &drafts, config.data.reserve_bytes);
    opened.map_err(|cause| FilesError::Folder { folder: drafts, cause })
}

fn secret(config: &Config) -> Result<String, FilesError> {
    if let Some(secret) = config.files.secret.reveal() {
        return Ok(secret.to_owned());
    }
    let file = &config.files.secret_file;
    let read = fs::read_to_string(file).map_err(|cause| FilesError::Secret { file: file.clone(), cause })?;
    Ok(read.trim().to_owned())
}

/// Who may sign the certificate of the bucket's store, where that is not left to the public authorities.
fn authorities(config: &Config) -> Result<Option<RootCertStore>, FilesError> {
    let file = &config.files.ca_file;
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = fs::read(file).and_then(|pem| outbound::authorities(&pem).map_err(io::Error::other));
    read.map(Some).map_err(|cause| FilesError::Authorities { file: file.clone(), cause })
}

/// The folder of files, for commands that copy it. A folder that was named must be there: what is written into the
/// place of a disk that is not connected would be lost.
pub fn folder(config: &Config) -> Result<PathBuf, FilesError> {
    match config.files.place(&config.data).ok_or(FilesError::Settings)? {
        Place::Own(folder) => Ok(folder),
        Place::Named(folder) if Path::is_dir(&folder) => Ok(folder),
        Place::Named(folder) => Err(FilesError::Missing(folder)),
        Place::Bucket { .. } => Err(FilesError::NoFolder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path) -> Config {
        let mut config = Config::default();
        folder.clone_into(&mut config.data.dir);
        config.data.reserve_bytes = 0;
        config
    }

    #[tokio::test]
    async fn a_start_leaves_nothing_in_the_folder_of_files() {
        let folder = tempfile::tempdir().unwrap();
        open(&settings(folder.path()), Arc::default()).await.unwrap();
        assert_eq!(fs::read_dir(folder.path().join("files/drafts")).unwrap().count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_folder_that_cannot_be_written_ends_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        fs::create_dir(&files).unwrap();
        // Nobody makes files there, whoever runs this.
        std::os::unix::fs::symlink("/proc/self", files.join("drafts")).unwrap();
        let refused = open(&settings(folder.path()), Arc::default()).await.map(drop).unwrap_err();
        assert!(matches!(refused, FilesError::Folder { .. }), "{refused}");
        assert!(refused.to_string().contains("files cannot be kept in"), "{refused}");
    }
}
