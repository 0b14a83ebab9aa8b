//! Which app a request speaks for that was signed in the older form (A1, A2).

use std::sync::Arc;

use super::{Im, keys::MOST_SIGNATURES};
use crate::{
    auth::app_secret::{JoinedSignature, SharedSecret, is_signed_by},
    model::{App, AppKey, Code, Fault, Millis},
    store::{StoreError, api_keys::SeenSignature, app_secrets::KeptSecret},
};

/// What such a request says about itself. Its form was checked.
#[derive(Debug, Clone, Copy)]
pub struct JoinedProof<'a> {
    /// Which app it names.
    pub app: &'a AppKey,
    /// As it was signed.
    pub nonce: &'a str,
    /// As it was signed.
    pub timestamp: &'a str,
    /// The same as an instant.
    pub at: Millis,
    /// The signature.
    pub signature: JoinedSignature,
}

impl Im {
    /// The app for which a request was signed. Unless the app lets requests come again, the signature is fresh and taken
    /// once; [`Code::Forbidden`] when the app has switched this off.
    pub async fn app_of_joined(&self, proof: JoinedProof<'_>) -> Result<Arc<App>, Fault> {
        let secrets = self.shared_secrets(proof.app).await?;
        let right = is_signed_by(&secrets, proof.nonce, proof.timestamp, proof.signature);
        let app = self.app_of(proof.app).await?.filter(|_| right).ok_or_else(wrong)?;
        if !app.features.compatible_api {
            return Err(Fault::new(Code::Forbidden, "this app has switched the compatible server API off"));
        }
        if !app.features.compatible_repeats {
            let skew_secs = i64::from(app.features.compatible_skew_secs);
            self.is_fresh(proof, skew_secs)?;
            self.take_joined_once(proof, skew_secs).await?;
        }
        Ok(app)
    }

    /// The app's secrets, oldest first; those that cannot be opened sign nothing.
    pub(super) async fn shared_secrets(&self, app: &AppKey) -> Result<Vec<SharedSecret>, Fault> {
        let kept = self.store.app_secrets(app).await?;
        Ok(kept.iter().filter_map(|kept| self.open_secret(app, kept)).collect())
    }

    fn open_secret(&self, app: &AppKey, kept: &KeptSecret) -> Option<SharedSecret> {
        let purpose = SharedSecret::purpose(app, &kept.secret.id);
        let open = self.vault.open_sealed(&purpose, &kept.sealed).and_then(SharedSecret::from_bytes);
        if open.is_none() {
            tracing::error!(secret.id = %kept.secret.id, "A secret of an app cannot be opened; is secret.key the right one?");
        }
        open
    }

    fn is_fresh(&self, proof: JoinedProof<'_>, most_secs: i64) -> Result<(), Fault> {
        let skew = self.clock.now().get().saturating_sub(proof.at.get()) / 1000;
        if skew.abs() <= most_secs {
            return Ok(());
        }
        let message = format!(
            "the request was signed {skew} seconds before the server's time; allowed are {most_secs} either way"
        );
        Err(Fault::new(Code::Unauthorized, message))
    }

    async fn take_joined_once(&self, proof: JoinedProof<'_>, most_secs: i64) -> Result<(), Fault> {
        let seen = SeenSignature {
            signature: proof.signature.hash(),
            expires_at: proof.at.plus_secs(most_secs + 1),
            now: self.clock.now(),
        };
        match self.store.first_sight(&format!("app:{}", proof.app), seen, MOST_SIGNATURES).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::new(
                Code::Replayed,
                "this signature was used before; sign each request anew, or set `compatible_repeats`",
            )),
            Err(StoreError::TooMany(_)) => {
                Err(Fault::new(Code::Unavailable, "too many signed requests at once; try again").retry_after(5))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// One answer for unknown apps and wrong signatures (A7).
pub fn wrong() -> Fault {
    Fault::new(Code::Unauthorized, "no app has this key, or the signature was not made with its secret")
}
