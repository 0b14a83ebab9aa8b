//! Standard output. A reader that went away is no reason to panic, as `println!` would.

use std::io::Write as _;

use serde::Serialize;

/// Prints as it is.
pub(super) fn text(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints one line.
pub(super) fn line(line: &str) {
    text(&format!("{line}\n"));
}

/// Prints names and values in two columns.
pub(super) fn rows(rows: &[(&str, &str)]) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        line(&format!("  {name:<width$}  {value}"));
    }
}

/// Prints JSON for programs.
pub(super) fn json<T: Serialize>(value: &T) {
    line(&serde_json::to_string_pretty(value).expect("plain data becomes JSON"));
}
