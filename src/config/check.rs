//! What is refused, and what is only warned about.

use std::fmt::Display;

use super::Config;

/// What was found wrong or risky.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Refused: key, value, what is allowed.
    pub(super) errors: Vec<String>,
    /// Legal but risky: what would happen.
    pub(super) warnings: Vec<String>,
}

impl Report {
    /// Refuses a value outside `least..=most`; `most` is the hard ceiling.
    pub(super) fn range<T: PartialOrd + Display + Copy>(&mut self, key: &str, value: T, least: T, most: T) {
        if value < least || value > most {
            self.errors.push(format!("{key} = {value}: allowed is {least} to {most}"));
        }
    }

    /// Refuses a value for another reason.
    pub(super) fn refuse(&mut self, key: &str, value: impl Display, why: &str) {
        self.errors.push(format!("{key} = {value}: {why}"));
    }

    /// Warns about a legal value.
    pub(super) fn warn(&mut self, key: &str, value: impl Display, what_happens: &str) {
        self.warnings.push(format!("{key} = {value}: {what_happens}"));
    }
}

/// Looks at every setting.
pub(super) fn check(config: &Config) -> Report {
    let mut report = Report::default();
    config.server.check(&mut report);
    config.data.check(&mut report);
    config.store.check(&mut report);
    config.bus.check(&config.store, &mut report);
    config.files.check(&config.data, &config.bus, &mut report);
    config.demo.check(&mut report);
    config.metrics.check(&mut report);
    config.limits.check(&mut report);
    config.desk.check(&mut report);
    config.compatible.check(&mut report);
    config.outbound.check(&mut report);
    config.log.check(&mut report);
    report
}
