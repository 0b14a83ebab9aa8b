//! Figures by day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::Listing,
    call::Call,
    input::Query,
    operation::{Operation, Tag},
};
use crate::model::{Fault, Kind, Scope, calendar::Day, statistics::DayFigures};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/statistics", days)
            .named("readStatistics")
            .of(Tag::App)
            .needs(Scope::Read)
            .says("What happened, day by day")
            .explains(
                "Days are those of UTC, oldest first, and every day is there. Today's figures follow the messages \
                       within seconds.",
            ),
    ]
}

/// Which days.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DaysQuery {
    /// The first day, such as `2026-11-23`; without it the sixth before the last.
    #[param(value_type = Option<String>)]
    from: Option<Day>,
    /// The last day, at most 30 after the first; without it today.
    #[param(value_type = Option<String>)]
    to: Option<Day>,
}

/// One day.
#[derive(Serialize, ToSchema)]
struct DayView {
    /// Such as `2026-11-23`.
    #[schema(value_type = String)]
    day: Day,
    /// Messages kept, by the kind of their conversation; kinds without any are left out.
    messages: BTreeMap<String, u64>,
    /// People who wrote something.
    active: u64,
    /// Users made.
    new_users: u64,
    /// Visitors who came for the first time.
    new_visitors: u64,
    /// Service conversations that began.
    opened: u64,
    /// Service conversations that an agent answered for the first time.
    answered: u64,
    /// Service conversations that ended.
    ended: u64,
    /// Half of the first answers came within so many milliseconds; absent without answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_answer_ms: Option<u64>,
    /// Ended conversations that were rated.
    ratings: u64,
    /// Their stars, 1 to 5, in the mean; absent without ratings.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_stars: Option<f64>,
}

impl From<DayFigures> for DayView {
    fn from(it: DayFigures) -> Self {
        let name = |kind: Kind| serde_json::to_value(kind).ok()?.as_str().map(str::to_owned);
        let named = |(number, count)| Some((name(Kind::from_number(number)?)?, count));
        Self {
            day: it.day,
            messages: it.messages.into_iter().filter_map(named).collect(),
            active: it.active,
            new_users: it.new_users,
            new_visitors: it.new_visitors,
            opened: it.opened,
            answered: it.answered,
            ended: it.ended,
            median_answer_ms: it.median_answer_ms,
            ratings: it.ratings,
            mean_stars: it.mean_stars,
        }
    }
}

async fn days(call: Call, Query(which): Query<DaysQuery>) -> Result<Listing<DayView>, Fault> {
    Ok(Listing::whole(call.backend().statistics(which.from, which.to).await?))
}
