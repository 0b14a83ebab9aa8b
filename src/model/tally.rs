//! How much was used of what is limited in time: the rules, without a clock and without a place where counts are kept.

/// So much may be used in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    most: u32,
    secs: u32,
    refill: Refill,
}

/// How what was used comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refill {
    /// All of it, so long after the first was taken.
    AtOnce,
    /// Little by little.
    Steady,
}

impl Rule {
    /// At most so many within so many seconds from the first.
    pub const fn window(most: u32, secs: u32) -> Self {
        Self { most, secs, refill: Refill::AtOnce }
    }

    /// At most so many at once; so many come back, evenly, in so many seconds.
    pub const fn bucket(most: u32, secs: u32) -> Self {
        Self { most, secs, refill: Refill::Steady }
    }

    /// Most that can be taken at once.
    pub const fn most(self) -> u32 {
        self.most
    }

    /// The same with this part of the amount, rounded down.
    #[must_use]
    pub const fn part(self, divisor: u32) -> Self {
        Self { most: self.most / divisor, ..self }
    }

    /// After this many microseconds nothing is used any more.
    const fn micros(self) -> i64 {
        self.secs as i64 * 1_000_000
    }
}

/// What was used under a rule. The same for counts in memory and in the database. Instants are microseconds since any
/// fixed one, by any clock.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// When it was looked at; of a window, when the first was taken.
    pub since: i64,
    /// So much was used then.
    pub used: f64,
}

impl Tally {
    /// How it stands at an instant. A clock that went back gives nothing back, and begins anew.
    #[must_use]
    pub fn at(self, rule: Rule, now: i64) -> Self {
        let passed = now.saturating_sub(self.since);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of days")]
        let part = passed.clamp(0, rule.micros()) as f64 / rule.micros().max(1) as f64;
        match rule.refill {
            _ if passed >= rule.micros() || self.used <= 0.0 => Self { since: now, used: 0.0 },
            Refill::AtOnce => Self { since: self.since.min(now), used: self.used },
            Refill::Steady => Self { since: now, used: (self.used - part * f64::from(rule.most)).max(0.0) },
        }
    }

    /// Takes so many, or none; whether it did.
    pub fn take(&mut self, rule: Rule, count: u32, now: i64) -> bool {
        *self = self.at(rule, now);
        let taken = self.used + f64::from(count) <= f64::from(rule.most);
        if taken {
            self.used += f64::from(count);
        }
        taken
    }

    /// Adds what was taken elsewhere, also beyond the most.
    pub fn add(&mut self, rule: Rule, used: f64, now: i64) {
        *self = self.at(rule, now);
        self.used += used;
    }

    /// How many may be taken at once, as it was looked at last.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `most`, which is a u32")]
    pub fn left(self, rule: Rule) -> u32 {
        (f64::from(rule.most) - self.used).max(0.0) as u32
    }

    /// From then on it says nothing, and need not be kept.
    pub fn ends(self, rule: Rule) -> i64 {
        let part = if rule.refill == Refill::AtOnce { 1.0 } else { self.used / f64::from(rule.most.max(1)) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "microseconds of days")]
        let lasts = (part * rule.micros() as f64).ceil() as i64;
        self.since.saturating_add(lasts)
    }

    /// The same by a clock that shows another time.
    #[must_use]
    pub const fn by_clock(self, now_there: i64, now_here: i64) -> Self {
        Self { since: now_here.saturating_sub(now_there.saturating_sub(self.since)), used: self.used }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rule, mut tally) = (Rule::bucket(2, 1), Tally::default());
        assert!(tally.take(rule, 1, 0));
        assert_eq!(tally.left(rule), 1);
        assert!(tally.take(rule, 1, 0));
        assert!(!tally.take(rule, 1, 0));
        assert_eq!(tally.left(rule), 0);
        assert!(tally.take(rule, 1, SECOND / 2));
        assert!(!tally.take(rule, 1, SECOND / 2));
        assert!(!tally.take(rule, 3, 60 * SECOND), "never more than the most at once");
        assert!(tally.take(rule, 2, 60 * SECOND));
    }

    #[test]
    fn a_window_counts_from_the_first_and_is_over_at_once() {
        let (rule, mut tally) = (Rule::window(3, 60), Tally::default());
        for now in [100, 110, 150] {
            assert!(tally.take(rule, 1, now * SECOND));
        }
        assert!(!tally.take(rule, 1, 159 * SECOND), "what is refused prolongs nothing");
        assert!(tally.take(rule, 3, 160 * SECOND));
        assert!(!tally.take(rule, 1, 219 * SECOND));
        assert_eq!(tally.ends(rule), 220 * SECOND);
    }

    #[test]
    fn what_was_refused_took_nothing_and_what_was_taken_elsewhere_counts_beyond_the_most() {
        let (rule, mut tally) = (Rule::bucket(4, 4), Tally::default());
        tally.add(rule, 6.0, 0);
        assert_eq!((tally.left(rule), tally.take(rule, 1, 0)), (0, false));
        assert_eq!(tally.ends(rule), 6 * SECOND);
        assert!(!tally.take(rule, 1, 2 * SECOND));
        assert!(tally.take(rule, 1, 3 * SECOND));
    }

    #[test]
    fn d6_a_clock_that_goes_back_gives_nothing_and_stops_nothing() {
        for rule in [Rule::bucket(2, 10), Rule::window(2, 10)] {
            let mut tally = Tally::default();
            assert!(tally.take(rule, 2, 1000 * SECOND));
            assert!(!tally.take(rule, 1, 0));
            assert!(!tally.take(rule, 1, SECOND));
            assert!(tally.take(rule, 2, 10 * SECOND), "{rule:?}");
        }
    }

    #[test]
    fn what_another_clock_says_is_as_old_here() {
        let (rule, mut tally) = (Rule::window(1, 10), Tally::default());
        assert!(tally.take(rule, 1, 500 * SECOND));
        let mut here = tally.by_clock(504 * SECOND, 7 * SECOND);
        assert!(!here.take(rule, 1, 12 * SECOND));
        assert!(here.take(rule, 1, 13 * SECOND));
    }
}
