//! The secrets that the app shares with its back ends, for requests and callbacks signed in the older form.

use super::Backend;
use crate::{
    auth::app_secret::SharedSecret,
    model::{AppSecret, Code, Fault, SecretId, Stale},
    store::{StoreError, app_secrets::KeptSecret},
};

impl Backend<'_> {
    /// Makes a secret, whose text is shown this once. Two may be in use, so that one can take the other's place (A5).
    pub async fn add_secret(&self) -> Result<(AppSecret, SharedSecret), Fault> {
        self.app().await?;
        let (secret, text, sealed) = self.im.with_random(|random| {
            let secret = AppSecret { id: SecretId::random(random), created_at: self.im.clock.now() };
            let text = SharedSecret::random(random);
            let purpose = SharedSecret::purpose(self.app, &secret.id);
            let sealed = self.im.vault.seal(&purpose, text.reveal().as_bytes(), random);
            (secret, text, sealed)
        });
        let kept = KeptSecret { secret: secret.clone(), sealed };
        let added = self.im.store.add_app_secret(self.app, kept, AppSecret::MOST).await;
        self.im.stale(self.app, Stale::App).await;
        match added {
            Ok(()) => Ok((secret, text)),
            Err(StoreError::TooMany(_)) => {
                let message = format!("an app has at most {} secrets; remove the older one first", AppSecret::MOST);
                Err(Fault::new(Code::LimitReached, message))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The app's secrets without their texts, oldest first. The oldest signs callbacks.
    pub async fn secrets(&self) -> Result<Vec<AppSecret>, Fault> {
        Ok(self.im.store.app_secrets(self.app).await?.into_iter().map(|kept| kept.secret).collect())
    }

    /// Refuses what needs a secret while there is none.
    pub(super) async fn has_secret(&self) -> Result<(), Fault> {
        if self.secrets().await?.is_empty() {
            let message = "the compatible form is signed with the app's secret; make one first";
            return Err(Fault::new(Code::BadRequest, message));
        }
        Ok(())
    }

    /// Removes a secret: it opens and signs nothing from now on.
    pub async fn remove_secret(&self, id: &SecretId) -> Result<(), Fault> {
        let was_there = self.im.store.remove_app_secret(self.app, id).await?;
        self.im.stale(self.app, Stale::App).await;
        if was_there { Ok(()) } else { Err(Fault::new(Code::NotFound, "no such secret")) }
    }

    /// Opens the app to code that was written for the compatible server API: signatures may come again, and there is a
    /// secret. A new one is returned when there was none.
    pub async fn make_compatible(&self) -> Result<Option<SharedSecret>, Fault> {
        let features = self.app().await?.features.clone();
        let features = crate::model::Features { compatible_api: true, compatible_repeats: true, ..features };
        self.set_features(features).await?;
        if !self.secrets().await?.is_empty() {
            return Ok(None);
        }
        self.add_secret().await.map(|(_, text)| Some(text))
    }
}
