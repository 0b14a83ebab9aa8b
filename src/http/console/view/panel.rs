//! The visitor's side of the page, and the line that says where a conversation stands.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Reader, agent_of,
    time::{clock, wait_text},
};
use crate::{
    model::{Conversation, Millis, Stage, conversation::EndedBy},
    view::Locale,
};

/// The visitor's side of the page.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Panel {
    pub(in crate::http::console) began: String,
    pub(in crate::http::console) online: bool,
    pub(in crate::http::console) presence: String,
    pub(in crate::http::console) page: String,
    pub(in crate::http::console) page_href: Option<String>,
    pub(in crate::http::console) referrer: String,
    pub(in crate::http::console) local_time: String,
    pub(in crate::http::console) language: String,
    pub(in crate::http::console) device: String,
    pub(in crate::http::console) site: String,
    pub(in crate::http::console) stars: u8,
    pub(in crate::http::console) stars_label: String,
    pub(in crate::http::console) rating_about: String,
    pub(in crate::http::console) rating_text: String,
}

impl Panel {
    pub(in crate::http::console) fn of(conversation: &Conversation, site: &str, reader: Reader<'_>) -> Self {
        let words = reader.words;
        let Some((service, visitor)) = conversation.service.as_ref().zip(conversation.visitor()) else {
            return Self::default();
        };
        let context = &service.context;
        let unknown = || words.get("console-not-known");
        let known = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
        let presence = if visitor.online { "console-on-site-now" } else { "console-not-on-site" };
        let rating = service.rating.as_ref();
        let solved = rating
            .and_then(|rating| rating.solved)
            .map(|solved| words.get(if solved { "console-rating-solved" } else { "console-rating-unsolved" }));
        let tags = rating.map(|rating| rating.tags.clone()).unwrap_or_default();
        Self {
            began: words.format("console-began", &[("t", clock(conversation.created_at).as_str().into())]),
            online: visitor.online,
            presence: words.get(presence),
            page: context
                .title
                .clone()
                .or_else(|| context.page.clone())
                .unwrap_or_else(|| words.get("console-page-unknown")),
            page_href: context.page.clone().filter(|page| page.starts_with("https://") || page.starts_with("http://")),
            referrer: referrer(context.referrer.as_deref(), context.page.as_deref(), words),
            local_time: local_time(context.time_zone.as_deref(), reader.now).unwrap_or_else(unknown),
            language: known(&context.language),
            device: known(&context.device),
            site: site.to_owned(),
            stars: rating.map_or(0, |rating| rating.stars),
            stars_label: rating.map_or_else(String::new, |rating| {
                words.format("console-rating-name", &[("n", u64::from(rating.stars).into())])
            }),
            rating_about: solved.into_iter().chain(tags).collect::<Vec<_>>().join(" · "),
            rating_text: rating.map(|rating| rating.text.clone()).unwrap_or_default(),
        }
    }
}

fn referrer(referrer: Option<&str>, page: Option<&str>, words: &Locale) -> String {
    let bare = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.trim_end_matches('/').to_owned()
    };
    match (referrer, page) {
        (Some(referrer), _) => words.format("console-came-from", &[("host", bare(referrer).as_str().into())]),
        (None, Some(_)) => words.get("console-came-direct"),
        (None, None) => String::new(),
    }
}

fn local_time(zone: Option<&str>, now: Millis) -> Option<String> {
    let zone = TimeZone::get(zone?).ok()?;
    let then = Timestamp::from_millisecond(now.get()).ok()?.to_zoned(zone);
    Some(format!("{:02}:{:02}", then.hour(), then.minute()))
}

/// The header's second line.
pub(in crate::http::console) fn stage_line(conversation: &Conversation, reader: Reader<'_>) -> String {
    let words = reader.words;
    let Some(service) = &conversation.service else { return String::new() };
    let agent = agent_of(conversation, service);
    let mine = agent.is_some_and(|agent| agent.id == *reader.me);
    let name = agent.map_or("", |agent| agent.name.as_str());
    let at = clock(service.stage.since());
    let with_time = |key| words.format(key, &[("t", at.as_str().into()), ("name", name.into())]);
    match &service.stage {
        Stage::Queued { .. } => match service.waiting_since {
            Some(since) => {
                let wait = wait_text(reader.now.since(since), words);
                words.format("console-nobody-waiting", &[("t", wait.as_str().into())])
            }
            None => words.get("console-nobody-answered"),
        },
        Stage::Offline { .. } => words.get("console-nobody-offline"),
        Stage::Human { .. } if mine => with_time("console-with-you"),
        Stage::Human { .. } => with_time("console-with-other"),
        Stage::Ended { by: EndedBy::VisitorClosed, .. } => with_time("console-closed-by-visitor"),
        Stage::Ended { by: EndedBy::VisitorTimeout, .. } => with_time("console-closed-by-timeout"),
        Stage::Ended { by: EndedBy::AgentClosed, .. } if mine || agent.is_none() => with_time("console-closed-by-you"),
        Stage::Ended { by: EndedBy::AgentClosed, .. } => with_time("console-closed-by"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visitors_clock_is_theirs() {
        let noon = Millis::new(1_790_000_000_000);
        assert_eq!(local_time(Some("UTC"), noon), Some(clock(noon)));
        assert_eq!(local_time(Some("Nowhere/Land"), noon), None);
    }
}
