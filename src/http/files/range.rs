//! `Range: bytes=…` of one part (RFC 9110 §14). Several parts at once are not given: the whole file is.

use std::ops::Range;

use actix_web::http::header::{self, HeaderMap};

/// Which part of a file is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes; the range is within the file and not empty.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Nothing,
}

/// Reads the header. What is malformed, of another unit or asks for several parts counts as not there.
pub(super) fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let mut lines = headers.get_all(header::RANGE);
    let (Some(line), None) = (lines.next(), lines.next()) else { return Wanted::Whole };
    let spec = line.to_str().ok().and_then(|text| text.strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else { return Wanted::Whole };
    match (number(first), number(last)) {
        (Ok(Some(first)), Ok(last)) => {
            let last = last.unwrap_or(u64::MAX);
            if last < first {
                return Wanted::Whole;
            }
            part(first, last.saturating_add(1).min(size))
        }
        (Ok(None), Ok(Some(length))) => part(size.saturating_sub(length), size),
        _ => Wanted::Whole,
    }
}

const fn part(from: u64, to: u64) -> Wanted {
    if from < to { Wanted::Part(from..to) } else { Wanted::Nothing }
}

/// A number of digits only; nothing when there are none.
fn number(text: &str) -> Result<Option<u64>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    // What is too large for a number lies behind every file.
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str, size: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(text).unwrap());
        wanted(&headers, size)
    }

    #[test]
    fn f4_ranges_are_validated() {
        assert_eq!(wanted(&HeaderMap::new(), 10), Wanted::Whole);
        assert_eq!(of("bytes=0-3", 10), Wanted::Part(0..4));
        assert_eq!(of("bytes=4-", 10), Wanted::Part(4..10));
        assert_eq!(of("bytes=-3", 10), Wanted::Part(7..10));
        assert_eq!(of("bytes=-30", 10), Wanted::Part(0..10));
        assert_eq!(of("bytes=5-99999999999999999999999", 10), Wanted::Part(5..10));
        for nothing in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert_eq!(of(nothing, 10), Wanted::Nothing, "{nothing}");
        }
        for whole in ["bytes=5-2", "bytes=0-1,3-4", "lines=0-3", "bytes=a-b", "bytes=", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(whole, 10), Wanted::Whole, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn no_range_leads_out_of_the_file(text in "[ -~]{0,30}", size in 1_u64..1000) {
            if let Wanted::Part(part) = of(&format!("bytes={text}"), size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
