//! Telling the app's back end.

use super::Im;
use crate::model::{AppKey, Notice};

impl Im {
    /// Puts a notice of something that the store does not keep, such as presence, into the outbox.
    #[expect(clippy::unused_async, reason = "the outbox is a verb of the store")]
    pub async fn notify_back_end(&self, app: &AppKey, notice: Notice) {
        tracing::debug!(app.key = %app, topic = notice.topic.name(), "Nobody listens");
    }
}
