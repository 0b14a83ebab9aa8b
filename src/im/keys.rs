//! Who speaks for an app: keys presented, or proved by a signature.

use super::Im;
use crate::{
    auth::{
        api_key::{FullKey, is_secret_of},
        signature::{Signature, Signed},
    },
    model::{ApiKey, Code, Fault, KeyId, Millis},
    store::{
        StoreError,
        api_keys::{KeptKey, SeenSignature},
    },
};

/// How far a signed request's clock may be off, in seconds (A1).
pub const MOST_SKEW_SECS: i64 = 300;

/// Most signatures remembered at once, of all apps: at 100 requests a second and app, those of eight busy apps.
pub(super) const MOST_SIGNATURES: u64 = 500_000;

/// The time of a key's last use is written again after so many seconds.
const COARSE_SECS: i64 = 3600;

/// A signed request's own words about itself.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// Whose secret.
    pub key: &'a KeyId,
    /// What was signed.
    pub request: Signed<'a>,
    /// When, in seconds since 1970; the same as in `request`.
    pub at_secs: i64,
    /// The signature.
    pub signature: Signature,
}

impl Im {
    /// The live key that was presented as a bearer.
    pub async fn key_of_bearer(&self, presented: &str) -> Result<ApiKey, Fault> {
        let full = FullKey::presented(presented).ok_or_else(no_key)?;
        let kept = self.store.api_key(&full.id).await?;
        let right = is_secret_of(&full.secret, kept.as_ref().map(|kept| &kept.secret));
        let key = kept.filter(|_| right).map(|kept| kept.key).ok_or_else(no_key)?;
        self.used(key).await
    }

    /// The live key whose secret signed a request. The same signature is taken once (A2).
    pub async fn key_of_signature(&self, proof: Proof<'_>) -> Result<ApiKey, Fault> {
        let now = self.clock.now();
        let skew = (now.get() / 1000).saturating_sub(proof.at_secs);
        if skew.abs() > MOST_SKEW_SECS {
            let message = format!(
                "the request was signed {skew} seconds before the server's time; allowed are {MOST_SKEW_SECS} either way"
            );
            return Err(Fault::new(Code::Unauthorized, message));
        }
        let kept = self.store.api_key(proof.key).await?;
        let secret = kept.as_ref().and_then(|kept| self.secret_of(kept));
        let right = proof.request.is_signed_by(secret.as_deref(), &proof.signature);
        let key = kept.filter(|_| right).map(|kept| kept.key).ok_or_else(no_key)?;
        let key = self.used(key).await?;
        self.take_once(&key, proof).await?;
        Ok(key)
    }

    /// `None` when it was sealed under another server's key: then it signs nothing here.
    fn secret_of(&self, kept: &KeptKey) -> Option<Vec<u8>> {
        let secret = self.vault.open_sealed(&purpose(&kept.key.id), &kept.sealed_secret);
        if secret.is_none() {
            tracing::error!(key.id = %kept.key.id, "The secret of a key cannot be opened; is secret.key the right one?");
        }
        secret
    }

    async fn take_once(&self, key: &ApiKey, proof: Proof<'_>) -> Result<(), Fault> {
        let seen = SeenSignature {
            signature: proof.signature,
            expires_at: Millis::new(proof.at_secs.saturating_mul(1000)).plus_secs(MOST_SKEW_SECS + 1),
            now: self.clock.now(),
        };
        match self.store.first_sight(key.id.as_str(), seen, MOST_SIGNATURES).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::new(Code::Replayed, "this signed request was seen before; sign each request anew")),
            Err(StoreError::TooMany(_)) => {
                Err(Fault::new(Code::Unavailable, "too many signed requests at once; try again").retry_after(5))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses a key that has expired; writes down now and then that it is in use.
    async fn used(&self, key: ApiKey) -> Result<ApiKey, Fault> {
        let now = self.clock.now();
        if !key.is_live(now) {
            return Err(no_key());
        }
        if key.last_used_at.is_none_or(|last| now.since(last) >= COARSE_SECS * 1000) {
            self.store.touch_api_key(&key.app, &key.id, now).await?;
        }
        Ok(key)
    }
}

/// What a key's secret is sealed for.
pub(super) fn purpose(id: &KeyId) -> String {
    format!("api key {id}")
}

/// One answer for unknown, wrong, revoked and expired keys (A7).
fn no_key() -> Fault {
    Fault::new(Code::Unauthorized, "the key is unknown, revoked or expired, or the signature is not its own")
}
