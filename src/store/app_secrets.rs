//! The secrets that apps share with their back ends.

use async_trait::async_trait;

use super::Result;
use crate::model::{AppKey, AppSecret, SecretId};

/// A secret as it is kept: sealed under a key that is not in the store (A5).
#[derive(Clone, PartialEq, Eq)]
pub struct KeptSecret {
    /// The secret.
    pub secret: AppSecret,
    /// Its text, sealed.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for KeptSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptSecret").field("secret", &self.secret).finish_non_exhaustive()
    }
}

/// What the store does for apps' secrets.
#[async_trait]
pub trait AppSecrets: Send + Sync {
    /// Keeps a secret. An app with `most` already: [`TooMany`](super::StoreError::TooMany).
    async fn add_app_secret(&self, app: &AppKey, new: KeptSecret, most: usize) -> Result<()>;
    /// The app's secrets, oldest first; none for an app that does not exist.
    async fn app_secrets(&self, app: &AppKey) -> Result<Vec<KeptSecret>>;
    /// Forgets a secret; whether it was there.
    async fn remove_app_secret(&self, app: &AppKey, id: &SecretId) -> Result<bool>;
}
