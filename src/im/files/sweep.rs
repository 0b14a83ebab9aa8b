//! What goes: files that no message names, files of messages that were taken back, bytes that have no row.

use futures_util::{TryStreamExt, stream::TryChunksError};

use super::Im;
use crate::model::{Fault, FileId};

/// Most files removed in one look.
const BATCH: u16 = 200;
/// Files that are looked up together.
const AT_ONCE: usize = 1000;

impl Im {
    /// Removes what must go, and looks for lost bytes in a part of what is kept.
    pub async fn sweep_files(&self) -> Result<(), Fault> {
        self.remove_files().await?;
        let Ok(blobs) = self.files.blobs() else { return Ok(()) };
        let mut old = match blobs.old(self.files.next_turn()).await {
            Ok(old) => old.try_chunks(AT_ONCE),
            Err(error) => {
                tracing::warn!(%error, "The kept files could not be looked through");
                return Ok(());
            }
        };
        loop {
            match old.try_next().await {
                Ok(Some(files)) => self.remove_unknown(files).await?,
                Ok(None) => return Ok(()),
                Err(TryChunksError(files, error)) => {
                    tracing::warn!(%error, "The kept files could not be looked through to their end");
                    return self.remove_unknown(files).await;
                }
            }
        }
    }

    /// Removes those of these files that nothing names.
    async fn remove_unknown(&self, files: Vec<FileId>) -> Result<(), Fault> {
        let known = self.store.known_files(&files).await?;
        let lost: Vec<FileId> = files.into_iter().filter(|file| !known.contains(file)).collect();
        if !lost.is_empty() {
            tracing::info!(files = lost.len(), "Removing {} files that were never kept", lost.len());
        }
        for file in lost {
            self.remove_bytes(file).await;
        }
        Ok(())
    }

    /// Removes the bytes of what no message names for a day and of what was taken back. What fails is tried again.
    pub(in crate::im) async fn remove_files(&self) -> Result<(), Fault> {
        if self.files.blobs().is_err() {
            return Ok(());
        }
        let day_ago = self.a_day_ago();
        let mut gone = Vec::new();
        for file in self.store.files_to_remove(day_ago, BATCH).await? {
            if self.remove_bytes(file).await {
                gone.push(file);
            }
        }
        if !gone.is_empty() {
            self.store.files_removed(&gone, day_ago).await?;
        }
        Ok(())
    }

    async fn remove_bytes(&self, file: FileId) -> bool {
        let Ok(blobs) = self.files.blobs() else { return false };
        match blobs.remove(file).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, file.id = %file, "File {file} could not be removed; the next sweep tries again");
                false
            }
        }
    }
}
