//! The app itself and its switches.

use std::sync::Arc;

use super::Backend;
use crate::{
    im::{accounts::LONGEST_TOKEN_SECS, apps::no_app},
    model::{App, Code, Fault, Features, Stale},
};

impl Backend<'_> {
    /// The app with its switches.
    pub async fn app(&self) -> Result<Arc<App>, Fault> {
        self.im.app_of(self.app).await?.ok_or_else(no_app)
    }

    /// Replaces the app's switches.
    pub async fn set_features(&self, features: Features) -> Result<Arc<App>, Fault> {
        within("user_token_secs", features.user_token_secs, 0, LONGEST_TOKEN_SECS)?;
        within("chatroom_idle_secs", features.chatroom_idle_secs, 5, 7 * 24 * 3600)?;
        within("chatroom_keep_secs", features.chatroom_keep_secs, 0, 3600)?;
        within("compatible_skew_secs", features.compatible_skew_secs, 30, 3600)?;
        self.im.store.set_features(self.app, features).await?;
        self.im.stale(self.app, Stale::App).await;
        self.app().await
    }
}

fn within(name: &str, given: u32, least: u32, most: u32) -> Result<(), Fault> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(Fault::new(Code::BadRequest, format!("`{name}` is {given}; allowed are {least} to {most}")))
}
