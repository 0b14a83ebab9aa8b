//! Values as the original API writes them.

use jiff::Timestamp;

use crate::model::Millis;

/// An instant as `2026-11-23 06:07:08`, UTC.
pub(super) fn instant(at: Millis) -> String {
    Timestamp::from_millisecond(at.get()).map_or_else(|_| String::new(), |at| at.strftime("%F %T").to_string())
}

/// An instant as `2026-11-23 06:07:08.123`, UTC.
pub(super) fn to_the_millisecond(at: Millis) -> String {
    format!("{}.{:03}", instant(at), at.get().rem_euclid(1000))
}

/// The end of something that may last for ever, which the original API has no word for: the year 9999.
pub(super) fn end(until: Option<Millis>) -> String {
    until.map_or_else(|| "9999-12-31 23:59:59".to_owned(), instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_to_the_second() {
        assert_eq!(instant(Millis::new(1_790_000_000_999)), "2026-09-21 14:13:20");
        assert_eq!(to_the_millisecond(Millis::new(1_790_000_000_009)), "2026-09-21 14:13:20.009");
        assert_eq!(end(None), "9999-12-31 23:59:59");
    }
}
