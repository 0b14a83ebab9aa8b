//! Where data is kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[data]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of the database; made when missing.
    pub dir: PathBuf,
    /// Below this much free space nothing new is stored (D4).
    pub reserve_bytes: u64,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "data".into(), reserve_bytes: 1 << 30 }
    }
}

impl Data {
    pub(super) fn check(&self, report: &mut Report) {
        if self.dir.as_os_str().is_empty() {
            report.refuse("data.dir", "\"\"", "name a folder");
        }
        report.range("data.reserve_bytes", self.reserve_bytes, 0, 1 << 44);
        if self.reserve_bytes < 64 << 20 {
            report.warn(
                "data.reserve_bytes",
                self.reserve_bytes,
                "a disk that runs full stops the server instead of only refusing new messages",
            );
        }
    }
}
