//! Logs.

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// How much is told: `error`, `warn`, `info`, `debug`, `trace`, or per module (`info,parlor::im=debug`).
    pub level: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}

impl Log {
    pub(super) fn check(&self, report: &mut Report) {
        if self.level.parse::<tracing_subscriber::EnvFilter>().is_err() || self.level.trim().is_empty() {
            report.refuse("log.level", &self.level, "allowed is error, warn, info, debug or trace, also per module");
        }
    }
}
