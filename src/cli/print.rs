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

/// A number of bytes as people say it.
pub(super) fn size(bytes: u64) -> String {
    const STEPS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("bytes", 1)];
    let (unit, step) = STEPS.into_iter().find(|(_, step)| bytes >= *step).unwrap_or(("bytes", 1));
    let tenths = bytes % step * 10 / step;
    if tenths == 0 { format!("{} {unit}", bytes / step) } else { format!("{}.{tenths} {unit}", bytes / step) }
}

/// Prints JSON for programs.
pub(super) fn json<T: Serialize>(value: &T) {
    line(&serde_json::to_string_pretty(value).expect("plain data becomes JSON"));
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_said_in_the_largest_fitting_unit() {
        let sizes = [0, 1023, 1024, 1536, 3 << 30].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "3 GiB"]);
    }
}
