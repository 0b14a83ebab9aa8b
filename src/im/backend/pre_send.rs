//! The app's pre-send hook.

use super::{Backend, webhooks::ROTATION_SECS};
use crate::{
    auth::hook_secret::HookSecret,
    model::{Code, Fault, Stale, pre_send::PreSend, webhook::Form},
    store::{StoreError, outbox::SealedSecrets},
};

impl Backend<'_> {
    /// The hook, if there is one.
    pub async fn pre_send(&self) -> Result<PreSend, Fault> {
        Ok(self.im.store.pre_send(self.app).await?.ok_or_else(no_hook)?.0)
    }

    /// Sets the hook. When there was none its secret is made, and shown this once.
    pub async fn set_pre_send(&self, mut hook: PreSend) -> Result<(PreSend, Option<HookSecret>), Fault> {
        self.app().await?;
        if hook.form == Form::Compatible {
            self.has_secret().await?;
        }
        let url = self.im.settings.outgoing.url(&hook.url);
        hook.url = url.map_err(|refusal| Fault::new(Code::BadRequest, format!("`url`: {refusal}")))?.into();
        let (least, most) = (PreSend::LEAST_MILLIS, PreSend::MOST_MILLIS);
        if !(least..=most).contains(&hook.timeout_millis) {
            let given = hook.timeout_millis;
            let message = format!("`timeout_millis` is {given}; allowed are {least} to {most}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        hook.kinds.sort_unstable_by_key(|kind| kind.number());
        hook.kinds.dedup();
        let (secrets, shown) = if let Some((_, secrets)) = self.im.store.pre_send(self.app).await? {
            (secrets, None)
        } else {
            let (secret, current) = self.new_pre_send_secret();
            // The compatible form is signed with the app's own secret.
            (SealedSecrets { current, old: None }, Some(secret).filter(|_| hook.form == Form::Standard))
        };
        self.im.store.set_pre_send(self.app, hook.clone(), secrets).await?;
        self.im.stale(self.app, Stale::App).await;
        Ok((hook, shown))
    }

    /// Nobody is asked any more.
    pub async fn remove_pre_send(&self) -> Result<(), Fault> {
        let removed = self.im.store.remove_pre_send(self.app).await?;
        self.im.stale(self.app, Stale::App).await;
        if removed { Ok(()) } else { Err(no_hook()) }
    }

    /// Makes a new secret, shown this once. The one before signs too for a day.
    pub async fn rotate_pre_send_secret(&self) -> Result<HookSecret, Fault> {
        let (hook, known) = self.im.store.pre_send(self.app).await?.ok_or_else(no_hook)?;
        let (secret, current) = self.new_pre_send_secret();
        let until = self.im.now().plus_secs(ROTATION_SECS);
        let secrets = SealedSecrets { current, old: Some((known.current, until)) };
        self.im.store.set_pre_send(self.app, hook, secrets).await?;
        self.im.stale(self.app, Stale::App).await;
        Ok(secret)
    }

    fn new_pre_send_secret(&self) -> (HookSecret, Vec<u8>) {
        self.im.with_random(|random| {
            let secret = HookSecret::random(random);
            let purpose = HookSecret::purpose_of_pre_send(self.app);
            let sealed = self.im.vault.seal(&purpose, secret.as_bytes(), random);
            (secret, sealed)
        })
    }
}

fn no_hook() -> Fault {
    StoreError::Missing("pre-send hook").into()
}
