//! What is there for sites that ran on another chat before.

use serde::{Deserialize, Serialize};

/// `[compat]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compat {
    /// Whether the check pages are served, on which people try an SDK against this server.
    pub checks: bool,
}

impl Default for Compat {
    fn default() -> Self {
        Self { checks: true }
    }
}
