//! Waits and times as text.

use jiff::Timestamp;

use crate::{model::Millis, view::Locale};

/// How long somebody waits: 1:12, 1 h 12 min, 3 d.
pub(super) fn wait_text(ms: i64, words: &Locale) -> String {
    let secs = u64::try_from(ms / 1000).unwrap_or(0);
    let (minutes, hours) = (secs / 60, secs / 3600);
    match hours {
        0 => format!("{minutes}:{:02}", secs % 60),
        1..24 => words.format("console-wait-hours", &[("h", hours.into()), ("m", (minutes % 60).into())]),
        _ => words.format("console-wait-days", &[("n", (hours / 24).into())]),
    }
}

/// The target for an answer (design console §5.5).
const TARGET_MS: i64 = 2 * 60 * 1000;

pub(super) const fn wait_level(ms: i64) -> &'static str {
    match ms {
        ..TARGET_MS => "",
        TARGET_MS..240_000 => "late",
        _ => "overdue",
    }
}

/// Hours and minutes, UTC.
pub(super) fn clock(at: Millis) -> String {
    let minutes = at.get().div_euclid(60_000);
    format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
}

/// For `datetime` attributes.
pub(super) fn iso(at: Millis) -> String {
    Timestamp::from_millisecond(at.get()).map_or_else(|_| String::new(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::console::page::TEXTS;

    #[test]
    fn waits_read_like_a_clock_then_like_words() {
        let words = TEXTS.best(None, "en");
        let text = |secs: i64| wait_text(secs * 1000, words);
        assert_eq!([text(0), text(72), text(4320), text(3 * 86_400)], ["0:00", "1:12", "1 h 12 min", "3 d"]);
        assert_eq!([wait_level(0), wait_level(TARGET_MS), wait_level(2 * TARGET_MS)], ["", "late", "overdue"]);
    }
}
