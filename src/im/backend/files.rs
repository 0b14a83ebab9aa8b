//! Files that the app's back end sends in somebody's name.

use super::{Backend, messages::no_user};
use crate::{
    im::files::{Place, Upload, Uploaded},
    model::{Caller, Fault, UserId},
};

impl Backend<'_> {
    /// Begins to take a file in that a message from `from` will name: a user, agent, robot or system sender of the app.
    /// The file is theirs alone until a message names it, and that message's conversation's from then on. `declared` is
    /// the media type that came with it, `size` its bytes, when they are known.
    pub async fn begin_upload(
        &self,
        from: &UserId,
        name: &str,
        declared: &str,
        size: Option<u64>,
    ) -> Result<(Caller, Upload), Fault> {
        let person = self.im.store.user(self.app, from).await?.ok_or_else(|| no_user(from))?;
        let caller = Caller { app: self.app.clone(), person, site: None };
        let upload = self.im.begin_upload(&caller, Place::Unknown, name, declared, size).await?;
        Ok((caller, upload))
    }

    /// Keeps a file whose bytes have all come.
    pub async fn finish_upload(&self, caller: &Caller, upload: Upload) -> Result<Uploaded, Fault> {
        self.im.finish_upload(caller, upload).await
    }
}
