//! The app's own keys.

use super::Backend;
use crate::{
    auth::api_key::FullKey,
    im::keys::purpose,
    model::{ApiKey, Code, Fault, KeyId, Scope, person::display_name},
    store::api_keys::KeptKey,
};

/// Longest life of a key that can be asked for, in seconds: 10 years. Without one it lives until it is revoked.
pub const LONGEST_KEY_SECS: u32 = 10 * 365 * 24 * 3600;

/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may do: at least one.
    pub scopes: Vec<Scope>,
    /// Seconds until it expires; `None`: until it is revoked.
    pub lives_secs: Option<u32>,
}

/// A key and, this once, its whole text.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// The key.
    pub key: ApiKey,
    /// What its owner keeps.
    pub full: FullKey,
}

impl Backend<'_> {
    /// Makes a key. `by` is the key that asks: nobody gives more than they have.
    pub async fn create_key(&self, new: NewKey, by: Option<&ApiKey>) -> Result<MadeKey, Fault> {
        let name = display_name(&new.name).ok_or_else(|| Fault::new(Code::BadRequest, "the key needs a `name`"))?;
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Fault::new(Code::BadRequest, "`scopes` is empty; give at least one"));
        }
        if let Some(missing) = scopes.iter().find(|scope| by.is_some_and(|by| !by.has(**scope))) {
            let message = format!("your key lacks the scope `{}` and cannot give it", missing.name());
            return Err(Fault::new(Code::Forbidden, message));
        }
        if new.lives_secs.is_some_and(|secs| !(60..=LONGEST_KEY_SECS).contains(&secs)) {
            let message = format!("a key lives 60 to {LONGEST_KEY_SECS} seconds, or until it is revoked");
            return Err(Fault::new(Code::BadRequest, message));
        }
        let now = self.im.clock.now();
        let full = self.im.with_random(|random| FullKey::random(random));
        let key = ApiKey {
            id: full.id.clone(),
            app: self.app.clone(),
            name,
            scopes,
            created_at: now,
            expires_at: new.lives_secs.map(|secs| now.plus_secs(secs.into())),
            last_used_at: None,
        };
        self.im.store.create_api_key(self.keep(&key, &full), ApiKey::MOST).await?;
        Ok(MadeKey { key, full })
    }

    fn keep(&self, key: &ApiKey, full: &FullKey) -> KeptKey {
        let secret = full.secret.reveal().as_bytes();
        let sealed_secret = self.im.with_random(|random| self.im.vault.seal(&purpose(&key.id), secret, random));
        KeptKey { key: key.clone(), secret: full.secret.hash(), sealed_secret }
    }

    /// The app's keys, oldest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Fault> {
        Ok(self.im.store.api_keys(self.app).await?)
    }

    /// Revokes a key: it opens nothing from now on.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<(), Fault> {
        let was_there = self.im.store.revoke_api_key(self.app, id).await?;
        if was_there { Ok(()) } else { Err(Fault::new(Code::NotFound, "no such key")) }
    }
}
