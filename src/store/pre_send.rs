//! Each app's pre-send hook.

use async_trait::async_trait;

use super::{Result, outbox::SealedSecrets};
use crate::model::{AppKey, pre_send::PreSend};

/// What an engine keeps of pre-send hooks: one per app at most.
#[async_trait]
pub trait PreSends: Send + Sync {
    /// The app's hook and its secrets.
    async fn pre_send(&self, app: &AppKey) -> Result<Option<(PreSend, SealedSecrets)>>;
    /// Puts a hook in the place of the one before, if any.
    async fn set_pre_send(&self, app: &AppKey, hook: PreSend, secrets: SealedSecrets) -> Result<()>;
    /// Removes the hook; whether there was one.
    async fn remove_pre_send(&self, app: &AppKey) -> Result<bool>;
}
