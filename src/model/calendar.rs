//! Days and hours of UTC, as back ends name them.

use std::{fmt, str::FromStr};

use jiff::civil::{Date, DateTime, date};

use super::Millis;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A text that names no day or hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTime(&'static str);

/// A day of UTC, written `2026-11-23`; 1970 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// An hour of UTC, written `2026112304`; 1970 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Day {
    /// The day of an instant.
    pub const fn of(at: Millis) -> Self {
        Self(at.get().div_euclid(DAY_MS))
    }

    /// So many days after 1970-01-01.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Its first instant.
    pub const fn from(self) -> Millis {
        Millis::new(self.0 * DAY_MS)
    }

    /// The first instant after it.
    pub const fn until(self) -> Millis {
        Millis::new((self.0 + 1) * DAY_MS)
    }
}

impl Hour {
    /// The hour of an instant.
    pub const fn of(at: Millis) -> Self {
        Self(at.get().div_euclid(HOUR_MS))
    }

    /// Its first instant.
    pub const fn from(self) -> Millis {
        Millis::new(self.0 * HOUR_MS)
    }

    /// The first instant after it.
    pub const fn until(self) -> Millis {
        Millis::new((self.0 + 1) * HOUR_MS)
    }
}

fn in_range(moment: DateTime) -> Option<i64> {
    let seconds = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    (1970..2200).contains(&moment.year()).then_some(seconds)
}

impl FromStr for Day {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let day = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        let seconds = day.and_then(|day| in_range(day.at(0, 0, 0, 0)));
        seconds.map(|seconds| Self(seconds * 1000 / DAY_MS)).ok_or(NoTime("a day is written 2026-11-23"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = jiff::Span::new().try_days(self.0).unwrap_or_default();
        let day = date(1970, 1, 1).saturating_add(days);
        write!(f, "{day}")
    }
}

impl FromStr for Hour {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
        let is_form = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
        let moment = || {
            let part = |from, to| number(from, to).and_then(|number| i8::try_from(number).ok());
            DateTime::new(number(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, 0, 0, 0).ok()
        };
        let seconds = is_form.then(moment).flatten().and_then(in_range);
        seconds
            .map(|seconds| Self(seconds * 1000 / HOUR_MS))
            .ok_or(NoTime("an hour is written 2026112304: year, month, day and hour of UTC"))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = Day::of(self.from()).to_string().replace('-', "");
        write!(f, "{day}{:02}", self.0.rem_euclid(24))
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_and_written() {
        let day: Day = "2026-11-23".parse().unwrap();
        assert_eq!((day.to_string().as_str(), day.until().since(day.from())), ("2026-11-23", DAY_MS));
        let hour: Hour = "2026112304".parse().unwrap();
        assert_eq!((hour.to_string().as_str(), hour.from().since(day.from())), ("2026112304", 4 * HOUR_MS));
        assert_eq!((Day::of(hour.from()), Hour::of(hour.until())), (day, "2026112305".parse().unwrap()));
        for text in ["", "2026-13-01", "20261123", "2026-11-23T00", "1969-12-31", "２026-11-2"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        for text in ["", "2026112324", "2026-11-23", "202602300", "+026112304", "2026023004"] {
            assert!(text.parse::<Hour>().is_err(), "{text}");
        }
    }
}
