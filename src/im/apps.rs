//! What the domain remembers of apps: their switches are looked at with every message.

use std::sync::Arc;

use super::{Im, remembered::Remembered};
use crate::model::{App, AppKey, Code, Fault, Features};

/// Apps by key, for a moment.
#[derive(Debug)]
pub(super) struct Apps(Remembered<AppKey, Arc<App>>);

impl Default for Apps {
    fn default() -> Self {
        Self(Remembered::at_most(10_000))
    }
}

impl Apps {
    pub(super) fn forget_all(&self) {
        self.0.forget_all();
    }

    pub(super) fn forget(&self, app: &AppKey) {
        self.0.forget(app);
    }
}

impl Im {
    /// The app with its switches, at most a few seconds old.
    pub(super) async fn app_of(&self, key: &AppKey) -> Result<Option<Arc<App>>, Fault> {
        // That there is none is not remembered.
        let read = async {
            let found = self.store.app(key).await.map_err(|error| Some(error.into()))?;
            found.map(Arc::new).ok_or(None)
        };
        match self.apps.0.get(key, read).await {
            Ok(app) => Ok(Some(app)),
            Err(None) => Ok(None),
            Err(Some(fault)) => Err(fault),
        }
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
