//! The service that leads the app's conversations, if not this server.

use super::Backend;
use crate::{
    auth::vault::Vault,
    model::{AppKey, Code, Fault, Stale, Upstream},
    store::StoreError,
};

/// Longest secret and longest id, in characters.
const LONGEST: usize = 64;

impl Backend<'_> {
    /// The upstream, if there is one. Its secret is never shown.
    pub async fn upstream(&self) -> Result<Upstream, Fault> {
        Ok(self.im.store.upstream(self.app).await?.ok_or_else(none)?.0)
    }

    /// Has the app's conversations led elsewhere from now on. `secret`: the app's secret there.
    pub async fn set_upstream(&self, mut upstream: Upstream, secret: &str) -> Result<Upstream, Fault> {
        self.app().await?;
        for (name, url) in [("navigation", &mut upstream.navigation), ("api", &mut upstream.api)] {
            let checked = self.im.settings.outgoing.url(url);
            let checked = checked.map_err(|refusal| Fault::new(Code::BadRequest, format!("`{name}`: {refusal}")))?;
            if checked.query().is_some() || checked.fragment().is_some() {
                return Err(Fault::new(Code::BadRequest, format!("`{name}`: write the address without `?` and `#`")));
            }
            checked.as_str().trim_end_matches('/').clone_into(url);
        }
        for (name, text) in [("app_key", upstream.app_key.as_str()), ("peer", upstream.peer.id()), ("secret", secret)] {
            if !(1..=LONGEST).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                let message = format!("`{name}` must be 1 to {LONGEST} visible ASCII characters");
                return Err(Fault::new(Code::BadRequest, message));
            }
        }
        let sealed = self.im.with_random(|random| self.im.vault.seal(&purpose(self.app), secret.as_bytes(), random));
        self.im.store.set_upstream(self.app, upstream.clone(), sealed).await?;
        self.im.stale(self.app, Stale::App).await;
        Ok(upstream)
    }

    /// The app's conversations are led here again.
    pub async fn remove_upstream(&self) -> Result<(), Fault> {
        let removed = self.im.store.remove_upstream(self.app).await?;
        self.im.stale(self.app, Stale::App).await;
        if removed { Ok(()) } else { Err(none()) }
    }
}

/// The secret of an upstream, opened; `None` when it was sealed under another key.
pub fn open_secret(vault: &Vault, app: &AppKey, sealed: &[u8]) -> Option<String> {
    String::from_utf8(vault.open_sealed(&purpose(app), sealed)?).ok()
}

/// What the secret is sealed for.
fn purpose(app: &AppKey) -> String {
    format!("upstream of {app}")
}

fn none() -> Fault {
    StoreError::Missing("upstream").into()
}
