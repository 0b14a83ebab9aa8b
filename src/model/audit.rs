//! Who changed what: the record that owners read and nobody edits.

use serde::Serialize;

use super::Millis;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its place in the record, for paging; grows, with gaps that say nothing.
    #[serde(skip)]
    pub number: u64,
    /// When.
    pub at: Millis,
    /// Who: `key:ID`, `agent:ID`, or `operator` at the server's command line.
    pub who: String,
    /// What: an operation's name, such as `createKey`.
    pub what: String,
    /// To what: an id, or empty.
    pub target: String,
    /// From which network address; empty at the command line.
    pub address: String,
    /// The request's id, as in its `x-request-id`; empty at the command line.
    pub request_id: String,
    /// It was begun, and nobody lived to say whether it was done.
    pub unsure: bool,
}

/// Something to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// As [`AuditEntry::at`].
    pub at: Millis,
    /// As [`AuditEntry::who`].
    pub who: String,
    /// As [`AuditEntry::what`].
    pub what: String,
    /// As [`AuditEntry::target`], cut to 200 characters by whoever writes it.
    pub target: String,
    /// As [`AuditEntry::address`].
    pub address: String,
    /// As [`AuditEntry::request_id`].
    pub request_id: String,
}
