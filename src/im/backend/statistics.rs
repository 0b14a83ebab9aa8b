//! What happened in the app, day by day.

use super::Backend;
use crate::model::{Code, Fault, calendar::Day, statistics::DayFigures};

/// Most days of one question.
const MOST_DAYS: i64 = 31;

impl Backend<'_> {
    /// Figures of the days from one to another, both included, oldest first: 1 to 31. Without days: the last 7.
    pub async fn statistics(&self, from: Option<Day>, to: Option<Day>) -> Result<Vec<DayFigures>, Fault> {
        let to = to.unwrap_or_else(|| Day::of(self.im.clock.now()));
        let from = from.unwrap_or_else(|| Day::from_number(to.number() - 6));
        let days = to.number() - from.number() + 1;
        if !(1..=MOST_DAYS).contains(&days) {
            let message = format!("from {from} to {to} are {days} days; allowed are 1 to {MOST_DAYS}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        Ok(self.im.store.days(self.app, from, to).await?)
    }
}
