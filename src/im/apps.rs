//! What the domain remembers of apps: their switches are looked at with every message.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;

use super::Im;
use crate::model::{App, AppKey, Code, Fault, Features};

/// A change by another process is noticed within this time.
const FRESH: Duration = Duration::from_secs(5);

/// Apps by key, for a moment.
#[derive(Debug)]
pub(super) struct Apps(Cache<AppKey, Arc<App>>);

impl Default for Apps {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(FRESH).build())
    }
}

impl Apps {
    pub(super) fn forget_all(&self) {
        self.0.invalidate_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.invalidate(app);
    }
}

impl Im {
    /// The app with its switches, at most a few seconds old.
    pub(super) async fn app_of(&self, key: &AppKey) -> Result<Option<Arc<App>>, Fault> {
        if let Some(app) = self.apps.0.get(key) {
            return Ok(Some(app));
        }
        let Some(app) = self.store.app(key).await? else { return Ok(None) };
        let app = Arc::new(app);
        self.apps.0.insert(key.clone(), app.clone());
        Ok(Some(app))
    }

    /// Whether there is an app with this key.
    pub async fn has_app(&self, key: &AppKey) -> Result<bool, Fault> {
        Ok(self.app_of(key).await?.is_some())
    }

    /// The app's switches, at most a few seconds old.
    pub(super) async fn features(&self, key: &AppKey) -> Result<Features, Fault> {
        Ok(self.app_of(key).await?.ok_or_else(no_app)?.features.clone())
    }
}

/// There is no such app (any more).
pub(super) fn no_app() -> Fault {
    Fault::new(Code::NotFound, "no app has this key")
}
