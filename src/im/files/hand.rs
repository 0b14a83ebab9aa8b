//! Handing a file on: it belongs to the conversation in which it was sent, so another one gets a copy.

use futures_util::StreamExt;

use super::{
    Im,
    upload::{disk, no_quota},
};
use crate::model::{Caller, ConversationId, Fault, File, FileId};

impl Im {
    /// The file by which a message to this conversation can name what this file holds: the file itself when it may be
    /// named there; else a copy, which counts as an upload of the caller. `None`: the conversation is not there yet. A
    /// file that the caller may not see stays what it is, and the message is refused.
    pub async fn handed_on(&self, caller: &Caller, to: Option<ConversationId>, id: FileId) -> Result<FileId, Fault> {
        let Some(file) = self.store.files(&caller.app, &[id]).await?.pop() else { return Ok(id) };
        let fits = file.conversation.is_none_or(|its| Some(its) == to);
        if fits || !self.may_see(caller, &file).await? {
            return Ok(id);
        }
        self.copy_of(caller, file).await
    }

    async fn copy_of(&self, caller: &Caller, file: File) -> Result<FileId, Fault> {
        let (_promise, ..) = self.files.running.begin(Some(caller), file.size)?;
        let mut draft = self.files.blobs()?.begin(file.size).await.map_err(disk)?;
        let mut pieces = self.file_bytes(&file, 0..file.size).await?;
        while let Some(piece) = pieces.next().await {
            draft.write(piece.map_err(disk)?).await.map_err(disk)?;
        }
        let copy = File {
            id: self.with_random(|random| FileId::random(random)),
            conversation: None,
            uploader: caller.id().clone(),
            created_at: self.clock.now(),
            ..file
        };
        let id = copy.id;
        draft.keep(id).await.map_err(disk)?;
        if self.store.create_file(&caller.app, copy, self.quota(caller)).await? {
            return Ok(id);
        }
        self.forget_bytes(id).await;
        Err(no_quota())
    }
}
