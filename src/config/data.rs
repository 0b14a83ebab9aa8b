//! Where data is kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{check::Report, secret::Secret};

/// `[data]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of the database; made when missing.
    pub dir: PathBuf,
    /// Below this much free space nothing new is stored (D4).
    pub reserve_bytes: u64,
    /// 64 hex digits instead of the file `secret.key` in the folder; empty: the file.
    pub key: Secret,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "data".into(), reserve_bytes: 1 << 30, key: Secret::default() }
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
        let is_key = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !self.key.reveal().is_none_or(is_key) {
            report.refuse(
                "data.key",
                "(not shown)",
                "write 64 hex digits, such as `xxd -p -c 64 data/secret.key` prints",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_64_hex_digits_and_is_never_shown() {
        let refused = |key: &str| {
            let mut report = Report::default();
            let data = Data { key: key.into(), ..Data::default() };
            assert!(key.is_empty() || !format!("{data:?}").contains(key));
            data.check(&mut report);
            assert!(report.errors.iter().all(|line| line.contains("data.key") && !line.contains("0a1b")), "{report:?}");
            !report.errors.is_empty()
        };
        assert!(!refused("") && !refused(&"0a1b".repeat(16)) && !refused(&"0A1B".repeat(16)));
        assert!(refused("0a1b") && refused(&"0a1g".repeat(16)) && refused(&"0a1b".repeat(17)));
    }
}
