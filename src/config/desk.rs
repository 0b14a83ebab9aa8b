//! Customer service.

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[desk]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Desk {
    /// A conversation in which nothing happened for this long ends, unless its visitor is connected.
    pub idle_end_secs: u32,
    /// How long a message may be taken back. 0: never.
    pub recall_secs: u32,
    /// The one-time set-up code is valid for this long.
    pub setup_code_secs: u32,
}

impl Default for Desk {
    fn default() -> Self {
        Self { idle_end_secs: 24 * 3600, recall_secs: 120, setup_code_secs: 3600 }
    }
}

impl Desk {
    pub(super) fn check(&self, report: &mut Report) {
        report.range("desk.idle_end_secs", self.idle_end_secs, 60, 30 * 24 * 3600);
        report.range("desk.recall_secs", self.recall_secs, 0, 30 * 24 * 3600);
        report.range("desk.setup_code_secs", self.setup_code_secs, 60, 24 * 3600);
    }
}
