//! What is there for sites that ran on another chat before, and how often their back ends may ask the compatible server
//! API.

use serde::{Deserialize, Serialize};

use super::check::Report;

/// `[compatible]`; every number is per app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compatible {
    /// Whether the check pages are served, on which people try an SDK against this server.
    pub checks: bool,
    /// Requests per second to each path that has no limit of its own.
    pub requests_per_sec: u32,
    /// Private messages per minute, each receiver counted.
    pub private_per_minute: u32,
    /// System messages per second, each receiver counted.
    pub system_per_sec: u32,
    /// Group messages per second, each group counted.
    pub group_per_sec: u32,
    /// Chatroom messages per second, each room counted.
    pub chatroom_per_sec: u32,
    /// Messages to all chatrooms per second.
    pub every_chatroom_per_sec: u32,
    /// Messages and pushes to everybody per hour.
    pub everybody_per_hour: u32,
    /// Messages and pushes to everybody per day.
    pub everybody_per_day: u32,
}

impl Default for Compatible {
    fn default() -> Self {
        Self {
            checks: true,
            requests_per_sec: 100,
            private_per_minute: 6000,
            system_per_sec: 100,
            group_per_sec: 20,
            chatroom_per_sec: 100,
            every_chatroom_per_sec: 1,
            everybody_per_hour: 2,
            everybody_per_day: 3,
        }
    }
}

impl Compatible {
    pub(super) fn check(&self, report: &mut Report) {
        report.range("compatible.requests_per_sec", self.requests_per_sec, 1, 1_000_000);
        report.range("compatible.private_per_minute", self.private_per_minute, 1, 10_000_000);
        report.range("compatible.system_per_sec", self.system_per_sec, 1, 1_000_000);
        report.range("compatible.group_per_sec", self.group_per_sec, 1, 1_000_000);
        report.range("compatible.chatroom_per_sec", self.chatroom_per_sec, 1, 1_000_000);
        report.range("compatible.every_chatroom_per_sec", self.every_chatroom_per_sec, 1, 1000);
        report.range("compatible.everybody_per_hour", self.everybody_per_hour, 1, 10_000);
        report.range("compatible.everybody_per_day", self.everybody_per_day, 1, 100_000);
    }
}
