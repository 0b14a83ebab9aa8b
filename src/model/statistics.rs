//! What happened in an app, day by day.

use std::collections::BTreeMap;

use super::calendar::Day;

/// One day of an app, in UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFigures {
    /// Which day.
    pub day: Day,
    /// Messages kept, by the number of the kind of their conversation.
    pub messages: BTreeMap<u8, u64>,
    /// People who wrote something.
    pub active: u64,
    /// Users whom the back end made.
    pub new_users: u64,
    /// Visitors who came for the first time.
    pub new_visitors: u64,
    /// Service conversations that began.
    pub opened: u64,
    /// Service conversations that an agent answered for the first time.
    pub answered: u64,
    /// Service conversations that ended.
    pub ended: u64,
    /// Half of the first answers came within so many milliseconds; nothing without answers.
    pub median_answer_ms: Option<u64>,
    /// Ended conversations that were rated.
    pub ratings: u64,
    /// Their stars in the mean; nothing without ratings.
    pub mean_stars: Option<f64>,
}

impl DayFigures {
    /// A day on which nothing happened.
    pub const fn nothing(day: Day) -> Self {
        Self {
            day,
            messages: BTreeMap::new(),
            active: 0,
            new_users: 0,
            new_visitors: 0,
            opened: 0,
            answered: 0,
            ended: 0,
            median_answer_ms: None,
            ratings: 0,
            mean_stars: None,
        }
    }
}
