//! Files: to whom they belong and what names them. Their bytes are kept elsewhere, under the same id.
//!
//! A file is used by the message that names it: [`Store::append`](super::Store::append) refuses a message with
//! [`StoreError::Missing`](super::StoreError::Missing) when a file it names is not there, belongs to another
//! conversation, or was sent by somebody else and is not used yet; and binds it to its conversation for ever in the same
//! transaction. When that message's content is replaced, its files are to be removed.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, File, FileId, Millis, UserId};

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// From when on files count, also those that are gone.
    pub since: Millis,
    /// Most files of one uploader; any number without.
    pub files: Option<u64>,
    /// Most bytes of one uploader; any number without.
    pub bytes: Option<u64>,
    /// Most bytes of the app.
    pub app_bytes: u64,
}

impl Quota {
    /// Whether something of this size still fits.
    pub fn has_room(&self, used: Usage, size: u64) -> bool {
        let fits = |used: u64, most: Option<u64>| most.is_none_or(|most| used.saturating_add(size) <= most);
        self.files.is_none_or(|most| used.files < most)
            && fits(used.bytes, self.bytes)
            && fits(used.app_bytes, Some(self.app_bytes))
    }
}

/// How much was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Files of the uploader.
    pub files: u64,
    /// Bytes of the uploader.
    pub bytes: u64,
    /// Bytes of the app.
    pub app_bytes: u64,
}

/// The verbs for files.
#[async_trait]
pub trait Files: Send + Sync {
    /// Keeps a file whose bytes are on the disk. `false`: the quota does not allow it, nothing was kept.
    async fn create_file(&self, app: &AppKey, file: File, quota: Quota) -> Result<bool>;
    /// How much an uploader, and the app, kept since then.
    async fn files_used(&self, app: &AppKey, uploader: &UserId, since: Millis) -> Result<Usage>;
    /// Those of these files that are there.
    async fn files(&self, app: &AppKey, ids: &[FileId]) -> Result<Vec<File>>;
    /// Files of any app whose bytes must go, at most `limit`: those of replaced messages, and those that no message
    /// names and that are older than `unused_before`. No message can name them from now on.
    async fn files_to_remove(&self, unused_before: Millis, limit: u16) -> Result<Vec<FileId>>;
    /// The bytes of these files are gone. Their rows stay while they count against quotas, which is from then on.
    async fn files_removed(&self, ids: &[FileId], counts_since: Millis) -> Result<()>;
    /// Those of these files of any app that have a row.
    async fn known_files(&self, ids: &[FileId]) -> Result<Vec<FileId>>;
    /// Notes under which name a file was uploaded, for a day, for other servers. A later note replaces it. A server that has
    /// the store for itself remembers by itself.
    async fn note_upload(&self, _app: &AppKey, _name: [u8; 32], _file: FileId) -> Result<()> {
        Ok(())
    }
    /// The file that some server noted under this name.
    async fn noted_upload(&self, _app: &AppKey, _name: [u8; 32]) -> Result<Option<FileId>> {
        Ok(None)
    }
}
