//! Apps that keep no history for their users: what they do not get to see, and when it goes.

use super::{Im, apps::no_app};
use crate::model::{AppKey, Caller, Code, Fault, Role};

/// Messages wait at most this long to be delivered where history is off.
const DELIVERY_SECS: i64 = 7 * 24 * 3600;
/// Conversations looked at, and messages deleted, in one go: whoever sends a message meanwhile waits for no more.
const CONVERSATIONS: u16 = 100;
const MESSAGES: u16 = 500;

impl Im {
    /// Whether this caller has their conversations and history on the server. Only users may not: what visitors and the
    /// desk say to each other is always kept.
    pub(super) async fn has_history(&self, caller: &Caller) -> Result<bool, Fault> {
        if caller.person.role != Role::User {
            return Ok(true);
        }
        Ok(self.app_of(&caller.app).await?.ok_or_else(no_app)?.features.history)
    }

    /// Deletes what could have been delivered long ago, in apps that keep no history.
    pub async fn forget_delivered(&self) -> Result<(), Fault> {
        for app in self.store.apps().await?.into_iter().filter(|app| !app.features.history) {
            self.forget_delivered_of(&app.key).await?;
        }
        Ok(())
    }

    async fn forget_delivered_of(&self, app: &AppKey) -> Result<(), Fault> {
        let before = self.clock.now().plus_secs(-DELIVERY_SECS);
        let mut after = None;
        loop {
            let found = self.store.outdated(app, before, after, CONVERSATIONS).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = Some(*last);
            for conversation in found {
                while self.store.forget_messages(app, conversation, before, MESSAGES).await? == u64::from(MESSAGES) {}
            }
        }
    }
}

/// The app keeps no history.
pub(super) fn history_off() -> Fault {
    Fault::new(Code::HistoryOff, "this app keeps no conversations and history on the server")
}
