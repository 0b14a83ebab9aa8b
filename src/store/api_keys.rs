//! The keys of back ends, and the signatures that were used.

use async_trait::async_trait;

use super::{Result, TokenHash};
use crate::model::{ApiKey, AppKey, KeyId, Millis};

/// A key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The key.
    pub key: ApiKey,
    /// SHA-256 of its secret, for bearers.
    pub secret: TokenHash,
    /// The secret itself, sealed, for signed requests.
    pub sealed_secret: Vec<u8>,
}

impl std::fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptKey").field("key", &self.key.id).finish_non_exhaustive()
    }
}

/// A signature that must not be taken twice.
#[derive(Debug, Clone, Copy)]
pub struct SeenSignature {
    /// The signature itself.
    pub signature: [u8; 32],
    /// From then on it is refused for its age.
    pub expires_at: Millis,
    /// The server's time.
    pub now: Millis,
}

/// What the store does for back ends' keys.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Keeps a key. An app with `most` keys already: [`TooMany`](super::StoreError::TooMany).
    async fn create_api_key(&self, key: KeptKey, most: usize) -> Result<()>;
    /// The key with this id, of whichever app: ids are unique on the server, and it says itself for which app it speaks.
    async fn api_key(&self, id: &KeyId) -> Result<Option<KeptKey>>;
    /// The app's keys, oldest first.
    async fn api_keys(&self, app: &AppKey) -> Result<Vec<ApiKey>>;
    /// Removes a key; whether it was there.
    async fn revoke_api_key(&self, app: &AppKey, id: &KeyId) -> Result<bool>;
    /// Notes when a key was used.
    async fn touch_api_key(&self, app: &AppKey, id: &KeyId, at: Millis) -> Result<()>;
    /// Whether a signature is seen for the first time from this signer, a key's id or `app:` and an app's key; remembers it
    /// until it expires. With `most` remembered in all: [`TooMany`](super::StoreError::TooMany), because forgetting one would
    /// let it be used again.
    async fn first_sight(&self, signer: &str, seen: SeenSignature, most: u64) -> Result<bool>;
}
