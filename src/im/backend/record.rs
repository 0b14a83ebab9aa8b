//! The record of who changed what. It knows of a change before the change is made: whatever happens in between, the
//! record says at least that it was begun.

use super::Backend;
use crate::{
    im::Im,
    model::{AuditEntry, Code, Fault, NewAuditEntry},
};

/// Longest target in the audit record, in characters.
const MOST_TARGET: usize = 200;
/// What was begun so long ago, and is not settled, never will be.
const UNSURE_AFTER_SECS: i64 = 60;

/// What is done, by whom, to what, from where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done<'a> {
    /// As [`AuditEntry::who`].
    pub who: &'a str,
    /// As [`AuditEntry::what`].
    pub what: &'a str,
    /// As [`AuditEntry::target`].
    pub target: &'a str,
    /// As [`AuditEntry::address`].
    pub address: &'a str,
    /// As [`AuditEntry::request_id`].
    pub request_id: &'a str,
}

impl Backend<'_> {
    /// Does something and writes down that it was done. `made` names what was made, where only the work knows it.
    ///
    /// The entry is begun on disk before the work. It is forgotten when the work was refused; when nobody can say, or
    /// lives to say, whether it was done, it becomes an unsure one.
    pub async fn recorded<T>(
        &self,
        done: Done<'_>,
        work: impl Future<Output = Result<T, Fault>>,
        made: impl FnOnce(&T) -> Option<String>,
    ) -> Result<T, Fault> {
        let begun = self.im.store.begin_entry(self.app, self.entry(done)).await?;
        let outcome = work.await;
        let settled = match &outcome {
            Ok(done) => {
                let target = made(done).map_or_else(|| begun.entry.target.clone(), |target| cut(&target));
                self.im.store.write_down(self.app, begun, target).await
            }
            // Nobody knows how far it got.
            Err(fault) if fault.code == Code::Internal || fault.code == Code::Unavailable => Ok(()),
            Err(_) => self.im.store.forget_entry(self.app, begun).await,
        };
        if let Err(error) = settled {
            // What was begun is on disk and will be written down as unsure.
            tracing::warn!(%error, "An entry of the audit record could not be settled");
        }
        outcome
    }

    /// Writes down what was done already. A stop before this loses the entry: [`Backend::recorded`] is for changes.
    pub async fn record(&self, done: Done<'_>) -> Result<(), Fault> {
        let entry = self.entry(done);
        let target = entry.target.clone();
        let begun = self.im.store.begin_entry(self.app, entry).await?;
        Ok(self.im.store.write_down(self.app, begun, target).await?)
    }

    fn entry(&self, done: Done<'_>) -> NewAuditEntry {
        NewAuditEntry {
            at: self.im.clock.now(),
            who: done.who.to_owned(),
            what: done.what.to_owned(),
            target: cut(done.target),
            address: done.address.to_owned(),
            request_id: done.request_id.to_owned(),
        }
    }

    /// The newest entries of the record, newest first, older than the entry `before` when given.
    pub async fn audit(&self, before: Option<u64>, limit: u16) -> Result<Vec<AuditEntry>, Fault> {
        Ok(self.im.store.audit(self.app, before, limit).await?)
    }
}

impl Im {
    /// Writes down what was begun and never came to an end.
    pub async fn write_down_unsure(&self) -> Result<(), Fault> {
        let before = self.clock.now().plus_secs(-UNSURE_AFTER_SECS);
        let count = self.store.write_down_unsure(before).await?;
        if count > 0 {
            tracing::warn!(count, "{count} changes were begun and not finished; the audit record has them as unsure");
        }
        Ok(())
    }
}

fn cut(target: &str) -> String {
    target.chars().take(MOST_TARGET).collect()
}
